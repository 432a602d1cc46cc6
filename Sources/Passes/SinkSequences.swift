// A product over all steps of a loop, moved into the loop: for programs where memory is dearer than time. `scan` layers multiply
// their whole input by a matrix before the loop, which is fast, but holds the products of all steps at once.

import DescentIR
import DescentOps

/// The graph whose loops make their sequences themselves, a slice a step, where a sequence comes from a product that nothing else
/// reads. Orders of sums stay.
package func sinkSequences(_ graph: Graph) throws -> Graph {
  var uses = [Int](repeating: 0, count: graph.nodes.count)
  for node in graph.nodes { for operand in node.operands { uses[operand.index] += 1 } }
  for output in graph.outputs { uses[output.index] += 1 }
  return try Rewriter.rewrite(graph) { rewriter, id, operands in
    guard let loop = graph[id].op as? Loop, loop.form.length != nil else {
      return try rewriter.append(graph[id].op, operands)
    }
    var sink = SequenceSink(graph: graph, uses: uses, old: loop.form)
    let (form, outer) = try sink.rewrite(graph[id].operands)
    return try rewriter.append(Loop(form), outer.map { rewriter[$0] })
  }
}

/// One loop whose body is written anew. Outer nodes are the graph's, inner ones those of the new body.
private struct SequenceSink {
  let graph: Graph
  let uses: [Int]
  let old: LoopForm

  /// How a node's value at one step is made within the loop.
  private indirect enum Slice {
    /// A slice of a sequence, or a value that is the same at each step.
    case sequence(NodeID), constant(NodeID)
    case made(any Op, [Slice], at: NodeID)

    var hasProduct: Bool {
      guard case .made(let op, let operands, _) = self else { return false }
      return op is Contract || operands.contains(where: \.hasProduct)
    }
    /// The leaves that are sequences, or those that are not, in order and each once.
    func collect(sequences: Bool, into found: inout [NodeID]) {
      switch self {
      case .sequence(let id): if sequences, !found.contains(id) { found.append(id) }
      case .constant(let id): if !sequences, !found.contains(id) { found.append(id) }
      case .made(_, let operands, _): for operand in operands { operand.collect(sequences: sequences, into: &found) }
      }
    }
  }

  /// The value of `id`, whose first axis is the steps, at one of them.
  private func slice(_ id: NodeID) -> Slice {
    let node = graph[id]
    let shape = node.type.shape
    guard uses[id.index] == 1 else { return .sequence(id) }
    switch node.op {
    case let op as Broadcast:
      guard let first = op.axes.first, first == 0 else {
        // The same at each step.
        let inner = Broadcast(shape: Shape(Array(shape.dimensions.dropFirst())), axes: op.axes.map { $0 - 1 })
        return .made(inner, [.constant(node.operands[0])], at: id)
      }
      guard graph[node.operands[0]].type.shape[0] == shape[0] else { return .sequence(id) }
      let inner = Broadcast(shape: Shape(Array(shape.dimensions.dropFirst())), axes: op.axes.dropFirst().map { $0 - 1 })
      return .made(inner, [slice(node.operands[0])], at: id)
    case let op as Contract:
      let lhs = graph[node.operands[0]].type.shape
      // A product of one number is summed in another order than one of several.
      guard op.axes.lhsBatch.isEmpty, op.axes.lhsFree(lhs.rank).first == 0, shape.count > shape[0] else {
        return .sequence(id)
      }
      var axes = op.axes
      axes.lhsContracting = axes.lhsContracting.map { $0 - 1 }
      return .made(Contract(axes), [slice(node.operands[0]), .constant(node.operands[1])], at: id)
    default:
      guard case .operation(let op) = node.op.kind, case .pointwise = graph.lowering(of: id),
        node.operands.allSatisfy({ graph[$0].type.shape == shape })
      else { return .sequence(id) }
      return .made(op, node.operands.map { slice($0) }, at: id)
    }
  }

  /// The new loop, and its operands as nodes of the old graph.
  mutating func rewrite(_ operands: [NodeID]) throws -> (LoopForm, [NodeID]) {
    let slices = operands.indices.map { number -> Slice in
      guard old.sequences.contains(number) else { return .constant(operands[number]) }
      let slice = slice(operands[number])
      return slice.hasProduct ? slice : .sequence(operands[number])
    }
    guard slices.contains(where: \.hasProduct) else { return (old, operands) }
    var sequences: [NodeID] = [], constants: [NodeID] = []
    for slice in slices[old.sequences] { slice.collect(sequences: true, into: &sequences) }
    for slice in slices[old.carries.upperBound...] { slice.collect(sequences: false, into: &constants) }
    let outer = operands[old.carries] + sequences + constants

    var body = Graph()
    var inner = [NodeID?](repeating: nil, count: old.body.nodes.count)
    for number in old.carries {
      inner[old.body.inputs[number].index] = body.addInput(
        old.body.label(ofInput: number), old.body[old.body.inputs[number]].type)
    }
    let inputs = (sequences + constants).enumerated().map { number, id in
      let type = graph[id].type
      let slice = TensorType(type.dtype, Shape(Array(type.shape.dimensions.dropFirst())))
      return body.addInput("\(graph[id].op.name).\(id.index)", number < sequences.count ? slice : type)
    }
    func make(_ slice: Slice) throws -> NodeID {
      switch slice {
      case .sequence(let id): return inputs[sequences.firstIndex(of: id)!]
      case .constant(let id): return inputs[sequences.count + constants.firstIndex(of: id)!]
      case .made(let op, let operands, let id):
        return try body.append(op, operands.map(make), at: graph[id].location, adjointOf: graph[id].adjointOf)
      }
    }
    for number in operands.indices.dropFirst(old.carries.count) {
      inner[old.body.inputs[number].index] = try make(slices[number])
    }
    for id in old.body.ids where inner[id.index] == nil {
      let node = old.body[id]
      inner[id.index] = try body.append(
        node.op, node.operands.map { inner[$0.index]! }, at: node.location, adjointOf: node.adjointOf)
    }
    body.outputs = old.body.outputs.map { inner[$0.index]! }
    body.outputLabels = old.body.outputLabels
    let form = LoopForm(
      body: body, carries: old.carries.count, sequences: sequences.count, length: old.length,
      isReversed: old.isReversed)
    return (form, Array(outer))
  }
}
