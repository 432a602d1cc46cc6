import DescentIR

/// Exponential.
package struct Exp: UnaryPointwise {
  package init() {}
  package static let name = "exp"
  package static let documentation = "y = e^x"
  package static let cost = 10
  package static func apply<T: Real>(_ x: T) -> T { T.exp(x) }
  package static func element(_ x: Expression) -> Expression { .math("exp", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * y] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Exp(), [.init(real, [3, 5])])] }
}

/// The exponential of each element, e^x.
public func exp(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Exp(), x, at: SourceLocation(file, line))
}
