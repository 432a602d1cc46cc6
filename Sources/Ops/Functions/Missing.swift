// NaN taken for a number that is missing: replaced, or left out of sums, means and extremes. No gradient passes to it.

import DescentIR

/// Each element, but `nan` for NaN, and `positiveInfinity` and `negativeInfinity` (where nil the greatest number of the type, and
/// its negative) for infinities; the derivative at what is replaced is 0.
public func nanToNum(
  _ x: Tensor, nan: Double = 0, positiveInfinity: Double? = nil, negativeInfinity: Double? = nil,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard x.dtype.isFloating else { return x }
    let greatest = x.dtype == .f32 ? Double(Float.greatestFiniteMagnitude) : .greatestFiniteMagnitude
    func replaced(_ isReplaced: Tensor, _ number: Double, _ x: Tensor) -> Tensor {
      pinned(file, line) {
        `where`(isReplaced, number, x)
      }
    }
    let at = SourceLocation(file, line)
    let bounded = replaced(pointwise(Compare(.eq), x, Double.infinity, at: at), positiveInfinity ?? greatest, x)
    let finite = replaced(pointwise(Compare(.eq), x, -Double.infinity, at: at), negativeInfinity ?? -greatest, bounded)
    return replaced(isNaN(x), nan, finite)
  }
}

/// The sum over `axes` (over all where nil) of the elements that are not NaN; `keepAxes` leaves them with size 1. 0 of none.
public func nanSum(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let known = x.dtype.isFloating ? `where`(isNaN(x), 0, x) : x
    return sum(known, axes: axes, keepAxes: keepAxes)
  }
}

/// The mean over `axes` (over all where nil) of the elements that are not NaN; `keepAxes` leaves them with size 1. NaN of none. A
/// real number: f32 for a type that is not floating.
public func nanMean(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let x = real(x, at: SourceLocation(file, line))
    let isKnown = logicalNot(isNaN(x))
    let count = sum(
      convert(isKnown, to: x.dtype), axes: axes, keepAxes: keepAxes)
    return nanSum(x, axes: axes, keepAxes: keepAxes) / count
  }
}

/// The greatest over `axes` (over all where nil) of the elements that are not NaN; `keepAxes` leaves them with size 1. NaN where all
/// are. Ties share the gradient.
public func nanMax(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    extreme(x, -Double.infinity, axes, keepAxes) {
      max($0, axes: axes, keepAxes: keepAxes)
    }
  }
}

/// The least over `axes` (over all where nil) of the elements that are not NaN; `keepAxes` leaves them with size 1. NaN where all
/// are. Ties share the gradient.
public func nanMin(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    extreme(x, Double.infinity, axes, keepAxes) {
      min($0, axes: axes, keepAxes: keepAxes)
    }
  }
}

/// An extreme of what is not NaN, in whose place the infinity stands that never wins.
private func extreme(
  _ x: Tensor, _ last: Double, _ axes: [Int]?, _ keepAxes: Bool, _ extreme: (Tensor) -> Tensor
) -> Tensor {
  guard x.dtype.isFloating else { return extreme(x) }
  let isMissing = isNaN(x)
  let result = extreme(`where`(isMissing, last, x))
  let isNothing = all(isMissing, axes: axes, keepAxes: keepAxes)
  return `where`(isNothing, Double.nan, result)
}
