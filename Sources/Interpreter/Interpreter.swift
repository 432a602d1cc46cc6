// Evaluates a graph node by node with the operations' own evaluators: slow and obvious, the oracle of everything compiled.

import DescentIR

extension Graph {
  /// The values of the outputs, given those of the inputs in order. Throws where the inputs do not fit.
  package func evaluate(_ inputs: [HostArray]) throws -> [HostArray] {
    guard inputs.count == self.inputs.count else {
      throw DescentError(.usage, "the graph takes \(self.inputs.count) inputs, not \(inputs.count)")
    }
    for (index, (id, value)) in zip(self.inputs, inputs).enumerated() where self[id].type != value.type {
      throw DescentError(.type, "input '\(label(ofInput: index))' is of type \(value.type), expected \(self[id].type)")
    }
    var values = [HostArray?](repeating: nil, count: nodes.count)
    for (id, value) in zip(self.inputs, inputs) { values[id.index] = value }
    // A value is dropped after its last use, so that a training step needs no more memory than it must.
    var lastUse = [Int](repeating: -1, count: nodes.count)
    for id in ids { for operand in self[id].operands { lastUse[operand.index] = id.index } }
    for output in outputs { lastUse[output.index] = nodes.count }
    for id in ids where lastUse[id.index] >= 0 {
      let node = self[id]
      if values[id.index] == nil {
        values[id.index] = node.op.evaluate(node.operands.map { values[$0.index]! }, node.type)
      }
      for operand in node.operands where lastUse[operand.index] == id.index { values[operand.index] = nil }
    }
    return outputs.map { values[$0.index]! }
  }
}
