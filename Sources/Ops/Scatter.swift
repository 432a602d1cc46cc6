import DescentIR

/// Slices put in, or combined with what is there, along an axis, in the order of their indices' positions.
package struct Scatter: Op {
  package var axis: Int
  /// How a slice meets what is there; nil where it takes its place, so that of several the last one stays.
  package var combine: Reducer?
  /// Whether no index stands twice, for all that is known: then no update is overwritten by another.
  package var isUnique: Bool

  package init(axis: Int, _ combine: Reducer?, isUnique: Bool = false) {
    self.axis = axis
    self.combine = combine
    self.isUnique = isUnique
  }
  package static let name = "scatter"
  package static let documentation =
    "y = base, then y[a, index[i], b] = updates[a, i, b], or both combined, for each i; an index outside the axis is dropped"
  package init(_ a: Attributes) throws {
    let name = try a.string("combine"), combine = Reducer(rawValue: name)
    guard combine != nil || name == "set" else {
      throw DescentError(.verification, "scatter by '\(name)'; set, \(Reducer.allCases.map(\.rawValue)) are known")
    }
    self.init(axis: try a.int("axis"), combine, isUnique: try a.bool("isUnique"))
  }
  package var attributes: Attributes {
    ["axis": .int(axis), "combine": .string(combine?.rawValue ?? "set"), "isUnique": .bool(isUnique)]
  }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 3)
    let (base, indices, updates) = (operands[0], operands[1], operands[2])
    try expectAxes([axis], rank: base.shape.rank)
    try expectIndices(indices)
    let wanted = TensorType(base.dtype, .replacing(axis, of: base.shape, by: indices.shape))
    guard updates == wanted else {
      throw DescentError(
        .type, "scatter into \(base) along axis \(axis) at indices \(indices) takes updates \(wanted), not \(updates)")
    }
    if combine == .sum || combine == .product { try expectNumbers(base) }
    return base
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let (base, indices, updates) = (x[0], x[1], x[2])
    guard base.shape[axis] > 0 else { return [dy, nil, nil] }
    // Dropped updates have no gradient; gathering would clamp their indices.
    let kept = broadcastIndices(inside(indices, base.shape[axis]), updates.shape)
    func picked(_ z: Tensor) -> Tensor { .apply(Gather(axis: axis), [z, indices]) }
    func added(_ z: Tensor, _ start: Tensor) -> Tensor { .apply(Scatter(axis: axis, .sum), [start, indices, z]) }
    switch combine {
    case .sum: return [dy, nil, `where`(kept, picked(dy), 0)]
    case nil:
      let rest = Tensor.apply(self, [dy, indices, zerosLike(updates)])
      let isAlone = isUnique || indices.shape.count == 1
      let last = isAlone ? kept : kept .& broadcastIndices(isLast(indices, base.shape[axis]), updates.shape)
      return [rest, nil, `where`(last, picked(dy), 0)]
    case .product:
      let factors = Tensor.apply(self, [onesLike(base), indices, updates])
      return [dy * factors, nil, `where`(kept, picked(dy) * others(x, picked, added), 0)]
    case .max, .min:
      // Those that equal the result share its cotangent.
      let (mine, theirs) = (base .== y, kept .& (updates .== picked(y)))
      let share = dy / added(convert(theirs, to: dy.dtype), convert(mine, to: dy.dtype))
      return [`where`(mine, share, 0), nil, `where`(theirs, picked(share), 0)]
    }
  }
  /// Of the indices that are the same the last one.
  private func isLast(_ indices: Tensor, _ size: Int) -> Tensor {
    let flat = reshape(indices, [indices.shape.count])
    let numbers = reaching(iota(flat.shape, dtype: .i64), flat.shape.count)
    // Each puts its number where it points; the one that finds it there again was not overwritten.
    let table = Tensor.apply(Scatter(axis: 0, nil), [zeros([size], dtype: numbers.dtype), flat, numbers])
    return reshape(gather(table, flat) .== numbers, indices.shape)
  }
  /// Of each update what it is multiplied by: the element of the base and the other updates. Products are divided by the update;
  /// where it is 0, the zeros are counted.
  private func others(_ x: [Tensor], _ picked: (Tensor) -> Tensor, _ added: (Tensor, Tensor) -> Tensor) -> Tensor {
    let isZero = x[2] .== 0
    let rest = `where`(isZero, 1, x[2])
    let zeros = picked(added(convert(isZero, to: x[2].dtype), zerosLike(x[0])))
    let all = picked(.apply(self, [x[0], x[1], rest]))
    return `where`(zeros .== convert(isZero, to: x[2].dtype), all / rest, 0)
  }
  /// True where an index lies in an axis of `size`.
  private func inside(_ indices: Tensor, _ size: Int) -> Tensor { (indices .>= 0) .& (indices .<= size - 1) }
  private func broadcastIndices(_ x: Tensor, _ shape: Shape) -> Tensor {
    .apply(Broadcast(shape: shape, axes: (0..<x.rank).map { $0 + axis }), [x])
  }
  /// Floating sums and products are carried in double precision: this is the oracle.
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    func scattered<T>(_ base: [T], _ updates: [T], _ meet: (T, T) -> T) -> [T] {
      var result = base
      let (size, inner, indices) = (type.shape[axis], type.shape.strides[axis], x[1].ints)
      for (i, update) in updates.enumerated() {
        let (row, index) = (i / inner / indices.count, indices[i / inner % indices.count])
        guard (0..<size).contains(index) else { continue }
        let target = (row * size + index) * inner + i % inner
        result[target] = meet(result[target], update)
      }
      return result
    }
    if type.dtype.isFloating {
      let result = scattered(x[0].doubles, x[2].doubles) { combine?.combined($0, $1) ?? $1 }
      return HostArray(type) { result[$0] }
    }
    func wrap<T: Element>(_: T.Type) -> HostArray {
      HostArray(type.shape, scattered(x[0].ints, x[2].ints) { combine?.combined($0, $1) ?? $1 }.map { T(wrapping: $0) })
    }
    return dispatch(type.dtype) { wrap($0) }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    let (base, updates) = (batchAll([x[0]], [batched[0]], size)[0], batchAll([x[2]], [batched[2]], size)[0])
    // Shared indices serve every element of the batch at once.
    guard batched[1] else {
      return .apply(Scatter(axis: axis + 1, combine, isUnique: isUnique), [base, x[1], updates])
    }
    // Indices of its own: lay the batch's axes end to end and shift each element's indices into its own stretch.
    let width = base.shape[axis + 1]
    let shifted = shiftedIndices(x[1], width, size)
    let indices = `where`(inside(x[1], width), shifted, -1)
    let flat = Tensor.apply(self, [mergeBatch(base, axis), indices, moveAxis(updates, from: 0, to: axis)])
    let split = reshape(flat, .replacing(axis, of: flat.shape, by: [size, width]))
    return moveAxis(split, from: axis, to: 0)
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .scatter(axis: axis, combine) }
  /// Few rows and many indices, so that some repeat and some lie outside.
  package static func samples(_ real: DType) -> [Sample] {
    func sample(
      _ combine: Reducer?, _ axis: Int, _ dtype: DType, _ base: Shape, _ indices: Sample.Operand
    ) -> Sample {
      let updates = Shape.replacing(axis, of: base, by: indices.type.shape)
      return Sample(Scatter(axis: axis, combine), [.init(dtype, base), indices, .init(dtype, updates)])
    }
    return ([nil] + Reducer.allCases).flatMap { combine in
      [
        sample(combine, 0, real, [4, 3], .init(.i32, [7], 0...3)),
        sample(combine, 1, real, [2, 3, 5], .init(.i64, [2, 3], -2...5)),
        sample(combine, 0, real, [5], .init(.u8, [], 0...4)),
        sample(combine, 2, .i32, [2, 1, 5], .init(.i32, [9], 0...4)),
      ]
    }
  }
}

/// `base` with `updates` added along `axis` at `indices`, in order; an index outside the axis is dropped.
public func scatterAdd(
  _ base: Tensor, _ indices: Tensor, _ updates: Tensor, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let axis = axis < 0 ? axis + base.rank : axis
  return .apply(Scatter(axis: axis, .sum), [base, indices, updates], at: SourceLocation(file, line))
}
