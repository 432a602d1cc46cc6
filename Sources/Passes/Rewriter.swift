// How a pass builds a new graph from an old one. Takes the old graph node by node in order; gives the new one with ids
// mapped, inputs, outputs and labels kept, and each new node at the place in the user's program of the old node it
// comes from.

import DescentIR

/// A new graph under construction from an old one.
package struct Rewriter {
  package let old: Graph
  package private(set) var new = Graph()
  private var map: [NodeID?]
  /// The old node being replaced, whose location and adjoint mark new nodes take over.
  private var current: NodeID?

  package init(_ old: Graph) {
    self.old = old
    map = [NodeID?](repeating: nil, count: old.nodes.count)
  }

  /// Appends an operation on nodes of the new graph, in the name of the old node being replaced.
  package mutating func append(_ op: any NodeOp, _ operands: [NodeID], isRepeated: Bool = false) throws -> NodeID {
    let node = current.map { old[$0] }
    return try new.append(
      op, operands, at: node?.location, adjointOf: node?.adjointOf, isRepeated: isRepeated)
  }

  /// Begins with the next old node: gives its operands in the new graph, or nil where there is nothing to replace,
  /// because it is an input, which is copied, or because an operand was dropped.
  package mutating func begin(_ id: NodeID) throws -> [NodeID]? {
    let node = old[id]
    current = id
    if node.op is Input {
      map[id.index] = try append(node.op, [])
      return nil
    }
    let operands = node.operands.compactMap { map[$0.index] }
    return operands.count == node.operands.count ? operands : nil
  }

  /// The new node that stands for an old one, which came before the one at hand and was not dropped.
  package subscript(id: NodeID) -> NodeID { map[id.index]! }

  /// Lets a new node stand for an old one.
  package mutating func replace(_ id: NodeID, by new: NodeID) { map[id.index] = new }

  /// The new graph with the outputs and labels of the old one.
  package mutating func finish() throws -> Graph {
    new.outputs = try old.outputs.map { id in
      guard let new = map[id.index] else {
        throw DescentError(.verification, "a pass dropped node %\(id.index), which is an output")
      }
      return new
    }
    new.outputLabels = old.outputLabels
    return new
  }

  /// The graph whose nodes are what `body` makes of the old ones, in order; `body` gets the rewriter, the old id and
  /// the new operands, and returns the new node that stands for the old one, or nil where nothing uses it.
  package static func rewrite(
    _ graph: Graph, _ body: (inout Rewriter, NodeID, [NodeID]) throws -> NodeID?
  ) throws -> Graph {
    var rewriter = Rewriter(graph)
    for id in graph.ids {
      guard let operands = try rewriter.begin(id) else { continue }
      if let new = try body(&rewriter, id, operands) { rewriter.replace(id, by: new) }
    }
    return try rewriter.finish()
  }
}
