import DescentIR

/// Inverse hyperbolic tangent.
package struct Atanh: UnaryPointwise {
  package init() {}
  package static let name = "atanh"
  package static let documentation = "y = ln((1 + x) / (1 - x)) / 2, NaN outside -1...1"
  package static let cost = 30
  package static func apply<T: Real>(_ x: T) -> T { T(Double.atanh(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("atanh", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy / ((1 - x[0]) * (1 + x[0]))] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Atanh(), [.init(real, [3, 5], -0.9...0.9)])] }
}

/// The number whose hyperbolic tangent each element is; NaN outside -1...1.
public func atanh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Atanh(), x, at: SourceLocation(file, line))
}
