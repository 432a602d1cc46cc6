import DescentIR

/// Cholesky's factor of symmetric positive definite matrices.
package struct Cholesky: MatrixOp, AttributeFreeOp {
  package init() {}
  package static let name = "cholesky"
  package static let documentation =
    "the lower triangular L with L Lᵀ = x, of which the lower triangle is read; NaN where x is not positive definite"

  package func size(_ x: [MatrixSize]) throws -> MatrixSize {
    try expectSquare(x[0])
    return x[0]
  }
  package func kernel(_ x: [MatrixSize]) -> MatrixKernel {
    let n = x[0].rows
    return MatrixKernel(.cholesky, [n], operands: [n * n], result: n * n, terms: n, work: (n * n).times(n + 5) / 6)
  }
  /// With Φ the lower triangle with half the diagonal, S = L⁻ᵀ Φ(Lᵀ dL) L⁻¹ is that of the whole matrix; of its lower triangle it
  /// is Φ(S + Sᵀ) (Murray, Differentiation of the Cholesky decomposition, 2016).
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let inverse = TriangularSolve(isLower: true, isTransposed: true)
    let left = Tensor.apply(inverse, [y, lowerHalf(matmul(transposed(y), tril(dy)))])
    let whole = Tensor.apply(inverse, [y, transposed(left)])
    return [lowerHalf(whole + transposed(whole))]
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Cholesky(), [.init(real, [3, 3], -1...1, diagonal: 3)]),
      Sample(Cholesky(), [.init(real, [2, 4, 4], -0.5...0.5, diagonal: 2)]),
      Sample(Cholesky(), [.init(real, [1, 1], 1...2)]),
      Sample(Cholesky(), [.init(real, [67, 67], -0.25...0.25, diagonal: 10)]),
      Sample(Cholesky(), [.init(real, [2, 0, 0])]),
    ]
  }
}

/// The lower triangular L with L Lᵀ = `x`, a symmetric positive definite matrix [..., n, n]; NaN where it is not positive definite.
///
/// Of a matrix that is not symmetric it is that of (x + xᵀ) / 2, and so derivatives are symmetric, as JAX has it.
public func cholesky(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    matrices("cholesky", x, isSquare: true) { .apply(Cholesky(), [symmetric($0)]) }
  }
}
