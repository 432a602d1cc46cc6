import DescentIR

/// Power of numbers.
package struct Power: AttributeFreeOp {
  package init() {}
  package static let name = "power"
  package static let documentation =
    "y = a^b as pow of the C library; NaN where a < 0 and b is not an integer; of integers truncated toward zero, and 0 for 0^b with b < 0"

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectSameType(operands, count: 2)
    try expectNumbers(operands[0])
    return operands[0]
  }
  /// Both sides stay finite where their limits are: da where b = 0, and db where a <= 0 or y = 0, are 0.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let (a, b) = (x[0], x[1])
    let base = `where`(b .== 0, 1, a)
    let logarithm = log(`where`(a .> 0, a, 1))
    return [dy * (b * power(base, b - 1)), dy * `where`(a .> 0, weigh(y, logarithm), 0)]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    switch (x[0].storage, x[1].storage) {
    case (.f32(let a), .f32(let b)): HostArray(type.shape, zip(a, b).map { Float.pow($0, $1) })
    case (.f64(let a), .f64(let b)): HostArray(type.shape, zip(a, b).map { Double.pow($0, $1) })
    case (.i32(let a), .i32(let b)): Self.integers(a, b, type)
    case (.i64(let a), .i64(let b)): Self.integers(a, b, type)
    case (.u8(let a), .u8(let b)): Self.integers(a, b, type)
    default: preconditionFailure("power of \(x[0].type) and \(x[1].type)")
    }
  }
  private static func integers<T: Element & FixedWidthInteger>(_ a: [T], _ b: [T], _ type: TensorType) -> HostArray {
    HostArray(type.shape, zip(a, b).map { T(wrapping: whole($0.asInt, $1.asInt)) })
  }
  /// By repeated squares, wrapping.
  package static func whole(_ a: Int, _ b: Int) -> Int {
    if b < 0 { return a == 1 || (a == -1 && b % 2 == 0) ? 1 : a == -1 ? -1 : 0 }
    var (result, square, rest) = (1, a, b)
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(self, batchAll(x, batched, size))
  }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .pointwise(
      PointwiseRule(cost: 25) { x, type in
        type.isFloating ? .math("pow", x[0], x[1], type: type) : .whole("pow", x[0], x[1], type: type)
      })
  }
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Power(), [.init(real, [2, 3], 0.3...2), .init(real, [2, 3])])]
      + [DType.i32, .i64, .u8].map { Sample(Power(), [.init($0, [4, 5], -5...5), .init($0, [4, 5], -3...9)]) }
  }
}

/// Each element of `a` to the power of that of `b`, broadcast; NaN where a < 0 and b is not an integer. Integers to the power of
/// integers are integers: they wrap, and what is below 1 is 0.
public func power(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Power(), a, b, at: SourceLocation(file, line))
}

/// Each element to the power `b`.
public func power(_ a: Tensor, _ b: some TensorScalar, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  if case .integer(let n) = b.number, n < 0, !a.dtype.isFloating {
    let message =
      "power of \(a.type) and \(n): integers to a negative power are fractions; write \(n).0 for real numbers"
    return .fail(message, a, at: SourceLocation(file, line))
  }
  return pointwise(Power(), a, b, at: SourceLocation(file, line))
}

/// The number `a` to the power of each element.
public func power(_ a: some TensorScalar, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Power(), a, b, at: SourceLocation(file, line))
}
