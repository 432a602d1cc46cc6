import DescentIR

/// Inverse tangent.
package struct Atan: UnaryPointwise {
  package init() {}
  package static let name = "atan"
  package static let documentation = "y = atan x"
  package static let cost = 14
  package static func apply<T: Real>(_ x: T) -> T { T(Double.atan(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("atan", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    // 1 / (1 + x²), without a square that overflows.
    let r = hypot(x[0], 1)
    return [dy / r / r]
  }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Atan(), [.init(real, [3, 5])])] }
}

/// The angle in -π/2...π/2 whose tangent each element is.
public func atan(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Atan(), x, at: SourceLocation(file, line))
}
