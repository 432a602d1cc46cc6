import DescentIR

/// Cosine.
package struct Cos: UnaryPointwise {
  package init() {}
  package static let name = "cos"
  package static let documentation = "y = cos x"
  package static let cost = 12
  package static func apply<T: Real>(_ x: T) -> T { T.cos(x) }
  package static func element(_ x: Expression) -> Expression { .math("cos", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [-(dy * sin(x[0]))] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Cos(), [.init(real, [3, 5], -4...4)])] }
}

/// The cosine of each element, in radians.
public func cos(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Cos(), x, at: SourceLocation(file, line))
}
