// Access by position: x[2], x[0..<3], x[.all, 1], x[stride(from: 0, to: 9, by: 2), (-3)...], x[..., 1] on the last
// axis, and x[rows] by a tensor of indices.

import DescentIR

/// Which part of one axis a subscript takes.
public struct AxisSelection: Sendable {
  enum Bounds {
    case index(Int)
    /// From a position up to another, nil for the end of the axis.
    case range(from: Int, to: Int?)
    /// So many positions with a step between, which may be negative.
    case positions(first: Int, step: Int, count: Int)
    /// The positions that a tensor of integers says.
    case indices(Tensor)
  }
  var bounds: Bounds
  /// The whole axis.
  public static let all = AxisSelection(bounds: .range(from: 0, to: nil))
}

/// What may stand in a subscript: an integer, a range, a stride, `.all`, or a tensor of integers. Negative positions count from the
/// end, so a range or a stride of negative positions lies there: `x[(-3)...(-1)]` and `x[(-3)..<0]` are the last three.
///
/// The axes of a tensor of integers stand in place of the axis that it picks from. Of several such tensors, which must be for
/// neighbouring axes, the elements at the same place (they broadcast) pick together: `x[i, j]` for vectors has x[i[k], j[k]] for each k.
/// What the numbers are is known when the program runs: positions outside are the nearest one inside where elements are taken, and are
/// left out where they are put.
public protocol TensorIndex { var selection: AxisSelection { get } }

extension AxisSelection: TensorIndex { public var selection: AxisSelection { self } }
extension TensorIndex where Self == AxisSelection {
  /// The whole axis.
  public static var all: AxisSelection { AxisSelection.all }
}
extension Int: TensorIndex {
  public var selection: AxisSelection { AxisSelection(bounds: .index(self)) }
}
extension Tensor: TensorIndex {
  public var selection: AxisSelection { AxisSelection(bounds: .indices(self)) }
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
  // Written out for one to four axes, since `.all` has no meaning in a parameter pack, and none can be assigned to.

  /// The part of this tensor at one selection per axis, from the first; axes without one are taken whole. An integer
  /// removes its axis. Assigned to, only that part becomes another: the value is broadcast to the part's shape, and of the tensor's type.
  public subscript(
    _ a: some TensorIndex, file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    get { at[a].taken(file, line) }
    set { self = at[a].put(newValue, nil, file, line) }
  }
  public subscript(
    _ a: some TensorIndex, _ b: some TensorIndex, file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    get { at[a, b].taken(file, line) }
    set { self = at[a, b].put(newValue, nil, file, line) }
  }
  public subscript(
    _ a: some TensorIndex, _ b: some TensorIndex, _ c: some TensorIndex,
    file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    get { at[a, b, c].taken(file, line) }
    set { self = at[a, b, c].put(newValue, nil, file, line) }
  }
  public subscript(
    _ a: some TensorIndex, _ b: some TensorIndex, _ c: some TensorIndex, _ d: some TensorIndex,
    file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    get { at[a, b, c, d].taken(file, line) }
    set { self = at[a, b, c, d].put(newValue, nil, file, line) }
  }

  /// The same for any number of axes, which cannot be assigned to; `x.at` can be put into.
  public subscript<each I: TensorIndex>(
    _ indices: repeat each I, file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    var selections: [AxisSelection] = []
    repeat selections.append((each indices).selection)
    return TensorPart(self, selections).taken(file, line)
  }

  /// The same with the selections for the last axes: `x[..., 0]` is the first element of every row.
  public subscript(
    _ leading: UnboundedRange, _ a: some TensorIndex, file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    get { at[leading, a].taken(file, line) }
    set { self = at[leading, a].put(newValue, nil, file, line) }
  }
  public subscript<each I: TensorIndex>(
    _ leading: UnboundedRange, _ indices: repeat each I, file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    var selections: [AxisSelection] = []
    repeat selections.append((each indices).selection)
    return TensorPart(self, last: selections).taken(file, line)
  }

  /// Places of this tensor, to be changed in a copy: `x.at[0, .all].add(row)` is x with `row` added to its first row.
  public var at: TensorPlaces { TensorPlaces(tensor: self) }
}

/// The places of a tensor, which subscripts choose.
public struct TensorPlaces {
  fileprivate let tensor: Tensor

  public subscript<each I: TensorIndex>(_ indices: repeat each I) -> TensorPart {
    var selections: [AxisSelection] = []
    repeat selections.append((each indices).selection)
    return TensorPart(tensor, selections)
  }
  public subscript(_ a: some TensorIndex, _ b: some TensorIndex) -> TensorPart {
    TensorPart(tensor, [a.selection, b.selection])
  }
  public subscript(_ a: some TensorIndex, _ b: some TensorIndex, _ c: some TensorIndex) -> TensorPart {
    TensorPart(tensor, [a.selection, b.selection, c.selection])
  }
  public subscript(
    _ a: some TensorIndex, _ b: some TensorIndex, _ c: some TensorIndex, _ d: some TensorIndex
  ) -> TensorPart { TensorPart(tensor, [a.selection, b.selection, c.selection, d.selection]) }
  public subscript<each I: TensorIndex>(_ leading: UnboundedRange, _ indices: repeat each I) -> TensorPart {
    var selections: [AxisSelection] = []
    repeat selections.append((each indices).selection)
    return TensorPart(tensor, last: selections)
  }
}
