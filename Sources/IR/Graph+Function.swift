// Parts of a graph as a function of some of its nodes.

extension Graph {
  /// The graph that computes `results` from `arguments`, which become its inputs in this order whatever they were computed from.
  /// With `keepsEffects` also what has an effect. Throws where a result depends on an input that is not an argument.
  package func function(
    of arguments: [NodeID], giving results: [(label: String, node: NodeID)], keepsEffects: Bool = false
  )
    throws -> Graph
  {
    var graph = Graph()
    var map = [NodeID?](repeating: nil, count: nodes.count)
    for id in arguments {
      map[id.index] = graph.addInput((self[id].op as? Input)?.label ?? "\(self[id].op.name).\(id.index)", self[id].type)
    }
    var needed = [Bool](repeating: false, count: nodes.count)
    for result in results { needed[result.node.index] = true }
    if keepsEffects { for id in ids where self[id].op.hasEffect { needed[id.index] = true } }
    for id in ids.reversed() where needed[id.index] && map[id.index] == nil {
      for operand in self[id].operands { needed[operand.index] = true }
    }
    for id in ids where needed[id.index] && map[id.index] == nil {
      let node = self[id]
      guard !(node.op is Input) else {
        throw DescentError(.verification, "%\(id.index) is an input, but not an argument of the function")
      }
      map[id.index] = try graph.append(
        node.op, node.operands.map { map[$0.index]! }, at: node.location, adjointOf: node.adjointOf)
    }
    graph.outputs = results.map { map[$0.node.index]! }
    graph.outputLabels = results.map(\.label)
    return graph
  }
}
