// Identities of slices: what nobody reads is not computed. A slice goes to the operands of what moves numbers, and of a product
// that nothing else reads. So the way back through a padded convolution computes no gradient of the padding.

import DescentIR
import DescentOps

extension Simplifier {
  static let sliceRules: [Rule] = [
    sliceOfWhole, sliceTwice, sliceOfPad, sliceOfTranspose, sliceOfWindows, sliceOfContraction,
  ]

  /// A slice of the whole is nothing.
  private static func sliceOfWhole(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    // With as many elements along each axis as the operand has, start is 0 and step 1 (or of no effect).
    t.op is Slice && s.type(t.operands[0]) == t.type ? t.operands[0] : nil
  }

  /// slice(slice(x)) is one slice.
  private static func sliceTwice(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let outer = t.op as? Slice, let (inner, x) = s.match(t.operands[0], Slice.self), t.type.shape.count > 0 else {
      return nil
    }
    let cuts = t.type.shape.dimensions.indices.map { axis in
      Cut(outer, axis, count: t.type.shape[axis]).within(start: inner.start[axis], step: inner.step[axis])
    }
    return try s.make(Slice(cuts), [x])
  }

  /// The slice of a padded x: a slice of x with what is left of the padding, where steps do not meet it.
  private static func sliceOfPad(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let slice = t.op as? Slice, let (pad, x) = s.match(t.operands[0], Pad.self), t.type.shape.count > 0 else {
      return nil
    }
    var left = Pad(low: [], high: [], interior: [])
    var cuts: [Cut] = []
    for axis in slice.start.indices {
      let extent = s.shape(x)[axis], count = t.type.shape[axis], (low, step) = (pad.low[axis], slice.step[axis])
      let cut = Cut(slice, axis, count: count), spacing = pad.interior[axis] + 1
      let isWithin = extent > 0 && cut.start >= low && cut.limit <= low + (extent - 1) * spacing + 1
      var (before, after) = (0, 0)
      if isWithin, spacing == 1 || step == spacing || count == 1, (cut.start - low) % spacing == 0 {
        // Every element, or with one between neighbours from neighbour to neighbour; of one element any step.
        cuts.append(Cut(start: (cut.start - low) / spacing, count: count, step: spacing == 1 ? step : 1))
      } else if step == 1, pad.interior[axis] == 0 {
        (before, after) = (max(0, low - cut.start), max(0, cut.limit - low - extent))
        guard before < count, after < count else { return nil }
        cuts.append(Cut(start: max(0, cut.start - low), count: count - before - after, step: 1))
      } else {
        return nil
      }
      left.low.append(before)
      left.high.append(after)
      left.interior.append(0)
    }
    return try s.make(left, [try s.make(Slice(cuts), [x]), s.node(t.operands[0]).operands[1]])
  }

  /// slice(transpose(x)) = transpose(slice(x)).
  private static func sliceOfTranspose(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let slice = t.op as? Slice, let (view, x) = s.match(t.operands[0], Transpose.self) else { return nil }
    var cuts = s.shape(x).dimensions.map { Cut(whole: $0) }
    for (axis, source) in view.permutation.enumerated() {
      cuts[source] = Cut(slice, axis, count: t.type.shape[axis])
    }
    return try s.make(view, [try s.make(Slice(cuts), [x])])
  }

  /// Some of the windows are the windows onto a part, where each is whole.
  private static func sliceOfWindows(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let slice = t.op as? Slice, let (view, x) = s.match(t.operands[0], Windows.self), t.type.shape.count > 0
    else { return nil }
    var windows = view.windows
    let taps = windows.place..<windows.place + windows.axes.count
    guard taps.allSatisfy({ t.type.shape[$0] == s.shape(t.operands[0])[$0] }) else { return nil }
    let cuts = s.shape(x).dimensions.indices.map { source -> Cut in
      let axis = source < windows.place ? source : source + taps.count
      let cut = Cut(slice, axis, count: t.type.shape[axis])
      guard let i = windows.axes.firstIndex(of: source) else { return cut }
      let start = cut.start * windows.strides[i]
      windows.strides[i] *= cut.step
      return Cut(start: start, count: (cut.count - 1) * windows.strides[i] + windows.span(i), step: 1)
    }
    return try s.make(Windows(windows), [try s.make(Slice(cuts), [x])])
  }

  /// Some rows and columns of a product that nothing else reads are the product of some rows and some columns.
  private static func sliceOfContraction(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let slice = t.op as? Slice, let op = s.node(t.operands[0]).op as? Contract, s.isUsedOnce(t.operands[0])
    else { return nil }
    let operands = s.node(t.operands[0]).operands
    var cuts = operands.map { s.shape($0).dimensions.map { Cut(whole: $0) } }
    let (left, right) = (op.axes.lhsFree(cuts[0].count), op.axes.rhsFree(cuts[1].count))
    for axis in slice.start.indices {
      let cut = Cut(slice, axis, count: t.type.shape[axis])
      let place = axis - op.axes.lhsBatch.count
      if place < 0 {
        cuts[0][op.axes.lhsBatch[axis]] = cut
        cuts[1][op.axes.rhsBatch[axis]] = cut
      } else if place < left.count {
        cuts[0][left[place]] = cut
      } else {
        cuts[1][right[place - left.count]] = cut
      }
    }
    return try s.make(op, try zip(operands, cuts).map { try s.make(Slice($1), [$0]) })
  }
}

/// What a slice takes along an axis.
private struct Cut {
  var start: Int
  var count: Int
  var step: Int

  init(start: Int, count: Int, step: Int) { (self.start, self.count, self.step) = (start, count, step) }
  init(whole count: Int) { self.init(start: 0, count: count, step: 1) }
  init(_ slice: Slice, _ axis: Int, count: Int) {
    self.init(start: slice.start[axis], count: count, step: slice.step[axis])
  }
  var limit: Int { count == 0 ? start : start + (count - 1) * step + 1 }
  /// The same of an axis of which another slice took elements with a step.
  func within(start other: Int, step otherStep: Int) -> Cut {
    Cut(start: other + start * otherStep, count: count, step: step * otherStep)
  }
}

extension Slice {
  fileprivate init(_ cuts: [Cut]) {
    self.init(start: cuts.map(\.start), limit: cuts.map(\.limit), step: cuts.map(\.step))
  }
}
