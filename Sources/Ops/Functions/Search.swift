// Where numbers belong among sorted ones, and how many fall where.

import DescentIR

/// Which of the places that are right where `values` holds a number already.
public enum SearchSide: Sendable {
  /// Before all that are equal.
  case left
  /// Behind all that are equal.
  case right
}

/// For each of `values` the position in `sorted`, a vector in ascending order, at which it would have to be put in: how many of its
/// numbers are less (with `side` right less or equal). NaN comes after all numbers. Of the shape of `values`, i32.
///
/// Halving takes log₂ n steps without a branch.
public func searchsorted(
  _ sorted: Tensor, _ values: Tensor, side: SearchSide = .left, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard sorted.rank == 1, sorted.shape.count <= Int(Int32.max) else {
      return .fail("searchsorted in shape \(sorted.shape); a vector is needed", sorted, values, at: nil)
    }
    let count = sorted.shape.count
    let both = joined([sorted, values], at: nil)
    let (sorted, values) = (both[0], both[1])
    var found = zeros(values.shape, dtype: .i32)
    guard count > 0 else { return found }
    let isMissing = values.dtype.isFloating ? isNaN(values) : nil
    /// Whether the number at a position comes before the value.
    func isBefore(_ position: Tensor) -> Tensor {
      let number = gather(sorted, position)
      let isLess = side == .left ? number .< values : number .<= values
      guard let isMissing else { return isLess }
      return isLess .| (side == .left ? isMissing .& logicalNot(isNaN(number)) : isMissing)
    }
    // The steps are powers of two, the greatest first; `found` numbers are known to come before.
    var step = 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount)
    while step > 0 {
      let reached = found + step
      found = `where`((reached .<= count) .& isBefore(reached - 1), reached, found)
      step /= 2
    }
    return found
  }
}

/// The number of the interval between `edges`, a vector in ascending order, in which each element lies: i where
/// edges[i - 1] ≤ x < edges[i], 0 below all edges and their count above them. Where `right`, edges[i - 1] < x ≤ edges[i]. i32.
public func digitize(
  _ x: Tensor, _ edges: Tensor, right: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor { pinned(file, line) { searchsorted(edges, x, side: right ? .left : .right) } }

/// How often each of 0, 1, … `length` - 1 occurs among integers, or where there are `weights`, of the same shape, the sum of theirs;
/// others are left out. A vector of `length` numbers, i64 or of the weights' type.
public func bincount(
  _ x: Tensor, weights: Tensor? = nil, length: Int, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard length >= 0, weights == nil || weights!.shape == x.shape else {
      return .fail(
        "bincount of shape \(x.shape) with weights of shape \(weights?.shape ?? []) and length \(length)", x, at: nil)
    }
    let all = flatten(weights.map { converted($0, to: $0.dtype.summed, at: nil) } ?? ones(x.shape, dtype: .i64))
    return scatterAdd(zeros([length], dtype: all.dtype), flatten(x), all)
  }
}

/// How many elements lie in each interval between neighbours of `edges`, a vector in ascending order; the last interval has its upper
/// edge, elements outside and NaN are left out. Where there are `weights`, of the shape of `x`, the sum of theirs; where `isDensity`
/// the values are divided so that their integral is 1. i64, or the type of the weights, or f32 for a density.
public func histogram(
  _ x: Tensor, edges: Tensor, weights: Tensor? = nil, isDensity: Bool = false, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard edges.rank == 1, edges.shape.count >= 2 else {
      return .fail("histogram with edges of shape \(edges.shape); a vector of two or more is needed", edges, x, at: nil)
    }
    let count = edges.shape.count - 1
    let x = flatten(x), last = edges[-1]
    let interval = searchsorted(edges, x, side: .right) - 1
    let closed = `where`(x .== last, count - 1, interval)
    let inside = `where`((x .>= edges[0]) .& (x .<= last), closed, -1)
    let sums = bincount(inside, weights: weights.map { flatten($0) }, length: count)
    guard isDensity else { return sums }
    let widths = edges[1...] - edges[..<(-1)]
    return sums / (sum(sums) * widths)
  }
}

/// The same with `bins` intervals of one width from `low` to `high`; the counts, and the edges in the type of `x` or f32.
public func histogram(
  _ x: Tensor, bins: Int, from low: Double, to high: Double, weights: Tensor? = nil, isDensity: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> (counts: Tensor, edges: Tensor) {
  pinned(file, line) {
    let edges = linspace(low, high, count: bins.plus(1), dtype: x.dtype.isFloating ? x.dtype : .f32)
    return (histogram(x, edges: edges, weights: weights, isDensity: isDensity), edges)
  }
}
