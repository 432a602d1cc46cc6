// Access by position: x[2], x[0..<3], x[.all, 1], x[stride(from: 0, to: 9, by: 2), (-3)...], x[..., 1] on the last
// axis.

import DescentIR

/// Which part of one axis a subscript takes.
public struct AxisSelection: Sendable {
  enum Bounds { case index(Int), range(from: Int, to: Int?, by: Int) }
  var bounds: Bounds
  /// The whole axis.
  public static let all = AxisSelection(bounds: .range(from: 0, to: nil, by: 1))
}

/// What may stand in a subscript: an integer, a range, a stride, or `.all`. Negative positions count
/// from the end.
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
  public var selection: AxisSelection { AxisSelection(bounds: .range(from: lowerBound, to: upperBound, by: 1)) }
}
extension ClosedRange: TensorIndex where Bound == Int {
  public var selection: AxisSelection { AxisSelection(bounds: .range(from: lowerBound, to: upperBound + 1, by: 1)) }
}
extension PartialRangeFrom: TensorIndex where Bound == Int {
  public var selection: AxisSelection { AxisSelection(bounds: .range(from: lowerBound, to: nil, by: 1)) }
}
extension PartialRangeUpTo: TensorIndex where Bound == Int {
  public var selection: AxisSelection { AxisSelection(bounds: .range(from: 0, to: upperBound, by: 1)) }
}
extension PartialRangeThrough: TensorIndex where Bound == Int {
  public var selection: AxisSelection {
    AxisSelection(bounds: .range(from: 0, to: upperBound == -1 ? nil : upperBound + 1, by: 1))
  }
}
extension StrideTo: TensorIndex where Element == Int {
  /// The elements of the stride, which must go upward.
  public var selection: AxisSelection { AxisSelection(strided: Array(self)) }
}
extension StrideThrough: TensorIndex where Element == Int {
  /// The elements of the stride, which must go upward.
  public var selection: AxisSelection { AxisSelection(strided: Array(self)) }
}
extension AxisSelection {
  fileprivate init(strided positions: [Int]) {
    let first = positions.first ?? 0
    let step = positions.count > 1 ? positions[1] - first : 1
    bounds = .range(from: first, to: positions.last.map { $0 + 1 } ?? first, by: step)
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
    func refuse(_ what: String) -> Tensor {
      .fail("\(what) of a tensor of shape \(shape)", self, at: SourceLocation(file, line))
    }
    guard selections.count <= rank else { return refuse("a subscript with \(selections.count) positions") }
    var (start, limit, step) = ([Int](repeating: 0, count: rank), shape.dimensions, [Int](repeating: 1, count: rank))
    var removed: [Int] = []
    for (axis, selection) in selections.enumerated() {
      let size = shape[axis]
      switch selection.bounds {
      case .index(let index):
        start[axis] = index < 0 ? index + size : index
        limit[axis] = start[axis] + 1
        removed.append(axis)
      case .range(let from, let to, let by):
        start[axis] = from < 0 ? from + size : from
        limit[axis] = to.map { $0 < 0 ? $0 + size : $0 } ?? size
        step[axis] = by
      }
      guard 0 <= start[axis], start[axis] <= limit[axis], limit[axis] <= size, step[axis] >= 1 else {
        return refuse("positions \(start[axis])..<\(limit[axis]) by \(step[axis]) along axis \(axis)")
      }
    }
    let part = slice(self, start: start, limit: limit, step: step, file: file, line: line)
    return reshape(part, part.shape.removing(removed), file: file, line: line)
  }
}
