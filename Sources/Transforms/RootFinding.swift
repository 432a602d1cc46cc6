// Roots and least points of functions of numbers, element by element: many equations at once, and under `vmap` many of many. Finished
// elements keep their values while others go on.
//
// Derivatives are those of the implicit function theorem. A loop finds the points, which are constants; then two steps of Newton's method
// are traced whose values are taken away again. A step makes an error of the order ε one of ε², so derivatives are right up to the
// third, with respect to whatever the function uses.

import DescentIR
import DescentOps
import Foundation

/// The relative accuracy that is asked where no other is given: about that of the type.
private func accuracy(_ tolerance: Double?, _ dtype: DType) -> Double {
  tolerance ?? (dtype == .f32 ? 0x1p-22 : 0x1p-50)
}

/// The ends between which a point is looked for, and what the function is there: constants of the shape that it gives, since what it
/// uses may have more axes.
private struct Bracket {
  var low, high, atLow, atHigh: Tensor

  init(_ f: (Tensor) -> Tensor, _ low: Tensor, _ high: Tensor) {
    let sum = low + high, dtype = sum.dtype.real
    func end(_ x: Tensor, _ shape: Shape) -> Tensor { stopGradient(broadcast(convert(x, to: dtype), shape)) }
    atLow = f(end(low, sum.shape))
    self.low = end(low, atLow.shape)
    self.high = end(high, atLow.shape)
    atHigh = f(self.high)
  }
  /// Whether there is a root between the ends, or at one.
  var hasRoot: Tensor { ((atLow .< 0) .!= (atHigh .< 0)) .| (atLow .== 0) .| (atHigh .== 0) }
}

/// `x`, at which `f` is 0, with the derivatives of the root.
private func root(_ f: @escaping @Sendable (Tensor) -> Tensor, at x: Tensor) -> Tensor {
  func moved(_ x: Tensor) -> Tensor {
    let (value, slope) = jvp(f)(x, onesLike(x))
    let isSteep = slope .!= 0
    let step = `where`(isSteep, value / `where`(isSteep, slope, 1), 0)
    return x - (step - stopGradient(step))
  }
  return moved(moved(stopGradient(x)))
}

/// A root of `f`, which gives for each element of its argument a number, between `low` and `high`, element by element (they broadcast);
/// NaN where `f` has one sign at both. By halving: as many steps as the type has digits, whatever the function.
///
/// It ends where the interval is less than `tolerance` (of the type's accuracy where nil) times the size of the root. Derivatives of
/// the root follow from the implicit function theorem.
public func bisect(
  _ f: @escaping @Sendable (Tensor) -> Tensor, from low: Tensor, to high: Tensor, tolerance: Double? = nil,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let ends = Bracket(f, low, high)
    if case .failure = ends.low.storage { return ends.low }
    let relative = accuracy(tolerance, ends.low.dtype)
    let (isNegative, hasRoot) = (ends.atLow .< 0, ends.hasRoot)
    @Sendable func isWide(_ x: [Tensor]) -> Tensor {
      let middle = (x[0] + x[1]) * 0.5
      // Where the middle is an end there is no number between.
      return hasRoot .& (abs(x[1] - x[0]) .> relative * abs(middle)) .& (middle .!= x[0]) .& (middle .!= x[1])
    }
    let last = whileLoop([ends.low, ends.high], while: { any(isWide($0)) }) { x in
      let middle = (x[0] + x[1]) * 0.5
      let isLeft = (f(middle) .< 0) .== isNegative, goesOn = isWide(x)
      return [`where`(goesOn .& isLeft, middle, x[0]), `where`(goesOn .& logicalNot(isLeft), middle, x[1])]
    }
    let (a, b) = (stopGradient(last[0]), stopGradient(last[1]))
    // The end with the lesser value; exact roots at an end are found.
    let found = `where`(hasRoot, `where`(abs(f(a)) .<= abs(f(b)), a, b), Double.nan)
    return root(f, at: found)
  }
}

