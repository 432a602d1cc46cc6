// Linear algebra made of factorisations: inverses, determinants, powers. Matrices are the last two axes, those before are a batch.

import DescentIR

/// `f` of `x` as real numbers; a failed tensor unless it is a matrix, or a batch of them.
func matrices(_ name: String, _ x: Tensor, isSquare: Bool = false, _ f: (Tensor) -> Tensor) -> Tensor {
  if let failure = notMatrices(name, x, isSquare: isSquare) { return failure }
  return f(real(x, at: nil))
}
/// The failed tensor of a function of matrices that is given something else.
func notMatrices(_ name: String, _ x: Tensor, isSquare: Bool = false) -> Tensor? {
  if case .failure = x.storage { return x }
  guard x.rank >= 2 else {
    return .fail("\(name) takes a matrix, or a batch of them in the last two axes, not \(x.type)", x, at: nil)
  }
  guard !isSquare || x.shape[-1] == x.shape[-2] else {
    return .fail("\(name) takes square matrices, not those of \(x.type)", x, at: nil)
  }
  return nil
}

/// `f` of a matrix and a right side in one type and batch; a right side of one axis is a column, and so is the result.
func system(_ name: String, _ a: Tensor, _ b: Tensor, _ f: (Tensor, Tensor) -> Tensor) -> Tensor {
  for x in [a, b] { if case .failure = x.storage { return x } }
  guard a.rank >= 2, b.rank >= 1 else {
    return .fail("\(name) takes a matrix and a right side, not \(a.type) and \(b.type)", a, b, at: nil)
  }
  let isVector = b.rank == 1
  let columns = isVector ? expandDims(b, axis: -1) : b
  guard
    let batch = Shape.broadcast(
      Shape(a.shape.dimensions.dropLast(2)), Shape(columns.shape.dimensions.dropLast(2)))
  else {
    return .fail("\(name) of \(a.type) and \(b.type): the axes before the last two do not broadcast", a, b, at: nil)
  }
  let operands = joined([a, columns], for: Solve(), at: nil).map {
    broadcast($0, Shape(batch.dimensions + $0.shape.dimensions.suffix(2)))
  }
  let x = f(operands[0], operands[1])
  guard isVector, x.rank >= 2 else { return x }
  return reshape(x, Shape(Array(x.shape.dimensions.dropLast())))
}

/// The inverse of square matrices; infinite or NaN where one is singular. To solve a system take `solve`, which is faster and more
/// accurate.
public func inverse(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    matrices("inverse", x, isSquare: true) {
      .apply(Solve(), [$0, identityMatrix($0.shape.dimensions.dropLast(2), $0.shape[-1], $0.dtype)])
    }
  }
}

/// The determinant of square matrices; that of a matrix without elements is 1. Up to 3 x 3 it is a polynomial of the elements; of
/// larger ones the product of the pivots, whose derivative at a singular matrix is NaN.
public func determinant(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    matrices("determinant", x, isSquare: true) { x in
      func e(_ i: Int, _ j: Int) -> Tensor { x[..., i, j] }
      func minor(_ i: Int, _ j: Int) -> Tensor { e(1, i) * e(2, j) - e(1, j) * e(2, i) }
      switch x.shape[-1] {
      case 1: return e(0, 0)
      case 2: return e(0, 0) * e(1, 1) - e(0, 1) * e(1, 0)
      case 3: return e(0, 0) * minor(1, 2) - e(0, 1) * minor(0, 2) + e(0, 2) * minor(0, 1)
      default:
        let packed = Tensor.apply(LU(), [x])
        return product(diagonal(packed, axes: (-2, -1)), axes: [-1]) * parity(permutation(packed), x.dtype)
      }
    }
  }
}

/// The sign (1, -1, or 0 of a singular matrix) and the logarithm of the absolute value of the determinant of square matrices, which
/// may be beyond the range of numbers.
public func slogdet(
  _ x: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> (sign: Tensor, logAbsDeterminant: Tensor) {
  pinned(file, line) {
    let packed = matrices("slogdet", x, isSquare: true) { .apply(LU(), [$0]) }
    if case .failure = packed.storage { return (packed, packed) }
    let pivots = diagonal(packed, axes: (-2, -1))
    let sign = product(DescentOps.sign(pivots), axes: [-1]) * parity(permutation(packed), packed.dtype)
    return (sign, sum(log(abs(pivots)), axes: [-1]))
  }
}

/// 1 for an even permutation, -1 for an odd one: by the number of pairs that it turns round.
private func parity(_ p: Tensor, _ dtype: DType) -> Tensor {
  let pairs = Shape(p.shape.dimensions + [p.shape[-1]])
  let (before, after) = (broadcast(expandDims(p, axis: -1), pairs), broadcast(expandDims(p, axis: -2), pairs))
  let turned = convert(triu(convert(before .> after, to: .i32)), to: .i32)
  return convert(1 - remainder(sum(turned, axes: [-1, -2]), 2) * 2, to: dtype)
}

/// The product of `power` matrices `x`; of the inverse where `power` is below 0. Products of squares, so about 2 log₂ of them.
public func matrixPower(_ x: Tensor, _ power: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    matrices("matrixPower", x, isSquare: true) { x in
      var square = power < 0 ? inverse(x) : x
      var result: Tensor?
      var rest = power.magnitude
      while rest > 0 {
        if rest & 1 == 1 { result = result.map { matmul($0, square) } ?? square }
        rest >>= 1
        if rest > 0 { square = matmul(square, square) }
      }
      return result ?? identityMatrix(x.shape.dimensions.dropLast(2), x.shape[-1], x.dtype)
    }
  }
}
