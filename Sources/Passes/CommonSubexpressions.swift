// Common subexpressions: of nodes with the same operation, attributes and operands the first one serves all.
// Random operations are determined by their key operand, so they are no exception. Operands are not reordered.

import DescentIR

/// The graph in which equal nodes are one; the place in the user's program is that of the first.
package func mergeCommonSubexpressions(_ graph: Graph) throws -> Graph {
  // Looked up by key and never iterated, so the order of the table cannot reach the result.
  var seen: [Key: [NodeID]] = [:]
  return try Rewriter.rewrite(graph) { rewriter, id, operands in
    let node = graph[id]
    // What is printed twice is said twice.
    if node.op.hasEffect { return try rewriter.append(node.op, operands) }
    let key = Key(node, operands)
    if let same = seen[key]?.first(where: { rewriter.new[$0].op.isIdentical(to: node.op) }) { return same }
    let new = try rewriter.append(node.op, operands)
    seen[key, default: []].append(new)
    return new
  }
}

/// What is cheap to hash of a node; nodes of one key are then compared in full.
private struct Key: Hashable {
  var name: String
  var operands: [NodeID]
  var result: NodeResult
  /// The first bytes of a constant.
  var bytes: [UInt8]

  init(_ node: Node, _ operands: [NodeID]) {
    name = node.op.name
    result = node.result
    self.operands = operands
    bytes = (node.op as? Constant)?.array.withBytes { Array($0.prefix(64)) } ?? []
  }
}
