// Truth values over axes: whether one holds, whether all do.

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
