// Identities of windows and folds.

import DescentIR
import DescentOps

extension Simplifier {
  static let windowRules: [Rule] = [foldOfProduct]

  /// The fold of a product by steps of one is a convolution with the kernel flipped:
  /// fold(Σ_f dy[o, f] w[k, c, f]) = Σ_{k, f} dy'[i + (K - 1 - k) d, f] w[k, c, f], with dy' padded by (K - 1) d elements. It needs no
  /// memory for all windows. Wider steps would spread zeros through dy', so there the product is folded as it is.
  private static func foldOfProduct(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let fold = t.op as? Fold, fold.windows.strides.allSatisfy({ $0 == 1 }) else { return nil }
    var product = t.operands[0]
    var order = Array(0..<s.shape(product).rank)
    if let (view, x) = s.match(product, Transpose.self) { (product, order) = (x, view.permutation) }
    guard let op = s.node(product).op as? Contract else { return nil }
    let operands = s.node(product).operands
    let ranks = operands.map { s.shape($0).rank }
    let batch = op.axes.lhsBatch.count
    let free = [op.axes.lhsFree(ranks[0]), op.axes.rhsFree(ranks[1])]
    /// Where an axis of the folded operand comes from: an operand of the product and its axis.
    func origin(_ axis: Int) -> (side: Int, axis: Int)? {
      let place = order[axis] - batch
      if place < 0 { return nil }
      return place < free[0].count ? (0, free[0][place]) : (1, free[1][place - free[0].count])
    }
    let windows = fold.windows
    let counts = windows.axes.map(origin), taps = windows.axes.indices.map { origin(windows.place + $0) }
    guard let side = counts[0]?.side, counts.allSatisfy({ $0?.side == side }), taps.allSatisfy({ $0?.side == 1 - side })
    else { return nil }
    let (moving, kernel) = (operands[side], operands[1 - side])
    let countAxes = counts.map { $0!.axis }, tapAxes = taps.map { $0!.axis }
    guard countAxes == countAxes.sorted() else { return nil }

    var (low, high) = ([Int](repeating: 0, count: ranks[side]), [Int](repeating: 0, count: ranks[side]))
    for (i, axis) in countAxes.enumerated() {
      low[axis] = windows.span(i) - 1
      high[axis] = fold.extents[i] - s.shape(moving)[axis]
    }
    let zero = try s.makeSplat(0, TensorType(t.type.dtype, []))
    let padded = try s.make(Pad(low: low, high: high, interior: low.map { _ in 0 }), [moving, zero])
    let shape = WindowShape(
      axes: countAxes, sizes: windows.sizes, strides: windows.strides, dilations: windows.dilations)
    let seen = try s.make(Windows(shape), [padded])
    let flipped = try s.make(Reverse(axes: tapAxes.sorted()), [kernel])

    // The taps are contracted beside what was; axes of `moving` after its windows have moved outward.
    func outward(_ axis: Int) -> Int { axis < shape.place ? axis : axis + tapAxes.count }
    let own = side == 0 ? op.axes : op.axes.exchanged
    let axes = ContractionAxes(
      lhsBatch: own.lhsBatch.map(outward), rhsBatch: own.rhsBatch,
      lhsContracting: tapAxes.indices.map { shape.place + $0 } + own.lhsContracting.map(outward),
      rhsContracting: tapAxes + own.rhsContracting)
    let result = try s.make(Contract(axes), [seen, flipped])
    // The result has batch axes, then those of `moving`, then those of the kernel without taps.
    let sources: [(side: Int, axis: Int)?] =
      own.lhsBatch.map { _ in nil }
      + axes.lhsFree(ranks[side] + tapAxes.count).map { axis in (side, axis < shape.place ? axis : axis - tapAxes.count)
      }
      + axes.rhsFree(ranks[1 - side]).map { (1 - side, $0) }
    let kept = order.indices.filter { !(windows.place..<windows.place + tapAxes.count).contains($0) }
    let permutation = kept.map { axis -> Int in
      guard let from = origin(axis) else { return order[axis] }
      return sources.firstIndex { $0?.side == from.side && $0?.axis == from.axis }!
    }
    return try s.make(Transpose(permutation), [result])
  }
}