/// A root of `f` between `low` and `high`, element by element, as `bisect`, by Brent's method: inverse quadratic interpolation and
/// secants where they are safe, so few calls of a smooth function. NaN where `f` has one sign at both ends.
///
/// Brent, Algorithms for Minimization without Derivatives, 1973, chapter 4.
public func brent(
  _ f: @escaping @Sendable (Tensor) -> Tensor, from low: Tensor, to high: Tensor, tolerance: Double? = nil,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let ends = Bracket(f, low, high)
    if case .failure = ends.low.storage { return ends.low }
    let relative = accuracy(tolerance, ends.low.dtype)
    let (a, b, fb, hasRoot) = (ends.low, ends.high, ends.atHigh, ends.hasRoot)
    let start = BrentState(
      a: a, b: b, c: b, fa: ends.atLow, fb: fb, fc: fb, step: b - a, before: b - a, isOpen: hasRoot)
    let last = whileLoop(start, while: { any($0.isOpen) }) { $0.next(f, relative) }
    return root(f, at: `where`(hasRoot, last.b, Double.nan))
  }
}

/// b is the best point, a the one before it, and the root lies between b and c.
private struct BrentState: ParameterTree {
  var a, b, c, fa, fb, fc: Tensor
  /// The last step, and the one before it.
  var step, before: Tensor
  var isOpen: Tensor

  func next(_ f: (Tensor) -> Tensor, _ relative: Double) -> BrentState {
    var s = self
    // c on the other side of b; then b the better of both.
    let isSame = (fb .> 0) .== (fc .> 0)
    s.c = `where`(isSame, a, c)
    s.fc = `where`(isSame, fa, fc)
    s.step = `where`(isSame, b - a, step)
    s.before = `where`(isSame, b - a, before)
    let isWorse = abs(s.fc) .< abs(s.fb)
    (s.a, s.b, s.c) = (`where`(isWorse, s.b, s.a), `where`(isWorse, s.c, s.b), `where`(isWorse, s.b, s.c))
    (s.fa, s.fb, s.fc) = (`where`(isWorse, s.fb, s.fa), `where`(isWorse, s.fc, s.fb), `where`(isWorse, s.fb, s.fc))
    let tolerance = abs(s.b) * relative + (b.dtype == .f32 ? 1e-38 : 1e-300)
    let middle = (s.c - s.b) * 0.5
    let goesOn = isOpen .& (abs(middle) .> tolerance) .& (s.fb .!= 0)
    // A secant, or where there are three points the inverse parabola.
    func safe(_ x: Tensor) -> Tensor { `where`(x .== 0, 1, x) }
    let r = s.fb / safe(s.fa), isSecant = s.a .== s.c
    let (u, v) = (s.fa / safe(s.fc), s.fb / safe(s.fc))
    let p = `where`(isSecant, 2 * middle * r, r * (2 * middle * u * (u - v) - (s.b - s.a) * (v - 1)))
    let q = `where`(isSecant, 1 - r, (u - 1) * (v - 1) * (r - 1))
    let (numerator, denominator) = (abs(p), `where`(p .> 0, -q, q))
    let limit = minimum(3 * middle * denominator - abs(tolerance * denominator), abs(s.before * denominator))
    let isGood = (abs(s.before) .>= tolerance) .& (abs(s.fa) .> abs(s.fb)) .& (2 * numerator .< limit)
    let chosen = `where`(isGood, numerator / safe(denominator), middle)
    (s.before, s.step) = (`where`(isGood, s.step, middle), chosen)
    let move = `where`(abs(chosen) .> tolerance, chosen, `where`(middle .> 0, tolerance, -tolerance))
    (s.a, s.fa) = (s.b, s.fb)
    // Of what was finished before b stays as it was; the rest is not read again.
    s.b = `where`(isOpen, `where`(goesOn, s.b + move, s.b), b)
    s.fb = `where`(goesOn, f(s.b), s.fb)
    s.isOpen = goesOn
    return s
  }
}

