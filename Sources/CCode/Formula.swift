// What a function computes as a formula, for its comment: the value of each node that it stores, from what it reads.
// A product of matrices is `@`, a slice what Python writes; other views are left out. Text is for people: long formulas end in `...`.

import DescentIR
import DescentOps

struct Formula {
  let graph: Graph
  /// The name of the memory that holds a node, where it has one that the reader sees.
  let name: (NodeID) -> String?
  /// Nodes whose parts have been summed before.
  let parts: Set<NodeID>
  /// Characters of a formula; what is deeper than this many operations is left out.
  private static let most = 96, deepest = 8

  /// `name = formula` for each of these nodes that has a name.
  func lines(_ nodes: [NodeID]) -> [String] {
    nodes.compactMap { id in name(id).map { "\($0) = \(text(id))" } }
  }

  /// A node's own formula.
  func text(_ id: NodeID) -> String {
    let text = text(id, isTop: true, depth: 0).text
    return text.count > Self.most ? text.prefix(Self.most) + " ..." : text
  }

  private enum Strength: Int, Comparable {
    case sum, product, whole
    static func < (a: Strength, b: Strength) -> Bool { a.rawValue < b.rawValue }
  }

  private func text(_ id: NodeID, isTop: Bool, depth: Int) -> (text: String, strength: Strength) {
    let node = graph[id]
    if !isTop, let known = name(id) { return (known, .whole) }
    if parts.contains(id) { return ("\(node.op.name) of its parts", .whole) }
    if depth > Self.deepest { return ("...", .whole) }
    func operand(_ i: Int, _ least: Strength = .sum) -> String {
      let x = text(node.operands[i], isTop: false, depth: depth + 1)
      return x.strength < least ? "(\(x.text))" : x.text
    }
    switch graph.lowering(of: id) {
    case .constant(let array):
      guard array.count == 1 else { return ("constant", .whole) }
      let number = array.doubles[0]
      let text = !array.dtype.isFloating ? "\(array.ints[0])" : array.dtype == .f32 ? "\(Float(number))" : "\(number)"
      return (text, number < 0 ? .sum : .whole)
    case .view, .reshape:
      guard let slice = node.op as? Slice else { return text(node.operands[0], isTop: false, depth: depth) }
      let whole = graph[node.operands[0]].type.shape.dimensions
      let ranges = whole.indices.map { axis in
        slice.start[axis] == 0 && slice.limit[axis] == whole[axis] ? ":" : "\(slice.start[axis]):\(slice.limit[axis])"
      }
      return ("\(operand(0, .whole))[\(ranges.joined(separator: ", "))]", .whole)
    case .contraction: return ("\(operand(0, .product)) @ \(operand(1, .whole))", .product)
    case .input, .iota, .pointwise, .pad, .concatenate, .fold, .reduction, .argmax, .gather, .scatter, .matrices,
      .loop, .result, .random, .print:
      break
    }
    switch node.op {
    case is Add: return ("\(operand(0)) + \(operand(1))", .sum)
    case is Subtract: return ("\(operand(0)) - \(operand(1, .product))", .sum)
    case is Multiply: return ("\(operand(0, .product)) * \(operand(1, .whole))", .product)
    case is Divide: return ("\(operand(0, .product)) / \(operand(1, .whole))", .product)
    case is Negate: return ("-\(operand(0, .product))", .sum)
    case is Identity: return text(node.operands[0], isTop: false, depth: depth)
    case let compare as Compare:
      return ("\(operand(0, .product)) \(compare.direction.sign.rawValue) \(operand(1, .product))", .sum)
    default: return ("\(node.op.name)(\(node.operands.indices.map { operand($0) }.joined(separator: ", ")))", .whole)
    }
  }
}
