import DescentIR

/// The index along an axis.
package struct Iota: Op {
  package var shape: Shape
  package var axis: Int
  package var dtype: DType

  package init(shape: Shape, axis: Int, dtype: DType) {
    self.shape = shape
    self.axis = axis
    self.dtype = dtype
  }
  package static let name = "iota"
  package static let documentation = "y[…, i, …] = i, the index along the axis"
  package init(_ a: Attributes) throws {
    self.init(shape: Shape(try a.ints("shape")), axis: try a.int("axis"), dtype: try a.dtype("dtype"))
  }
  package var attributes: Attributes {
    ["shape": .ints(shape.dimensions), "axis": .int(axis), "dtype": .dtype(dtype)]
  }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 0)
    try expectAxes([axis], rank: shape.rank)
    guard dtype != .bool else { throw DescentError(.type, "iota counts in numbers, not in bool") }
    return TensorType(dtype, shape)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    let (size, inner) = (shape[axis], shape.strides[axis])
    func make<T: Element>(_: T.Type) -> HostArray {
      HostArray(shape, (0..<shape.count).map { T(wrapping: $0 / inner % size) })
    }
    return dispatch(dtype) { make($0) }
  }
  /// Without operands nothing is ever batched; the same numbers for each element of the batch.
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    batchAll([.apply(self, [])], [false], size)[0]
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .iota(axis: axis) }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Iota(shape: [7], axis: 0, dtype: real), []),
      Sample(Iota(shape: [2, 3, 5], axis: 1, dtype: .i32), []),
      Sample(Iota(shape: [2, 3], axis: 1, dtype: .i64), []),
      Sample(Iota(shape: [300], axis: 0, dtype: .u8), []),
    ]
  }
}

/// The index along `axis` in a tensor of `shape`; the type must have all of them.
public func iota(
  _ shape: Shape, axis: Int = 0, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let axis = axis < 0 ? axis + shape.rank : axis
  if let range = dtype.integers, shape.dimensions.indices.contains(axis), shape[axis] - 1 > range.upperBound {
    let message = "iota along axis \(axis) of \(shape): \(dtype.name) does not have the number \(shape[axis] - 1)"
    return Tensor(failure: DescentError(.type, message, at: SourceLocation(file, line)), type: TensorType(dtype, []))
  }
  return .apply(Iota(shape: shape, axis: axis, dtype: dtype), [], at: SourceLocation(file, line))
}