/// A root of `f` near `start`, element by element, by Newton's method with the derivative of `f`: it ends where each step is less than
/// `tolerance` times the size of the root (the type's accuracy where nil), and is NaN where that is not reached in `limit` steps.
public func newton(
  _ f: @escaping @Sendable (Tensor) -> Tensor, from start: Tensor, tolerance: Double? = nil, limit: Int = 50,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let given = convert(start, to: start.dtype.real)
    let x = stopGradient(broadcast(given, f(given).shape))
    if case .failure = x.storage { return x }
    let relative = accuracy(tolerance, x.dtype)
    let last = whileLoop(
      [x, ones(x.shape, dtype: .bool), Tensor(Int32(0))], while: { any($0[1]) .& ($0[2] .< limit) }
    ) { carry in
      let (value, slope) = jvp(f)(carry[0], onesLike(carry[0]))
      let next = carry[0] - `where`(value .== 0, 0, value / slope)
      let moves = abs(next - carry[0]) .> abs(next) * relative
      return [`where`(carry[1], next, carry[0]), carry[1] .& moves, carry[2] + 1]
    }
    return root(f, at: `where`(last[1], Double.nan, last[0]))
  }
}

/// The point between `low` and `high` at which `f` is least, element by element (they broadcast), and its value there, by golden
/// sections: of a function with one valley the least point to `tolerance` times the width of the interval (the square root of the
/// type's accuracy where nil, beyond which values do not tell points apart).
///
/// Derivatives of a point within the interval are those of the root of the slope; of one at an end they are 0.
public func goldenSection(
  _ f: @escaping @Sendable (Tensor) -> Tensor, from low: Tensor, to high: Tensor, tolerance: Double? = nil,
  file: StaticString = #fileID, line: UInt = #line
) -> (point: Tensor, value: Tensor) {
  pinned(file, line) {
    let ends = Bracket(f, low, high)
    if case .failure = ends.low.storage { return (ends.low, ends.low) }
    let relative = tolerance ?? (ends.low.dtype == .f32 ? 0x1p-12 : 0x1p-26)
    let (from, to) = (ends.low, ends.high)
    let ratio = (5.0.squareRoot() - 1) / 2
    // As many sections as make the interval that short.
    let sections = Swift.max(Int((Foundation.log(relative) / Foundation.log(ratio)).rounded(.up)), 1)
    let (c, d) = (to - (to - from) * ratio, from + (to - from) * ratio)
    let (last, _): ([Tensor], [Tensor]) = scan([from, to, c, d, f(c), f(d)], count: sections) { x, _ in
      let isLeft = x[4] .< x[5]
      let (low, high) = (`where`(isLeft, x[0], x[2]), `where`(isLeft, x[3], x[1]))
      let point = `where`(isLeft, high - (high - low) * ratio, low + (high - low) * ratio)
      let value = f(point)
      return (
        [
          low, high, `where`(isLeft, point, x[3]), `where`(isLeft, x[2], point), `where`(isLeft, value, x[5]),
          `where`(isLeft, x[4], value),
        ], []
      )
    }
    // The best of what was seen, the ends among them.
    var (best, value) = (stopGradient(last[2]), stopGradient(last[4]))
    let others = [(last[3], last[5]), (from, ends.atLow), (to, ends.atHigh)]
    for (other, there) in others.map({ (stopGradient($0), stopGradient($1)) }) {
      let isBetter = there .< value
      (best, value) = (`where`(isBetter, other, best), `where`(isBetter, there, value))
    }
    let slope: @Sendable (Tensor) -> Tensor = { jvp(f)($0, onesLike($0)).1 }
    let isInner = (best .!= from) .& (best .!= to)
    let point = `where`(isInner, root(slope, at: best), best)
    return (point, f(point))
  }
}
