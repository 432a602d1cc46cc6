// A step length that satisfies the strong Wolfe conditions: the value falls enough, and the slope flattens enough.
// Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 3.5 (bracket) and 3.6 (zoom), with the cubic interpolation
// of equation 3.59 and the safeguards of Schmidt's minFunc, which PyTorch's LBFGS has too. Near a minimum values differ by
// rounding alone, and slopes decide: values within the noise count as equal (Hager and Zhang, 2005, section 1).

/// A function along a direction, at one step length: value, slope, and the whole gradient.
struct LinePoint {
  var step: Double
  var value: Double
  var slope: Double
  var gradient: [Double]
  /// Whether the value fell along the direction without end: to -∞, or as far as was looked.
  var isUnbounded = false

  fileprivate var isFinite: Bool { value.isFinite && slope.isFinite }
}

/// The point of a step length s with f(s) ≤ f(0) + 10⁻⁴ s f'(0) and |f'(s)| ≤ 0.9 |f'(0)|, where `start` is that of 0 and its
/// slope is negative; the lowest point found where 25 calls of `evaluate` do not suffice or the bracket is smaller than
/// `smallest`; `start` where none is lower. Where the value falls without end the point says so. A value that is not finite counts as too high. `noise` is how far a value may be off.
func searchLine(
  from start: LinePoint, trial: Double, smallest: Double, noise: Double, _ evaluate: (Double) throws -> LinePoint
) throws -> LinePoint {
  let evaluations = 25
  func isTooHigh(_ point: LinePoint) -> Bool {
    !point.isFinite || point.value > start.value + 1e-4 * point.step * start.slope + noise
  }
  func isFlat(_ point: LinePoint) -> Bool { abs(point.slope) <= -0.9 * start.slope }

  // Longer and longer steps, until a minimum must lie between the last two.
  var (previous, point) = (start, try evaluate(trial))
  var used = 1
  while !(isTooHigh(point) || (used > 1 && point.value >= previous.value) || point.slope >= 0) {
    if isFlat(point) { return point }
    if used == evaluations {
      point.isUnbounded = true
      return point
    }
    let bounds = (point.step + 0.01 * (point.step - previous.step))...(point.step * 10)
    let next = interpolated(previous, point, within: bounds)
    previous = point
    point = try evaluate(next)
    used += 1
  }
  if !isTooHigh(point), point.value < previous.value || used == 1, isFlat(point) { return point }

  // The bracket shrinks; `low` is the lower of its ends.
  var (low, high) = point.isFinite && point.value < previous.value ? (point, previous) : (previous, point)
  var isSlow = false
  while used < evaluations, abs(high.step - low.step) >= smallest {
    let range = min(low.step, high.step)...max(low.step, high.step)
    var step = interpolated(low, high, within: range)
    // Twice in a row near an end of the bracket is no progress: a tenth of it away from there instead.
    let margin = 0.1 * (range.upperBound - range.lowerBound)
    let isNear = min(range.upperBound - step, step - range.lowerBound) < margin
    if isNear, isSlow || step >= range.upperBound || step <= range.lowerBound {
      let isUpper = range.upperBound - step < step - range.lowerBound
      step = isUpper ? range.upperBound - margin : range.lowerBound + margin
      isSlow = false
    } else {
      isSlow = isNear
    }
    point = try evaluate(step)
    used += 1
    if isTooHigh(point) || point.value >= low.value {
      high = point
      if point.isFinite, point.value < low.value { swap(&low, &high) }
    } else {
      if isFlat(point) { return point }
      if point.slope * (high.step - low.step) >= 0 { high = low }
      low = point
    }
  }
  // Between a slope that still falls and -∞ there is no minimum.
  low.isUnbounded = high.value == -.infinity
  return low
}

/// The minimum of the cubic with the values and slopes of two points, moved into the bounds; their middle where there is none.
private func interpolated(_ a: LinePoint, _ b: LinePoint, within bounds: ClosedRange<Double>) -> Double {
  let middle = (bounds.lowerBound + bounds.upperBound) / 2
  let (left, right) = a.step <= b.step ? (a, b) : (b, a)
  let d1 = left.slope + right.slope - 3 * (left.value - right.value) / (left.step - right.step)
  let square = d1 * d1 - left.slope * right.slope
  guard square >= 0, left.isFinite, right.isFinite else { return middle }
  let d2 = square.squareRoot()
  let step = right.step - (right.step - left.step) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2))
  return step.isNaN ? middle : min(max(step, bounds.lowerBound), bounds.upperBound)
}
