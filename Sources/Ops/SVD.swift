import DescentIR
import DescentRuntime

/// Singular values and vectors, by one-sided Jacobi rotations, in one matrix.
package struct SVD: MatrixOp, AttributeFreeOp {
  package init() {}
  package static let name = "svd"
  package static let documentation =
    "[m + 1 + n, k]: U[m, k], below it the singular values s in descending order, below them V[n, k], x = U diag(s) Vᵀ"

  package func size(_ x: [MatrixSize]) throws -> MatrixSize {
    MatrixSize(x[0].rows + 1 + x[0].columns, Swift.min(x[0].rows, x[0].columns))
  }
  package func kernel(_ x: [MatrixSize]) -> MatrixKernel {
    let (m, n) = (x[0].rows, x[0].columns)
    let k = Swift.min(m, n)
    return MatrixKernel(
      .svd, [m, n], operands: [m * n], result: (m + 1 + n) * k,
      scratch: Int(dsc_linalg_svd_scratch(Int64(m), Int64(n))), terms: Swift.max(m, n),
      work: k.times(4 * m * n + 24 * k * k))
  }
  /// U [(skew(Uᵀ dU) / E) S + S (skew(Vᵀ dV) / E) + diag(ds)] Vᵀ, E[i, j] = s[j]² - s[i]², and what leaves the spaces of the
  /// singular vectors, (1 - U Uᵀ) dU S⁻¹ Vᵀ and U S⁻¹ dVᵀ (1 - V Vᵀ) (Townsend, Differentiating the singular value decomposition,
  /// 2016). Where singular values are equal 1 / E is infinite, but what has no cotangent stays 0.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let (m, n) = (x[0].shape[-2], x[0].shape[-1])
    func parts(_ y: Tensor) -> (u: Tensor, s: Tensor, v: Tensor) {
      (y[..., 0..<m, .all], y[..., m, .all], y[..., (m + 1)..<(m + 1 + n), .all])
    }
    let (u, s, v) = parts(y), (du, ds, dv) = parts(dy)
    let (row, column) = (expandDims(s, axis: -2), expandDims(s, axis: -1))
    let reciprocal = offDiagonalReciprocal((row - column) * (row + column))
    func skew(_ a: Tensor, _ da: Tensor) -> Tensor {
      let product = matmul(transposed(a), da)
      return weigh(product - transposed(product), reciprocal)
    }
    let middle = skew(u, du) * row + column * skew(v, dv) + diagonalMatrix(ds)
    let isZero = row .== 0
    let inverse = `where`(isZero, 0, 1 / `where`(isZero, 1, row))
    func outside(_ a: Tensor, _ da: Tensor) -> Tensor { (da - matmul(a, matmul(transposed(a), da))) * inverse }
    var dx = matmul(u, matmul(middle, transposed(v)))
    if m > n { dx = dx + matmul(outside(u, du), transposed(v)) }
    if n > m { dx = dx + matmul(u, transposed(outside(v, dv))) }
    return [dx]
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(SVD(), [.init(real, [3, 3], -0.5...0.5, diagonal: 2)]),
      Sample(SVD(), [.init(real, [2, 5, 3], -0.5...0.5, diagonal: 2)]),
      Sample(SVD(), [.init(real, [3, 4], -0.5...0.5, diagonal: 2)]),
      Sample(SVD(), [.init(real, [1, 1], 1...2)]),
      Sample(SVD(), [.init(real, [36, 20], -0.125...0.125, diagonal: 2)]),
      Sample(SVD(), [.init(real, [0, 3])]),
    ]
  }
}

/// The singular value decomposition of matrices [..., m, n]: `x` = u diag(s) vt, k being the lesser of m and n, u [..., m, k] and
/// vt [..., k, n] with orthonormal columns and rows, s [..., k] in descending order. In each row of vt the first element that is at
/// least half as large as the greatest is positive.
///
/// The derivative of the vectors is infinite or NaN where singular values are equal; that of the values is not.
public func svd(
  _ x: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> (u: Tensor, s: Tensor, vt: Tensor) {
  pinned(file, line) {
    let packed = matrices("svd", x) { .apply(SVD(), [$0]) }
    if case .failure = packed.storage { return (packed, packed, packed) }
    let m = x.shape[-2]
    return (
      packed[..., 0..<m, .all], packed[..., m, .all], transposed(packed[..., (m + 1)..<packed.shape[-2], .all])
    )
  }
}
