import DescentIR

/// Random numbers as a function of a key: the same key gives the same numbers.
package struct Random: Op {
  package var draw: RandomDraw
  package var dtype: DType
  package var shape: Shape

  package init(_ draw: RandomDraw, _ dtype: DType, _ shape: Shape) {
    self.draw = draw
    self.dtype = dtype
    self.shape = shape
  }
  package static let name = "random"
  package static let documentation =
    "y = numbers of Philox 4x32-10 under the key (seed, stream): 32 bits, uniform in [0, 1), or normal"
  package static let onnxName: String? = nil
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
    guard operands[0] == TensorType(.i64, [2]) else {
      throw DescentError(.type, "random takes a key i64[2] of seed and stream, not \(operands[0])")
    }
    guard draw == .bits ? dtype == .i32 : dtype.isFloating else {
      throw DescentError(
        .type, "random \(draw.rawValue) gives \(draw == .bits ? "i32" : "f32 or f64"), not \(dtype.name)")
    }
    return TensorType(dtype, shape)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [nil] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    let key = x[0].elements(Int64.self)
    let source = Philox(seed: key[0], stream: key[1])
    return switch (draw, dtype) {
    case (.bits, _): HostArray(shape, source.words(shape.count).map { Int32(bitPattern: $0) })
    case (.uniform, .f32): HostArray(shape, source.uniform24(shape.count))
    case (.uniform, _): HostArray(shape, source.uniform53(shape.count))
    case (.normal, .f32): HostArray(shape, source.normal24(shape.count).map { Float($0) })
    case (.normal, _): HostArray(shape, source.normal53(shape.count))
    }
  }
  /// A shared key gives the same numbers to each element of the batch; keys of their own are drawn from one by one.
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    guard batched[0], size > 0 else {
      return batchAll([.apply(self, [batched[0] ? filled(0, TensorType(.i64, [2])) : x[0]])], [false], size)[0]
    }
    return concatenate(
      (0..<size).map { i in
        let key = reshape(slice(x[0], start: [i, 0], limit: [i + 1, 2]), [2])
        return reshape(.apply(self, [key]), Shape([1] + shape.dimensions))
      })
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .random(draw) }
  package static func samples(_ real: DType) -> [Sample] {
    func sample(_ draw: RandomDraw, _ dtype: DType, _ shape: Shape) -> Sample {
      Sample(Random(draw, dtype, shape), [.init(.i64, [2], 0...1e6)])
    }
    return [
      sample(.bits, .i32, [3, 7]), sample(.uniform, real, [13]), sample(.uniform, real, [2, 4]),
      sample(.normal, real, [3, 5]), sample(.normal, real, [17]), sample(.uniform, real, []),
    ]
  }
}
