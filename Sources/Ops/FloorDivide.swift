import DescentIR

/// Quotient rounded down.
package struct FloorDivide: BinaryArithmetic {
  package init() {}
  package static let name = "floorDivide"
  package static let documentation = "y = the greatest whole number not above a / b; of integers a / 0 is 0"
  package static let cost = 10
  /// What the remainder leaves is a multiple of the divisor, up to rounding; so the quotient is the whole number nearest.
  package static func apply<T: Real>(_ a: T, _ b: T) -> T {
    let part = a.truncatingRemainder(dividingBy: b)
    let isBelow = part != 0 && (part < 0) != (b < 0)
    let quotient = (a - part) / b - (isBelow ? 1 : 0)
    if b == 0 { return a / b }
    return quotient == 0 ? T(signOf: a / b, magnitudeOf: 0) : quotient.rounded(.toNearestOrEven)
  }
  package static func apply(_ a: Int, _ b: Int) -> Int {
    if b == 0 { return 0 }
    let (quotient, part) = (
      a.dividedReportingOverflow(by: b).partialValue, a.remainderReportingOverflow(dividingBy: b).partialValue
    )
    return part != 0 && (part < 0) != (b < 0) ? quotient - 1 : quotient
  }
  package static func element(_ a: Expression, _ b: Expression) -> Expression {
    .whole("floor_divide", a, b, type: a.dtype)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [nil, nil] }
  /// Real quotients between two whole numbers, where the derivatives are 0.
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(FloorDivide(), [.init(real, [2, 3], 4.1...4.9), .init(real, [2, 3], 1.8...2)]),
      Sample(FloorDivide(), [.init(real, [5], 4.1...4.9), .init(real, [5], -2 ... -1.8)]),
    ]
      + [DType.i32, .i64, .u8].map {
        Sample(FloorDivide(), [.init($0, [6, 5], -20...20), .init($0, [6, 5], -3...3)])
      }
  }
}

/// The quotient of each two elements, rounded down, as `//` of Python: -7 by 2 gives -4. The type stays; an integer by 0 gives 0,
/// a real number by 0 what `/` gives. The derivatives are 0.
public func floorDivide(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(FloorDivide(), a, b, at: SourceLocation(file, line))
}

/// The quotient of each element and a number, rounded down.
public func floorDivide(
  _ a: Tensor, _ b: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise(FloorDivide(), a, b, at: SourceLocation(file, line))
}

/// The quotient of a number and each element, rounded down.
public func floorDivide(
  _ a: some TensorScalar, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise(FloorDivide(), a, b, at: SourceLocation(file, line))
}
