// Means, variances, and the numerically stable functions of exponentials over axes.

import DescentIR

/// The number of elements of `x` over `axes` (all where nil).
private func elementCount(_ x: Tensor, _ axes: [Int]?) -> Int {
  let axes = axes.map { normalized($0, rank: x.rank) } ?? Array(0..<x.rank)
  return axes.filter { (0..<x.rank).contains($0) }.reduce(1) { $0 * x.shape[$1] }
}

/// x² of each element.
public func square(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .apply(Multiply(), [x, x], at: SourceLocation(file, line))
}

/// The mean over `axes` (over all where nil); `keepAxes` leaves them with size 1. NaN of no elements. A real number, as what else
/// is in this file: f32 for a type that is not floating.
public func mean(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let x = real(x, at: SourceLocation(file, line))
  return sum(x, axes: axes, keepAxes: keepAxes, file: file, line: line) / elementCount(x, axes)
}

/// The variance Σ (x - mean)² / n over `axes` (over all where nil); `unbiased` divides by n - 1.
public func variance(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, unbiased: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let x = real(x, at: SourceLocation(file, line))
  let deviation = x - mean(x, axes: axes, keepAxes: true, file: file, line: line)
  let total = sum(square(deviation, file: file, line: line), axes: axes, keepAxes: keepAxes, file: file, line: line)
  return total / (elementCount(x, axes) - (unbiased ? 1 : 0))
}

/// The square root of the variance.
public func standardDeviation(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, unbiased: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  sqrt(
    variance(x, axes: axes, keepAxes: keepAxes, unbiased: unbiased, file: file, line: line), file: file, line: line)
}

/// `x` less its greatest element along `axis`, and that element. The maximum is no more than a shift that cancels, so
/// no gradient passes through it; an infinite one is replaced by 0, since ∞ - ∞ is NaN.
private func shifted(
  _ x: Tensor, _ axis: Int, _ file: StaticString, _ line: UInt
) -> (difference: Tensor, shift: Tensor) {
  let x = real(x, at: SourceLocation(file, line))
  let top = stopGradient(max(x, axes: [axis], keepAxes: true, file: file, line: line), file: file, line: line)
  let shift = `where`(abs(top, file: file, line: line) .< Double.infinity, top, 0, file: file, line: line)
  return (x - shift, shift)
}

/// e^x / Σ e^x along `axis`, without overflow.
public func softmax(_ x: Tensor, axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let weights = exp(shifted(x, axis, file, line).difference, file: file, line: line)
  return weights / sum(weights, axes: [axis], keepAxes: true, file: file, line: line)
}

/// x - ln Σ e^x along `axis`, without overflow.
public func logSoftmax(_ x: Tensor, axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let difference = shifted(x, axis, file, line).difference
  let total = sum(exp(difference, file: file, line: line), axes: [axis], keepAxes: true, file: file, line: line)
  return difference - log(total, file: file, line: line)
}

/// ln Σ e^x along `axis`, without overflow; `keepAxes` leaves it with size 1.
public func logSumExp(
  _ x: Tensor, axis: Int = -1, keepAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let (difference, shift) = shifted(x, axis, file, line)
  let total = sum(exp(difference, file: file, line: line), axes: [axis], keepAxes: true, file: file, line: line)
  let result = log(total, file: file, line: line) + shift
  return keepAxes ? result : squeeze(result, axis: axis, file: file, line: line)
}
