// Identities of reductions: sum, product, max and min over axes.

import DescentIR
import DescentOps

extension Simplifier {
  static let reductionRules: [Rule] = [
    reductionOverNothing, reductionOverOnes, reductionTwice, reductionOfBroadcast, reductionOfReshape,
    reductionOfTranspose,
    sumOfNegative,
  ]

  /// A reduction over no axes is nothing.
  private static func reductionOverNothing(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    (t.op as? any Reduction)?.axes.isEmpty == true ? t.operands[0] : nil
  }

  /// Reducing an axis of size 1 drops it, but that the sum of one -0 was 0.
  private static func reductionOverOnes(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? any Reduction else { return nil }
    let from = s.shape(t.operands[0])
    let ones = op.axes.filter { from[$0] == 1 }
    // A reduction of everything does not see the shape.
    guard !ones.isEmpty, op.axes.count < from.rank || ones.count == from.rank else { return nil }
    let x = try s.make(Reshape(from.removing(ones)), t.operands)
    let rest = op.axes.filter { from[$0] != 1 }.map { axis in axis - ones.count { $0 < axis } }
    return try s.make(op.over(rest), [x])
  }

  /// Σ Σ x is one sum; so for product, max and min. Not where the inner one is used elsewhere, or it would be done
  /// twice.
  private static func reductionTwice(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let outer = t.op as? any Reduction, let inner = s.node(t.operands[0]).op as? any Reduction,
      outer.name == inner.name,
      s.isUsedOnce(t.operands[0])
    else { return nil }
    let x = s.node(t.operands[0]).operands[0]
    let kept = s.shape(x).dimensions.indices.filter { !inner.axes.contains($0) }
    return try s.make(outer.over((inner.axes + outer.axes.map { kept[$0] }).sorted()), [x])
  }

  /// Σ over axes along which x is repeated n times = n Σ over the others: one product rounds less than n sums. max x =
  /// x there.
  private static func reductionOfBroadcast(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? any Reduction, let (view, x) = s.match(t.operands[0], Broadcast.self),
      t.type.shape.count > 0
    else { return nil }
    let repeated = op.axes.filter { !view.axes.contains($0) }
    let count = repeated.reduce(1) { $0 * view.shape[$1] }
    // A stretched axis has another form before it comes here.
    guard !repeated.isEmpty, count > 0, op.combines == .sum || op.combines.isIdempotent,
      zip(view.axes, s.shape(x).dimensions).allSatisfy({ view.shape[$0] == $1 })
    else { return nil }
    var small = try s.make(op.over(view.axes.indices.filter { op.axes.contains(view.axes[$0]) }), [x])
    if op.combines == .sum, count > 1 {
      let n = try s.makeSplat(HostArray(count: count, t.type.dtype), s.shape(small))
      small = try s.make(Multiply(), [small, n])
    }
    let axes = view.axes.filter { !op.axes.contains($0) }.map { axis in axis - op.axes.count { $0 < axis } }
    return try s.make(Broadcast(shape: t.type.shape, axes: axes), [small])
  }

  /// A reduction of everything does not see the shape; other reductions do not see axes of size 1 that a reshape added.
  private static func reductionOfReshape(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? any Reduction, let (_, x) = s.match(t.operands[0], Reshape.self) else { return nil }
    let (from, source) = (s.shape(t.operands[0]), s.shape(x))
    if op.axes.count == from.rank { return try s.make(op.over(Array(0..<source.rank)), [x]) }
    guard let places = from.places(of: source) else { return nil }
    let small = try s.make(op.over(places.indices.filter { op.axes.contains(places[$0]) }), [x])
    return try s.make(Reshape(t.type.shape), [small])
  }

  /// A reduction of a transpose is the reduction of the operand, and then a smaller transpose or none.
  private static func reductionOfTranspose(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? any Reduction, let (view, x) = s.match(t.operands[0], Transpose.self) else { return nil }
    let axes = op.axes.map { view.permutation[$0] }.sorted()
    let small = try s.make(op.over(axes), [x])
    let kept = view.permutation.filter { !axes.contains($0) }
    return try s.make(Transpose(kept.map { axis in axis - axes.count { $0 < axis } }), [small])
  }

  /// Σ -x = -Σ x.
  private static func sumOfNegative(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Sum, let (_, x) = s.match(t.operands[0], Negate.self) else { return nil }
    return try s.make(Negate(), [try s.make(t.op, [x])])
  }
}

extension Reduction {
  fileprivate var combines: Reducer { Self.reducer }
  /// The same reduction over other axes.
  fileprivate func over(_ axes: [Int]) -> any Reduction { Self(axes: axes) }
}
