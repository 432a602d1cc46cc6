import DescentIR

/// What a quotient rounded down leaves.
package struct Remainder: BinaryArithmetic {
  package init() {}
  package static let name = "remainder"
  package static let documentation =
    "y = a - b floorDivide(a, b), exactly, with the sign of b; of integers a and 0 it is 0"
  package static let cost = 10
  package static func apply<T: Real>(_ a: T, _ b: T) -> T {
    let part = a.truncatingRemainder(dividingBy: b)
    if part == 0 { return T(signOf: b, magnitudeOf: 0) }
    return (part < 0) != (b < 0) ? part + b : part
  }
  package static func apply(_ a: Int, _ b: Int) -> Int {
    if b == 0 { return 0 }
    let part = a.remainderReportingOverflow(dividingBy: b).partialValue
    return part != 0 && (part < 0) != (b < 0) ? part + b : part
  }
  package static func element(_ a: Expression, _ b: Expression) -> Expression {
    .whole("remainder", a, b, type: a.dtype)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy, -(dy * floorDivide(x[0], x[1]))] }
  /// Real quotients between two whole numbers, where there are derivatives.
  package static func samples(_ real: DType) -> [Sample] {
    FloorDivide.samples(real).map { Sample(Remainder(), $0.operands) }
  }
}

/// What the quotient of each two elements, rounded down, leaves, as `%` of Python: it has the sign of `b`, so -7 and 2 give 1. The
/// type stays; an integer and 0 give 0, a real number and 0 NaN. The derivatives are 1 and -floorDivide(a, b).
public func remainder(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Remainder(), a, b, at: SourceLocation(file, line))
}

/// What the quotient of each element and a number leaves.
public func remainder(
  _ a: Tensor, _ b: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise(Remainder(), a, b, at: SourceLocation(file, line))
}

/// What the quotient of a number and each element leaves.
public func remainder(
  _ a: some TensorScalar, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise(Remainder(), a, b, at: SourceLocation(file, line))
}
