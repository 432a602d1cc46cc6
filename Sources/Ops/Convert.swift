import DescentIR

/// Conversion of the element type.
package struct Convert: Op {
  package var dtype: DType

  package init(_ dtype: DType) { self.dtype = dtype }
  package static let name = "convert"
  package static let documentation =
    "y = x as another type; a float is truncated and clamped (NaN is 0), an integer wraps, a bool is x != 0"
  package init(_ a: Attributes) throws { self.init(try a.dtype("dtype")) }
  package var attributes: Attributes { ["dtype": .dtype(dtype)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    return TensorType(dtype, operands[0].shape)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    [x[0].dtype.isFloating && dtype.isFloating ? convert(dy, to: x[0].dtype) : nil]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    func make<T: Element>(_: T.Type) -> HostArray {
      x[0].dtype.isFloating
        ? HostArray(type.shape, x[0].doubles.map { T(clamping: $0) })
        : HostArray(type.shape, x[0].ints.map { T(wrapping: $0) })
    }
    return dispatch(dtype) { make($0) }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor { .apply(self, x) }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .pointwise(PointwiseRule(cost: 1) { x, type in Self.element(x[0], type) })
  }
  /// A float outside an integer's range would be undefined behaviour, so a runtime function clamps it.
  package static func element(_ x: Expression, _ to: DType) -> Expression {
    switch (x.dtype, to) {
    case (let from, _) where from == to: x
    case (.bool, .u8): .cast(.u8, x)
    case (let from, .bool): .truth(.notEqual, x, .number(0, from))
    case (.f32, .i32), (.f32, .i64), (.f32, .u8), (.f64, .i32), (.f64, .i64), (.f64, .u8):
      .call(Intrinsic("dsc_convert_\(x.dtype.name)_\(to.name)", header: "descent_convert.h", to), [x])
    case (.i64, .i32): .cast(.i32, .unsigned(x))
    default: .cast(to, x)
    }
  }
  package static func samples(_ real: DType) -> [Sample] {
    let other: DType = real == .f32 ? .f64 : .f32
    let types: [DType] = [real, .i32, .i64, .u8, .bool]
    return [Sample(Convert(other), [.init(real, [3, 5])])]
      + types.map { Sample(Convert($0), [.init(real, [23], -300...300)]) }
      + [DType.i32, .i64, .u8].flatMap { from in
        types.filter { $0 != from }.map { Sample(Convert($0), [.init(from, [23], -300...300)]) }
      }
      + [
        Sample(Convert(.i32), [.init(.i64, [23], -5e9...5e9)]), Sample(Convert(.i32), [.init(real, [23], -5e9...5e9)]),
      ]
      + [real, .i32, .i64, .u8].map { Sample(Convert($0), [.init(.bool, [9])]) }
  }
}

/// `x` with another element type: a float becomes an integer by truncation toward zero, clamped to its range (NaN is
/// 0); integers wrap; a number becomes true where it is not 0.
public func convert(_ x: Tensor, to dtype: DType, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.dtype == dtype ? x : .apply(Convert(dtype), [x], at: SourceLocation(file, line))
}
