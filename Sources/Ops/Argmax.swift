import DescentIR

/// The index of the greatest element along an axis.
package struct Argmax: Op {
  package var axis: Int

  package init(axis: Int) { self.axis = axis }
  package static let name = "argmax"
  package static let documentation =
    "y = the index (i32) of the first greatest x along the axis; NaN counts as greatest"
  package init(_ a: Attributes) throws { self.init(axis: try a.int("axis")) }
  package var attributes: Attributes { ["axis": .int(axis)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    try expectAxes([axis], rank: operands[0].shape.rank)
    guard operands[0].dtype != .bool else {
      throw DescentError(.type, "argmax is not defined on bool; convert it first")
    }
    guard operands[0].shape[axis] > 0 else {
      throw DescentError(.type, "argmax along axis \(axis) of \(operands[0].shape), which has no elements there")
    }
    return TensorType(.i32, operands[0].shape.removing([axis]))
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [nil] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    x[0].dtype.isFloating
      ? search(x[0].doubles, x[0].shape, type) { $0 > $1 || ($0.isNaN && !$1.isNaN) }
      : search(x[0].ints, x[0].shape, type) { $0 > $1 }
  }
  private func search<T>(_ x: [T], _ shape: Shape, _ type: TensorType, above: (T, T) -> Bool) -> HostArray {
    let (size, inner) = (shape[axis], shape.strides[axis])
    return HostArray(
      type.shape,
      (0..<type.shape.count).map { i -> Int32 in
        let base = i / inner * inner * size + i % inner
        var best = 0
        for k in 1..<Swift.max(size, 1) where above(x[base + k * inner], x[base + best * inner]) { best = k }
        return Int32(best)
      })
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor { .apply(Argmax(axis: axis + 1), x) }
  package func lowering(_ operands: [TensorType]) -> Lowering { .argmax(axis: axis) }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Argmax(axis: 0), [.init(real, [7])]),
      Sample(Argmax(axis: 1), [.init(real, [3, 5])]),
      Sample(Argmax(axis: 1), [.init(real, [2, 4, 3])]),
      Sample(Argmax(axis: 0), [.init(.i32, [9, 2])]),
      Sample(Argmax(axis: 0), [.init(.i64, [9, 2])]),
      Sample(Argmax(axis: 1), [.init(.u8, [2, 9], 0...3)]),
    ]
  }
}

/// The index (i32) of the first greatest element along `axis`, which vanishes; NaN counts as greatest.
public func argmax(_ x: Tensor, axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let at = SourceLocation(file, line)
  let numbers = x.dtype == .bool ? converted(x, to: .u8, at: at) : x
  return .apply(Argmax(axis: axis < 0 ? axis + x.rank : axis), [numbers], at: at)
}
