import DescentIR

/// Power of two.
package struct Exp2: UnaryPointwise {
  package init() {}
  package static let name = "exp2"
  package static let documentation = "y = 2^x"
  package static let cost = 10
  package static func apply<T: Real>(_ x: T) -> T { T(Double.exp2(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("exp2", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * (y * 0.6931471805599453)] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Exp2(), [.init(real, [3, 5])])] }
}

/// 2 to the power of each element, exact of whole numbers.
public func exp2(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Exp2(), x, at: SourceLocation(file, line))
}
