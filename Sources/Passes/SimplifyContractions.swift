// Identities of contractions: transposes absorbed, and repeated operands contracted once.

import DescentIR
import DescentOps

extension Simplifier {
  static let contractionRules: [Rule] = [
    transposedOperand, transposedResult, scalarOperand, repeatedOperand, summedBatch,
  ]

  /// contract(transpose(a), b) = contract(a, b) by other axes, where the free axes keep their order; so on the right.
  private static func transposedOperand(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? Contract else { return nil }
    for side in Side.allCases {
      guard let (view, x) = s.match(t.operands[side.rawValue], Transpose.self) else { continue }
      var axes = op.axes
      let free = axes.free(side, view.permutation.count).map { view.permutation[$0] }
      guard free == free.sorted() else { continue }
      axes.update(side) { view.permutation[$0] }
      var operands = t.operands
      operands[side.rawValue] = x
      return try s.make(Contract(axes), operands)
    }
    return nil
  }

  /// transpose(contract(a, b)) = contract(b, a), or with batch axes in another order, where nothing else uses the
  /// contraction.
  private static func transposedResult(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let view = t.op as? Transpose, let op = s.node(t.operands[0]).op as? Contract, s.isUsedOnce(t.operands[0])
    else { return nil }
    let (lhs, rhs) = (s.node(t.operands[0]).operands[0], s.node(t.operands[0]).operands[1])
    let batch = op.axes.lhsBatch.count
    let left = op.axes.lhsFree(s.shape(lhs).rank).count
    let order = Array(view.permutation.prefix(batch))
    guard order.allSatisfy({ $0 < batch }) else { return nil }
    var axes = op.axes
    axes.lhsBatch = order.map { op.axes.lhsBatch[$0] }
    axes.rhsBatch = order.map { op.axes.rhsBatch[$0] }
    let (m, n) = (Array(batch..<batch + left), Array(batch + left..<view.permutation.count))
    switch Array(view.permutation.dropFirst(batch)) {
    case m + n: return try s.make(Contract(axes), [lhs, rhs])
    case n + m: return try s.make(Contract(axes.exchanged), [rhs, lhs])
    default: return nil
    }
  }

  /// The product with a scalar is pointwise.
  private static func scalarOperand(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Contract else { return nil }
    for (scalar, x) in [(t.operands[0], t.operands[1]), (t.operands[1], t.operands[0])] where s.shape(scalar) == [] {
      return try s.make(Multiply(), [x, try s.make(Broadcast(shape: t.type.shape, axes: []), [scalar])])
    }
    return nil
  }

  /// An operand repeated along an axis is contracted without it. A free axis is added to the result; along a
  /// contracting axis the other operand is summed first, Σ_k a b_k = a Σ_k b_k; a batch axis becomes a free axis of the
  /// other operand, if in its place.
  private static func repeatedOperand(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? Contract else { return nil }
    for side in Side.allCases {
      guard let (view, x) = s.match(t.operands[side.rawValue], Broadcast.self) else { continue }
      for axis in view.shape.dimensions.indices where !view.axes.contains(axis) && view.shape[axis] > 0 {
        guard let plan = Plan(op.axes, t.operands.map { s.shape($0).rank }, side, axis) else { continue }
        var operands = t.operands
        operands[side.rawValue] = try s.make(
          Broadcast(shape: view.shape.removing([axis]), axes: view.axes.map { $0 > axis ? $0 - 1 : $0 }), [x])
        if let summed = plan.summed {
          operands[side.other.rawValue] = try s.make(Sum(axes: [summed]), [operands[side.other.rawValue]])
        }
        let product =
          try plan.swaps
          ? s.make(Contract(plan.axes.exchanged), operands.reversed()) : s.make(Contract(plan.axes), operands)
        guard let repeated = plan.repeated else { return product }
        return try s.make(
          Broadcast(shape: t.type.shape, axes: t.type.shape.dimensions.indices.filter { $0 != repeated }), [product])
      }
    }
    return nil
  }

