// Convolutions in any number of spatial dimensions, as contractions of sliding windows. Channels are the last axis.
// What is called convolution here is, as in every deep-learning library, cross-correlation: the kernel is not turned round.

import DescentIR

/// Cells of zero added around the spatial axes of an input.
public enum Padding: Sendable, Hashable {
  /// None: windows lie within the input.
  case valid
  /// As many as make the result's extent ⌈extent / stride⌉, the odd one after the input.
  case same
  /// So many on each side of every spatial axis.
  case all(Int)
  /// So many before and after each spatial axis.
  case cells(low: [Int], high: [Int])

  /// Cells before and after each axis, for windows of the given spans; nil where the numbers do not fit.
  fileprivate func cells(_ extents: [Int], spans: [Int], strides: [Int]) -> (low: [Int], high: [Int])? {
    switch self {
    case .valid: return (extents.map { _ in 0 }, extents.map { _ in 0 })
    case .same:
      let totals = extents.indices.map { i in
        let count = (extents[i].plus(strides[i] - 1)) / strides[i]
        return Swift.max((count - 1).times(strides[i]).plus(spans[i]) - extents[i], 0)
      }
      return (totals.map { $0 / 2 }, totals.map { $0 - $0 / 2 })
    case .all(let count):
      return count >= 0 ? (extents.map { _ in count }, extents.map { _ in count }) : nil
    case .cells(let low, let high):
      return low.count == extents.count && high.count == extents.count && (low + high).allSatisfy { $0 >= 0 }
        ? (low, high) : nil
    }
  }
}

/// The convolution of `x` [n, s1, …, c] with the kernel `w` [k1, …, c / groups, f]: [n, o1, …, f], where
/// o = ⌊(s + padding - dilation (k - 1) - 1) / stride⌋ + 1. Channels and filters are divided into `groups`, group by group.
public func convolution(
  _ x: Tensor, _ w: Tensor, strides: [Int]? = nil, padding: Padding = .valid, dilations: [Int]? = nil, groups: Int = 1,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    let (x, w) = summands(x, w, at: at)
    let rank = w.rank - 2
    guard rank >= 1, x.rank == w.rank else {
      return .fail(
        "convolution of \(x.shape) with a kernel of \(w.shape): both need the same rank, of 3 or more", x, at: at)
    }
    let one = [Int](repeating: 1, count: rank)
    let (strides, dilations) = (strides ?? one, dilations ?? one)
    let (channels, filters) = (x.shape[-1], w.shape[-1])
    guard groups >= 1, channels == w.shape[-2] * groups, filters % groups == 0 else {
      return .fail(
        "convolution of \(channels) channels in \(groups) groups with a kernel of \(w.shape): it takes"
          + " \(w.shape[-2]) channels for each group, and a number of filters that the groups divide", x, at: at)
    }
    guard
      let seen = windowed(
        x, Array(w.shape.dimensions.prefix(rank)), strides, dilations, padding, scalar(0, x.dtype), at)
    else {
      return .fail(
        "convolution of \(x.shape) with a kernel of \(w.shape), strides \(strides), dilations \(dilations), padding \(padding):"
          + " each of the \(rank) spatial axes needs a stride and a dilation of at least 1 and a padding of at least 0, and the kernel must"
          + " fit", x, at: at)
    }
    if case .failure = seen.storage { return seen }
    let (inside, taps) = (Array(1...rank), Array(rank + 1...2 * rank))
    if groups == 1 {
      let axes = ContractionAxes(lhsContracting: taps + [2 * rank + 1], rhsContracting: Array(0...rank))
      return .apply(Contract(axes), [seen, w], at: at)
    }
    let outputs = Shape([x.shape[0]] + inside.map { seen.shape[$0] } + [filters])
    if w.shape[-2] == 1 {
      // One channel a group: no matrix product, but a sum over the window for each channel and each of its filters.
      let each = filters / groups
      let wide = Tensor.apply(
        Broadcast(shape: Shape(seen.shape.dimensions + [each]), axes: Array(0..<seen.rank)), [seen])
      let kernel = reshape(w, Shape(w.shape.dimensions.prefix(rank) + [groups, each]))
      let product = wide * .apply(Broadcast(shape: wide.shape, axes: taps + [2 * rank + 1, 2 * rank + 2]), [kernel])
      return reshape(sum(product, axes: taps), outputs)
    }
    let split = reshape(seen, Shape(seen.shape.dimensions.dropLast() + [groups, w.shape[-2]]))
    let kernel = reshape(w, Shape(w.shape.dimensions.dropLast() + [groups, filters / groups]))
    let axes = ContractionAxes(
      lhsBatch: [2 * rank + 1], rhsBatch: [rank + 1], lhsContracting: taps + [2 * rank + 2],
      rhsContracting: Array(0..<rank) + [rank])
    let product = Tensor.apply(Contract(axes), [split, kernel], at: at)
    // The group comes out in front; it belongs before the filters of a group.
    return reshape(transpose(product, Array(1...rank + 1) + [0, rank + 2]), outputs)
  }
}

