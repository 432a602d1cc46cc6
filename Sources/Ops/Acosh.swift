import DescentIR

/// Inverse hyperbolic cosine.
package struct Acosh: UnaryPointwise {
  package init() {}
  package static let name = "acosh"
  package static let documentation = "y = ln(x + √(x² - 1)), NaN below 1"
  package static let cost = 30
  package static func apply<T: Real>(_ x: T) -> T { T(Double.acosh(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("acosh", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy / (sqrt(x[0] - 1) * sqrt(x[0] + 1))] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Acosh(), [.init(real, [3, 5], 1.2...3)])] }
}

/// The number, not below 0, whose hyperbolic cosine each element is; NaN below 1.
public func acosh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Acosh(), x, at: SourceLocation(file, line))
}
