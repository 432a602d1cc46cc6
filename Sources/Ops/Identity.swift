import DescentIR

/// The operand itself: a fresh variable for differentiation.
package struct Identity: AttributeFreeOp, Transparent {
  package init() {}
  package static let name = "identity"
  package static let documentation = "y = x"
  package static let onnxName: String? = "Identity"
  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    return operands[0]
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray { x[0] }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor { .apply(self, x) }
  package func lowering(_ operands: [TensorType]) -> Lowering { .pointwise(PointwiseRule(cost: 0) { x, _, _ in x[0] }) }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Identity(), [.init(real, [3, 5])])] }
}
