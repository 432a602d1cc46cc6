import DescentIR
import DescentRuntime

/// Eigenvalues and eigenvectors of symmetric matrices, in one matrix.
package struct Eigh: MatrixOp, AttributeFreeOp {
  package init() {}
  package static let name = "eigh"
  package static let documentation =
    "[n + 1, n]: the eigenvalues w of the symmetric x in ascending order, below them the eigenvectors V as columns, x V = V diag(w); "
    + "the lower triangle is read"

  package func size(_ x: [MatrixSize]) throws -> MatrixSize {
    try expectSquare(x[0])
    return MatrixSize(x[0].rows + 1, x[0].rows)
  }
  package func kernel(_ x: [MatrixSize]) -> MatrixKernel {
    let n = x[0].rows
    return MatrixKernel(
      .eigh, [n], operands: [n * n], result: (n + 1) * n, scratch: Int(dsc_linalg_eigh_scratch(Int64(n))), terms: n,
      work: (6 * n * n).times(n + 1))
  }
  /// V (diag(dw) + F ∘ (Vᵀ dV)) Vᵀ with F[i, j] = 1 / (w[j] - w[i]); of the lower triangle that and its transpose. Where eigenvalues
  /// are equal F is infinite, but what has no cotangent stays 0.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let n = x[0].shape[-1]
    let (w, v) = (y[..., 0, .all], y[..., 1..<n + 1, .all])
    let (dw, dv) = (dy[..., 0, .all], dy[..., 1..<n + 1, .all])
    let (row, column) = (expandDims(w, axis: -2), expandDims(w, axis: -1))
    let middle = diagonalMatrix(dw) + weigh(matmul(transposed(v), dv), offDiagonalReciprocal(row - column))
    let whole = matmul(matmul(v, middle), transposed(v))
    return [lowerHalf(whole + transposed(whole))]
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Eigh(), [.init(real, [3, 3], -0.5...0.5, diagonal: 2)]),
      Sample(Eigh(), [.init(real, [2, 4, 4], -0.5...0.5, diagonal: -2)]),
      Sample(Eigh(), [.init(real, [1, 1])]),
      Sample(Eigh(), [.init(real, [36, 36], -0.125...0.125, diagonal: 2)]),
      Sample(Eigh(), [.init(real, [0, 0])]),
    ]
  }
}

/// 1 / x off the diagonal, 0 on it.
func offDiagonalReciprocal(_ x: Tensor) -> Tensor {
  let isDiagonal = isDiagonal(x)
  return `where`(isDiagonal, 0, 1 / `where`(isDiagonal, 1, x))
}

/// The eigenvalues of symmetric matrices [..., n, n] in ascending order, [..., n], and their eigenvectors as columns, [..., n, n]:
/// x v = v diag(values). In each vector the first element that is at least half as large as the greatest is positive.
///
/// Of a matrix that is not symmetric they are those of (x + xᵀ) / 2. The derivative of the vectors is infinite or NaN where
/// eigenvalues are equal; that of the values is not.
public func eigh(
  _ x: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> (values: Tensor, vectors: Tensor) {
  pinned(file, line) {
    let packed = matrices("eigh", x, isSquare: true) { .apply(Eigh(), [symmetric($0)]) }
    if case .failure = packed.storage { return (packed, packed) }
    return (packed[..., 0, .all], packed[..., 1..<packed.shape[-2], .all])
  }
}
