import DescentIR

/// Systems with triangular matrices.
package struct TriangularSolve: MatrixOp {
  package var isLower: Bool
  package var isTransposed: Bool
  /// Whether the diagonal counts as 1.
  package var isUnit: Bool

  package init(isLower: Bool, isTransposed: Bool = false, isUnit: Bool = false) {
    (self.isLower, self.isTransposed, self.isUnit) = (isLower, isTransposed, isUnit)
  }
  package static let name = "triangularSolve"
  package static let documentation =
    "X with T X = B or Tᵀ X = B, T being the lower or upper triangle of the first operand, B the second"
  package init(_ a: Attributes) throws {
    self.init(isLower: try a.bool("lower"), isTransposed: try a.bool("transposed"), isUnit: try a.bool("unit"))
  }
  package var attributes: Attributes {
    ["lower": .bool(isLower), "transposed": .bool(isTransposed), "unit": .bool(isUnit)]
  }
  package static var operandCount: Int { 2 }

  package func size(_ x: [MatrixSize]) throws -> MatrixSize { try systemSize(x) }
  package func kernel(_ x: [MatrixSize]) -> MatrixKernel {
    let (n, m) = (x[1].rows, x[1].columns)
    return MatrixKernel(
      .triangularSolve, [n, m] + [isLower, isTransposed, isUnit].map { $0 ? 1 : 0 }, operands: [n * n, n * m],
      result: n * m, terms: n, work: (n * (n + 1) / 2).times(m))
  }
  /// dB = T⁻ᵀ dX, and dT = -dB Xᵀ where T is (Giles, Collected matrix derivative results, 2008).
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let adjoint = TriangularSolve(isLower: isLower, isTransposed: !isTransposed, isUnit: isUnit)
    let db = Tensor.apply(adjoint, [x[0], dy])
    let da = -(isTransposed ? matmul(y, transposed(db)) : matmul(db, transposed(y)))
    return [isLower ? tril(da, offset: isUnit ? -1 : 0) : triu(da, offset: isUnit ? 1 : 0), db]
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    batched[0] ? .apply(self, batchAll(x, batched, size)) : sharedMatrix(x[0], x[1], size)
  }
  package static func samples(_ real: DType) -> [Sample] {
    func sample(_ op: TriangularSolve, _ a: Shape, _ b: Shape) -> Sample {
      Sample(op, [.init(real, a, -0.5...0.5, diagonal: 1), .init(real, b)])
    }
    return [
      sample(.init(isLower: true), [3, 3], [3, 2]),
      sample(.init(isLower: true, isTransposed: true), [2, 3, 3], [2, 3, 1]),
      sample(.init(isLower: false), [4, 4], [4, 3]),
      sample(.init(isLower: false, isTransposed: true), [3, 3], [3, 20]),
      sample(.init(isLower: true, isUnit: true), [4, 4], [4, 2]),
      sample(.init(isLower: false, isUnit: true), [1, 1], [1, 2]),
      sample(.init(isLower: true), [70, 70], [70, 3]),
      sample(.init(isLower: false), [2, 2], [2, 0]),
    ]
  }
}

extension MatrixOp {
  /// The size of X with A X = B, or Aᵀ X = B.
  func systemSize(_ x: [MatrixSize]) throws -> MatrixSize {
    try expectSquare(x[0])
    guard x[0].rows == x[1].rows else {
      throw DescentError(
        .type,
        "\(name) with matrices of \(x[0]) and right sides of \(x[1]): they need as many rows")
    }
    return x[1]
  }
  /// With one matrix for all elements of a batch their right sides are columns beside one another.
  func sharedMatrix(_ a: Tensor, _ b: Tensor, _ size: Int) -> Tensor {
    let wide = moveAxis(b, from: 0, to: b.rank - 2)
    let (last, columns) = (b.rank - 1, b.shape[-1])
    let merged = reshape(wide, Shape(wide.shape.dimensions.dropLast(2) + [size * columns]))
    let x = Tensor.apply(self, [a, merged])
    return moveAxis(reshape(x, wide.shape), from: last - 1, to: 0)
  }
}

/// X with T X = `b`, or Tᵀ X = `b` where `transposed`, T being the lower or the upper triangle of `a`; of the other triangle
/// nothing is read. `unitDiagonal` takes the diagonal of T as 1. `a` is [..., n, n], and `b` [..., n, m] or a vector [n]; the axes
/// before the last two broadcast. Where T is singular the result is infinite or NaN.
public func triangularSolve(
  _ a: Tensor, _ b: Tensor, lower: Bool, transposed: Bool = false, unitDiagonal: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    system("triangularSolve", a, b) {
      .apply(TriangularSolve(isLower: lower, isTransposed: transposed, isUnit: unitDiagonal), [$0, $1])
    }
  }
}
