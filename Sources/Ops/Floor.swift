import DescentIR

/// Rounding down.
package struct Floor: UnaryPointwise {
  package init() {}
  package static let name = "floor"
  package static let documentation = "y = the greatest integer not above x"
  package static let cost = 1
  package static func apply<T: Real>(_ x: T) -> T { x.rounded(.down) }
  package static func element(_ x: Expression) -> Expression { .math("floor", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [nil] }
  /// Between two integers, where the derivative is 0.
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Floor(), [.init(real, [3, 5], 1.1...1.9)]), Sample(Floor(), [.init(real, [7], -2.9 ... -2.1)])]
  }
}

/// Each element rounded down; the derivative is 0.
public func floor(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.dtype.isInteger ? x : pointwise(Floor(), x, at: SourceLocation(file, line))
}
