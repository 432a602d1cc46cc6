// Norms of vectors and matrices.

import DescentIR

/// A norm of vectors, or of matrices.
public enum NormOrder: Sendable {
  /// √Σ x², of as many axes as there are.
  case frobenius
  /// Σ |x| of a vector; of a matrix the greatest such sum of a column.
  case one
  /// √Σ x² of a vector; of a matrix its greatest singular value.
  case two
  /// max |x| of a vector; of a matrix the greatest sum Σ |x| of a row.
  case infinity
}

/// The norm over `axes`, or over all where nil: with one axis that of vectors, with two, the rows and then the columns, that of
/// matrices; `.frobenius` takes any number. `keepAxes` leaves them with size 1.
///
/// Roots of sums of squares are right also where squares overflow or vanish; the derivative at 0 is 0.
public func norm(
  _ x: Tensor, _ order: NormOrder = .frobenius, axes: [Int]? = nil, keepAxes: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    if case .failure = x.storage { return x }
    let x = real(x, at: nil)
    let axes = axes.map { normalized($0, rank: x.rank) } ?? Array(0..<x.rank)
    if order == .frobenius || (order == .two && axes.count == 1) {
      return rootOfSquares(x, axes: axes, keepAxes: keepAxes)
    }
    guard (1...2).contains(axes.count), Set(axes).count == axes.count, axes.allSatisfy({ (0..<x.rank).contains($0) })
    else {
      return .fail(
        "the norm \(order) of \(x.type) over axes \(axes): it takes one axis, of vectors, or two, of matrices", x,
        at: nil)
    }
    let size = abs(x)
    func greatestSum(along axis: Int, over other: Int) -> Tensor {
      let result = max(sum(size, axes: [axis], keepAxes: true), axes: [other], keepAxes: true)
      return keepAxes ? result : reshape(result, x.shape.removing(axes))
    }
    switch (order, axes.count) {
    case (.one, 1): return sum(size, axes: axes, keepAxes: keepAxes)
    case (.infinity, 1): return max(size, axes: axes, keepAxes: keepAxes)
    case (.one, _): return greatestSum(along: axes[0], over: axes[1])
    case (.infinity, _): return greatestSum(along: axes[1], over: axes[0])
    case (.two, _), (.frobenius, _):
      let others = (0..<x.rank).filter { !axes.contains($0) }
      let values = svd(transpose(x, others + axes)).s
      let result = values.shape[-1] == 0 ? sum(values, axes: [-1]) : values[..., 0]
      return keepAxes
        ? reshape(result, Shape((0..<x.rank).map { axes.contains($0) ? 1 : x.shape[$0] })) : result
    }
  }
}
