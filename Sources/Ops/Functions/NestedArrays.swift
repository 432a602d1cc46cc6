// Tensors from nested Swift arrays, `Tensor([[1, 2], [3, 4]])`, and nested arrays from tensors.

import DescentIR

/// A number, or an array of what is one: `[[Double]]` has two axes.
public protocol NestedElements: Sendable {
  /// The type of a tensor's elements that holds the numbers.
  associatedtype Leaf: Element
  /// How many arrays stand in each other.
  static var depth: Int { get }
  /// The sizes along the first element of each array.
  var extents: [Int] { get }
  /// Appends all numbers; false where an array has another size than `extents` says.
  func append(to leaves: inout [Leaf], _ extents: ArraySlice<Int>) -> Bool
  /// Takes the numbers for arrays of these sizes from the front.
  init(takingFrom leaves: inout ArraySlice<Leaf>, _ extents: ArraySlice<Int>)
}

/// A Swift number in a nested array.
public protocol NestedNumber: NestedElements {
  var leaf: Leaf { get }
  init(leaf: Leaf)
}

extension NestedNumber {
  public static var depth: Int { 0 }
  public var extents: [Int] { [] }
  public func append(to leaves: inout [Leaf], _ extents: ArraySlice<Int>) -> Bool {
    leaves.append(leaf)
    return true
  }
  public init(takingFrom leaves: inout ArraySlice<Leaf>, _ extents: ArraySlice<Int>) {
    self.init(leaf: leaves.removeFirst())
  }
}
extension NestedNumber where Leaf == Self {
  public var leaf: Leaf { self }
  public init(leaf: Leaf) { self = leaf }
}

extension Float: NestedNumber { public typealias Leaf = Float }
extension Double: NestedNumber { public typealias Leaf = Double }
extension Int32: NestedNumber { public typealias Leaf = Int32 }
extension Int64: NestedNumber { public typealias Leaf = Int64 }
extension UInt8: NestedNumber { public typealias Leaf = UInt8 }
extension Bool: NestedNumber { public typealias Leaf = Bool }
extension Int: NestedNumber {
  public typealias Leaf = Int64
  public var leaf: Int64 { Int64(self) }
  public init(leaf: Int64) { self = Int(leaf) }
}

extension Array: NestedElements where Element: NestedElements {
  public typealias Leaf = Element.Leaf
  public static var depth: Int { Element.depth + 1 }
  public var extents: [Int] { [count] + (first?.extents ?? [Int](repeating: 0, count: Element.depth)) }
  public func append(to leaves: inout [Leaf], _ extents: ArraySlice<Int>) -> Bool {
    count == extents.first && allSatisfy { $0.append(to: &leaves, extents.dropFirst()) }
  }
  public init(takingFrom leaves: inout ArraySlice<Leaf>, _ extents: ArraySlice<Int>) {
    self = (0..<extents.first!).map { _ in Element(takingFrom: &leaves, extents.dropFirst()) }
  }
}

extension Tensor {
  /// A tensor of two axes or more from its rows, `Tensor([[1, 2], [3, 4]])`: an axis for each array in another. All arrays of one depth
  /// must have one size. The type is that of the numbers, i64 for `Int`; another one, `dtype`, must have the numbers unless it is
  /// floating.
  public init<T: NestedElements>(
    _ rows: [[T]], dtype: DType? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    self = pinned(file, line) { .nested(rows, dtype) }
  }

  /// A vector of integers, of i64 or another type that has them.
  public init(_ elements: [Int], dtype: DType = .i64, file: StaticString = #fileID, line: UInt = #line) {
    self = pinned(file, line) { .nested(elements, dtype) }
  }

  private static func nested<T: NestedElements>(_ rows: [T], _ dtype: DType?) -> Tensor {
    var leaves: [T.Leaf] = []
    let shape = Shape(rows.extents)
    guard rows.append(to: &leaves, shape.dimensions[...]) else {
      return .fail(
        "a tensor of nested arrays of different sizes; the first ones have shape \(shape)", zeros([]), at: nil)
    }
    let given = Tensor(leaves, shape: shape)
    let result = converted(given, to: dtype ?? given.dtype, at: nil)
    guard result.dtype.integers != nil, given.dtype.integers != result.dtype.integers else { return result }
    // What a type does not have was changed by the conversion; the first such number is refused.
    for leaf in leaves {
      let number: ScalarNumber = T.Leaf.dtype.isFloating ? .real(leaf.asDouble) : .integer(leaf.asInt)
      let checked = DescentOps.scalar(number, result.dtype)
      if case .failure = checked.storage { return checked }
    }
    return result
  }

  /// The numbers as nested arrays, as many in each other as there are axes: `let rows: [[Double]] = try x.array()`. Throws where the
  /// axes are another number, or what `doubles` throws.
  public func array<T: NestedElements>(of type: [T].Type = [T].self) throws -> [T] {
    let depth = [T].depth
    guard rank == depth else {
      throw DescentError(.type, "an array of \(depth) axes was asked of a tensor of type \(self.type)")
    }
    let numbers = try value
    // Through integers where both have them, since not every i64 is a double.
    let isReal = numbers.dtype.isFloating || T.Leaf.dtype.isFloating
    var leaves =
      isReal ? numbers.doubles.map { T.Leaf(clamping: $0) }[...] : numbers.ints.map { T.Leaf(wrapping: $0) }[...]
    return [T](takingFrom: &leaves, shape.dimensions[...])
  }
}
