import DescentIR

/// Square root.
package struct Sqrt: UnaryPointwise {
  package init() {}
  package static let name = "sqrt"
  package static let documentation = "y = √x"
  package static let cost = 4
  package static func apply<T: Real>(_ x: T) -> T { x.squareRoot() }
  package static func element(_ x: Expression) -> Expression {
    .call(Intrinsic(x.dtype == .f32 ? "sqrtf" : "sqrt", x.dtype), [x])
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * 0.5 / y] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Sqrt(), [.init(real, [3, 5], 0.3...3)])] }
}

/// The square root of each element; NaN below 0.
public func sqrt(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Sqrt(), x, at: SourceLocation(file, line))
}
