import DescentIR

/// Logarithm of one more, exact near 0.
package struct Log1p: UnaryPointwise {
  package init() {}
  package static let name = "log1p"
  package static let documentation = "y = ln(1 + x)"
  package static let cost = 12
  package static func apply<T: Real>(_ x: T) -> T { T.log1p(x) }
  package static func element(_ x: Expression) -> Expression { .math("log1p", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy / (x[0] + 1)] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Log1p(), [.init(real, [3, 5], -0.7...3)])] }
}

/// ln(1 + x) of each element, exact near 0.
public func log1p(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Log1p(), x, at: SourceLocation(file, line))
}
