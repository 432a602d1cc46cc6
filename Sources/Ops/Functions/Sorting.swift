// Elements in order, and what is read off them: the greatest few, quantiles, different values.
//
// Equal elements keep their order; NaN is greater than any number.

import DescentIR

/// The positions (i32) of the elements along `axis` in ascending order, or descending where `isDescending`. Equal elements keep their
/// order; NaN is greater than any number. It has no derivative.
public func argsort(
  _ x: Tensor, axis: Int = -1, isDescending: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard let at = x.place(of: axis), x.shape[at] <= Int(Int32.max) else {
      return .fail("argsort along axis \(axis) of shape \(x.shape)", x, at: nil)
    }
    let numbers = x.dtype == .bool ? converted(x, to: .u8, at: nil) : x
    let rows = moveAxis(numbers, from: at, to: x.rank - 1)
    return moveAxis(.apply(Argsort(isDescending: isDescending), [rows]), from: x.rank - 1, to: at)
  }
}

/// The elements along `axis` in ascending order, or descending where `isDescending`; NaN is greater than any number. The derivative of
/// each goes to where it stood.
public func sort(
  _ x: Tensor, axis: Int = -1, isDescending: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) { takeAlongAxis(x, argsort(x, axis: axis, isDescending: isDescending), axis: axis) }
}

/// The `count` greatest elements along the last axis in descending order, and their positions (i32); of equal ones the first. NaN is
/// greater than any number.
public func topK(
  _ x: Tensor, _ count: Int, file: StaticString = #fileID, line: UInt = #line
) -> (values: Tensor, indices: Tensor) {
  pinned(file, line) {
    guard x.rank > 0, count >= 0, count <= x.shape[-1] else {
      let failure = Tensor.fail("topK of shape \(x.shape): \(count) of the last axis", x, at: nil)
      return (failure, failure)
    }
    let indices = argsort(x, isDescending: true)[..., 0..<count]
    return (takeAlongAxis(x, indices), indices)
  }
}

/// The quantiles of the elements over `axis`, which vanishes (over all where nil), at the probabilities `q` of 0...1, a number or a
/// vector, whose axis comes first: linear between the two nearest of the sorted elements, as NumPy's. NaN where an element is.
///
/// Derivatives go to the two elements, and to `q`.
public func quantile(
  _ x: Tensor, _ q: Tensor, axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard let axis else { return quantile(flatten(x), q, axis: 0) }
    guard let at = x.place(of: axis), q.rank <= 1, x.shape[at] > 0 else {
      return .fail("quantile \(q.type) over axis \(axis) of shape \(x.shape)", x, q, at: nil)
    }
    let x = moveAxis(real(x, at: nil), from: at, to: 0), last = x.shape[0] - 1
    let sorted = sort(x, axis: 0)
    let place = converted(q, to: x.dtype, at: nil) * last
    let low = clamp(convert(floor(place), to: .i32), 0, last), high = minimum(low + 1, last)
    let share = reshape(
      place - convert(low, to: x.dtype), Shape(q.shape.dimensions + [Int](repeating: 1, count: x.rank - 1)))
    let (a, b) = (gather(sorted, low), gather(sorted, high))
    let between = a + (b - a) * share
    // Sorted, NaN is the last.
    let isOutside = reshape((q .< 0) .| (q .> 1), share.shape)
    return `where`(isOutside .| isNaN(sorted[last]), Double.nan, `where`(share .== 0, a, between))
  }
}
/// The quantile at one probability.
public func quantile(
  _ x: Tensor, _ q: Double, axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor { pinned(file, line) { quantile(x, Tensor(q), axis: axis) } }

/// The median of the elements over `axis`, which vanishes, over all where nil: of an even number the mean of the middle two.
public func median(_ x: Tensor, axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) { quantile(x, 0.5, axis: axis) }
}

/// The different values of all elements in ascending order, `size` of them: where there are fewer, the rest is `fill`, or the least
/// value where nil; where there are more, the greatest are left out. Each NaN is a value of its own.
public func unique(
  _ x: Tensor, size: Int, fill: Double? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let count = x.shape.count
    guard count > 0, size >= 0 else {
      return .fail("unique of shape \(x.shape) with size \(size); elements are needed", x, at: nil)
    }
    let sorted = sort(flatten(x))
    let isNew = concatenate([ones([1], dtype: .bool), sorted[1...] .!= sorted[..<(-1)]])
    // Each value's number among the different ones; what is no new value goes nowhere.
    let place = `where`(isNew, cumsum(convert(isNew, to: .i32)) - 1, -1)
    let rest = fill.map { broadcast(scalar($0, x.dtype), [size]) } ?? broadcast(sorted[0], [size])
    return rest.at[`where`(place .< 0, size, place)].set(sorted)
  }
}
