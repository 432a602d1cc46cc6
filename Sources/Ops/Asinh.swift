import DescentIR

/// Inverse hyperbolic sine.
package struct Asinh: UnaryPointwise {
  package init() {}
  package static let name = "asinh"
  package static let documentation = "y = ln(x + √(x² + 1))"
  package static let cost = 30
  package static func apply<T: Real>(_ x: T) -> T { T(Double.asinh(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("asinh", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy / hypot(x[0], 1)] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Asinh(), [.init(real, [3, 5])])] }
}

/// The number whose hyperbolic sine each element is.
public func asinh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Asinh(), x, at: SourceLocation(file, line))
}
