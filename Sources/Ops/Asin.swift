import DescentIR

/// Inverse sine.
package struct Asin: UnaryPointwise {
  package init() {}
  package static let name = "asin"
  package static let documentation = "y = asin x, NaN outside -1...1"
  package static let cost = 12
  package static func apply<T: Real>(_ x: T) -> T { T(Double.asin(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("asin", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy / sqrt((1 - x[0]) * (1 + x[0]))] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Asin(), [.init(real, [3, 5], -0.9...0.9)])] }
}

/// The angle in -π/2...π/2 whose sine each element is; NaN outside -1...1.
public func asin(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Asin(), x, at: SourceLocation(file, line))
}
