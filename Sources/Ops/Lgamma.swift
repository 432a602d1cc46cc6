import DescentIR

/// Logarithm of the gamma function.
package struct Lgamma: UnaryPointwise {
  package init() {}
  package static let name = "lgamma"
  package static let documentation = "y = ln |Γ(x)|"
  package static let cost = 100
  package static func apply<T: Real>(_ x: T) -> T { T(Double.lgamma(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("lgamma", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * digamma(x[0])] }
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Lgamma(), [.init(real, [3, 5], 0.2...6)]), Sample(Lgamma(), [.init(real, [3, 5], -2.8 ... -2.2)])]
  }
}

/// ln |Γ(x)| of each element, ∞ at 0 and below it at the integers. Γ(n + 1) is n!.
public func lgamma(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Lgamma(), x, at: SourceLocation(file, line))
}
