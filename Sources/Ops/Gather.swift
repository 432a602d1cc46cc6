import DescentIR

/// Slices picked along an axis.
package struct Gather: Op {
  package var axis: Int

  package init(axis: Int) { self.axis = axis }
  package static let name = "gather"
  package static let documentation = "y[a, i, b] = x[a, index[i], b], the index clamped into the axis"
  package init(_ a: Attributes) throws { self.init(axis: try a.int("axis")) }
  package var attributes: Attributes { ["axis": .int(axis)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 2)
    let (x, indices) = (operands[0], operands[1])
    try expectAxes([axis], rank: x.shape.rank)
    try expectIndices(indices)
    let shape = Shape.replacing(axis, of: x.shape, by: indices.shape)
    guard x.shape[axis] > 0 || shape.count == 0 else {
      throw DescentError(.type, "gather along axis \(axis) of \(x.shape), which has no elements there")
    }
    return TensorType(x.dtype, shape)
  }
  /// The indices are clamped here as well, for scattering would drop those outside.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let zeros = filled(0, x[0].type)
    return [.apply(Scatter(axis: axis, .sum), [zeros, clamped(x[1], x[0].shape[axis]), dy]), nil]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    let size = x[0].shape[axis]
    let picks = x[1].ints.map { Swift.min(Swift.max($0, 0), size - 1) }
    let inner = x[0].shape.strides[axis]
    return x[0].picking(type.shape) { i in
      let (row, pick) = (i / inner / picks.count, i / inner % picks.count)
      return (row * size + picks[pick]) * inner + i % inner
    }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    // Shared indices pick from every element of the batch at once.
    guard batched[1] else { return .apply(Gather(axis: axis + 1), x) }
    // Indices of its own into a shared operand: the batch axis comes out among the indices' axes.
    guard batched[0] else { return moveAxis(.apply(self, x), from: axis, to: 0) }
    // Both: lay the batch's axes end to end and shift each element's indices into its own stretch.
    let width = x[0].shape[axis + 1]
    let flat = mergeBatch(x[0], axis)
    return moveAxis(.apply(self, [flat, shiftedIndices(clamped(x[1], width), width, size)]), from: axis, to: 0)
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .gather(axis: axis) }
  /// Few rows and many indices, so that some repeat and some lie outside.
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Gather(axis: 0), [.init(real, [4, 3]), .init(.i32, [7], 0...3)]),
      Sample(Gather(axis: 1), [.init(real, [2, 3, 5]), .init(.i64, [2, 3], -2...5)]),
      Sample(Gather(axis: 0), [.init(real, [5]), .init(.u8, [], 0...4)]),
      Sample(Gather(axis: 2), [.init(.i32, [2, 1, 5]), .init(.i32, [3], 0...4)]),
    ]
  }
}

/// The slices of `x` along `axis` at `indices` (clamped into the axis); the indices' axes stand in place of it.
public func gather(
  _ x: Tensor, _ indices: Tensor, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  .apply(Gather(axis: axis < 0 ? axis + x.rank : axis), [x, indices], at: SourceLocation(file, line))
}

extension Op {
  /// Throws unless the operand can be indices.
  package func expectIndices(_ indices: TensorType) throws {
    guard indices.dtype.isInteger else {
      throw DescentError(.type, "\(name) takes indices of type i32, i64 or u8, not \(indices)")
    }
  }
}

extension Shape {
  /// `shape` with the dimensions `other` in place of one axis.
  static func replacing(_ axis: Int, of shape: Shape, by other: Shape) -> Shape {
    Shape(shape.dimensions[..<axis] + other.dimensions + shape.dimensions[(axis + 1)...])
  }
}

/// Indices moved to the nearest one that an axis of `size` has.
func clamped(_ indices: Tensor, _ size: Int) -> Tensor { minimum(maximum(reaching(indices, size), 0), size - 1) }

/// Indices of which those below 0 count from the end of an axis of `size`.
func counted(_ indices: Tensor, _ size: Int) -> Tensor { `where`(indices .< 0, indices + size, indices) }

/// Indices in a type that has all numbers below `size`, and -1.
func reaching(_ indices: Tensor, _ size: Int) -> Tensor {
  convert(indices, to: size > Int(Int32.max) ? .i64 : indices.dtype.joined(with: .i32))
}

/// `x` with one axis moved to another place.
package func moveAxis(_ x: Tensor, from: Int, to: Int) -> Tensor {
  if from == to { return x }
  var order = Array(0..<x.rank)
  order.insert(order.remove(at: from), at: to)
  return transpose(x, order)
}

/// `x`, which has a batch axis in front, with that axis merged into what was axis `axis` without it.
func mergeBatch(_ x: Tensor, _ axis: Int) -> Tensor {
  let moved = moveAxis(x, from: 0, to: axis)
  return reshape(moved, .replacing(axis, of: x.shape.removing([0]), by: [x.shape[0] * x.shape[axis + 1]]))
}

/// Batched indices into an axis of `width`, as indices into the axes of the whole batch end to end.
func shiftedIndices(_ indices: Tensor, _ width: Int, _ size: Int) -> Tensor {
  let wide = reaching(indices, size * width)
  let element = Tensor.apply(Iota(shape: wide.shape, axis: 0, dtype: wide.dtype), [])
  return wide + element * width
}