/// The transposed convolution of `x` [n, s1, …, c] with `w` [k1, …, c, f / groups]: the adjoint of a convolution from f to c
/// channels, [n, o1, …, f] with o = (s - 1) stride - 2 padding + dilation (k - 1) + 1 + outputPadding.
public func transposedConvolution(
  _ x: Tensor, _ w: Tensor, strides: [Int]? = nil, padding: [Int]? = nil, outputPadding: [Int]? = nil,
  dilations: [Int]? = nil,
  groups: Int = 1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    let (x, w) = summands(x, w, at: at)
    let rank = w.rank - 2
    guard rank >= 1, x.rank == w.rank else {
      return .fail(
        "transposed convolution of \(x.shape) with a kernel of \(w.shape): both need the same rank, of 3 or more", x,
        at: at)
    }
    let (one, none) = ([Int](repeating: 1, count: rank), [Int](repeating: 0, count: rank))
    let (strides, dilations) = (strides ?? one, dilations ?? one)
    let (padding, outputPadding) = (padding ?? none, outputPadding ?? none)
    guard [strides, dilations, padding, outputPadding].allSatisfy({ $0.count == rank }),
      (strides + dilations).allSatisfy({ $0 >= 1 }),
      (padding + outputPadding).allSatisfy({ $0 >= 0 }), groups >= 1, x.shape[-1] == w.shape[-2],
      x.shape[-1] % groups == 0,
      (0..<rank).allSatisfy({ i in
        (x.shape[i + 1] - 1).times(strides[i]).plus(dilations[i].times(w.shape[i] - 1)).plus(outputPadding[i])
          >= padding[i].times(2)
      })
    else {
      return .fail(
        "transposed convolution of \(x.shape) with a kernel of \(w.shape), strides \(strides), padding \(padding), output padding"
          + " \(outputPadding), dilations \(dilations), groups \(groups): each spatial axis needs a number, and a padding that leaves"
          + " something; the kernel's last axis but one is that of the channels, which the groups divide", x, at: at)
    }
    // Zeros between the elements of x, and around them as far as a kernel reaches; where the padding is wider than that, less of x.
    let reach = (0..<rank).map { dilations[$0].times(w.shape[$0] - 1) - padding[$0] }
    func around(_ cells: [Int], _ inner: Int) -> [Int] { [inner] + cells.map { Swift.max($0, 0) } + [inner] }
    let high = (0..<rank).map { reach[$0].plus(outputPadding[$0]) }
    var spread = pad(x, low: around(reach, 0), high: around(high, 0), interior: [0] + strides.map { $0 - 1 } + [0])
    if (reach + high).contains(where: { $0 < 0 }) {
      let start = [0] + reach.map { Swift.max(-$0, 0) } + [0]
      let limit = spread.shape.dimensions.indices.map { i in
        spread.shape[i] - (i > 0 && i <= rank ? Swift.max(-high[i - 1], 0) : 0)
      }
      spread = slice(spread, start: start, limit: limit)
    }
    // [k, c, f / g] as the kernel of a convolution from c to f channels: group by group, and turned round.
    let turned = Tensor.apply(Reverse(axes: Array(0..<rank)), [w], at: at)
    let (each, filters) = (x.shape[-1] / groups, w.shape[-1])
    let grouped = reshape(turned, Shape(w.shape.dimensions.prefix(rank) + [groups, each, filters]))
    let kernel = reshape(
      transpose(grouped, Array(0..<rank) + [rank + 1, rank, rank + 2]),
      Shape(w.shape.dimensions.prefix(rank) + [each, groups * filters]))
    return convolution(spread, kernel, dilations: dilations, groups: groups)
  }
}

/// The greatest element of each window of `sizes` over the spatial axes of `x` [n, s1, …, c]; windows step by their size unless
/// `strides` says otherwise. Padding never wins. Ties share the gradient.
public func maxPool(
  _ x: Tensor, sizes: [Int], strides: [Int]? = nil, padding: Padding = .valid, dilations: [Int]? = nil,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    let lowest = x.dtype.integers.map { scalar($0.lowerBound, x.dtype) } ?? scalar(-Double.infinity, x.dtype)
    return pool(x, sizes, strides, padding, dilations, "maxPool", lowest, at) {
      max($0, axes: $1)
    }
  }
}

