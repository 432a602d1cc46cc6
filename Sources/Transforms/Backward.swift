// Reverse-mode differentiation: appends to a trace the nodes that compute cotangents, by the operations' own rules.
// The appended nodes are ordinary ones, so what is differentiated once can be differentiated again.

import DescentIR
import DescentOps

extension Trace {
  /// The gradients of a scalar node with respect to `variables`; zero where it does not depend on one.
  package func gradients(of result: Tensor, withRespectTo variables: [Tensor]) throws -> [Tensor] {
    let root = try lift(result)
    let leaves = try variables.map { try lift($0) }
    let graph = self.graph
    // Which nodes depend on a variable: nothing else needs a cotangent.
    var depends = [Bool](repeating: false, count: graph.nodes.count)
    for leaf in leaves { depends[leaf.index] = true }
    let first = leaves.min()?.index ?? graph.nodes.count
    for index in first..<max(first, root.index + 1) where !depends[index] {
      let node = graph.nodes[index]
      depends[index] = node.type.dtype.isFloating && node.operands.contains { depends[$0.index] }
    }
    func tensor(_ id: NodeID) -> Tensor { Tensor(node: id, of: self, type: graph[id].type) }

    var cotangents = [Tensor?](repeating: nil, count: graph.nodes.count)
    cotangents[root.index] = filled(1, result.type)
    for index in stride(from: root.index, through: first, by: -1) where depends[index] {
      let id = NodeID(index)
      guard let dy = cotangents[index], !leaves.contains(id) else { continue }
      let node = graph[id]
      try adjoint(of: node) {
        let parts = node.op.vjp(node.operands.map(tensor), tensor(id), dy)
        for (operand, part) in zip(node.operands, parts) where depends[operand.index] {
          guard let part else { continue }
          if case .failure(let error) = part.storage { throw error }
          guard part.type == graph[operand].type else {
            throw DescentError(
              .verification, "the adjoint of \(node.op.name) is of type \(part.type), not \(graph[operand].type)", at: node.location)
          }
          cotangents[operand.index] = cotangents[operand.index].map { $0 + part } ?? part
        }
      }
      cotangents[index] = nil
    }
    return zip(leaves, variables).map { cotangents[$0.index] ?? filled(0, $1.type) }
  }
}
