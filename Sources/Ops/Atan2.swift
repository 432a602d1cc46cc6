import DescentIR

/// Angle of a point in the plane.
package struct Atan2: BinaryPointwise {
  package init() {}
  package static let name = "atan2"
  package static let documentation = "θ = the angle of the point (x, y) from the x axis, in -π...π"
  package static let cost = 18
  package static func apply<T: Real>(_ y: T, _ x: T) -> T { T(Double.atan2(Double(y), Double(x))) }
  package static func element(_ y: Expression, _ x: Expression) -> Expression {
    .math("atan2", y, x, type: y.dtype)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    // x / r² and -y / r², without squares that overflow.
    let r = hypot(x[0], x[1])
    return [dy * (x[1] / r / r), -(dy * (x[0] / r / r))]
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Atan2(), [.init(real, [3, 5]), .init(real, [3, 5], 0.1...2)]),
      Sample(Atan2(), [.init(real, [7], 0.2...2), .init(real, [7])]),
    ]
  }
}

/// The angle of the point (x, y) from the x axis, in -π...π, of each two elements, broadcast; zeros and infinities as in C. The
/// derivatives at the origin are NaN.
public func atan2(_ y: Tensor, _ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Atan2(), y, x, at: SourceLocation(file, line))
}

/// The angle of the point (x, y) for a number x.
public func atan2(
  _ y: Tensor, _ x: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise(Atan2(), y, x, at: SourceLocation(file, line))
}

/// The angle of the point (x, y) for a number y.
public func atan2(
  _ y: some TensorScalar, _ x: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise(Atan2(), y, x, at: SourceLocation(file, line))
}