/// The mean of each window of `sizes` over the spatial axes of `x` [n, s1, …, c]; windows step by their size unless `strides`
/// says otherwise. Cells of padding count as zeros unless `countsPadding` is false, when the mean is over what is not padding.
/// It is f32 for a type that is not floating.
public func averagePool(
  _ x: Tensor, sizes: [Int], strides: [Int]? = nil, padding: Padding = .valid, countsPadding: Bool = true,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let at = SourceLocation(file, line)
  let x = real(x, at: at)
  func sums(_ x: Tensor) -> Tensor {
    pinned(file, line) {
      pool(x, sizes, strides, padding, nil, "averagePool", scalar(0, x.dtype), at) {
        sum($0, axes: $1)
      }
    }
  }
  guard countsPadding || padding == .valid else { return sums(x) / sums(filled(1, x.type)) }
  return sums(x) / Double(Shape(sizes).count)
}

/// The mean over all spatial axes of `x` [n, s1, …, c]: [n, c].
public func globalAveragePool(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    guard x.rank >= 3 else {
      return .fail("globalAveragePool of \(x.shape), which has no spatial axes", x, at: SourceLocation(file, line))
    }
    return mean(x, axes: Array(1..<x.rank - 1))
  }
}

private func pool(
  _ x: Tensor, _ sizes: [Int], _ strides: [Int]?, _ padding: Padding, _ dilations: [Int]?, _ name: String,
  _ field: Tensor,
  _ at: SourceLocation, _ combine: (Tensor, [Int]) -> Tensor
) -> Tensor {
  let (steps, spacing) = (strides ?? sizes, dilations ?? sizes.map { _ in 1 })
  guard x.rank == sizes.count + 2, let seen = windowed(x, sizes, steps, spacing, padding, field, at) else {
    return .fail(
      "\(name) of \(x.shape) by windows of \(sizes), strides \(steps), padding \(padding): [n, spatial axes, channels] is needed,"
        + " with a size and a stride of at least 1 and a padding of at least 0 for each spatial axis, and windows that fit",
      x, at: at)
  }
  if case .failure = seen.storage { return seen }
  return combine(seen, Array(sizes.count + 1...2 * sizes.count))
}

/// The windows over the padded spatial axes; nil where the numbers do not fit.
private func windowed(
  _ x: Tensor, _ sizes: [Int], _ strides: [Int], _ dilations: [Int], _ padding: Padding, _ field: Tensor,
  _ at: SourceLocation
) -> Tensor? {
  let rank = sizes.count
  guard rank >= 1, strides.count == rank, dilations.count == rank, (sizes + strides + dilations).allSatisfy({ $0 >= 1 })
  else { return nil }
  let spans = zip(sizes, dilations).map { ($0 - 1).times($1).plus(1) }
  let extents = Array(x.shape.dimensions[1...rank])
  guard let cells = padding.cells(extents, spans: spans, strides: strides) else { return nil }
  guard (0..<rank).allSatisfy({ extents[$0].plus(cells.low[$0]).plus(cells.high[$0]) >= spans[$0] }) else { return nil }
  var padded = x
  if (cells.low + cells.high).contains(where: { $0 > 0 }) {
    padded = .apply(
      Pad(low: [0] + cells.low + [0], high: [0] + cells.high + [0], interior: [Int](repeating: 0, count: x.rank)),
      [x, field], at: at)
  }
  let axes = Array(1...rank)
  let isTiled = (0..<rank).allSatisfy {
    sizes[$0] == strides[$0] && dilations[$0] == 1 && padded.shape[$0 + 1] % sizes[$0] == 0
  }
  guard isTiled else {
    return .apply(
      Windows(WindowShape(axes: axes, sizes: sizes, strides: strides, dilations: dilations)), [padded], at: at)
  }
  // Windows side by side are a reshape, whose adjoint is one too.
  let split =
    [padded.shape[0]] + (0..<rank).flatMap { [padded.shape[$0 + 1] / sizes[$0], sizes[$0]] } + [padded.shape[-1]]
  let order = [0] + axes.map { 2 * $0 - 1 } + axes.map { 2 * $0 } + [2 * rank + 1]
  return transpose(reshape(padded, Shape(split)), order)
}
