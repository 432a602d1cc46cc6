import DescentIR

/// The axes in another order.
package struct Transpose: Op {
  /// Axis `i` of the result is axis `permutation[i]` of the operand.
  package var permutation: [Int]

  package init(_ permutation: [Int]) { self.permutation = permutation }
  package static let name = "transpose"
  package static let documentation = "y[i_p0, i_p1, …] = x[i_0, i_1, …]"
  package init(_ a: Attributes) throws { self.init(try a.ints("permutation")) }
  package var attributes: Attributes { ["permutation": .ints(permutation)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    let from = operands[0].shape
    guard permutation.sorted() == Array(0..<from.rank) else {
      throw DescentError(.type, "\(permutation) is not an order of the axes of a tensor of shape \(from)")
    }
    return TensorType(operands[0].dtype, Shape(permutation.map { from[$0] }))
  }
  /// The permutation that undoes this one.
  package var inverse: [Int] { permutation.indices.map { permutation.firstIndex(of: $0)! } }

  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [transpose(dy, inverse)] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray { evaluateView(x[0], sources, type.shape) }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    transpose(x[0], [0] + permutation.map { $0 + 1 })
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .view(sources) }
  private var sources: [AxisSource] { inverse.map { AxisSource(axis: $0) } }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Transpose([1, 0]), [.init(real, [3, 5])]),
      Sample(Transpose([2, 0, 1]), [.init(real, [2, 3, 4])]),
    ]
  }
}

/// The axes of `x` in another order: axis `i` of the result is axis `axes[i]` of `x`; without axes, reversed.
public func transpose(_ x: Tensor, _ axes: [Int]? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let axes = axes.map { normalized($0, rank: x.rank) } ?? Array((0..<x.rank).reversed())
  return .apply(Transpose(axes), [x], at: SourceLocation(file, line))
}
