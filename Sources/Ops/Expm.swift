import DescentIR
import DescentRuntime

/// The exponential of matrices, of which how often it squares depends on their norm.
package struct Expm: MatrixOp, AttributeFreeOp {
  package init() {}
  package static let name = "expm"
  package static let documentation = "y = Σ x^k / k!, by Padé's approximant of degree 13, scaling and squaring"

  package func size(_ x: [MatrixSize]) throws -> MatrixSize {
    try expectSquare(x[0])
    return x[0]
  }
  package func kernel(_ x: [MatrixSize]) -> MatrixKernel {
    let n = x[0].rows
    return MatrixKernel(
      .expm, [n], operands: [n * n], result: n * n, scratch: Int(dsc_linalg_expm_scratch(Int64(n))), terms: n,
      work: (10 * n * n).times(n + 1))
  }
  /// The derivative of exp at xᵀ along dy, which is the upper right block of exp of [xᵀ, dy; 0, xᵀ] (Najfeld and Havel, 1995).
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let (xt, n, last) = (transposed(x[0]), x[0].shape[-1], x[0].rank - 1)
    let blocks = concatenate(
      [concatenate([xt, dy], axis: last), concatenate([zerosLike(xt), xt], axis: last)], axis: last - 1)
    return [Tensor.apply(Expm(), [blocks])[..., 0..<n, n..<2 * n]]
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Expm(), [.init(real, [3, 3], -1...1)]),
      Sample(Expm(), [.init(real, [2, 2, 2], -1...1, diagonal: -3)]),
      Sample(Expm(), [.init(real, [1, 1])]),
      Sample(Expm(), [.init(real, [0, 0])]),
    ]
  }
}

/// The exponential Σ x^k / k! of square matrices [..., n, n].
public func expm(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    matrices("expm", x, isSquare: true) { .apply(Expm(), [$0]) }
  }
}
