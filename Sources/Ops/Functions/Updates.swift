// A part of a tensor: taken, or in a copy of the tensor replaced or combined with other numbers, as `x.at[…].set(…)` of JAX. Where the
// tensor is not wanted afterwards, as the carry of a loop, the C writes in place: a row costs a row.

import DescentIR

/// A part of a tensor, to be changed in a copy. Values are broadcast to the part's shape. An index that several places of a tensor of
/// indices have is served once for each, in their order.
public struct TensorPart {
  private let tensor: Tensor
  private let selections: [AxisSelection]

  init(_ tensor: Tensor, _ selections: [AxisSelection]) { (self.tensor, self.selections) = (tensor, selections) }
  /// By selections for the last axes.
  init(_ tensor: Tensor, last selections: [AxisSelection]) {
    let others = [AxisSelection](repeating: .all, count: Swift.max(tensor.rank - selections.count, 0))
    self.init(tensor, others + selections)
  }

  /// The tensor with `value` in place of the part; of several values for one place the last one.
  public func set(_ value: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    put(value, nil, file, line)
  }
  /// The tensor with `value` added to the part.
  public func add(_ value: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    put(value, .sum, file, line)
  }
  /// The tensor with the part multiplied by `value`.
  public func multiply(_ value: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    put(value, .product, file, line)
  }
  /// The tensor with the greater of part and `value` in place of the part.
  public func max(_ value: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    put(value, .max, file, line)
  }
  /// The tensor with the lesser of part and `value` in place of the part.
  public func min(_ value: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    put(value, .min, file, line)
  }
  // The same for numbers.
  public func set(_ value: some TensorScalar, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    put(scalar(value, tensor.dtype), nil, file, line)
  }
  public func add(_ value: some TensorScalar, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    put(scalar(value, tensor.dtype), .sum, file, line)
  }
  public func multiply(_ value: some TensorScalar, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    put(scalar(value, tensor.dtype), .product, file, line)
  }
  public func max(_ value: some TensorScalar, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    put(scalar(value, tensor.dtype), .max, file, line)
  }
  public func min(_ value: some TensorScalar, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    put(scalar(value, tensor.dtype), .min, file, line)
  }

  func taken(_ file: StaticString, _ line: UInt) -> Tensor {
    pinned(file, line) {
      do throws(Refusal) { return try Region(tensor, selections).part(of: tensor) } catch { return fail(error) }
    }
  }
  func put(_ value: Tensor, _ combine: Reducer?, _ file: StaticString, _ line: UInt) -> Tensor {
    pinned(file, line) {
      do throws(Refusal) {
        if case .failure = value.storage { return value }
        return try Region(tensor, selections).put(value, combine, into: tensor)
      } catch { return fail(error) }
    }
  }
  private func fail(_ refusal: Refusal) -> Tensor {
    .fail("\(refusal.what) of a tensor of shape \(tensor.shape)", tensor, at: nil)
  }
}

