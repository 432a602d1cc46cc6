import DescentIR

/// Logarithm to base 10.
package struct Log10: UnaryPointwise {
  package init() {}
  package static let name = "log10"
  package static let documentation = "y = log₁₀ x"
  package static let cost = 20
  package static func apply<T: Real>(_ x: T) -> T { T(Double.log10(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("log10", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy / x[0] * 0.4342944819032518] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Log10(), [.init(real, [3, 5], 0.2...3)])] }
}

/// The logarithm of each element to base 10; NaN below 0.
public func log10(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Log10(), x, at: SourceLocation(file, line))
}
