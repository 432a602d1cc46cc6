import DescentIR

/// Gaussian elimination with partial pivoting, its factors in one matrix.
package struct LU: MatrixOp, AttributeFreeOp {
  package init() {}
  package static let name = "lu"
  package static let documentation =
    "[n, n + 1]: L below the diagonal, where it is 1, U on and above it, and in the last column p with x[p] = L U"

  package func size(_ x: [MatrixSize]) throws -> MatrixSize {
    try expectSquare(x[0])
    return MatrixSize(x[0].rows, x[0].rows + 1)
  }
  package func kernel(_ x: [MatrixSize]) -> MatrixKernel {
    let n = x[0].rows
    return MatrixKernel(.lu, [n], operands: [n * n], result: n * (n + 1), terms: n, work: (n * n).times(n + 2) / 3)
  }
  /// Pᵀ L⁻ᵀ [tril(Lᵀ dL, -1) + triu(dU Uᵀ)] U⁻ᵀ.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let n = x[0].shape[-1]
    let (factors, cotangents) = (y[..., 0..<n, 0..<n], dy[..., 0..<n, 0..<n])
    let upper = triu(factors)
    let unit = tril(factors, offset: -1) + identityMatrix(x[0].shape.dimensions.dropLast(2), n, y.dtype)
    let middle =
      tril(matmul(transposed(unit), tril(cotangents, offset: -1)), offset: -1)
      + triu(matmul(triu(cotangents), transposed(upper)))
    let left = Tensor.apply(TriangularSolve(isLower: true, isTransposed: true, isUnit: true), [factors, middle])
    let both = transposed(.apply(TriangularSolve(isLower: false), [factors, transposed(left)]))
    return [rows(both, putTo: permutation(y))]
  }
  /// Where which row is the pivot stands clear.
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(LU(), [.init(real, [3, 3], -1...1, diagonal: 2)]),
      Sample(LU(), [.init(real, [2, 4, 4], -1...1, diagonal: 3)]),
      Sample(LU(), [.init(real, [1, 1], 1...2)]),
      Sample(LU(), [.init(real, [40, 40], -1...1, diagonal: 4)]),
      Sample(LU(), [.init(real, [0, 0])]),
    ]
  }
}

/// The rows' numbers in the last column of what `LU` gives, i32.
func permutation(_ lu: Tensor) -> Tensor { convert(lu[..., .all, lu.shape[-1] - 1], to: .i32) }

/// Row i of each matrix is row p[i] of `x`.
func rows(_ x: Tensor, _ p: Tensor) -> Tensor {
  let (flat, places) = flattened(x, p)
  return reshape(.apply(Gather(axis: 0), [flat, places]), x.shape)
}
/// Row p[i] of each matrix is row i of `x`, for a permutation p.
func rows(_ x: Tensor, putTo p: Tensor) -> Tensor {
  let (flat, places) = flattened(x, p)
  return reshape(
    .apply(
      Scatter(axis: 0, .sum), [zerosLike(flat), places, reshape(x, Shape(places.shape.dimensions + [x.shape[-1]]))]),
    x.shape)
}
/// The matrices of a batch below one another, and the rows' numbers in that.
private func flattened(_ x: Tensor, _ p: Tensor) -> (Tensor, Tensor) {
  let n = x.shape[-2]
  let count = x.shape.dimensions.dropLast(2).reduce(1, *)
  return (reshape(x, [count * n, x.shape[-1]]), shiftedIndices(reshape(p, [count, n]), n, count))
}

/// The factors of square matrices [..., n, n] by elimination with partial pivoting: `x[permutation] = lower · upper`, with 1 on the
/// diagonal of `lower`. `permutation` is i32[..., n].
public func lu(
  _ x: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> (lower: Tensor, upper: Tensor, permutation: Tensor) {
  pinned(file, line) {
    let packed = matrices("lu", x, isSquare: true) { .apply(LU(), [$0]) }
    if case .failure = packed.storage { return (packed, packed, packed) }
    let n = packed.shape[-2]
    let factors = packed[..., 0..<n, 0..<n]
    let unit = identityMatrix(packed.shape.dimensions.dropLast(2), n, packed.dtype)
    return (tril(factors, offset: -1) + unit, triu(factors), permutation(packed))
  }
}