extension Tensor {
  /// This tensor with `value` in place of the part at `indices`: `x.updating(at: 2, to: row)`. As `x.at[2].set(row)`.
  public func updating(
    at indices: any TensorIndex..., to value: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { TensorPart(self, indices.map(\.selection)).put(value, nil, file, line) }
  /// This tensor with `value` added to the part at `indices`: `x.adding(row, at: 2)`. As `x.at[2].add(row)`.
  public func adding(
    _ value: Tensor, at indices: any TensorIndex..., file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { TensorPart(self, indices.map(\.selection)).put(value, .sum, file, line) }
  /// This tensor with `value` where `mask` is true.
  public func updating(
    where mask: Tensor, to value: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { pinned(file, line) { `where`(mask, value, self) } }
}

private struct Refusal: Error { var what: String }

/// What selections take of a tensor: along each axis positions with a step, and of some neighbouring axes those that tensors of
/// indices say.
private struct Region {
  var start: [Int] = []
  var limit: [Int] = []
  var step: [Int] = []
  /// Axes that are taken backwards.
  var turned: [Int] = []
  /// Axes of which an integer takes one position.
  var removed: [Int] = []
  /// Axes from which tensors of indices pick, and the indices.
  var picked = 0..<0
  var indices: [Tensor] = []

  init(_ x: Tensor, _ selections: [AxisSelection]) throws(Refusal) {
    guard selections.count <= x.rank else {
      throw Refusal(what: "a subscript with \(selections.count) positions")
    }
    let selections = selections + [AxisSelection](repeating: .all, count: x.rank - selections.count)
    for (axis, selection) in selections.enumerated() { try take(axis, selection.bounds, size: x.shape[axis]) }
  }

  private mutating func take(_ axis: Int, _ bounds: AxisSelection.Bounds, size: Int) throws(Refusal) {
    func place(_ position: Int) -> Int { position < 0 ? position.plus(size) : position }
    var (from, to, by) = (0, size, 1)
    switch bounds {
    case .index(let index):
      (from, to) = (place(index), place(index).plus(1))
      removed.append(axis)
    case .range(let first, let end): (from, to) = (place(first), end.map(place) ?? size)
    case .positions(_, _, 0): to = 0
    case .positions(let first, let stride, let count):
      let last = first + (count - 1) * stride
      guard (first < 0) == (last < 0) else {
        throw Refusal(
          what:
            "positions \(first) to \(last) by \(stride), some from the start and some from the end, along axis \(axis)")
      }
      (from, to) = (place(Swift.min(first, last)), place(Swift.max(first, last)).plus(1))
      by = stride == .min ? .max : Swift.abs(stride)
      if stride < 0 { turned.append(axis) }
    case .indices(let tensor):
      guard tensor.dtype.isInteger else {
        throw Refusal(what: "positions \(tensor.type) along axis \(axis), which are no integers,")
      }
      guard picked.isEmpty || picked.upperBound == axis else {
        throw Refusal(what: "positions by tensors along axes \(picked.upperBound - 1) and \(axis), no neighbours,")
      }
      picked = (picked.isEmpty ? axis : picked.lowerBound)..<axis + 1
      indices.append(tensor)
    }
    guard 0 <= from, from <= to, to <= size else {
      throw Refusal(what: "positions \(from)..<\(to) by \(by) along axis \(axis)")
    }
    start.append(from)
    limit.append(to)
    step.append(by)
  }

  /// The sizes of what ranges take; integers take one position.
  private var sizes: [Int] { start.indices.map { (limit[$0] - start[$0] + step[$0] - 1) / step[$0] } }

  /// The position of each element that is picked, among all of the picked axes in row-major order; where one lies outside the
  /// nearest one inside, or -1.
  private func positions(_ shape: Shape, isClamped: Bool) -> Tensor {
    let count = shape.dimensions[picked].reduce(1) { $0.times($1) }
    var (sum, inside): (Tensor?, Tensor?)
    for (axis, index) in zip(picked, indices) {
      let size = shape[axis], counted = counted(reaching(index, count), size)
      let isInside = (counted .>= 0) .& (counted .< size)
      inside = inside.map { $0 .& isInside } ?? isInside
      let place = isClamped ? clamp(counted, 0, Swift.max(size, 1) - 1) : counted
      sum = sum.map { $0 * size + place } ?? place
    }
    return isClamped ? sum! : `where`(inside!, sum!, -1)
  }

  /// The part itself.
  func part(of x: Tensor) throws(Refusal) -> Tensor {
    var part = ranges(of: x)
    if !turned.isEmpty { part = reverse(part, axes: turned) }
    var gone = removed
    if !indices.isEmpty {
      let positions = positions(x.shape, isClamped: true)
      part = gather(merged(part), positions, axis: picked.lowerBound)
      gone = gone.map { $0 < picked.lowerBound ? $0 : $0 - picked.count + positions.rank }
    }
    return reshape(part, part.shape.removing(gone))
  }
  /// What the ranges take, in ascending order.
  private func ranges(of x: Tensor) -> Tensor {
    sizes == x.shape.dimensions ? x : slice(x, start: start, limit: limit, step: step)
  }
  /// A tensor of the part's axes with the picked ones as one.
  private func merged(_ part: Tensor) -> Tensor {
    var sizes = part.shape.dimensions
    sizes.replaceSubrange(picked, with: [sizes[picked].reduce(1) { $0.times($1) }])
    return reshape(part, Shape(sizes))
  }

  /// `x` with `value` in place of the part, or combined with it.
  func put(_ value: Tensor, _ combine: Reducer?, into x: Tensor) throws(Refusal) -> Tensor {
    guard value.dtype == x.dtype || value.dtype.joined(with: x.dtype) == x.dtype || x.dtype.isFloating else {
      throw Refusal(what: "a value of type \(value.dtype.name) for a part of type \(x.dtype.name)")
    }
    let value = converted(value, to: x.dtype, at: nil)
    let places = indices.isEmpty ? nil : positions(x.shape, isClamped: false)
    // The axes of the part, with ones where integers take theirs away.
    var full = sizes
    for axis in removed { full[axis] = 1 }
    if let places { full.replaceSubrange(picked, with: places.shape.dimensions) }
    func shifted(_ axis: Int) -> Int {
      places == nil || axis < picked.lowerBound ? axis : axis - picked.count + places!.rank
    }
    let asked = Shape(full).removing(removed.map(shifted))
    guard fits(value.shape, asked) else {
      throw Refusal(what: "a value of shape \(value.shape) for a part of shape \(asked)")
    }
    var update = reshape(broadcast(value, asked), Shape(full))
    if !turned.isEmpty { update = reverse(update, axes: turned.map(shifted)) }
    let part = ranges(of: x)
    guard let places else {
      return replaced(x, by: combine.map { $0.combined(part, update) } ?? update)
    }
    let scatter = Scatter(axis: picked.lowerBound, combine)
    let combined = Tensor.apply(scatter, [merged(part), places, update])
    return replaced(x, by: reshape(combined, part.shape))
  }
  private func fits(_ shape: Shape, _ asked: Shape) -> Bool {
    shape.rank <= asked.rank
      && zip(shape.dimensions.reversed(), asked.dimensions.reversed()).allSatisfy { $0 == $1 || $0 == 1 }
  }

  /// `x` with another part.
  private func replaced(_ x: Tensor, by part: Tensor) -> Tensor {
    let sizes = sizes
    let partial = sizes.indices.filter { sizes[$0] != x.shape[$0] }
    // Few positions of an axis are put in by themselves, which may be in place.
    let few = partial.min { sizes[$0] * x.shape[$1] < sizes[$1] * x.shape[$0] }
    guard let axis = few else { return part }
    guard sizes[axis] * 4 > x.shape[axis] else {
      var (rows, inner) = (self, self)
      for other in sizes.indices where other != axis {
        (rows.start[other], rows.limit[other], rows.step[other]) = (0, x.shape[other], 1)
      }
      (inner.start[axis], inner.limit[axis], inner.step[axis]) = (0, sizes[axis], 1)
      let whole = slice(x, start: rows.start, limit: rows.limit, step: rows.step)
      let positions =
        iota([sizes[axis]], dtype: x.shape[axis] > Int(Int32.max) ? .i64 : .i32) * step[axis] + start[axis]
      return .apply(Scatter(axis: axis, nil, isUnique: true), [x, positions, inner.replaced(whole, by: part)])
    }
    let low = partial.reduce(into: [Int](repeating: 0, count: x.rank)) { $0[$1] = start[$1] }
    let interior = partial.reduce(into: [Int](repeating: 0, count: x.rank)) { $0[$1] = step[$1] - 1 }
    let high = sizes.indices.map { axis in
      x.shape[axis] - low[axis] - Swift.max(sizes[axis] + (sizes[axis] - 1) * interior[axis], 0)
    }
    let padded = Tensor.apply(Pad(low: low, high: high, interior: interior), [part, scalar(0, x.dtype)])
    let inside = partial.map { axis -> Tensor in
      let place = iota(x.shape, axis: axis, dtype: x.shape[axis] > Int(Int32.max) ? .i64 : .i32) - start[axis]
      let isBetween = (place .>= 0) .& (place .< limit[axis] - start[axis])
      return step[axis] == 1 ? isBetween : isBetween .& (remainder(place, step[axis]) .== 0)
    }
    return `where`(inside.dropFirst().reduce(inside[0]) { $0 .& $1 }, padded, x)
  }
}

extension Reducer {
  /// Two tensors combined, element by element.
  fileprivate func combined(_ a: Tensor, _ b: Tensor) -> Tensor {
    switch self {
    case .sum: a + b
    case .product: a * b
    case .max: maximum(a, b)
    case .min: minimum(a, b)
    }
  }
}
