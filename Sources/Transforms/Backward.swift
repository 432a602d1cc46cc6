// Reverse-mode differentiation: appends to a trace the nodes that compute cotangents, by the operations' own rules.
// The appended nodes are ordinary ones, so what is differentiated once can be differentiated again.

import DescentIR
import DescentOps

extension Trace {
  /// The gradients of a scalar node with respect to `variables`; zero where it does not depend on one.
  package func gradients(of result: Tensor, withRespectTo variables: [Tensor]) throws -> [Tensor] {
    let cotangents = try pullBack([(result, filled(1, result.type))], to: variables)
    return zip(cotangents, variables).map { $0 ?? filled(0, $1.type) }
  }

  /// The cotangents of `variables` from those of `results`; nil where no result depends on one.
  package func pullBack(_ results: [(tensor: Tensor, cotangent: Tensor)], to variables: [Tensor]) throws -> [Tensor?] {
    let roots = try results.map { try lift($0.tensor) }
    let leaves = try variables.map { try lift($0) }
    let graph = self.graph
    let last = roots.max()?.index ?? -1
    // Which nodes depend on a variable: nothing else needs a cotangent.
    var depends = [Bool](repeating: false, count: graph.nodes.count)
    for leaf in leaves { depends[leaf.index] = true }
    let first = leaves.min()?.index ?? graph.nodes.count
    for index in first..<max(first, last + 1) where !depends[index] {
      let node = graph.nodes[index]
      depends[index] = node.type.dtype.isFloating && node.operands.contains { depends[$0.index] }
    }
    func tensor(_ id: NodeID) -> Tensor { Tensor(node: id, of: self, type: graph[id].type) }

    var cotangents = [Tensor?](repeating: nil, count: graph.nodes.count)
    // For each loop the cotangents of its results.
    var ofResults: [Int: [Int: Tensor]] = [:]
    func add(_ part: Tensor, to id: NodeID) { cotangents[id.index] = cotangents[id.index].map { $0 + part } ?? part }
    for (root, result) in zip(roots, results) { add(result.cotangent, to: root) }
    for index in stride(from: last, through: first, by: -1) where depends[index] {
      let id = NodeID(index)
      let node = graph[id]
      var parts: [Tensor?]
      switch graph.lowering(of: id) {
      case .result(let number):
        if let dy = cotangents[index], !leaves.contains(id) {
          ofResults[node.operands[0].index, default: [:]][number] = dy
          cotangents[index] = nil
        }
        continue
      case .loop:
        guard let dys = ofResults.removeValue(forKey: index) else { continue }
        parts = try adjoint(of: node) { try loopAdjoint(id, dys, needed: node.operands.map { depends[$0.index] }) }
      default:
        guard let dy = cotangents[index], !leaves.contains(id) else { continue }
        parts = adjoint(of: node) { node.op.vjp(node.operands.map(tensor), tensor(id), dy) }
        cotangents[index] = nil
      }
      try adjoint(of: node) {
        for (operand, part) in zip(node.operands, parts) where depends[operand.index] {
          guard let part else { continue }
          if case .failure(let error) = part.storage { throw error }
          guard part.type == graph[operand].type else {
            throw DescentError(
              .verification, "the adjoint of \(node.op.name) is of type \(part.type), not \(graph[operand].type)", at: node.location)
          }
          add(part, to: operand)
        }
      }
    }
    return leaves.map { cotangents[$0.index] }
  }
}
