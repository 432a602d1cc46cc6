import DescentIR

/// Logistic function.
package struct Sigmoid: UnaryPointwise {
  package init() {}
  package static let name = "sigmoid"
  package static let documentation = "y = 1 / (1 + e^-x)"
  package static let cost = 12
  /// The exponential is taken of a negative number alone, so it never overflows.
  package static func apply<T: Real>(_ x: T) -> T {
    let e = T.exp(-Swift.abs(x))
    return x >= 0 ? 1 / (1 + e) : e / (1 + e)
  }
  package static func element(_ x: Expression) -> Expression { .math("sigmoid", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * (y * (1 - y))] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Sigmoid(), [.init(real, [3, 5], -4...4)])] }
}

/// The logistic function of each element, 1 / (1 + e^-x).
public func sigmoid(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Sigmoid(), x, at: SourceLocation(file, line))
}
