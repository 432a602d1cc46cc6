import DescentIR

/// Derivative of the logarithm of the gamma function.
package struct Digamma: UnaryPointwise {
  package init() {}
  package static let name = "digamma"
  package static let documentation = "y = Γ'(x) / Γ(x)"
  package static let cost = 90
  package static func apply<T: Real>(_ x: T) -> T { T(Double.digamma(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("digamma", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * trigamma(x[0])] }
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Digamma(), [.init(real, [3, 5], 0.2...6)]), Sample(Digamma(), [.init(real, [3, 5], -2.8 ... -2.2)])]
  }
}

/// Γ'(x) / Γ(x) of each element, the derivative of `lgamma`; NaN at the integers below 0, and of the sign of -x infinite at ±0.
public func digamma(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Digamma(), x, at: SourceLocation(file, line))
}
