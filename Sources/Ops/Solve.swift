import DescentIR
import DescentRuntime

/// Linear systems, by elimination with partial pivoting. An operation of its own, since its derivative is a system with the same
/// matrix: less to compute, and more accurate, than that of the factors.
package struct Solve: MatrixOp {
  package var isTransposed: Bool

  package init(isTransposed: Bool = false) { self.isTransposed = isTransposed }
  package static let name = "solve"
  package static let documentation = "X with A X = B, or Aᵀ X = B where transposed, of operands A and B"
  package init(_ a: Attributes) throws { self.init(isTransposed: try a.bool("transposed")) }
  package var attributes: Attributes { ["transposed": .bool(isTransposed)] }
  package static var operandCount: Int { 2 }

  package func size(_ x: [MatrixSize]) throws -> MatrixSize { try systemSize(x) }
  package func kernel(_ x: [MatrixSize]) -> MatrixKernel {
    let (n, m) = (x[1].rows, x[1].columns)
    return MatrixKernel(
      .solve, [n, m, isTransposed ? 1 : 0], operands: [n * n, n * m], result: n * m,
      scratch: Int(dsc_linalg_solve_scratch(Int64(n))), terms: n,
      work: (n * n).times(n / 3 + m + 1))
  }
  /// dB = A⁻ᵀ dX, dA = -dB Xᵀ.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let db = Tensor.apply(Solve(isTransposed: !isTransposed), [x[0], dy])
    return [-(isTransposed ? matmul(y, transposed(db)) : matmul(db, transposed(y))), db]
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    batched[0] ? .apply(self, batchAll(x, batched, size)) : sharedMatrix(x[0], x[1], size)
  }
  package static func samples(_ real: DType) -> [Sample] {
    func sample(_ isTransposed: Bool, _ a: Shape, _ b: Shape) -> Sample {
      Sample(Solve(isTransposed: isTransposed), [.init(real, a, -1...1, diagonal: 2), .init(real, b)])
    }
    return [
      sample(false, [3, 3], [3, 2]), sample(true, [2, 3, 3], [2, 3, 1]), sample(false, [1, 1], [1, 4]),
      sample(true, [36, 36], [36, 2]), sample(false, [70, 70], [70, 5]), sample(false, [0, 0], [0, 3]),
    ]
  }
}

/// X with `a` X = `b`, for square matrices `a` [..., n, n] and right sides `b`, [..., n, m] or a vector [n]; the axes before the
/// last two broadcast. Where `a` is singular the result is infinite or NaN.
public func solve(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    system("solve", a, b) { .apply(Solve(), [$0, $1]) }
  }
}
