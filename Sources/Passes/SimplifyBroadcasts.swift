// Identities of broadcasts, and pointwise operations done before a view rather than after it.
// The one form of a broadcast has no stretched axes: its operand has lost them by a reshape, which costs nothing.

import DescentIR
import DescentOps

extension Simplifier {
  static let broadcastRules: [Rule] = [
    broadcastOfNothing, broadcastTwice, broadcastOfStretched, broadcastOfReshape, reshapeOfBroadcast,
    transposeOfBroadcast,
  ]
  static let hoistingRules: [Rule] = [pointwiseOfBroadcasts, pointwiseOfReshapes, pointwiseOfTransposes]

  /// A broadcast that repeats nothing is a reshape, or nothing.
  private static func broadcastOfNothing(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Broadcast, t.type.shape.count == s.shape(t.operands[0]).count, s.splat(t.operands[0]) == nil,
      t.type.shape.count > 0
    else { return nil }
    return try s.make(Reshape(t.type.shape), t.operands)
  }

  /// broadcast(broadcast(x)) is one broadcast.
  private static func broadcastTwice(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let outer = t.op as? Broadcast, let (inner, x) = s.match(t.operands[0], Broadcast.self) else { return nil }
    return try s.make(Broadcast(shape: outer.shape, axes: inner.axes.map { outer.axes[$0] }), [x])
  }

  /// An axis of size 1 that is stretched may as well be dropped and added.
  private static func broadcastOfStretched(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? Broadcast else { return nil }
    let from = s.shape(t.operands[0])
    let stretched = op.axes.indices.filter { from[$0] == 1 && op.shape[op.axes[$0]] != 1 }
    guard !stretched.isEmpty else { return nil }
    let x = try s.make(Reshape(from.removing(stretched)), t.operands)
    let axes = op.axes.indices.filter { !stretched.contains($0) }.map { op.axes[$0] }
    return try s.make(Broadcast(shape: op.shape, axes: axes), [x])
  }

  /// A reshape that only adds axes of size 1, then a broadcast: one broadcast.
  private static func broadcastOfReshape(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? Broadcast, let (_, x) = s.match(t.operands[0], Reshape.self),
      let places = s.shape(t.operands[0]).places(of: s.shape(x))
    else { return nil }
    return try s.make(Broadcast(shape: op.shape, axes: places.map { op.axes[$0] }), [x])
  }

  /// A broadcast, then a reshape that only adds axes of size 1 or drops added ones: one broadcast.
  private static func reshapeOfBroadcast(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Reshape, let (inner, x) = s.match(t.operands[0], Broadcast.self) else { return nil }
    let kept = inner.shape.dimensions.indices.filter { inner.shape[$0] != 1 || inner.axes.contains($0) }
    guard let places = t.type.shape.places(of: Shape(kept.map { inner.shape[$0] })) else { return nil }
    return try s.make(Broadcast(shape: t.type.shape, axes: inner.axes.map { places[kept.firstIndex(of: $0)!] }), [x])
  }

  /// A broadcast, then a transpose that keeps the order of the operand's axes: one broadcast.
  private static func transposeOfBroadcast(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? Transpose, let (inner, x) = s.match(t.operands[0], Broadcast.self) else { return nil }
    let axes = inner.axes.map { op.inverse[$0] }
    return axes == axes.sorted() ? try s.make(Broadcast(shape: t.type.shape, axes: axes), [x]) : nil
  }

  /// f of operands none of which varies along some axis: f without that axis, then a broadcast.
  private static func pointwiseOfBroadcasts(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard !t.operands.isEmpty, t.type.shape.count > 0, s.isPointwise(t) else { return nil }
    var varying = [Bool](repeating: false, count: t.type.shape.rank)
    for operand in t.operands where s.splat(operand) == nil {
      guard let (op, _) = s.match(operand, Broadcast.self) else { return nil }
      for axis in op.axes { varying[axis] = true }
    }
    let axes = varying.indices.filter { varying[$0] }
    guard axes.count < varying.count else { return nil }
    let small = Shape(axes.map { t.type.shape[$0] })
    let operands = try t.operands.map { operand in
      if let scalar = s.splat(operand) { return try s.makeSplat(scalar, small) }
      let (op, x) = s.match(operand, Broadcast.self)!
      return try s.make(Broadcast(shape: small, axes: op.axes.map { axes.firstIndex(of: $0)! }), [x])
    }
    return try s.make(Broadcast(shape: t.type.shape, axes: axes), [try s.make(t.op, operands)])
  }

  /// f(reshape(a), reshape(b), splat) = reshape(f(a, b, splat)) for a and b of one shape.
  private static func pointwiseOfReshapes(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let (sources, shape) = s.sources(t, under: Reshape.self, agreeing: { _, _ in true }) else { return nil }
    let operands = try s.withSplats(t, sources, shape)
    return try s.make(Reshape(t.type.shape), [try s.make(t.op, operands)])
  }

  /// f(transpose(a), transpose(b), splat) = transpose(f(a, b, splat)) for one permutation.
  private static func pointwiseOfTransposes(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let (sources, shape) = s.sources(t, under: Transpose.self, agreeing: { $0.permutation == $1.permutation })
    else { return nil }
    let operands = try s.withSplats(t, sources, shape)
    let view = t.operands.lazy.compactMap { [s] in s.match($0, Transpose.self)?.op }.first!
    return try s.make(view, [try s.make(t.op, operands)])
  }

  /// For a pointwise term all of whose operands are splats (nil here) or views of one kind that agree: what the views
  /// are of.
  private func sources<T: Op>(
    _ t: Term, under _: T.Type, agreeing: (T, T) -> Bool
  ) -> (sources: [NodeID?], shape: Shape)? {
    guard isPointwise(t) else { return nil }
    var first: (op: T, shape: Shape)?
    var sources: [NodeID?] = []
    for operand in t.operands {
      if splat(operand) != nil { sources.append(nil); continue }
      guard let (op, x) = match(operand, T.self) else { return nil }
      if let first { guard agreeing(first.op, op), first.shape == shape(x) else { return nil } }
      first = first ?? (op, shape(x))
      sources.append(x)
    }
    return first.map { (sources, $0.shape) }
  }
  /// The sources, with the splats of a term in the sources' shape.
  private mutating func withSplats(_ t: Term, _ sources: [NodeID?], _ shape: Shape) throws -> [NodeID] {
    try zip(t.operands, sources).map { operand, source in
      if let source { return source }
      return try makeSplat(splat(operand)!, shape)
    }
  }
}

extension Shape {
  /// Where the axes of `smaller` stand in this shape, if this is that with axes of size 1 added; nil if not.
  func places(of smaller: Shape) -> [Int]? {
    var places: [Int] = []
    for axis in dimensions.indices {
      if places.count < smaller.rank, smaller[places.count] == self[axis] {
        places.append(axis)
      } else if self[axis] != 1 {
        return nil
      }
    }
    return places.count == smaller.rank ? places : nil
  }
}
