import DescentIR

/// The operand padded with one value.
package struct Pad: Op {
  /// Cells before the operand, after it, and between neighbours, per axis.
  package var low: [Int]
  package var high: [Int]
  package var interior: [Int]

  package init(low: [Int], high: [Int], interior: [Int]) {
    self.low = low
    self.high = high
    self.interior = interior
  }
  package static let name = "pad"
  package static let documentation = "y[low + i (interior + 1)] = x[i], and v elsewhere"
  package init(_ a: Attributes) throws {
    self.init(low: try a.ints("low"), high: try a.ints("high"), interior: try a.ints("interior"))
  }
  package var attributes: Attributes { ["low": .ints(low), "high": .ints(high), "interior": .ints(interior)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 2)
    let (x, value) = (operands[0], operands[1])
    guard value == TensorType(x.dtype, []) else {
      throw DescentError(.type, "pad takes a scalar of type \(x.dtype.name) as its value, not \(value)")
    }
    guard [low, high, interior].allSatisfy({ $0.count == x.shape.rank && $0.allSatisfy { $0 >= 0 } }) else {
      throw DescentError(
        .type,
        "pad of \(x.shape) by \(low) before, \(high) after and \(interior) between:"
          + " each needs \(x.shape.rank) numbers, none negative")
    }
    return TensorType(x.dtype, Shape(low.indices.map { low[$0].plus(span(x.shape)[$0]).plus(high[$0]) }))
  }
  /// The extent of the spread operand along each axis.
  private func span(_ shape: Shape) -> [Int] {
    zip(shape.dimensions, interior).map { $0 == 0 ? 0 : ($0 - 1).times($1.plus(1)).plus(1) }
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let limit = zip(low, span(x[0].shape)).map { $0 + $1 }
    let dx = Tensor.apply(Slice(start: low, limit: limit, step: interior.map { $0 + 1 }), [dy])
    return [dx, sum(`where`(padding(x[0].shape), dy, 0))]
  }
  /// True where the result holds the value and not the operand.
  private func padding(_ shape: Shape) -> Tensor {
    .apply(self, [filled(0, TensorType(.bool, shape)), scalar(1, .bool)])
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    let (strides, spacing) = (type.shape.strides, interior.map { $0 + 1 })
    func make<T: Element>(_: T.Type) -> HostArray {
      var values = [T](repeating: x[1].elements(T.self)[0], count: type.shape.count)
      var source = x[0].elements(T.self).makeIterator()
      x[0].shape.forEachIndex { index in
        let target = index.indices.reduce(0) { $0 + (low[$1] + index[$1] * spacing[$1]) * strides[$1] }
        values[target] = source.next()!
      }
      return HostArray(type.shape, values)
    }
    return dispatch(type.dtype) { make($0) }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    let operand = batchAll([x[0]], [batched[0]], size)[0]
    let wide = Pad(low: [0] + low, high: [0] + high, interior: [0] + interior)
    guard batched[1] else { return .apply(wide, [operand, x[1]]) }
    // A value of its own for each element of the batch: lay it over the padding.
    let padded = Tensor.apply(wide, [operand, scalar(0, operand.dtype)])
    let padding = padding(Shape(Array(operand.shape.dimensions.dropFirst())))
    return `where`(padding, .apply(Broadcast(shape: padded.shape, axes: [0]), [x[1]]), padded)
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .pad(low: low, interior: interior) }
  package static func samples(_ real: DType) -> [Sample] {
    func sample(_ dtype: DType, _ shape: Shape, _ low: [Int], _ high: [Int], _ interior: [Int]) -> Sample {
      Sample(Pad(low: low, high: high, interior: interior), [.init(dtype, shape), .init(dtype, [])])
    }
    return [
      sample(real, [2, 3], [1, 0], [0, 2], [0, 0]),
      sample(real, [3, 2], [1, 2], [2, 1], [2, 1]),
      sample(real, [1, 5], [0, 0], [0, 0], [4, 1]),
      sample(real, [0, 2], [1, 1], [2, 0], [1, 1]),
      sample(.i32, [4], [2], [1], [1]),
      sample(.bool, [4], [2], [1], [0]),
    ]
  }
}

/// `x` with elements of `value` added along each axis: `low` before, `high` after, `interior` between neighbours.
public func pad(
  _ x: Tensor, low: [Int], high: [Int], interior: [Int]? = nil, value: some TensorScalar = 0,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let pad = Pad(low: low, high: high, interior: interior ?? low.map { _ in 0 })
  let (x, value) = joined(x, value, at: SourceLocation(file, line))
  return .apply(pad, [x, value], at: SourceLocation(file, line))
}
