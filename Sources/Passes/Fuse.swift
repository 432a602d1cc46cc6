// Divides a graph into kernels. Takes an optimized graph; gives a Schedule.
// A contraction or reduction takes the pointwise nodes that follow it at the same index into its loops (its epilogue); a
// reduction also takes the pointwise nodes before it that nothing else needs (its prologue). What is left becomes plain nests.
// In four steps, each a value: what must lie in memory by itself gets a node of its own; who consumes what, and how
// (`Consumers`); which nodes are one kernel (`Partition`); in which order kernels run, and what takes over whose memory
// (`KernelOrder`).
// Invariant: the kernels' dependencies have no cycle, and an output that takes over an input's memory is written after the
// last other reading of that input.

import DescentIR
import DescentOps

/// Divides `graph` into kernels. `donations[k]` names the input whose memory output `k` is to take over. `explain` gets a line
/// for each kernel of pointwise nodes that might have been part of another one, and why it is not.
package func fuse(_ graph: Graph, donations: [Int?] = [], explain: ((String) -> Void)? = nil) throws -> Schedule {
  let graph = try materializing(graph)
  let consumers = Consumers(graph)
  let partition = Partition(consumers, explains: explain != nil)
  partition.reasons.forEach { explain?($0) }
  let order = try KernelOrder(
    consumers, partition, donations: donations + [Int?](repeating: nil, count: graph.outputs.count - donations.count))
  var schedule = Schedule(graph: order.graph, kernels: order.kernels, donations: order.donations)
  for id in graph.ids {
    guard case .loop(let form) = graph.lowering(of: id) else { continue }
    schedule.bodies[id] = try fuse(form.body, donations: Array(form.carries)) { line in
      explain?("in the body of %\(id.index): \(line)")
    }
  }
  return schedule
}

/// Puts identities where a value must lie in memory by itself: views and inputs that are outputs, an output given twice, and
/// operands of contractions that no strides describe, and of matrix kernels and loops that are not in memory. A loop's result has one node.
private func materializing(_ graph: Graph) throws -> Graph {
  var graph = try copyingOperands(graph)
  // After results have one node each: two that were given are one now.
  var seen: [Bool] = Array(repeating: false, count: graph.nodes.count)
  for k in graph.outputs.indices {
    let id = graph.outputs[k]
    if id.index < seen.count, !graph.isPlaceable(id) || seen[id.index] {
      graph.outputs[k] = try graph.append(Identity(), [id], at: graph[id].location, adjointOf: graph[id].adjointOf)
    } else {
      seen[id.index] = true
    }
  }
  return graph
}

private func copyingOperands(_ graph: Graph) throws -> Graph {
  guard graph.ids.contains(where: { graph.needsCopies($0).contains(true) || graph[$0].op is Loop }) else {
    return graph
  }
  // Copies come before the contraction that reads them, so the graph is built anew.
  var result = Graph()
  var map: [NodeID] = []
  var results: [[NodeID]: [Int: NodeID]] = [:]
  for id in graph.ids {
    let node = graph[id]
    var operands = node.operands.map { map[$0.index] }
    if case .result(let number) = graph.lowering(of: id) {
      let known =
        try results[operands]?[number] ?? result.append(node.op, operands, at: node.location, adjointOf: node.adjointOf)
      results[operands, default: [:]][number] = known
      map.append(known)
      continue
    }
    for (i, needed) in graph.needsCopies(id).enumerated() where needed {
      operands[i] = try result.append(Identity(), [operands[i]], at: node.location, adjointOf: node.adjointOf)
    }
    map.append(
      try result.append(
        node.op, operands, at: node.location, adjointOf: node.adjointOf, isRepeated: node.isRepeated))
  }
  result.outputs = graph.outputs.map { map[$0.index] }
  result.outputLabels = graph.outputLabels
  return result
}

extension Graph {
  /// For each operand of a contraction, a matrix kernel or a loop whether it must be copied first; empty for other nodes.
  fileprivate func needsCopies(_ id: NodeID) -> [Bool] {
    let lowering = lowering(of: id)
    if case .contraction = lowering { return contractionNeedsCopies(id) }
    return lowering.readsMemory ? self[id].operands.map { isView($0) || !isAddressable($0) } : []
  }

  /// Whether a node can be written to memory by a kernel of its own.
  fileprivate func isPlaceable(_ id: NodeID) -> Bool {
    switch lowering(of: id).role {
    case .leaf, .view: false
    case .element, .anchor, .part: true
    }
  }

  /// Whether a node that is no view has an address: all but scalar constants and indices, which are written into the code.
  package func isAddressable(_ id: NodeID) -> Bool {
    if case .constant(let array) = lowering(of: id) { return array.count > 1 }
    if case .iota = lowering(of: id) { return false }
    return true
  }
}
