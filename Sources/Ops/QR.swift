import DescentIR
import DescentRuntime

/// Orthogonal and triangular factors, by Householder's reflectors, in one matrix.
package struct QR: MatrixOp, AttributeFreeOp {
  package init() {}
  package static let name = "qr"
  package static let documentation =
    "[m + n, n]: Q[m, n] with orthonormal columns, below it the upper triangular R[n, n] with Q R = x, m >= n"

  package func size(_ x: [MatrixSize]) throws -> MatrixSize {
    guard x[0].rows >= x[0].columns else {
      throw DescentError(.type, "\(name) takes matrices with as many rows as columns at least, not \(x[0])")
    }
    return MatrixSize(x[0].rows + x[0].columns, x[0].columns)
  }
  package func kernel(_ x: [MatrixSize]) -> MatrixKernel {
    let (m, n) = (x[0].rows, x[0].columns)
    return MatrixKernel(
      .qr, [m, n], operands: [m * n], result: (m + n) * n, scratch: Int(dsc_linalg_qr_scratch(Int64(m), Int64(n))),
      terms: m, work: (2 * m * n).times(n + 1))
  }
  /// (dQ + Q copyltu(M)) R⁻ᵀ with M = R dRᵀ - dQᵀ Q and copyltu(M) the symmetric matrix with the lower triangle of M (Walter and
  /// Lehmann, Algorithmic differentiation of linear algebra functions, 2010).
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let (m, n) = (x[0].shape[-2], x[0].shape[-1])
    let (q, r) = (y[..., 0..<m, .all], y[..., m..<m + n, .all])
    let (dq, dr) = (dy[..., 0..<m, .all], triu(dy[..., m..<m + n, .all]))
    let middle = matmul(r, transposed(dr)) - matmul(transposed(dq), q)
    let symmetric = tril(middle) + transposed(tril(middle, offset: -1))
    let whole = transposed(dq + matmul(q, symmetric))
    return [transposed(.apply(TriangularSolve(isLower: false), [r, whole]))]
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(QR(), [.init(real, [3, 3], -1...1, diagonal: 1)]),
      Sample(QR(), [.init(real, [2, 5, 3], -1...1, diagonal: 1)]),
      Sample(QR(), [.init(real, [1, 1], 1...2)]),
      Sample(QR(), [.init(real, [70, 40], -0.5...0.5, diagonal: 3)]),
      Sample(QR(), [.init(real, [4, 0])]),
    ]
  }
}

/// The factors of matrices [..., m, n]: q r = `x`, k being the lesser of m and n, q [..., m, k] with orthonormal columns and r
/// [..., k, n] upper triangular, with the signs that LAPACK gives its diagonal. Derivatives are infinite or NaN where the first k
/// columns are linearly dependent.
public func qr(
  _ x: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> (q: Tensor, r: Tensor) {
  pinned(file, line) {
    if let failure = notMatrices("qr", x) { return (failure, failure) }
    let x = real(x, at: nil)
    let (m, n) = (x.shape[-2], x.shape[-1])
    // Of a wide matrix the first columns give the orthogonal factor.
    let k = Swift.min(m, n)
    let packed = Tensor.apply(QR(), [x[..., .all, 0..<k]])
    let (q, r) = (packed[..., 0..<m, .all], packed[..., m..<m + k, .all])
    guard n > m else { return (q, r) }
    return (q, concatenate([r, matmul(transposed(q), x[..., .all, k..<n])], axis: x.rank - 1))
  }
}
