import DescentIR

/// Hyperbolic tangent.
package struct Tanh: UnaryPointwise {
  package init() {}
  package static let name = "tanh"
  package static let documentation = "y = (e^x - e^-x) / (e^x + e^-x)"
  package static let cost = 12
  package static func apply<T: Real>(_ x: T) -> T { T.tanh(x) }
  package static func element(_ x: Expression) -> Expression { .math("tanh", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * (1 - y * y)] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Tanh(), [.init(real, [3, 5])])] }
}

/// The hyperbolic tangent of each element.
public func tanh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Tanh(), x, at: SourceLocation(file, line))
}
