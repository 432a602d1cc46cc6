// Sums, products and extremes of all elements up to each one, and differences of neighbours. Sums are a kernel of the runtime; of the
// others the elements reached double with each step (Hillis and Steele, 1986), so n elements take log n passes.

import DescentIR

/// `combine` of the elements up to each one along `axis`, or from each one on where reversed.
private func cumulated(
  _ x: Tensor, _ axis: Int, _ isReversed: Bool, _ name: String, _ combine: (Tensor, Tensor) -> Tensor
) -> Tensor {
  guard let at = x.place(of: axis) else { return .fail("\(name) along axis \(axis) of shape \(x.shape)", x, at: nil) }
  guard !isReversed else { return reverse(cumulated(reverse(x, axes: [at]), at, false, name, combine), axes: [at]) }
  let size = x.shape[at]
  var (result, reach) = (x, 1)
  while reach < size {
    // The first `reach` are whole; each other one takes on what the one so far before it has.
    let parts = split(result, sizes: [reach, size - reach], axis: at)
    let before = split(result, sizes: [size - reach, reach], axis: at)[0]
    result = concatenate([parts[0], combine(before, parts[1])], axis: at)
    reach *= 2
  }
  return result
}

/// The sums of all elements up to each one along `axis`, or from each one on where `isReversed`; i64 of u8 and bool.
public func cumsum(
  _ x: Tensor, axis: Int = -1, isReversed: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard let at = x.place(of: axis) else { return .fail("cumsum along axis \(axis) of shape \(x.shape)", x, at: nil) }
    let x = converted(x, to: x.dtype.summed, at: nil)
    let sums = Tensor.apply(Cumsum(), [moveAxis(isReversed ? reverse(x, axes: [at]) : x, from: at, to: x.rank - 1)])
    let result = moveAxis(sums, from: x.rank - 1, to: at)
    return isReversed ? reverse(result, axes: [at]) : result
  }
}

/// The products of all elements up to each one along `axis`, or from each one on where `isReversed`; i64 of u8 and bool.
public func cumprod(
  _ x: Tensor, axis: Int = -1, isReversed: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    cumulated(converted(x, to: x.dtype.summed, at: nil), axis, isReversed, "cumprod") { $0 * $1 }
  }
}

/// The greatest of all elements up to each one along `axis`, or from each one on where `isReversed`; NaN from the first NaN on. Ties
/// share the gradient.
public func cummax(
  _ x: Tensor, axis: Int = -1, isReversed: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    cumulated(x, axis, isReversed, "cummax") { maximum($0, $1) }
  }
}

/// The least of all elements up to each one along `axis`, or from each one on where `isReversed`; NaN from the first NaN on. Ties share
/// the gradient.
public func cummin(
  _ x: Tensor, axis: Int = -1, isReversed: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    cumulated(x, axis, isReversed, "cummin") { minimum($0, $1) }
  }
}

/// The logarithms of the sums of e^x over all elements up to each one along `axis`, or from each one on where `isReversed`, without
/// overflow.
public func logcumsumexp(
  _ x: Tensor, axis: Int = -1, isReversed: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    cumulated(real(x, at: nil), axis, isReversed, "logcumsumexp") { logaddexp($0, $1) }
  }
}

/// The differences x[i + 1] - x[i] along `axis`, taken `order` times over; each time the axis is one shorter, until it is empty.
public func diff(
  _ x: Tensor, order: Int = 1, axis: Int = -1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard let at = x.place(of: axis), order >= 0 else {
      return .fail("diff of order \(order) along axis \(axis) of shape \(x.shape)", x, at: nil)
    }
    // Of an empty axis there is nothing more to take.
    return (0..<Swift.min(order, x.shape[at])).reduce(x) { x, _ in
      let size = x.shape[at]
      return split(x, sizes: [1, size - 1], axis: at)[1] - split(x, sizes: [size - 1, 1], axis: at)[0]
    }
  }
}
