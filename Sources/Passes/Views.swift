// How an index of a tensor becomes one of what it is a view of.

import DescentIR

extension AxisSource {
  /// The operand's index along this axis, from the index of the result.
  package func index(_ index: [Affine]) -> Affine { terms.reduce(Affine(offset)) { $0 + index[$1.axis] * $1.stride } }
}

extension Graph {
  /// Follows views from an index of `node` down to the first node that is not a view.
  /// Gives that node, the index there and the row-major position there; the index is nil where it is not affine.
  package func resolve(_ node: NodeID, _ index: [Affine], extents: [Int]) -> (
    base: NodeID, index: [Affine]?, position: Affine
  )? {
    let shape = self[node].type.shape
    switch lowering(of: node) {
    case .view(let sources):
      return resolve(self[node].operands[0], sources.map { $0.index(index) }, extents: extents)
    case .reshape:
      let from = self[node].operands[0]
      let position = Affine.linear(index, shape)
      if let inner = position.delinearized(self[from].type.shape, extents: extents) {
        return resolve(from, inner, extents: extents)
      }
      return isView(from) ? nil : (from, nil, position)
    case .input, .constant, .iota, .pointwise, .pad, .concatenate, .fold, .reduction, .argmax, .contraction, .gather,
      .scatter, .matrices, .loop,
      .result, .random, .print:
      return (node, index, .linear(index, shape))
    }
  }

  /// True for nodes that are another way to look at their operand.
  package func isView(_ id: NodeID) -> Bool { lowering(of: id).role == .view }
}
