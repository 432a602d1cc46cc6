import DescentIR

/// The operand itself: a new node that stands for the same numbers.
package struct Identity: AttributeFreeOp {
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
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .pointwise(PointwiseRule(cost: 0) { x, _, _ in x[0] })
  }
  package static func samples(_ real: DType) -> [Sample] {
    [real, .i32, .bool].map { Sample(Identity(), [.init($0, [3, 5])]) }
  }
}

/// `x` itself as a new node.
package func identity(_ x: Tensor) -> Tensor { .apply(Identity(), [x]) }