  /// Σ over batch axes of a contraction contracts them too, Σ_b Σ_k a_bk c_bk, where nothing else uses it.
  private static func summedBatch(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let sum = t.op as? Sum, let op = s.node(t.operands[0]).op as? Contract, s.isUsedOnce(t.operands[0])
    else { return nil }
    let batch = op.axes.lhsBatch.indices
    let (summed, kept) = (batch.filter(sum.axes.contains), batch.filter { !sum.axes.contains($0) })
    guard !summed.isEmpty else { return nil }
    let axes = ContractionAxes(
      lhsBatch: kept.map { op.axes.lhsBatch[$0] }, rhsBatch: kept.map { op.axes.rhsBatch[$0] },
      lhsContracting: summed.map { op.axes.lhsBatch[$0] } + op.axes.lhsContracting,
      rhsContracting: summed.map { op.axes.rhsBatch[$0] } + op.axes.rhsContracting)
    let product = try s.make(Contract(axes), s.node(t.operands[0]).operands)
    let rest = sum.axes.filter { !batch.contains($0) }.map { $0 - summed.count }
    return rest.isEmpty ? product : try s.make(Sum(axes: rest), [product])
  }
}

/// How to contract without one axis along which one operand is repeated.
private struct Plan {
  var axes: ContractionAxes
  /// The axis of the other operand to sum first.
  var summed: Int?
  /// The axis of the result to repeat it along.
  var repeated: Int?
  /// Whether the operands change places.
  var swaps = false

  /// Nil where the result's axes would come out in another order.
  init?(_ old: ContractionAxes, _ ranks: [Int], _ side: Side, _ axis: Int) {
    axes = old
    let batch = old.batch(side)
    if let index = batch.firstIndex(of: axis) {
      let own = old.free(side, ranks[side.rawValue])
      let others = old.free(side.other, ranks[side.other.rawValue])
      let moved = old.batch(side.other)[index]
      guard index == batch.count - 1, others.allSatisfy({ $0 > moved }), side == .rhs || own.isEmpty || others.isEmpty
      else { return nil }
      swaps = side == .lhs && !own.isEmpty
      axes.lhsBatch.removeLast()
      axes.rhsBatch.removeLast()
    } else if let index = old.contracting(side).firstIndex(of: axis) {
      let other = old.contracting(side.other)[index]
      summed = other
      axes.lhsContracting.remove(at: index)
      axes.rhsContracting.remove(at: index)
      axes.update(side.other) { $0 > other ? $0 - 1 : $0 }
    } else {
      let before = side == .lhs ? 0 : old.lhsFree(ranks[0]).count
      repeated = batch.count + before + old.free(side, ranks[side.rawValue]).firstIndex(of: axis)!
    }
    axes.update(side) { $0 > axis ? $0 - 1 : $0 }
  }
}

/// The operands of a contraction.
private enum Side: Int, CaseIterable {
  case lhs, rhs
  var other: Side { self == .lhs ? .rhs : .lhs }
}

extension ContractionAxes {
  /// The same with the operands exchanged.
  var exchanged: ContractionAxes {
    ContractionAxes(
      lhsBatch: rhsBatch, rhsBatch: lhsBatch, lhsContracting: rhsContracting, rhsContracting: lhsContracting)
  }
  fileprivate func batch(_ side: Side) -> [Int] { side == .lhs ? lhsBatch : rhsBatch }
  fileprivate func contracting(_ side: Side) -> [Int] { side == .lhs ? lhsContracting : rhsContracting }
  fileprivate func free(_ side: Side, _ rank: Int) -> [Int] { side == .lhs ? lhsFree(rank) : rhsFree(rank) }
  /// Renames the axes of one operand.
  fileprivate mutating func update(_ side: Side, _ rename: (Int) -> Int) {
    switch side {
    case .lhs: (lhsBatch, lhsContracting) = (lhsBatch.map(rename), lhsContracting.map(rename))
    case .rhs: (rhsBatch, rhsContracting) = (rhsBatch.map(rename), rhsContracting.map(rename))
    }
  }
}
