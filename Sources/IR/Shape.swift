// Shapes and tensor types, with the row-major index arithmetic that everything shares.

/// The dimensions of a tensor, outermost first; a scalar's shape is empty.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public var dimensions: [Int]

  public init(_ dimensions: [Int]) { self.dimensions = dimensions }
  public init(arrayLiteral elements: Int...) { dimensions = elements }

  /// The number of dimensions.
  public var rank: Int { dimensions.count }
  /// The number of elements, 1 for a scalar; `Int.max` where there would be more.
  public var count: Int { dimensions.reduce(1) { $0.times($1) } }
  /// The size of one dimension; a negative axis counts from the end.
  public subscript(axis: Int) -> Int { dimensions[axis < 0 ? axis + rank : axis] }

  /// `[400,1]`, and `[]` for a scalar.
  public var description: String { "[" + dimensions.map(String.init).joined(separator: ",") + "]" }

  /// Row-major strides in elements.
  package var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1].times(dimensions[axis + 1])
    }
    return strides
  }

  /// Calls `body` with every index in row-major order.
  package func forEachIndex(_ body: ([Int]) -> Void) {
    guard count > 0 else { return }
    var index = [Int](repeating: 0, count: rank)
    while true {
      body(index)
      var axis = rank - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < dimensions[axis] { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// This shape without the given axes.
  package func removing(_ axes: [Int]) -> Shape {
    Shape(dimensions.indices.filter { !axes.contains($0) }.map { dimensions[$0] })
  }

  /// The shape that both broadcast to by NumPy's rule (trailing dimensions equal or 1), or nil.
  package static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
    var result: [Int] = []
    for back in 1...max(a.rank, b.rank, 1) where back <= max(a.rank, b.rank) {
      let x = back <= a.rank ? a.dimensions[a.rank - back] : 1
      let y = back <= b.rank ? b.dimensions[b.rank - back] : 1
      guard x == y || x == 1 || y == 1 else { return nil }
      result.append(x == 1 ? y : x)
    }
    return Shape(result.reversed())
  }
}

/// An element type and a shape: all that is known of a tensor before it has values.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
  public var dtype: DType
  public var shape: Shape

  public init(_ dtype: DType, _ shape: Shape) {
    self.dtype = dtype
    self.shape = shape
  }

  /// `f32[400,1]`
  public var description: String { dtype.name + shape.description }
  /// The same with a name in place of the first axis' length: `f32[rows,1]`.
  package func text(firstAxis name: String) -> String {
    dtype.name + "[" + ([name] + shape.dimensions.dropFirst().map(String.init)).joined(separator: ",") + "]"
  }
  package var byteCount: Int { shape.count.times(dtype.byteSize) }

  /// What the largest array takes: as many bytes as a process can address on today's 64-bit machines. Below it no product of
  /// a few sizes and costs overflows.
  package static let largestByteCount = 1 << 47

  /// Throws unless an array can be of this type: no size is below 0, and its bytes can be addressed. An empty axis counts
  /// as 1, for steps along the axes before it are products all the same.
  package func check() throws {
    if let axis = shape.dimensions.firstIndex(where: { $0 < 0 }) {
      throw DescentError(.type, "a tensor of shape \(shape): the size \(shape[axis]) of axis \(axis) is below 0")
    }
    let bytes = shape.dimensions.reduce(dtype.byteSize) { $0.times(Swift.max($1, 1)) }
    guard bytes <= Self.largestByteCount else {
      let size = bytes == .max ? "more than 2^63" : "\(bytes)"
      throw DescentError(.type, "a tensor \(self) would take \(size) bytes; at most 2^47 can be addressed")
    }
  }
}

extension Int {
  /// The sum, or the greatest integer where that is less.
  package func plus(_ other: Int) -> Int {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }
  /// The product, or the greatest integer where that is less.
  package func times(_ other: Int) -> Int {
    let (product, overflows) = multipliedReportingOverflow(by: other)
    return overflows ? .max : product
  }
}
