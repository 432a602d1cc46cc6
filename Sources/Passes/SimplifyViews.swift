// Identities of views: compositions, and views that do nothing.

import DescentIR
import DescentOps

extension Simplifier {
  static let viewRules: [Rule] = [
    transposeOfNothing, transposeTwice, reshapeOfNothing, reshapeTwice, reverseOfNothing, reverseTwice, padByNothing,
    concatenationOfOne, concatenationTwice, addFields,
  ]

  /// A transpose that keeps the order of all axes but those of size 1 is a reshape, or nothing.
  private static func transposeOfNothing(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? Transpose else { return nil }
    let moved = op.permutation.filter { s.shape(t.operands[0])[$0] != 1 }
    return moved == moved.sorted() ? try s.make(Reshape(t.type.shape), t.operands) : nil
  }

  /// transpose(transpose(x)) is one transpose.
  private static func transposeTwice(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? Transpose, let (inner, x) = s.match(t.operands[0], Transpose.self) else { return nil }
    return try s.make(Transpose(op.permutation.map { inner.permutation[$0] }), [x])
  }

  /// A reshape to the same shape is nothing.
  private static func reshapeOfNothing(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    t.op is Reshape && s.type(t.operands[0]) == t.type ? t.operands[0] : nil
  }

  /// reshape(reshape(x)) is the outer reshape.
  private static func reshapeTwice(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Reshape, let (_, x) = s.match(t.operands[0], Reshape.self) else { return nil }
    return try s.make(t.op, [x])
  }

  /// Reversing axes of at most one element is nothing.
  private static func reverseOfNothing(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? Reverse else { return nil }
    let axes = op.axes.filter { t.type.shape[$0] > 1 }
    if axes.isEmpty { return t.operands[0] }
    return axes.count < op.axes.count ? try s.make(Reverse(axes: axes), t.operands) : nil
  }

  /// reverse(reverse(x)) reverses the axes that one of them does.
  private static func reverseTwice(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let outer = t.op as? Reverse, let (inner, x) = s.match(t.operands[0], Reverse.self) else { return nil }
    let axes = t.type.shape.dimensions.indices.filter { outer.axes.contains($0) != inner.axes.contains($0) }
    return try s.make(Reverse(axes: axes), [x])
  }

  /// A pad by no elements is nothing.
  private static func padByNothing(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    t.op is Pad && s.type(t.operands[0]) == t.type ? t.operands[0] : nil
  }

  /// Operands without elements add nothing to a concatenation, and one operand alone is the result.
  private static func concatenationOfOne(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? Concatenate else { return nil }
    let operands = t.operands.filter { s.shape($0)[op.axis] > 0 }
    if operands.count == 1 { return operands[0] }
    return operands.isEmpty || operands.count == t.operands.count ? nil : try s.make(op, operands)
  }

  /// concatenate(concatenate(x, y), z) along one axis is one concatenation.
  private static func concatenationTwice(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let op = t.op as? Concatenate else { return nil }
    let operands = t.operands.flatMap { operand in
      (s.node(operand).op as? Concatenate)?.axis == op.axis ? s.node(operand).operands : [operand]
    }
    return operands.count == t.operands.count ? nil : try s.make(op, operands)
  }

  /// The sum of two arrays padded with zeros, x in the one and y in another place of the other, is an array with both; but that
  /// -0 + 0 was 0. So the gradients of the parts of a tensor become the gradient of the whole.
  private static func addFields(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Add else { return nil }
    /// An array padded with zeros, or a concatenation, which may have zeros within.
    func padded(_ id: NodeID) -> (pad: Pad, x: NodeID)? {
      if let (pad, x) = s.match(id, Pad.self) {
        return s.number(s.node(id).operands[1]) == 0 && s.shape(x).count > 0 ? (pad, x) : nil
      }
      let none = [Int](repeating: 0, count: t.type.shape.rank)
      return s.node(id).op is Concatenate ? (Pad(low: none, high: none, interior: none), id) : nil
    }
    guard let (a, x) = padded(t.operands[0]), let (b, y) = padded(t.operands[1]) else { return nil }
    let axes = t.type.shape.dimensions.indices.filter {
      s.shape(x)[$0] < t.type.shape[$0] || s.shape(y)[$0] < t.type.shape[$0]
    }
    guard axes.count == 1, let axis = axes.first, a.interior[axis] == 0, b.interior[axis] == 0 else { return nil }
    /// What stands where along the axis, zeros left out.
    func parts(_ start: Int, _ field: NodeID) -> [(start: Int, node: NodeID)] {
      guard let joined = s.node(field).op as? Concatenate, joined.axis == axis else { return [(start, field)] }
      var (parts, start) = ([(start: Int, node: NodeID)](), start)
      for operand in s.node(field).operands {
        if s.number(operand) != 0 { parts.append((start, operand)) }
        start += s.shape(operand)[axis]
      }
      return parts
    }
    let all = (parts(a.low[axis], x) + parts(b.low[axis], y)).sorted { $0.start < $1.start }
    guard var end = all.first?.start else { return nil }
    let zero = try s.makeSplat(0, TensorType(t.type.dtype, []))
    var joined: [NodeID] = []
    for (start, node) in all {
      guard start >= end else { return nil }
      if start > end {
        var gap = s.shape(node)
        gap.dimensions[axis] = start - end
        joined.append(try s.makeSplat(0, TensorType(t.type.dtype, gap)))
      }
      joined.append(node)
      end = start + s.shape(node)[axis]
    }
    var (low, high) = ([Int](repeating: 0, count: a.low.count), [Int](repeating: 0, count: a.low.count))
    low[axis] = all[0].start
    high[axis] = t.type.shape[axis] - end
    return try s.make(
      Pad(low: low, high: high, interior: low.map { _ in 0 }), [try s.make(Concatenate(axis: axis), joined), zero])
  }
}
