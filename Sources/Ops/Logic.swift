// The family of operations on truth values.

import DescentIR

/// `y[i] = f(x[i], …)` on bools.
package protocol LogicalPointwise: AttributeFreeOp {
  static var operandCount: Int { get }
  static func apply(_ x: [Bool]) -> Bool
  /// The same as an expression, where a bool is a number that is 0 or 1.
  static func element(_ x: [Expression]) -> Expression
}

extension LogicalPointwise {
  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectSameType(operands, count: Self.operandCount)
    guard operands[0].dtype == .bool else {
      throw DescentError(.type, "\(name) takes bool, not \(operands[0]); compare it with 0 first")
    }
    return operands[0]
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { x.map { _ in nil } }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    let operands = x.map { $0.elements(Bool.self) }
    return HostArray(type.shape, (0..<type.shape.count).map { i in Self.apply(operands.map { $0[i] }) })
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(self, batchAll(x, batched, size))
  }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .pointwise(PointwiseRule(cost: 1) { x, _ in Self.element(x) })
  }
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Self(), (0..<operandCount).map { _ in .init(.bool, [3, 7]) })]
  }
}
