// Learning rates that change with the step, as in `SGD(learningRate: .cosine(0.1, steps: 1000))`. A constant one is a number.
// t is the step, counted from 0. The base of each, which another rate is set in place of, is its `rate` or its peak. Definitions are those of PyTorch's torch.optim.lr_scheduler where it has the schedule.

import DescentIR
import DescentOps

extension LearningRate where Self == Schedule {
  /// rate · factor^⌊t / every⌋ (PyTorch's StepLR); `every` is at least 1.
  public static func step(
    _ rate: Double, every steps: Int, factor: Double = 0.1, file: StaticString = #fileID, line: UInt = #line
  ) -> Schedule {
    Schedule(
      { "step(\(rate), every: \(steps), factor: \(factor))" }, needs: steps > 0,
      "a learning rate that changes every \(steps) steps", base: rate, file, line
    ) { t in
      rate * power(factor, floor(t / steps))
    }
  }

  /// rate · factor^n, where n milestones are at or before t (PyTorch's MultiStepLR).
  public static func multiStep(
    _ rate: Double, milestones: [Int], factor: Double = 0.1, file: StaticString = #fileID, line: UInt = #line
  ) -> Schedule {
    Schedule(named: { "multiStep(\(rate), milestones: \(milestones), factor: \(factor))" }, base: rate, file, line) {
      t in
      let passed = milestones.reduce(Tensor(0.0)) { count, milestone in
        count + convert(t .>= milestone, to: .f64)
      }
      return rate * power(factor, passed)
    }
  }

  /// rate · factor^t (PyTorch's ExponentialLR).
  public static func exponential(
    _ rate: Double, factor: Double, file: StaticString = #fileID, line: UInt = #line
  ) -> Schedule {
    Schedule(named: { "exponential(\(rate), factor: \(factor))" }, base: rate, file, line) { t in
      rate * power(factor, t)
    }
  }

  /// minimum + ½ (rate - minimum) (1 + cos(π t / steps)) (Loshchilov and Hutter, 2017; PyTorch's CosineAnnealingLR), and
  /// `minimum` after this many steps, at least 1.
  public static func cosine(
    _ rate: Double, steps: Int, minimum: Double = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Schedule {
    Schedule(
      { "cosine(\(rate), steps: \(steps), minimum: \(minimum))" }, needs: steps > 0, "a cosine over \(steps) steps",
      base: rate,
      file, line
    ) { t in
      annealed(from: rate, to: minimum, clamp(t / steps, 0, 1))
    }
  }

  /// The one-cycle policy (Smith and Topin, 2018; PyTorch's OneCycleLR with cosines): from peak / divisor up to the peak at
  /// t = warmUp · steps - 1, then down to peak / (divisor · finalDivisor) at t = steps - 1, where it stays.
  ///
  /// `warmUp` is a fraction of the steps such that both parts have a length.
  public static func oneCycle(
    _ peak: Double, steps: Int, warmUp: Double = 0.3, divisor: Double = 25, finalDivisor: Double = 1e4,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Schedule {
    let (top, end) = (warmUp * Double(steps) - 1, Double(steps - 1))
    let message = "one cycle of \(steps) steps, of which \(warmUp) are its warm-up"
    return Schedule(
      { "oneCycle(\(peak), steps: \(steps), warmUp: \(warmUp), divisor: \(divisor), finalDivisor: \(finalDivisor))" },
      needs: top > 0 && top < end, message, base: peak, file, line
    ) { t in
      let (first, last) = (peak / divisor, peak / divisor / finalDivisor)
      let up = annealed(from: first, to: peak, t / top)
      let down = annealed(from: peak, to: last, minimum((t - top) / (end - top), 1))
      return `where`(t .<= top, up, down)
    }
  }

  /// A line up to the first rate of another schedule, which then begins at its own step 0 (PyTorch's SequentialLR of LinearLR
  /// and the other): (start + (1 - start) t / steps) · next(0) where t < steps, else next(t - steps).
  ///
  /// `start` is a fraction of that rate; 0 for a first step that moves nothing.
  public static func warmUp(
    steps: Int, from start: Double = 0, into next: some LearningRate, file: StaticString = #fileID, line: UInt = #line
  ) -> Schedule {
    Schedule(
      { "warmUp(steps: \(steps), from: \(start), into: \(next.rateText))" }, needs: steps > 0,
      "a warm-up of \(steps) steps", base: next.baseRate, file, line
    ) { t in
      let place = SourceLocation(file, line)
      let rising = (start + (1 - start) * (t / steps)) * next.size(Tensor(Int64(0)), place)
      return `where`(t .< steps, rising, next.size(convert(maximum(t - steps, 0), to: .i64), place))
    }
  }

  /// scale · width^-½ · min(n^-½, n · warmUp^-³ᐟ²) with n = t + 1 (Vaswani et al., Attention Is All You Need, 2017, section 5.3):
  /// a line up for `warmUp` steps, then falling with the inverse square root. `width` is that of the model's hidden layers.
  public static func inverseSquareRoot(
    width: Int, warmUp: Int, scale: Double = 1, file: StaticString = #fileID, line: UInt = #line
  ) -> Schedule {
    let message = "an inverse square root of width \(width) and warm-up \(warmUp)"
    return Schedule(
      { "inverseSquareRoot(width: \(width), warmUp: \(warmUp), scale: \(scale))" }, needs: width > 0 && warmUp > 0,
      message,
      base: scale / (Double(width) * Double(warmUp)).squareRoot(), file, line
    ) { t in
      let n = t + 1
      let rising = n / (Double(warmUp) * Double(warmUp).squareRoot())
      let part = minimum(rsqrt(n), rising)
      return scale / Double(width).squareRoot() * part
    }
  }
}

extension Schedule {
  /// A schedule whose rate is a failed tensor where what it needs is not given.
  fileprivate init(
    _ name: @escaping @Sendable () -> String, needs isValid: Bool, _ message: String, base: Double?,
    _ file: StaticString, _ line: UInt, _ body: @escaping @Sendable (Tensor) -> Tensor
  ) {
    self.init(named: name, base: base, file, line) { t in
      let error = DescentError(.usage, "no learning rate is \(message)", at: SourceLocation(file, line))
      return isValid ? body(t) : Tensor(failure: error, type: t.type)
    }
  }
}

/// Half a cosine from `first` at x = 0 to `last` at x = 1.
private func annealed(from first: Double, to last: Double, _ x: Tensor) -> Tensor {
  last + 0.5 * (first - last) * (1 + cos(Double.pi * x))
}
