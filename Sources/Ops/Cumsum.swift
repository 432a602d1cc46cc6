import DescentIR

/// The sums of a row's elements up to each one.
package struct Cumsum: RowOp, AttributeFreeOp {
  package init() {}
  package static let name = "cumsum"
  package static let documentation = "y[…, i] = x[…, 0] + … + x[…, i]"

  package func resultType(of operand: DType) throws -> DType {
    guard operand != .u8 else { throw DescentError(.type, "cumsum is not defined on u8; convert it first") }
    return operand
  }
  package func kernel(_ count: Int, bytes: Int) -> MatrixKernel {
    MatrixKernel(.cumsum, [count], operands: [count], result: count, terms: count, work: count)
  }
  /// The sums of the cotangents from each one on.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let last = [dy.rank - 1]
    return [reverse(.apply(Cumsum(), [reverse(dy, axes: last)]), axes: last)]
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Cumsum(), [.init(real, [7])]), Sample(Cumsum(), [.init(real, [3, 5])]),
      Sample(Cumsum(), [.init(real, [2, 2, 100])]), Sample(Cumsum(), [.init(.i32, [40])]),
      Sample(Cumsum(), [.init(.i64, [3, 9])]), Sample(Cumsum(), [.init(real, [3, 0])]),
    ]
  }
}
