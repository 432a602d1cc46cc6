// Scaled dot-product attention, as a function of queries, keys and values, and the masks that go with it.
//
// Vaswani et al., "Attention is all you need", 2017; grouped heads: Ainslie et al., "GQA", 2023.

import DescentIR
import DescentOps

/// softmax(q kᵀ / √d) v over the keys: q [..., tq, d], k [..., tk, d] and v [..., tk, e] give y [..., tq, e].
///
/// The leading axes must agree, but that the last of them, the heads, may be fewer in k and v: each head of keys then serves
/// a group of that many consecutive heads of queries. `mask` is a bool that broadcasts to [..., tq, tk] (leading axes of q),
/// true where a query sees a key; a query that sees none gives 0, and a key that no query sees may hold anything, even NaN (one
/// that some query sees may not: the others take it with weight 0, and 0 · NaN is NaN). `causal` lets query i see the keys up to
/// i + tk - tq, so the last query sees all. With a key, weights are dropped with probability `dropout`.
public func attention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor? = nil, causal: Bool = false, dropout rate: Double = 0,
  key: RandomKey? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  attention(
    q, k, v, mask: mask, causal: causal, dropout: rate, key: key, hidesGarbage: mask != nil, SourceLocation(file, line))
}

/// The same; `hidesGarbage` false where all keys and values are numbers, also those that no query sees.
func attention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor?, causal: Bool, dropout rate: Double, key: RandomKey?,
  hidesGarbage: Bool, _ place: SourceLocation
) -> Tensor {
  pinned(place) {
    guard fits(q.type, k.type, v.type) else {
      let message =
        "attention of queries \(q.type), keys \(k.type) and values \(v.type): [..., tq, d], [..., tk, d] and "
        + "[..., tk, e] of one type f32 or f64 are needed, with the same leading axes but for the last, which may divide"
      return .fail(message, q, k, v, at: place)
    }
    let lead = q.shape.dimensions.dropLast(2)
    let (tq, tk, d) = (q.shape[-2], k.shape[-2], q.shape[-1])
    let scoreShape = Shape(lead + [tq, tk])
    // The queries of all heads that share keys are rows of one product.
    let group = q.rank > 2 ? q.shape[-3] / k.shape[-3] : 1
    let groups = Shape(k.shape.dimensions.dropLast(2) + [group * tq, d])
    let rows = reshape(q, groups)
    var (k, v) = (k, v)
    if let mask, hidesGarbage, mask.dtype == .bool, Shape.broadcast(mask.shape, scoreShape) == scoreShape {
      // A weight of 0 is not enough: 0 · NaN is NaN, here and in the products of the gradient.
      let isSeen = seen(mask, rank: q.rank, group: group, place)
      (k, v) = (`where`(isSeen, k, 0), `where`(isSeen, v, 0))
    }
    var scores = reshape(matmul(rows, swapLast(k, place)), scoreShape)
    scores = scores * (1 / Double(d).squareRoot())
    if let mask {
      guard mask.dtype == .bool, Shape.broadcast(mask.shape, scoreShape) == scoreShape else {
        let message = "attention with a mask \(mask.type): a bool that broadcasts to \(scoreShape) is needed"
        return .fail(message, mask, scores, at: place)
      }
      scores = `where`(mask, scores, -Double.infinity)
    }
    if causal {
      guard tk >= tq else {
        return .fail("causal attention of \(tq) queries to \(tk) keys: no fewer keys are needed", q, k, at: place)
      }
      let isSeen = iota([tq, tk], axis: 1, dtype: .i32) .<= iota([tq, tk], axis: 0, dtype: .i32) + (tk - tq)
      scores = `where`(isSeen, scores, -Double.infinity)
    }
    var weights = mask == nil ? softmax(scores, axis: -1) : softmaxOfSome(scores, place)
    if let key {
      weights = Dropout(rate)(Weights(), weights, Context(isTraining: true, key: key))
    }
    let grouped = reshape(weights, Shape(groups.dimensions.dropLast() + [tk]))
    return reshape(matmul(grouped, v), Shape(lead + [tq, v.shape[-1]]))
  }
}

/// True where a sequence has a token: lengths [...] of an integer type give [..., 1, count], for `mask` of an attention layer.
public func paddingMask(
  _ lengths: Tensor, count: Int, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let columns = expandDims(expandDims(lengths, axis: -1), axis: -1)
    let index = iota(Shape(lengths.shape.dimensions + [1, count]), axis: -1, dtype: .i64)
    return index .< columns
  }
}

private func fits(_ q: TensorType, _ k: TensorType, _ v: TensorType) -> Bool {
  guard q.dtype.isFloating, q.dtype == k.dtype, q.dtype == v.dtype else { return false }
  guard q.shape.rank >= 2, k.shape.rank == q.shape.rank, v.shape.rank == q.shape.rank else { return false }
  guard q.shape[-1] == k.shape[-1], q.shape[-1] > 0, k.shape[-2] == v.shape[-2], k.shape[-2] > 0 else { return false }
  let (a, b) = (q.shape.dimensions.dropLast(2), k.shape.dimensions.dropLast(2))
  guard b == v.shape.dimensions.dropLast(2), a.dropLast() == b.dropLast() else { return false }
  return a.last == b.last || b.last! > 0 && a.last! % b.last! == 0
}

/// Which keys a query sees: [..., tk, 1], true where one does. Of each `group` of heads of queries one is enough.
private func seen(_ mask: Tensor, rank: Int, group: Int, _ place: SourceLocation) -> Tensor {
  pinned(place) {
    var seen = mask.rank > 1 ? any(mask, axes: [-2]) : mask
    if group > 1, mask.rank == rank, mask.shape[-3] > 1 {
      let s = seen.shape.dimensions
      let groups = reshape(seen, Shape(s.dropLast(2) + [s[s.count - 2] / group, group, s[s.count - 1]]))
      seen = any(groups, axes: [-2])
    }
    return expandDims(seen, axis: -1)
  }
}

/// The last two axes exchanged.
private func swapLast(_ x: Tensor, _ place: SourceLocation) -> Tensor {
  pinned(place) {
    transpose(x, Array(0..<x.rank - 2) + [x.rank - 1, x.rank - 2])
  }
}

/// Softmax over the last axis where whole rows may be -∞: those are 0 and have no gradient.
private func softmaxOfSome(_ x: Tensor, _ place: SourceLocation) -> Tensor {
  pinned(place) {
    let top = stopGradient(max(x, axes: [-1], keepAxes: true))
    let e = exp(x - `where`(top .> -Double.infinity, top, 0))
    let total = sum(e, axes: [-1], keepAxes: true)
    return e / `where`(total .== 0, 1, total)
  }
}
