import DescentIR

/// The greater of two elements.
package struct Maximum: BinaryArithmetic {
  package init() {}
  package static let name = "maximum"
  package static let documentation = "y = a where a > b, else b; NaN where either is NaN"
  package static let cost = 1
  package static func apply<T: Real>(_ a: T, _ b: T) -> T { a > b || a.isNaN ? a : b }
  package static func apply(_ a: Int, _ b: Int) -> Int { a > b ? a : b }
  package static func element(_ a: Expression, _ b: Expression) -> Expression { .extreme("max", a, b) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    extremeAdjoints(x[0] .> x[1], x[1] .> x[0], x[0] .== x[1], dy)
  }
  /// The ranges leave a gap, for at a tie there is no derivative to compare with.
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Maximum(), [.init(real, [2, 3], -2...0), .init(real, [2, 3], 0.1...2)]),
      Sample(Maximum(), [.init(real, [5], 0.1...2), .init(real, [5], -2...0)]),
    ]
      + [DType.i32, .i64, .u8].map { Sample(Maximum(), [.init($0, [4, 5]), .init($0, [4, 5])]) }
  }
}

/// The greater of the elements of `a` and `b`, broadcast; NaN where either is. At a tie the gradient is shared equally.
public func maximum(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  // Of truth values it is this one.
  let op: any Op = a.dtype == .bool && b.dtype == .bool ? Or() : Maximum()
  return pointwise(op, a, b, at: SourceLocation(file, line))
}

/// The greater of each element and a number; NaN stays NaN. At a tie the gradient is halved.
public func maximum(
  _ a: Tensor, _ b: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise(Maximum(), a, b, at: SourceLocation(file, line))
}

/// The cotangents of two operands of which one is taken: half for each at a tie, NaN for both where one is NaN.
func extremeAdjoints(_ isFirst: Tensor, _ isSecond: Tensor, _ isTie: Tensor, _ dy: Tensor) -> [Tensor?] {
  // NaN nowhere else, for in a derivative of this it would meet a 0.
  let share = `where`(isTie, scalar(0.5, dy.dtype), `where`(isFirst .| isSecond, zerosLike(dy), Double.nan))
  let shared = dy * share
  return [`where`(isFirst, dy, `where`(isSecond, 0, shared)), `where`(isSecond, dy, `where`(isFirst, 0, shared))]
}
