import DescentIR

/// Tangent.
package struct Tan: UnaryPointwise {
  package init() {}
  package static let name = "tan"
  package static let documentation = "y = tan x"
  package static let cost = 30
  package static func apply<T: Real>(_ x: T) -> T { T(Double.tan(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("tan", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * (1 + y * y)] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Tan(), [.init(real, [3, 5], -1.3...1.3)])] }
}

/// The tangent of each element.
public func tan(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Tan(), x, at: SourceLocation(file, line))
}
