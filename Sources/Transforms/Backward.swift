// Reverse-mode differentiation: carries cotangents from results back to variables, by the operations' own rules.
// What it appends to the trace in force are ordinary nodes, so what is differentiated once can be differentiated again.

import DescentIR
import DescentOps

extension Trace {
  /// The gradients of a scalar node with respect to `variables`; zero where it does not depend on one.
  package func gradients(of result: Tensor, withRespectTo variables: [Tensor]) throws -> [Tensor] {
    let root = try lift(result)
    let leaves = try variables.map { try lift($0) }
    let graph = self.graph
    let parts = try graph.pullBack([(root, filled(1, result.type))], to: leaves) {
      self.tensor($0)
    }
    return zip(parts, variables).map { $0 ?? filled(0, $1.type) }
  }
}

extension Graph {
  /// The cotangents of `variables`, given those of results: Σ over the results of `dy · ∂y/∂variable`; nil where no result
  /// depends on the variable. `tensor` gives the tensor of a node, here or in an enclosing trace, or its value.
  package func pullBack(
    _ results: [(node: NodeID, cotangent: Tensor)], to variables: [NodeID], tensor: (NodeID) -> Tensor
  ) throws -> [Tensor?] {
    var cotangents = [Tensor?](repeating: nil, count: nodes.count)
    for (id, dy) in results where self[id].type.dtype.isFloating {
      cotangents[id.index] = cotangents[id.index].map { $0 + dy } ?? dy
    }
    guard let first = variables.min()?.index, let last = results.map(\.node).max()?.index else {
      return variables.map { _ in nil }
    }
    let depends = dependence(on: variables)
    var isVariable = [Bool](repeating: false, count: nodes.count)
    for id in variables { isVariable[id.index] = true }
    // For each loop the cotangents of its results, and the node of one of them.
    var ofResults: [Int: (dys: [Int: Tensor], node: NodeID)] = [:]
    for index in stride(from: last, through: first, by: -1) where depends[index] && !isVariable[index] {
      let id = NodeID(index)
      let node = self[id]
      let dy = cotangents[index]
      cotangents[index] = nil
      if case .result(let number) = node.op.kind {
        guard let dy else { continue }
        let loop = node.operands[0].index
        var dys = ofResults[loop]?.dys ?? [:]
        dys[number] = dys[number].map { $0 + dy } ?? dy
        ofResults[loop] = (dys, id)
        continue
      }
      let given = ofResults.removeValue(forKey: index)
      guard dy != nil || given != nil else { continue }
      try Trace.pinned(to: node.location, adjointOf: node.op.name) {
        var parts: [Tensor?] = []
        switch node.op.kind {
        case .input, .result: break
        case .operation(let op): if let dy { parts = op.vjp(node.operands.map(tensor), tensor(id), dy) }
        case .loop(let form):
          guard let (dys, result) = given else { break }
          parts = try form.pullBack(
            node.operands.map(tensor), dys, of: tensor(result), needed: node.operands.map { depends[$0.index] },
            at: node.location)
        }
        for (operand, part) in zip(node.operands, parts) where depends[operand.index] {
          guard let part else { continue }
          if case .failure(let error) = part.storage { throw error }
          guard part.type == self[operand].type else {
            throw DescentError(
              .verification, "the adjoint of \(node.op.name) is of type \(part.type), not \(self[operand].type)",
              at: node.location)
          }
          cotangents[operand.index] = cotangents[operand.index].map { $0 + part } ?? part
        }
      }
    }
    return variables.map { depends[$0.index] ? cotangents[$0.index] : nil }
  }

  /// Which nodes depend on a variable by way of floating-point numbers: nothing else has a cotangent or a tangent.
  func dependence(on variables: [NodeID]) -> [Bool] {
    var depends = [Bool](repeating: false, count: nodes.count)
    for id in variables { depends[id.index] = self[id].isReal }
    for index in nodes.indices where !depends[index] && !(nodes[index].op is StopGradient) {
      depends[index] = nodes[index].isReal && nodes[index].operands.contains { depends[$0.index] }
    }
    return depends
  }
}
