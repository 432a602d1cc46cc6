// Truth values: of elements (is it NaN, finite, close to another), and over axes (whether one holds, whether all do).

import DescentIR

/// True where an element over `axes` (over all where nil) is not 0; `keepAxes` leaves them with size 1. False of no elements.
public func any(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let truths = converted(x, to: .bool, at: SourceLocation(file, line))
    // There is no greatest of no elements, but a sum.
    return x.shape.count > 0
      ? max(truths, axes: axes, keepAxes: keepAxes)
      : sum(truths, axes: axes, keepAxes: keepAxes) .!= 0
  }
}

/// True where every element over `axes` (over all where nil) is not 0; `keepAxes` leaves them with size 1. True of no elements.
public func all(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let truths = converted(x, to: .bool, at: SourceLocation(file, line))
    return x.shape.count > 0
      ? min(truths, axes: axes, keepAxes: keepAxes)
      : sum(truths, axes: axes, keepAxes: keepAxes) .== 0
  }
}

/// True where an element is 0, as `.!` of truth values.
public func logicalNot(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let at = SourceLocation(file, line)
  return .apply(Not(), [converted(x, to: .bool, at: at)], at: at)
}

/// True where an element is NaN, as no integer is.
public func isNaN(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Compare(.ne), x, x, at: SourceLocation(file, line))
}

/// True where an element is ∞ or -∞, as no integer is.
public func isInfinite(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    return pointwise(Compare(.eq), abs(real(x, at: at)), Double.infinity, at: at)
  }
}

/// True where an element is neither infinite nor NaN, as every integer is.
public func isFinite(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    return pointwise(Compare(.lt), abs(real(x, at: at)), Double.infinity, at: at)
  }
}

/// True where |a - b| ≤ absolute + relative · |b| of two elements, which are broadcast. An infinity is close to itself alone; NaN is
/// close to nothing, unless `equalNaN` says that it is to itself.
public func isClose(
  _ a: Tensor, _ b: Tensor, relative: Double = 1e-5, absolute: Double = 1e-8, equalNaN: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    let (x, y) = (real(a, at: at), real(b, at: at))
    let distance = abs(pointwise(Subtract(), x, y, at: at))
    let isNear = distance .<= abs(y) * relative + absolute
    let isEqual = pointwise(Compare(.eq), a, b, at: at)
    let isClose = (isNear .& isFinite(y)) .| isEqual
    return equalNaN ? isClose .| (isNaN(x) .& isNaN(y)) : isClose
  }
}

/// True where all elements of two tensors are close, in the sense of `isClose`; without axes.
public func allClose(
  _ a: Tensor, _ b: Tensor, relative: Double = 1e-5, absolute: Double = 1e-8, equalNaN: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let close = isClose(a, b, relative: relative, absolute: absolute, equalNaN: equalNaN)
    return all(close)
  }
}
