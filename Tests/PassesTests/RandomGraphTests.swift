// Random graphs made of the operations' samples: the pipeline keeps their values, and done twice it does no more than
// once.

import DescentIR
import DescentOps
import DescentPasses
import Testing

/// A graph grown operation by operation, the same for a seed on every machine.
private struct RandomGraph {
  private var random: [Int]
  private(set) var graph = Graph()
  private let samples: [Sample]

  init(seed: Int64, size: Int) throws {
    random = Philox(seed: seed, stream: 1).words(size * 200).map { Int($0 >> 1) }
    samples = registry.flatMap { $0.samples(.f64) }.filter { RandomGraph.isSmooth($0.op) }
    for _ in 0..<size { try grow() }
    // Every node that nothing uses is an output, and so are a few others.
    let uses = graph.uses
    graph.outputs = graph.ids.filter { uses[$0.index].isEmpty || $0.index % 7 == 0 }
    graph.outputLabels = graph.outputs.map { "y\($0.index)" }
  }

  /// Whether a rounding error in an operand stays one: others would turn it into another number altogether.
  private static func isSmooth(_ op: any Op) -> Bool {
    !(op is Floor || op is Round || op is Sign || op is Argmax || op is Compare || op is Power || op is Divide
      || op is Rsqrt || op is Log)
      && !((op as? Convert).map { !$0.dtype.isFloating } ?? false)
  }

  private mutating func pick(_ count: Int) -> Int { random.isEmpty ? 0 : random.removeLast() % count }

  /// Adds one sample's operation, or a view, a power, or an arithmetic operation of a node and a simple number.
  private mutating func grow() throws {
    switch pick(4) {
    case 0:
      let sample = samples[pick(samples.count)]
      _ = try graph.append(sample.op, try sample.operands.map { try node(of: $0.type) })
    case 1:
      guard let x = anyNode() else { return }
      try view(x)
    default:
      guard let x = anyNode(), graph[x].type.dtype.isFloating else { return }
      try arithmetic(x)
    }
  }

  private mutating func anyNode() -> NodeID? {
    graph.nodes.isEmpty ? nil : NodeID(graph.nodes.count - 1 - pick(Swift.min(graph.nodes.count, 8)))
  }

  private mutating func view(_ x: NodeID) throws {
    let shape = graph[x].type.shape
    let op: any Op
    switch pick(5) {
    case 0: op = Transpose((0..<shape.rank).reversed())
    case 1: op = Reshape(pick(2) == 0 ? [shape.count] : Shape([1] + shape.dimensions))
    case 2 where shape.count < 100:
      op = Broadcast(shape: Shape([2] + shape.dimensions), axes: Array(1..<shape.rank + 1))
    case 3 where graph[x].type.dtype != .bool && shape.rank > 0: op = Sum(axes: [pick(shape.rank)])
    default: op = Reverse(axes: Array(0..<shape.rank))
    }
    _ = try graph.append(op, [x])
  }

  private mutating func arithmetic(_ x: NodeID) throws {
    let type = graph[x].type
    let ops: [any Op] = [Add(), Subtract(), Multiply(), Maximum(), Divide(), Power()]
    let op = ops[pick(ops.count)]
    // Divisors and exponents are simple numbers, and only known ones, so that rounding stays rounding.
    let known = op is Divide || op is Power
    let numbers: [Double] = op is Power ? [1, 2] : op is Divide ? [1, -1, 2, 3] : [0, 1, -1, 0.5, 3]
    var y = try known || pick(2) == 0 ? splat(numbers[pick(numbers.count)], type) : node(of: type)
    if pick(4) == 0 { y = try graph.append(known ? Identity() : Negate(), [y]) }
    let flips = !known && pick(2) == 0
    _ = try graph.append(op, flips ? [y, x] : [x, y])
  }

  private mutating func splat(_ value: Double, _ type: TensorType) throws -> NodeID {
    let scalar = try graph.append(Constant(HostArray(TensorType(type.dtype, [])) { _ in value }), [])
    return type.shape == [] ? scalar : try graph.append(Broadcast(shape: type.shape, axes: []), [scalar])
  }

  /// A node of a type: one that is there, or can be had by a view of one, or else a new input or constant.
  private mutating func node(of type: TensorType) throws -> NodeID {
    let same = graph.ids.filter { graph[$0].type == type }
    if !same.isEmpty, pick(3) > 0 { return same[pick(same.count)] }
    let alike = graph.ids.filter {
      graph[$0].type.dtype == type.dtype && graph[$0].type.shape.count == type.shape.count
    }
    if !alike.isEmpty, pick(3) > 0 { return try graph.append(Reshape(type.shape), [alike[pick(alike.count)]]) }
    switch pick(4) {
    case 0: return try splat(type.dtype == .bool ? 1 : 2, type)
    case 1:
      return try graph.append(
        Constant(Sample.Operand(type.dtype, type.shape, 0...2).draw(seed: Int64(graph.nodes.count))), [])
    default: return graph.addInput("x\(graph.inputs.count)", type)
    }
  }
}

struct RandomGraphTests {
  @Test(arguments: 0..<120)
  func valuesStay(_ seed: Int) throws {
    let before = try RandomGraph(seed: Int64(seed), size: 40).graph
    try before.verify()
    let after = try optimize(before, check: true)
    #expect(try optimize(after) == after, "optimized twice")
    let message = try difference(before, after, seed: Int64(seed))
    #expect(message == nil, "\(message ?? "")\n\(before.short)\n\n\(after.short)")
  }
}
