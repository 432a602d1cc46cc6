// The simplifier: rewrites a graph by identities until none applies. Takes and gives a graph that computes the same
// function, but for rounding within the tolerance of its type; a rule that changes more, as the sign of a zero, says
// so. What is NaN or infinite stays so. One forward walk builds each node anew through the rules, on operands that are
// already simple; walks are repeated to a fixed point, since some rules ask how often a node is used. The rules stand
// by theme in the files Simplify*.swift.

import DescentIR
import DescentOps

/// The graph with identities applied and dead code dropped.
package func simplify(_ graph: Graph) throws -> Graph {
  var graph = try removeDeadCode(graph)
  // Views move outward and everything else shrinks, so two or three walks are usual.
  for _ in 0..<maximumWalks {
    var walk = Simplifier(graph)
    let result = try removeDeadCode(try walk.run())
    let isDone = walk.applications == 0 || result == graph
    graph = result
    if isDone { return graph }
  }
  assertionFailure("rules still change the graph after \(maximumWalks) walks")
  return graph
}

private let maximumWalks = 16
private let maximumDepth = 64

/// An operation about to be built on simplified operands.
struct Term {
  var op: any Op
  var operands: [NodeID]
  var type: TensorType
}

/// One identity: gives the node that stands for the term, or nil where the identity does not apply.
typealias Rule = @Sendable (inout Simplifier, Term) throws -> NodeID?

/// One walk.
struct Simplifier {
  /// All rules, in the order in which they are tried.
  private static let rules: [Rule] =
    constantRules + algebraRules + powerRules + choiceRules + viewRules + sliceRules + broadcastRules + hoistingRules
    + reductionRules + contractionRules + windowRules

  /// How many rules were applied.
  private(set) var applications = 0
  private var rewriter: Rewriter
  /// How often each old node is used.
  private var uses: [Int]
  /// For each new node the old nodes it stands for are used so often; nil for those that stand for none.
  private var standsFor: [Int: Int] = [:]
  private var depth = 0

  init(_ graph: Graph) {
    rewriter = Rewriter(graph)
    uses = graph.uses.map(\.count)
    for output in graph.outputs { uses[output.index] += 1 }
  }

  mutating func run() throws -> Graph {
    for id in rewriter.old.ids {
      guard let operands = try rewriter.begin(id) else { continue }
      let node = rewriter.old[id].op
      let new =
        if case .operation(let op) = node.kind { try make(op, operands) } else { try rewriter.append(node, operands) }
      standsFor[new.index, default: 0] += uses[id.index]
      rewriter.replace(id, by: new)
    }
    return try rewriter.finish()
  }

  /// The node for an operation on new nodes: what the first rule that applies makes of it, or else the operation
  /// itself.
  mutating func make(_ op: any Op, _ operands: [NodeID]) throws -> NodeID {
    // Most of what rules build are splats, and those are simple.
    if let constant = op as? Constant, constant.array.shape == [] { return try rewriter.append(op, operands) }
    let term = Term(op: op, operands: operands, type: try op.resultType(operands.map { type($0) }))
    // Rules call back here on smaller terms; a pair of rules that undo each other would not end.
    depth += 1
    defer { depth -= 1 }
    assert(depth < maximumDepth, "rules undo each other at \(op.name)")
    if depth < maximumDepth {
      for rule in Self.rules {
        guard let id = try rule(&self, term) else { continue }
        guard type(id) == term.type else {
          throw DescentError(.verification, "a rule made \(type(id)) of \(op.name), which gives \(term.type)")
        }
        applications += 1
        return id
      }
    }
    return try rewriter.append(op, operands)
  }

  /// A new node by its id.
  func node(_ id: NodeID) -> Node { rewriter.new[id] }
  func type(_ id: NodeID) -> TensorType { node(id).type }
  func shape(_ id: NodeID) -> Shape { node(id).type.shape }

  /// The operation at a node and its first operand, if it is of the given kind.
  func match<T: Op>(_ id: NodeID, _: T.Type) -> (op: T, operand: NodeID)? {
    guard let op = node(id).op as? T else { return nil }
    return (op, node(id).operands[0])
  }
  /// Both operands of a node, if it is the given kind of operation.
  func matchPair<T: Op>(_ id: NodeID, _: T.Type) -> (NodeID, NodeID)? {
    node(id).op is T ? (node(id).operands[0], node(id).operands[1]) : nil
  }
  /// Whether nothing but the term being built uses the node, as far as the old graph tells; else it would be computed
  /// twice.
  func isUsedOnce(_ id: NodeID) -> Bool { standsFor[id.index] == 1 }

  /// How an operation on the given new nodes becomes loops.
  func lowering(_ term: Term) -> Lowering { term.op.lowering(term.operands.map { type($0) }) }
  func isPointwise(_ term: Term) -> Bool {
    if case .pointwise = lowering(term) { true } else { false }
  }
}
