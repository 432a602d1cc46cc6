import DescentIR

/// Tensors one after another along an axis.
package struct Concatenate: Op {
  package var axis: Int

  package init(axis: Int) { self.axis = axis }
  package static let name = "concatenate"
  package static let documentation = "the operands one after another along the axis"
  package init(_ a: Attributes) throws { self.init(axis: try a.int("axis")) }
  package var attributes: Attributes { ["axis": .int(axis)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    guard let first = operands.first else { throw DescentError(.type, "concatenate of no tensors") }
    try expectAxes([axis], rank: first.shape.rank)
    for operand in operands
    where operand.dtype != first.dtype || operand.shape.rank != first.shape.rank
      || operand.shape.removing([axis]) != first.shape.removing([axis])
    {
      throw DescentError(.type, "concatenate along axis \(axis) of \(first) and \(operand): all else must be equal")
    }
    var shape = first.shape
    shape.dimensions[axis] = operands.reduce(0) { $0.plus($1.shape[axis]) }
    return TensorType(first.dtype, shape)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    var position = 0
    return x.map { operand in
      var (start, limit) = ([Int](repeating: 0, count: dy.rank), dy.shape.dimensions)
      start[axis] = position
      position += operand.shape[axis]
      limit[axis] = position
      return slice(dy, start: start, limit: limit)
    }
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    let rows = type.shape.dimensions[..<axis].reduce(1, *)
    func make<T: Element>(_: T.Type) -> HostArray {
      let operands = x.map { $0.elements(T.self) }
      var values: [T] = []
      values.reserveCapacity(type.shape.count)
      for row in 0..<rows {
        for operand in operands {
          let width = operand.count / rows
          values += operand[row * width..<(row + 1) * width]
        }
      }
      return HostArray(type.shape, values)
    }
    return dispatch(type.dtype) { make($0) }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(Concatenate(axis: axis + 1), batchAll(x, batched, size))
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .concatenate(axis: axis) }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Concatenate(axis: 0), [.init(real, [2, 3]), .init(real, [1, 3])]),
      Sample(Concatenate(axis: 1), [.init(real, [2, 1, 3]), .init(real, [2, 4, 3]), .init(real, [2, 0, 3])]),
      Sample(Concatenate(axis: 0), [.init(real, [5])]),
      Sample(Concatenate(axis: 1), [.init(.i32, [3, 2]), .init(.i32, [3, 3])]),
    ]
  }
}

/// The tensors one after another along `axis`, in the type in which they meet; their shapes agree but for it.
public func concatenate(
  _ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let axis = axis < 0 ? axis + (tensors.first?.rank ?? 0) : axis
  let at = SourceLocation(file, line)
  return .apply(Concatenate(axis: axis), joined(tensors, at: at), at: at)
}
