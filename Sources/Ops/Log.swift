import DescentIR

/// Natural logarithm.
package struct Log: UnaryPointwise {
  package init() {}
  package static let name = "log"
  package static let documentation = "y = ln x"
  package static let cost = 10
  package static func apply<T: Real>(_ x: T) -> T { T.log(x) }
  package static func element(_ x: Expression) -> Expression { .math("log", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy / x[0]] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Log(), [.init(real, [3, 5], 0.2...3)])] }
}

/// The natural logarithm of each element; NaN below 0.
public func log(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Log(), x, at: SourceLocation(file, line))
}
