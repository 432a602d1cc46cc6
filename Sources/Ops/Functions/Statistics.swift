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
  pinned(file, line) {
    let x = real(x, at: SourceLocation(file, line))
    return sum(x, axes: axes, keepAxes: keepAxes) / elementCount(x, axes)
  }
}

/// The variance Σ (x - mean)² / n over `axes` (over all where nil); `unbiased` divides by n - 1.
public func variance(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, unbiased: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let x = real(x, at: SourceLocation(file, line))
    let deviation = x - mean(x, axes: axes, keepAxes: true)
    let total = sum(square(deviation), axes: axes, keepAxes: keepAxes)
    return total / (elementCount(x, axes) - (unbiased ? 1 : 0))
  }
}

/// The square root of the variance, also where the variance overflows or vanishes; of equal numbers it is 0, and so is its
/// derivative.
public func standardDeviation(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, unbiased: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let x = real(x, at: SourceLocation(file, line))
    let deviation = x - mean(x, axes: axes, keepAxes: true)
    let count = elementCount(x, axes) - (unbiased ? 1 : 0)
    return rootOfSquares(deviation, axes: axes, keepAxes: keepAxes, over: Double(count))
  }
}

/// √(Σ x² / count) over `axes` (over all where nil), also where squares overflow or vanish: then they are taken of `x` times a
/// power of two. Where all elements are 0 the derivative is 0.
package func rootOfSquares(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, over count: Double = 1,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let isSingle = x.dtype == .f32
    // Squares of numbers up to `high` have room for a long sum, and those of numbers far below `low` vanish beside it.
    let (high, low, down, up) = isSingle ? (0x1p50, 0x1p-40, 0x1p-80, 0x1p100) : (0x1p450, 0x1p-400, 0x1p-600, 0x1p700)
    guard x.shape.count > 0 else {
      return sqrt(sum(x, axes: axes, keepAxes: keepAxes) / count)
    }
    let size = stopGradient(abs(x))
    let top = max(size, axes: axes, keepAxes: true)
    func chosen(_ large: Double, _ small: Double) -> Tensor {
      let ordinary = `where`(top .< low, scalar(small, x.dtype), 1)
      return `where`(top .> high, large, ordinary)
    }
    let scaled = x * chosen(down, up)
    let total = sum(square(scaled), axes: axes, keepAxes: true) / count
    // A mean of no squares stays NaN.
    let isZero = count > 0 ? top .== 0 : onesLike(top) .== 0
    let root = sqrt(`where`(isZero, 1, total))
    let result = `where`(isZero, 0, root * chosen(1 / down, 1 / up))
    return keepAxes ? result : sum(result, axes: axes)
  }
}

/// `x` less its greatest element along `axis`, and that element. The maximum is no more than a shift that cancels, so
/// no gradient passes through it; an infinite one is replaced by 0, since ∞ - ∞ is NaN.
private func shifted(
  _ x: Tensor, _ axis: Int, _ file: StaticString, _ line: UInt
) -> (difference: Tensor, shift: Tensor) {
  pinned(file, line) {
    let x = real(x, at: SourceLocation(file, line))
    let top = stopGradient(max(x, axes: [axis], keepAxes: true))
    let shift = `where`(abs(top) .< Double.infinity, top, 0)
    return (x - shift, shift)
  }
}

/// e^x / Σ e^x along `axis`, without overflow.
public func softmax(_ x: Tensor, axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let weights = exp(shifted(x, axis, file, line).difference)
    return weights / sum(weights, axes: [axis], keepAxes: true)
  }
}

/// ln Σ e^(x - m) along `axis` of what `shifted` gives, to the last digits also where one term is 1 and the others are small: the
/// greatest terms, which are 1, are taken off before the sum and counted apart.
private func logTotal(_ difference: Tensor, _ axis: Int, _ file: StaticString, _ line: UInt) -> Tensor {
  pinned(file, line) {
    let isTop = difference .== 0
    let one = `where`(isTop, scalar(1, difference.dtype), 0)
    let others = sum(exp(difference) - one, axes: [axis], keepAxes: true)
    let count = sum(convert(isTop, to: difference.dtype), axes: [axis], keepAxes: true)
    let rest = others + (count - 1)
    // Where all terms are 0 so is the derivative, which would be 0 / 0.
    let isNothing = rest .== -1
    let result = log1p(`where`(isNothing, 0, rest))
    return `where`(isNothing, -Double.infinity, result)
  }
}

/// x - ln Σ e^x along `axis`, without overflow, and without loss of digits where one element is far above the others.
public func logSoftmax(_ x: Tensor, axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let difference = shifted(x, axis, file, line).difference
  return difference - logTotal(difference, axis, file, line)
}

/// ln Σ e^x along `axis`, without overflow; `keepAxes` leaves it with size 1. Where all elements are -∞ it is -∞ and has no gradient;
/// where one is +∞ it is +∞ and the gradient, as `softmax`, NaN.
public func logSumExp(
  _ x: Tensor, axis: Int = -1, keepAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let (difference, shift) = shifted(x, axis, file, line)
    let result = logTotal(difference, axis, file, line) + shift
    return keepAxes ? result : squeeze(result, axis: axis)
  }
}
