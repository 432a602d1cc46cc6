// Access by position: x[2], x[0..<3], x[.all, 1], x[stride(from: 0, to: 9, by: 2), (-3)...], x[..., 1] on the last
// axis.

import DescentIR

/// Which part of one axis a subscript takes.
public struct AxisSelection: Sendable {
  enum Bounds {
    case index(Int)
    /// From a position up to another, nil for the end of the axis.
    case range(from: Int, to: Int?)
    /// So many positions with a step between, which may be negative.
    case positions(first: Int, step: Int, count: Int)
  }
  var bounds: Bounds
  /// The whole axis.
  public static let all = AxisSelection(bounds: .range(from: 0, to: nil))
}

/// What may stand in a subscript: an integer, a range, a stride, or `.all`. Negative positions count from the end, so a range
/// or a stride of negative positions lies there: `x[(-3)...(-1)]` and `x[(-3)..<0]` are the last three.
public protocol TensorIndex { var selection: AxisSelection { get } }

extension AxisSelection: TensorIndex { public var selection: AxisSelection { self } }
extension TensorIndex where Self == AxisSelection {
  /// The whole axis.
  public static var all: AxisSelection { AxisSelection.all }
}
extension Int: TensorIndex {
  public var selection: AxisSelection { AxisSelection(bounds: .index(self)) }
}
extension Range: TensorIndex where Bound == Int {
  public var selection: AxisSelection {
    // Of negative positions 0 is what comes after the last of them.
    AxisSelection(bounds: .range(from: lowerBound, to: lowerBound < 0 && upperBound == 0 ? nil : upperBound))
  }
}
extension ClosedRange: TensorIndex where Bound == Int {
  public var selection: AxisSelection { AxisSelection(bounds: .range(from: lowerBound, to: after(upperBound))) }
}
extension PartialRangeFrom: TensorIndex where Bound == Int {
  public var selection: AxisSelection { AxisSelection(bounds: .range(from: lowerBound, to: nil)) }
}
extension PartialRangeUpTo: TensorIndex where Bound == Int {
  public var selection: AxisSelection { AxisSelection(bounds: .range(from: 0, to: upperBound)) }
}
extension PartialRangeThrough: TensorIndex where Bound == Int {
  public var selection: AxisSelection { AxisSelection(bounds: .range(from: 0, to: after(upperBound))) }
}
/// The position after another, nil for the end of the axis.
private func after(_ position: Int) -> Int? { position == -1 ? nil : position.plus(1) }

extension StrideTo: TensorIndex where Element == Int {
  /// The elements of the stride in their order; a negative step turns the axis round.
  public var selection: AxisSelection { AxisSelection(strided: self) }
}
extension StrideThrough: TensorIndex where Element == Int {
  /// The elements of the stride in their order; a negative step turns the axis round.
  public var selection: AxisSelection { AxisSelection(strided: self) }
}
extension AxisSelection {
  fileprivate init(strided positions: some Sequence<Int>) {
    var (first, step, count) = (0, 1, 0)
    for position in positions {
      if count == 0 { first = position }
      if count == 1 { step = position - first }
      count += 1
    }
    bounds = .positions(first: first, step: step, count: count)
  }
}

extension Tensor {
  /// The part of this tensor at one selection per axis, from the first; axes without one are taken whole. An integer
  /// removes its axis.
  public subscript<each I: TensorIndex>(
    _ indices: repeat each I, file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    var selections: [AxisSelection] = []
    repeat selections.append((each indices).selection)
    return select(selections, file, line)
  }
  // Written out for two, three and four axes, since `.all` has no meaning in a parameter pack.
  public subscript(
    _ a: some TensorIndex, _ b: some TensorIndex, file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor { select([a.selection, b.selection], file, line) }
  public subscript(
    _ a: some TensorIndex, _ b: some TensorIndex, _ c: some TensorIndex,
    file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor { select([a.selection, b.selection, c.selection], file, line) }
  public subscript(
    _ a: some TensorIndex, _ b: some TensorIndex, _ c: some TensorIndex, _ d: some TensorIndex,
    file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor { select([a.selection, b.selection, c.selection, d.selection], file, line) }

  /// The same with the selections for the last axes: `x[..., 0]` is the first element of every row.
  public subscript<each I: TensorIndex>(
    _ leading: UnboundedRange, _ indices: repeat each I, file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    var selections: [AxisSelection] = []
    repeat selections.append((each indices).selection)
    return select([AxisSelection](repeating: .all, count: max(rank - selections.count, 0)) + selections, file, line)
  }

  private func select(_ selections: [AxisSelection], _ file: StaticString, _ line: UInt) -> Tensor {
    pinned(file, line) {
      func refuse(_ what: String) -> Tensor {
        .fail("\(what) of a tensor of shape \(shape)", self, at: SourceLocation(file, line))
      }
      guard selections.count <= rank else { return refuse("a subscript with \(selections.count) positions") }
      var (start, limit, step) = ([Int](repeating: 0, count: rank), shape.dimensions, [Int](repeating: 1, count: rank))
      var (removed, turned): ([Int], [Int]) = ([], [])
      for (axis, selection) in selections.enumerated() {
        let size = shape[axis]
        func place(_ position: Int) -> Int { position < 0 ? position.plus(size) : position }
        switch selection.bounds {
        case .index(let index):
          (start[axis], limit[axis]) = (place(index), place(index).plus(1))
          removed.append(axis)
        case .range(let from, let to): (start[axis], limit[axis]) = (place(from), to.map(place) ?? size)
        case .positions(_, _, 0): limit[axis] = 0
        case .positions(let first, let by, let count):
          let last = first + (count - 1) * by
          guard (first < 0) == (last < 0) else {
            return refuse(
              "positions \(first) to \(last) by \(by), some from the start and some from the end, along axis \(axis)")
          }
          (start[axis], limit[axis]) = (place(Swift.min(first, last)), place(Swift.max(first, last)).plus(1))
          step[axis] = by == .min ? .max : Swift.abs(by)
          if by < 0 { turned.append(axis) }
        }
        guard 0 <= start[axis], start[axis] <= limit[axis], limit[axis] <= size else {
          return refuse("positions \(start[axis])..<\(limit[axis]) by \(step[axis]) along axis \(axis)")
        }
      }
      let part = slice(self, start: start, limit: limit, step: step)
      let ordered = turned.isEmpty ? part : reverse(part, axes: turned)
      return reshape(ordered, part.shape.removing(removed))
    }
  }
}
