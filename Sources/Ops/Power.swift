import DescentIR

/// Power of floating-point numbers.
package struct Power: AttributeFreeOp {
  package init() {}
  package static let name = "power"
  package static let documentation = "y = a^b as pow of the C library; NaN where a < 0 and b is no integer"
  package static let onnxName: String? = "Pow"

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectFloating(operands, count: 2)
    try expectSameType(operands, count: 2)
    return operands[0]
  }
  /// Both sides stay finite where their limits are: da at a = b = 0, and db where a <= 0, are 0.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let (a, b) = (x[0], x[1])
    let base = `where`((a .== 0) .& (b .== 0), 1, a)
    let logarithm = log(`where`(a .> 0, a, 1))
    return [dy * (b * power(base, b - 1)), dy * `where`(a .> 0, y * logarithm, 0)]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    switch (x[0].storage, x[1].storage) {
    case (.f32(let a), .f32(let b)): HostArray(type.shape, zip(a, b).map { Float.pow($0, $1) })
    case (.f64(let a), .f64(let b)): HostArray(type.shape, zip(a, b).map { Double.pow($0, $1) })
    default: preconditionFailure("power of \(x[0].type) and \(x[1].type)")
    }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(self, batchAll(x, batched, size))
  }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .pointwise(PointwiseRule(cost: 25) { x, _, type in "dsc_pow_\(type.name)(\(x[0]), \(x[1]))" })
  }
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Power(), [.init(real, [2, 3], 0.3...2), .init(real, [2, 3])])]
  }
}

/// Each element of `a` to the power of that of `b`, broadcast; NaN where a < 0 and b is no integer.
public func power(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Power(), a, b, at: SourceLocation(file, line))
}

/// Each element to the power `b`.
public func power(_ a: Tensor, _ b: some TensorScalar, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Power(), a, filled(b.scalarValue, a.type), at: SourceLocation(file, line))
}

/// The number `a` to the power of each element.
public func power(_ a: some TensorScalar, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Power(), filled(a.scalarValue, b.type), b, at: SourceLocation(file, line))
}
