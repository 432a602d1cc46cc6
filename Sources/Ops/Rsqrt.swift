import DescentIR

/// Reciprocal of the square root.
package struct Rsqrt: UnaryPointwise {
  package init() {}
  package static let name = "rsqrt"
  package static let documentation = "y = x^(-1/2)"
  package static let cost = 4
  package static func apply<T: Real>(_ x: T) -> T { 1 / x.squareRoot() }
  package static func element(_ x: Expression) -> Expression { .math("rsqrt", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * (-0.5 * (y * y * y))] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Rsqrt(), [.init(real, [3, 5], 0.3...3)])] }
}

/// One over the square root of each element.
public func rsqrt(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Rsqrt(), x, at: SourceLocation(file, line))
}
