import DescentIR

/// Hyperbolic cosine.
package struct Cosh: UnaryPointwise {
  package init() {}
  package static let name = "cosh"
  package static let documentation = "y = (e^x + e^-x) / 2"
  package static let cost = 14
  package static func apply<T: Real>(_ x: T) -> T { T(Double.cosh(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("cosh", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * sinh(x[0])] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Cosh(), [.init(real, [3, 5])])] }
}

/// The hyperbolic cosine of each element.
public func cosh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Cosh(), x, at: SourceLocation(file, line))
}
