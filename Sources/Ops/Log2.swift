import DescentIR

/// Logarithm to base 2.
package struct Log2: UnaryPointwise {
  package init() {}
  package static let name = "log2"
  package static let documentation = "y = log₂ x"
  package static let cost = 20
  package static func apply<T: Real>(_ x: T) -> T { T(Double.log2(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("log2", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy / x[0] * 1.4426950408889634] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Log2(), [.init(real, [3, 5], 0.2...3)])] }
}

/// The logarithm of each element to base 2, exact of powers of two; NaN below 0.
public func log2(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Log2(), x, at: SourceLocation(file, line))
}
