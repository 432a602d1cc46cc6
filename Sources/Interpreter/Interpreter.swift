// Evaluates a graph node by node with the operations' own evaluators: slow and obvious, the oracle of everything compiled.

import DescentIR

extension Graph {
  /// The values of the outputs, given those of the inputs in order. Throws where the inputs do not fit. `see` is shown the
  /// value of every node that the outputs need, in order, but for loops, which have results instead.
  package func evaluate(_ inputs: [HostArray], see: (NodeID, HostArray) -> Void = { _, _ in }) throws -> [HostArray] {
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
    for id in ids {
      if self[id].op.hasEffect { lastUse[id.index] = id.index }
      for operand in self[id].operands { lastUse[operand.index] = id.index }
    }
    for output in outputs { lastUse[output.index] = nodes.count }
    // What loops give.
    var results: [Int: [HostArray]] = [:]
    for id in ids where lastUse[id.index] >= 0 {
      let node = self[id]
      switch node.op.kind {
      case .input: break
      case .operation(let op):
        values[id.index] = try op.value(node.operands.map { values[$0.index]! }, node.type, at: node.location)
      case .loop(let form): results[id.index] = try form.evaluate(node.operands.map { values[$0.index]! })
      case .result(let number): values[id.index] = results[node.operands[0].index]![number]
      }
      if let value = values[id.index] { see(id, value) }
      for operand in node.operands where lastUse[operand.index] == id.index {
        values[operand.index] = nil
        results[operand.index] = nil
      }
    }
    return outputs.map { values[$0.index]! }
  }
}

extension LoopForm {
  /// The loop's results from its operands. `see` is shown what goes into the body in each step, in the order of the steps.
  package func evaluate(_ x: [HostArray], see: ([HostArray]) -> Void = { _ in }) throws -> [HostArray] {
    var carried = Array(x[carries])
    let constants = Array(x[self.constants])
    guard let length else {
      while carried[0].ints[0] != 0 {
        see(carried + constants)
        carried = try body.evaluate(carried + constants)
      }
      return carried
    }
    for type in resultTypes[stepResults] { try type.checkRoom(besides: type.byteCount) }
    var steps = [[HostArray]](repeating: [], count: length)
    for step in isReversed ? Array((0..<length).reversed()) : Array(0..<length) {
      let slices = x[sequences].map { sequence -> HostArray in
        let shape = Shape(Array(sequence.shape.dimensions.dropFirst()))
        return sequence.picking(shape) { step * shape.count + $0 }
      }
      see(carried + slices + constants)
      let results = try body.evaluate(carried + slices + constants)
      carried = Array(results[carryResults])
      steps[step] = Array(results[stepResults])
    }
    return carried
      + resultTypes[stepResults].enumerated().map { number, type in
        HostArray.stacked(steps.map { $0[number] }, type)
      }
  }
}

extension HostArray {
  /// Arrays one after another along a new first axis.
  fileprivate static func stacked(_ arrays: [HostArray], _ type: TensorType) -> HostArray {
    func make<T: Element>(_: T.Type) -> HostArray { HostArray(type.shape, arrays.flatMap { $0.elements(T.self) }) }
    return dispatch(type.dtype) { make($0) }
  }
}
