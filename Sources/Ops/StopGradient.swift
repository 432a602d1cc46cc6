import DescentIR

/// The operand as a constant: no gradient passes.
package struct StopGradient: AttributeFreeOp, Transparent {
  package init() {}
  package static let name = "stopGradient"
  package static let documentation = "y = x, with derivative 0 by definition"
  package static let onnxName: String? = "Identity"

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    return operands[0]
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [nil] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray { x[0] }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor { .apply(self, x) }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .pointwise(PointwiseRule(cost: 0) { x, _, _ in x[0] })
  }
  package static func samples(_ real: DType) -> [Sample] { [Sample(StopGradient(), [.init(real, [3, 5])])] }
}

/// `x` as a constant to differentiation: no gradient passes through.
public func stopGradient(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .apply(StopGradient(), [x], at: SourceLocation(file, line))
}
