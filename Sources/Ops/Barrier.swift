import DescentIR

/// An optimization barrier: passes do not merge across it or fuse through it. In loops it is a view, so it costs nothing.
package struct Barrier: Unchanged {
  package init() {}
  package static let name = "barrier"
  package static let documentation = "y = x, opaque to common subexpressions"
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy] }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .view((0..<operands[0].shape.rank).map { AxisSource(axis: $0) })
  }
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Barrier(), [.init(real, [3, 5])]), Sample(Barrier(), [.init(.i32, [])])]
  }
}
