import DescentIR

/// Cube root.
package struct Cbrt: UnaryPointwise {
  package init() {}
  package static let name = "cbrt"
  package static let documentation = "y = ∛x, with the sign of x"
  package static let cost = 16
  package static func apply<T: Real>(_ x: T) -> T { T(Double.cbrt(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("cbrt", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy / (y * y * 3)] }
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Cbrt(), [.init(real, [3, 5], 0.2...3)]), Sample(Cbrt(), [.init(real, [3, 5], -3 ... -0.2)])]
  }
}

/// The cube root of each element, which has its sign.
public func cbrt(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Cbrt(), x, at: SourceLocation(file, line))
}
