// Replays a graph on other inputs, of which some may carry a batch axis in front: where an operand of a node is batched its
// operation's batching rule stands for it, and elsewhere the operation itself.

import DescentIR
import DescentOps

extension Graph {
  /// The tensors of the nodes that the outputs need, given those of the inputs, in the trace in force or evaluated. The second
  /// result says which of them carry a batch axis of `size` in front. Each new node is at the place of the old one.
  func replay(_ inputs: [Tensor], batched: [Bool], size: Int) throws -> (tensors: [Tensor?], batched: [Bool]) {
    var tensors = [Tensor?](repeating: nil, count: nodes.count)
    var isBatched = [Bool](repeating: false, count: nodes.count)
    for (id, (input, batched)) in zip(self.inputs, zip(inputs, batched)) {
      tensors[id.index] = input
      isBatched[id.index] = batched
    }
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    for id in outputs { isNeeded[id.index] = true }
    for index in nodes.indices.reversed() where isNeeded[index] {
      for operand in nodes[index].operands { isNeeded[operand.index] = true }
    }
    // What loops give.
    var ofResults: [Int: (results: [Tensor], flags: [Bool])] = [:]
    for id in ids where isNeeded[id.index] && tensors[id.index] == nil {
      let node = self[id]
      let flags = node.operands.map { isBatched[$0.index] }
      switch node.op.kind {
      case .input: throw DescentError(.verification, "an input of a replayed graph was not given")
      case .operation(let op):
        isBatched[id.index] = flags.contains(true)
        tensors[id.index] = try replay(node, op, node.operands.map { tensors[$0.index]! }, flags, size)
      case .loop(let form):
        let operands = node.operands.map { tensors[$0.index]! }
        ofResults[id.index] = try Trace.pinned(to: node.location, adjointOf: node.adjointOf) {
          try form.replay(operands, batched: flags, size: size, at: node.location)
        }
      case .result(let number):
        let loop = ofResults[node.operands[0].index]!
        (tensors[id.index], isBatched[id.index]) = (loop.results[number], loop.flags[number])
      }
    }
    return (tensors, isBatched)
  }

  private func replay(_ node: Node, _ op: any Op, _ operands: [Tensor], _ flags: [Bool], _ size: Int) throws -> Tensor {
    let isBatched = flags.contains(true)
    let result = Trace.pinned(to: node.location, adjointOf: node.adjointOf) {
      isBatched ? op.batch(operands, flags, size) : Tensor.apply(op, operands)
    }
    if case .failure(var error) = result.storage {
      error.location = node.location ?? error.location
      throw error
    }
    let wanted = isBatched ? node.type.batched(size) : node.type
    guard result.type == wanted else {
      throw DescentError(.verification, "batched, \(op.name) gives \(result.type), not \(wanted)", at: node.location)
    }
    return result
  }

  /// The same with nothing batched.
  func replay(_ inputs: [Tensor]) throws -> [Tensor?] {
    try replay(inputs, batched: inputs.map { _ in false }, size: 1).tensors
  }
}

extension TensorType {
  /// The type with a batch axis in front.
  func batched(_ size: Int) -> TensorType { TensorType(dtype, Shape([size] + shape.dimensions)) }
}

/// Runs `body` on tensors without the axis in front that `inputs` have, and gives its results with such an axis: those for every
/// element of the batch. Tensors that `body` takes from outside are the same for all elements.
func batched(
  _ inputs: [Tensor], size: Int, at location: SourceLocation, _ body: ([Tensor]) throws -> [Tensor]
) throws -> [Tensor] {
  let trace = Trace(parent: Trace.current, at: location)
  let results = try trace.record {
    try body(inputs.enumerated().map { trace.input("\($0)", TensorType($1.dtype, $1.shape.removing([0]))) })
  }
  let graph = try trace.finish(results.map { ("", $0) })
  let captures = trace.captures
  let (tensors, isBatched) = try graph.replay(
    inputs + captures, batched: inputs.map { _ in true } + captures.map { _ in false }, size: size)
  return Trace.pinned(to: location) {
    graph.outputs.map { batchAll([tensors[$0.index]!], [isBatched[$0.index]], size)[0] }
  }
}
