import DescentIR

/// Slices added along an axis, in the order of their indices' positions.
package struct ScatterAdd: Op {
  package var axis: Int

  package init(axis: Int) { self.axis = axis }
  package static let name = "scatterAdd"
  package static let documentation =
    "y = base, then y[a, index[i], b] += updates[a, i, b] for each i; an index outside the axis is dropped"
  package init(_ a: Attributes) throws { self.init(axis: try a.int("axis")) }
  package var attributes: Attributes { ["axis": .int(axis)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 3)
    let (base, indices, updates) = (operands[0], operands[1], operands[2])
    try expectAxes([axis], rank: base.shape.rank)
    try expectIndices(indices)
    let wanted = TensorType(base.dtype, .replacing(axis, of: base.shape, by: indices.shape))
    guard updates == wanted, base.dtype != .bool else {
      throw DescentError(
        .type,
        "scatterAdd into \(base) along axis \(axis) at indices \(indices) takes updates \(wanted), not \(updates)")
    }
    return base
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let (indices, size) = (x[1], x[0].shape[axis])
    guard size > 0 else { return [dy, nil, nil] }
    // Dropped updates have no gradient; gathering would clamp their indices.
    let kept = broadcastIndices(inside(indices, size), x[2].shape)
    return [dy, nil, `where`(kept, .apply(Gather(axis: axis), [dy, indices]), 0)]
  }
  /// True where an index lies in an axis of `size`.
  private func inside(_ indices: Tensor, _ size: Int) -> Tensor { (indices .>= 0) .& (indices .<= size - 1) }
  private func broadcastIndices(_ x: Tensor, _ shape: Shape) -> Tensor {
    .apply(Broadcast(shape: shape, axes: (0..<x.rank).map { $0 + axis }), [x])
  }
  /// Floating sums are carried in double precision: this is the oracle.
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    func add<T>(_ base: [T], _ updates: [T], _ plus: (T, T) -> T) -> [T] {
      var result = base
      let (size, inner, indices) = (type.shape[axis], type.shape.strides[axis], x[1].ints)
      for (i, update) in updates.enumerated() {
        let (row, index) = (i / inner / indices.count, indices[i / inner % indices.count])
        guard (0..<size).contains(index) else { continue }
        let target = (row * size + index) * inner + i % inner
        result[target] = plus(result[target], update)
      }
      return result
    }
    if type.dtype.isFloating {
      let result = add(x[0].doubles, x[2].doubles, +)
      return HostArray(type) { result[$0] }
    }
    func wrap<T: Element>(_: T.Type) -> HostArray {
      HostArray(type.shape, add(x[0].ints, x[2].ints, &+).map { T(wrapping: $0) })
    }
    return dispatch(type.dtype) { wrap($0) }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    let (base, updates) = (batchAll([x[0]], [batched[0]], size)[0], batchAll([x[2]], [batched[2]], size)[0])
    // Shared indices serve every element of the batch at once.
    guard batched[1] else { return .apply(ScatterAdd(axis: axis + 1), [base, x[1], updates]) }
    // Indices of its own: lay the batch's axes end to end and shift each element's indices into its own stretch.
    let width = base.shape[axis + 1]
    let shifted = shiftedIndices(x[1], width, size)
    let indices = `where`(inside(x[1], width), shifted, -1)
    let flat = Tensor.apply(self, [mergeBatch(base, axis), indices, moveAxis(updates, from: 0, to: axis)])
    let split = reshape(flat, .replacing(axis, of: flat.shape, by: [size, width]))
    return moveAxis(split, from: axis, to: 0)
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .scatterAdd(axis: axis) }
  /// Few rows and many indices, so that some repeat and some lie outside.
  package static func samples(_ real: DType) -> [Sample] {
    func sample(_ axis: Int, _ dtype: DType, _ base: Shape, _ indices: Sample.Operand) -> Sample {
      let updates = Shape.replacing(axis, of: base, by: indices.type.shape)
      return Sample(ScatterAdd(axis: axis), [.init(dtype, base), indices, .init(dtype, updates)])
    }
    return [
      sample(0, real, [4, 3], .init(.i32, [7], 0...3)),
      sample(1, real, [2, 3, 5], .init(.i64, [2, 3], -2...5)),
      sample(0, real, [5], .init(.u8, [], 0...4)),
      sample(2, .i32, [2, 1, 5], .init(.i32, [9], 0...4)),
    ]
  }
}

/// `base` with `updates` added along `axis` at `indices`, in order; an index outside the axis is dropped.
public func scatterAdd(
  _ base: Tensor, _ indices: Tensor, _ updates: Tensor, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let axis = axis < 0 ? axis + base.rank : axis
  return .apply(ScatterAdd(axis: axis), [base, indices, updates], at: SourceLocation(file, line))
}
