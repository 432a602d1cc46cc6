import DescentIR

/// Smooth maximum of a number and 0.
package struct Softplus: UnaryPointwise {
  package init() {}
  package static let name = "softplus"
  package static let documentation = "y = ln(1 + e^x)"
  package static let cost = 22
  /// The exponential is taken of a negative number alone, so it never overflows.
  package static func apply<T: Real>(_ x: T) -> T { (x > 0 ? x : 0) + T.log1p(T.exp(-Swift.abs(x))) }
  package static func element(_ x: Expression) -> Expression { .math("softplus", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * sigmoid(x[0])] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Softplus(), [.init(real, [3, 5], -4...4)])] }
}

/// ln(1 + e^x) of each element, without overflow; its derivative is the logistic function.
public func softplus(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Softplus(), x, at: SourceLocation(file, line))
}
