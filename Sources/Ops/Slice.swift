import DescentIR

/// A box of the operand with steps: along each axis the indices start, start + step, … below limit.
package struct Slice: Op {
  package var start: [Int]
  package var limit: [Int]
  package var step: [Int]

  package init(start: [Int], limit: [Int], step: [Int]) {
    self.start = start
    self.limit = limit
    self.step = step
  }
  package static let name = "slice"
  package static let documentation = "y[i] = x[start + i step], each axis up to its limit"
  package init(_ a: Attributes) throws {
    self.init(start: try a.ints("start"), limit: try a.ints("limit"), step: try a.ints("step"))
  }
  package var attributes: Attributes { ["start": .ints(start), "limit": .ints(limit), "step": .ints(step)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    let from = operands[0].shape
    guard start.count == from.rank, limit.count == from.rank, step.count == from.rank,
      (0..<from.rank).allSatisfy({ 0 <= start[$0] && start[$0] <= limit[$0] && limit[$0] <= from[$0] && step[$0] >= 1 })
    else {
      throw DescentError(
        .type, "a slice from \(start) to \(limit) by \(step) does not lie in a tensor of shape \(from)")
    }
    return TensorType(
      operands[0].dtype,
      Shape(start.indices.map { limit[$0] == start[$0] ? 0 : (limit[$0] - start[$0] - 1) / step[$0] + 1 }))
  }
  /// The cotangent is set back into zeros, where it came from.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let spans = zip(y.shape.dimensions, step).map { $0 == 0 ? 0 : ($0 - 1) * $1 + 1 }
    let high = start.indices.map { x[0].shape[$0] - start[$0] - spans[$0] }
    return [.apply(Pad(low: start, high: high, interior: step.map { $0 - 1 }), [dy, scalar(0, dy.dtype)])]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray { evaluateView(x[0], sources, type.shape) }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(Slice(start: [0] + start, limit: [size] + limit, step: [1] + step), x)
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .view(sources) }
  private var sources: [AxisSource] { start.indices.map { AxisSource(axis: $0, stride: step[$0], offset: start[$0]) } }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Slice(start: [1, 0], limit: [3, 5], step: [1, 1]), [.init(real, [4, 5])]),
      Sample(Slice(start: [1, 2], limit: [7, 9], step: [2, 3]), [.init(real, [7, 11])]),
      Sample(Slice(start: [2], limit: [2], step: [1]), [.init(real, [5])]),
      Sample(Slice(start: [0, 1], limit: [3, 4], step: [3, 2]), [.init(.i32, [3, 5])]),
    ]
  }
}

/// The box of `x` with indices `start`, `start + step`, … below `limit` along each axis; `step` is 1 where nil.
public func slice(
  _ x: Tensor, start: [Int], limit: [Int], step: [Int]? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let step = step ?? start.map { _ in 1 }
  return .apply(Slice(start: start, limit: limit, step: step), [x], at: SourceLocation(file, line))
}
