// Dead code: what no output needs is dropped. Inputs stay, in order, since callers pass them by position.

import DescentIR

/// The graph without the nodes that no output needs.
package func removeDeadCode(_ graph: Graph) throws -> Graph {
  var needed = [Bool](repeating: false, count: graph.nodes.count)
  for output in graph.outputs { needed[output.index] = true }
  for id in graph.ids.reversed() where needed[id.index] {
    for operand in graph[id].operands { needed[operand.index] = true }
  }
  return try Rewriter.rewrite(graph) { rewriter, id, operands in
    needed[id.index] ? try rewriter.append(graph[id].op, operands) : nil
  }
}
