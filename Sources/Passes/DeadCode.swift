// Dead code: what no output needs is dropped, but what has an effect. Inputs stay, in order, since callers pass them by position.

import DescentIR
import DescentOps

/// The graph without the nodes that no output and no effect needs.
package func removeDeadCode(_ graph: Graph) throws -> Graph {
  var needed = [Bool](repeating: false, count: graph.nodes.count)
  for output in graph.outputs { needed[output.index] = true }
  for id in graph.ids where graph[id].op.hasEffect { needed[id.index] = true }
  for id in graph.ids.reversed() where needed[id.index] {
    for operand in graph[id].operands { needed[operand.index] = true }
  }
  return try Rewriter.rewrite(graph) { rewriter, id, operands in
    needed[id.index] ? try rewriter.append(graph[id].op, operands, isRepeated: graph[id].isRepeated) : nil
  }
}

/// The graph that has no effects: what would print gives its operand.
package func removeEffects(_ graph: Graph) throws -> Graph {
  try Rewriter.rewrite(graph) { rewriter, id, operands in
    switch graph[id].op {
    case is any Effect: return operands[0]
    case let loop as Loop:
      var form = loop.form
      form.body = try removeEffects(form.body)
      return try rewriter.append(Loop(form), operands)
    case let op: return try rewriter.append(op, operands)
    }
  }
}
