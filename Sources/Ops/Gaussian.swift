import DescentIR

/// The bell curve, without a factor.
package struct Gaussian: UnaryPointwise {
  package init() {}
  package static let name = "gaussian"
  package static let documentation = "y = e^(-x²/2)"
  package static let cost = 12
  package static func apply<T: Real>(_ x: T) -> T { T.gaussian(x) }
  package static func element(_ x: Expression) -> Expression { .math("gaussian", x, type: x.dtype) }
  /// Far out y is 0, and so is x y.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [-(dy * weigh(y, x[0]))] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Gaussian(), [.init(real, [3, 5])])] }
}

/// e^(-x²/2) of each element, to the last digits: x² is not rounded first.
package func gaussian(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Gaussian(), x, at: SourceLocation(file, line))
}
