import DescentIR

/// Hyperbolic sine.
package struct Sinh: UnaryPointwise {
  package init() {}
  package static let name = "sinh"
  package static let documentation = "y = (e^x - e^-x) / 2"
  package static let cost = 16
  package static func apply<T: Real>(_ x: T) -> T { T(Double.sinh(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("sinh", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * cosh(x[0])] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Sinh(), [.init(real, [3, 5])])] }
}

/// The hyperbolic sine of each element.
public func sinh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Sinh(), x, at: SourceLocation(file, line))
}
