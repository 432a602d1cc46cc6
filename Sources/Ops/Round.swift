import DescentIR

/// Rounding to the nearest integer.
package struct Round: UnaryPointwise {
  package init() {}
  package static let name = "round"
  package static let documentation = "y = the integer nearest to x, the even one of two"
  package static let cost = 1
  package static func apply<T: Real>(_ x: T) -> T { x.rounded(.toNearestOrEven) }
  package static func element(_ x: Expression) -> Expression { .math("round", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [nil] }
  /// Between two halves, where the derivative is 0.
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Round(), [.init(real, [3, 5], 0.6...1.4)]), Sample(Round(), [.init(real, [7], -2.4 ... -1.6)])]
  }
}

/// Each element rounded to the nearest integer, halves to the even one; the derivative is 0.
public func round(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.dtype.isInteger ? x : pointwise(Round(), x, at: SourceLocation(file, line))
}
