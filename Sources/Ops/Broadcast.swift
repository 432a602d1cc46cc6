import DescentIR

/// The operand repeated: operand axis `i` becomes axis `axes[i]` of the result, and stretches where its size is 1.
package struct Broadcast: Op {
  package var shape: Shape
  package var axes: [Int]

  package init(shape: Shape, axes: [Int]) {
    self.shape = shape
    self.axes = axes
  }
  package static let name = "broadcast"
  package static let documentation = "y[i] = x[i at axes], an axis of size 1 stretched"
  package init(_ a: Attributes) throws { self.init(shape: Shape(try a.ints("shape")), axes: try a.ints("axes")) }
  package var attributes: Attributes { ["shape": .ints(shape.dimensions), "axes": .ints(axes)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    let from = operands[0].shape
    guard axes.count == from.rank, axes == axes.sorted(), Set(axes).count == axes.count,
      axes.allSatisfy({ (0..<shape.rank).contains($0) }),
      zip(axes, from.dimensions).allSatisfy({ $1 == 1 || $1 == shape[$0] })
    else { throw DescentError(.type, "\(from) cannot be broadcast to \(shape) along axes \(axes)") }
    return TensorType(operands[0].dtype, shape)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let from = x[0].shape
    let added = (0..<shape.rank).filter { !axes.contains($0) }
    let stretched = zip(axes, from.dimensions).filter { $1 == 1 && shape[$0] != 1 }.map(\.0)
    return [reshape(sum(dy, axes: added + stretched), from)]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    evaluateView(x[0], sources(x[0].shape), shape)
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(Broadcast(shape: Shape([size] + shape.dimensions), axes: [0] + axes.map { $0 + 1 }), x)
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .view(sources(operands[0].shape)) }
  private func sources(_ from: Shape) -> [AxisSource] {
    zip(axes, from.dimensions).map { $1 == 1 ? AxisSource(axis: nil) : AxisSource(axis: $0) }
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Broadcast(shape: [4, 3], axes: [1]), [.init(real, [3])]),
      Sample(Broadcast(shape: [2, 4, 3], axes: [0, 1, 2]), [.init(real, [2, 1, 3])]),
      Sample(Broadcast(shape: [2, 3], axes: []), [.init(real, [])]),
    ]
  }
}
