import DescentIR

/// Random numbers as a function of a key: the same key gives the same numbers. Of an array of keys each gives its own.
package struct Random: Op {
  package var draw: RandomDraw
  package var dtype: DType
  /// What one key gives.
  package var shape: Shape

  package init(_ draw: RandomDraw, _ dtype: DType, _ shape: Shape) {
    self.draw = draw
    self.dtype = dtype
    self.shape = shape
  }
  package static let name = "random"
  package static let documentation =
    "y = numbers of Philox 4x32-10 under the key (seed, stream): 32 bits, uniform in [0, 1), or normal"
  package init(_ a: Attributes) throws {
    let name = try a.string("draw")
    guard let draw = RandomDraw(rawValue: name) else { throw DescentError(.verification, "there is no draw '\(name)'") }
    self.init(draw, try a.dtype("dtype"), Shape(try a.ints("shape")))
  }
  package var attributes: Attributes {
    ["draw": .string(draw.rawValue), "dtype": .dtype(dtype), "shape": .ints(shape.dimensions)]
  }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    guard operands[0].dtype == .i64, operands[0].shape.rank > 0, operands[0].shape[-1] == 2 else {
      throw DescentError(.type, "random takes keys i64[..., 2] of seed and stream, not \(operands[0])")
    }
    guard draw == .bits ? dtype == .i32 : dtype.isFloating else {
      throw DescentError(
        .type, "random \(draw.rawValue) gives \(draw == .bits ? "i32" : "f32 or f64"), not \(dtype.name)")
    }
    return TensorType(dtype, Shape(operands[0].shape.dimensions.dropLast() + shape.dimensions))
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [nil] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    let keys = x[0].elements(Int64.self)
    let sources = stride(from: 0, to: keys.count, by: 2).map { Philox(seed: keys[$0], stream: keys[$0 + 1]) }
    func all<T: Element>(_ numbers: (Philox) -> [T]) -> HostArray { HostArray(type.shape, sources.flatMap(numbers)) }
    return switch (draw, dtype) {
    case (.bits, _): all { $0.words(shape.count).map { Int32(bitPattern: $0) } }
    case (.uniform, .f32): all { $0.uniform24(shape.count) }
    case (.uniform, _): all { $0.uniform53(shape.count) }
    case (.normal, .f32): all { $0.normal24(shape.count).map { Float($0) } }
    case (.normal, _): all { $0.normal53(shape.count) }
    }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor { .apply(self, x) }
  package func lowering(_ operands: [TensorType]) -> Lowering { .random(draw) }
  package static func samples(_ real: DType) -> [Sample] {
    func sample(_ draw: RandomDraw, _ dtype: DType, _ shape: Shape) -> Sample {
      Sample(Random(draw, dtype, shape), [.init(.i64, [2], 0...1e6)])
    }
    return [
      sample(.bits, .i32, [3, 7]), sample(.uniform, real, [13]), sample(.uniform, real, [2, 4]),
      sample(.normal, real, [3, 5]), sample(.normal, real, [17]), sample(.uniform, real, []),
      Sample(Random(.normal, real, [5]), [.init(.i64, [2, 3, 2], 0...1e6)]),
    ]
  }
}
