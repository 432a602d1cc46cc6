import DescentIR

/// Exponential less one, exact near 0.
package struct Expm1: UnaryPointwise {
  package init() {}
  package static let name = "expm1"
  package static let documentation = "y = e^x - 1"
  package static let cost = 12
  package static func apply<T: Real>(_ x: T) -> T { T.expm1(x) }
  package static func element(_ x: Expression) -> Expression { .math("expm1", x, type: x.dtype) }
  /// Not y + 1, which has lost e^x where that is small.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * exp(x[0])] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Expm1(), [.init(real, [3, 5])])] }
}

/// e^x - 1 of each element, exact near 0.
public func expm1(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Expm1(), x, at: SourceLocation(file, line))
}
