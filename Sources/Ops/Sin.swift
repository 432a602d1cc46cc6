import DescentIR

/// Sine.
package struct Sin: UnaryPointwise {
  package init() {}
  package static let name = "sin"
  package static let documentation = "y = sin x"
  package static let cost = 12
  package static func apply<T: Real>(_ x: T) -> T { T.sin(x) }
  package static func element(_ x: Expression) -> Expression { .math("sin", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * cos(x[0])] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Sin(), [.init(real, [3, 5], -4...4)])] }
}

/// The sine of each element, in radians.
public func sin(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Sin(), x, at: SourceLocation(file, line))
}
