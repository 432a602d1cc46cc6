// Products of vectors and matrices. Operands meet in one type (`Promotion.swift`); products of u8 or of bool, whose sums would
// wrap, are i64.

import DescentIR

/// The matrix product, as NumPy's: over the last axis of `a` and the last but one of `b`, [..., m, k] · [..., k, n] = [..., m, n].
///
/// The axes before the last two are a batch, and those of the two sides broadcast: [2,3] · [4,3,5] is [4,2,5], and
/// [6,1,2,3] · [4,3,5] is [6,4,2,5]. A vector on the left is a row, on the right a column, and the result lacks its axis.
public func matmul(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let at = SourceLocation(file, line)
  guard a.rank > 0, b.rank > 0 else {
    return .fail("matmul of \(a.type) and \(b.type): a scalar has no axis to contract", a, b, at: at)
  }
  let depth = Swift.max(b.rank - 2, 0)
  guard a.shape[-1] == b.shape[depth] else {
    let sizes =
      "axis \(a.rank - 1) of the left has size \(a.shape[-1]) and axis \(depth) of the right \(b.shape[depth])"
    return .fail("the product of \(a.shape) and \(b.shape) does not fit: \(sizes)", a, b, at: at)
  }
  // Where one side has no batch, that of the other is free axes, which come out in their place.
  if a.rank == 1 || b.rank <= 2 {
    return contract(ContractionAxes(lhsContracting: [a.rank - 1], rhsContracting: [depth]), a, b, at: at)
  }
  let (left, right) = (Shape(a.shape.dimensions.dropLast(2)), Shape(b.shape.dimensions.dropLast(2)))
  guard let batch = Shape.broadcast(left, right) else {
    let message = "matmul of \(a.shape) and \(b.shape): the axes before the last two do not broadcast to common ones"
    return .fail(message, a, b, at: at)
  }
  // What is repeated is a view: the product reads each matrix where it lies.
  func wide(_ x: Tensor) -> Tensor {
    broadcast(x, to: Shape(batch.dimensions + x.shape.dimensions.suffix(2)), at: at)
  }
  let axes = ContractionAxes(
    lhsBatch: Array(0..<batch.rank), rhsBatch: Array(0..<batch.rank), lhsContracting: [batch.rank + 1],
    rhsContracting: [batch.rank])
  return contract(axes, wide(a), wide(b), at: at)
}

/// The inner product Σ a b of two vectors.
public func dot(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let at = SourceLocation(file, line)
  guard a.rank == 1, b.rank == 1 else {
    return .fail("dot of shapes \(a.shape) and \(b.shape), which are not vectors", a, b, at: at)
  }
  return contract(ContractionAxes(lhsContracting: [0], rhsContracting: [0]), a, b, at: at)
}

/// The products of every element of `a` with every element of `b`; the axes are those of `a`, then those of `b`.
public func outer(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  contract(ContractionAxes(lhsContracting: [], rhsContracting: []), a, b, at: SourceLocation(file, line))
}

/// A contraction in the type in which its operands meet, or that of a sum of many such numbers.
func contract(_ axes: ContractionAxes, _ a: Tensor, _ b: Tensor, at location: SourceLocation) -> Tensor {
  let operands = summands(a, b, at: location)
  return .apply(Contract(axes), [operands.a, operands.b], at: location)
}

/// The factors of products that will be added up, in their common type.
func summands(_ a: Tensor, _ b: Tensor, at location: SourceLocation) -> (a: Tensor, b: Tensor) {
  let dtype = a.dtype.joined(with: b.dtype).summed
  return (converted(a, to: dtype, at: location), converted(b, to: dtype, at: location))
}
