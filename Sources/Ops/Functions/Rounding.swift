// Rounding up and toward zero, by rounding down.

import DescentIR

/// Each element rounded up; the derivative is 0.
public func ceil(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    guard !x.dtype.isInteger else { return x }
    let at = SourceLocation(file, line)
    return pointwise(Negate(), floor(pointwise(Negate(), real(x, at: at), at: at)), at: at)
  }
}

/// Each element rounded toward zero; the derivative is 0.
public func trunc(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    guard !x.dtype.isInteger else { return x }
    let at = SourceLocation(file, line)
    let isNegative = pointwise(Compare(.lt), x, 0, at: at)
    return `where`(isNegative, ceil(x), floor(x))
  }
}
