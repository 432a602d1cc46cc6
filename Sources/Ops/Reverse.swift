import DescentIR

/// The elements in the opposite order along axes.
package struct Reverse: Op {
  package var axes: [Int]

  package init(axes: [Int]) { self.axes = axes }
  package static let name = "reverse"
  package static let documentation = "y[i] = x[n - 1 - i] along each of the axes"
  package init(_ a: Attributes) throws { self.init(axes: try a.ints("axes")) }
  package var attributes: Attributes { ["axes": .ints(axes)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    try expectAxes(axes, rank: operands[0].shape.rank)
    return operands[0]
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [.apply(self, [dy])] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    evaluateView(x[0], sources(type.shape), type.shape)
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(Reverse(axes: axes.map { $0 + 1 }), x)
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .view(sources(operands[0].shape)) }
  private func sources(_ shape: Shape) -> [AxisSource] {
    (0..<shape.rank).map {
      axes.contains($0) ? AxisSource(axis: $0, stride: -1, offset: shape[$0] - 1) : AxisSource(axis: $0)
    }
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Reverse(axes: [0]), [.init(real, [7])]),
      Sample(Reverse(axes: [0, 2]), [.init(real, [3, 2, 5])]),
      Sample(Reverse(axes: [1]), [.init(.i32, [2, 3])]),
    ]
  }
}

/// The elements of `x` in the opposite order along `axes` (all where nil).
public func reverse(
  _ x: Tensor, axes: [Int]? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let axes = axes.map { normalized($0, rank: x.rank) } ?? Array(0..<x.rank)
  return .apply(Reverse(axes: axes), [x], at: SourceLocation(file, line))
}
