import DescentIR

/// Inverse cosine.
package struct Acos: UnaryPointwise {
  package init() {}
  package static let name = "acos"
  package static let documentation = "y = acos x, NaN outside -1...1"
  package static let cost = 12
  package static func apply<T: Real>(_ x: T) -> T { T(Double.acos(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("acos", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [-(dy / sqrt((1 - x[0]) * (1 + x[0])))] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Acos(), [.init(real, [3, 5], -0.9...0.9)])] }
}

/// The angle in 0...π whose cosine each element is; NaN outside -1...1.
public func acos(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Acos(), x, at: SourceLocation(file, line))
}
