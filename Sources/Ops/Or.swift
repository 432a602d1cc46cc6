import DescentIR

/// Logical or.
package struct Or: LogicalPointwise {
  package init() {}
  package static let name = "or"
  package static let documentation = "y = a or b"
  package static let operandCount = 2
  package static func apply(_ x: [Bool]) -> Bool { x[0] || x[1] }
  package static func element(_ x: [Expression]) -> Expression { .cast(.bool, .infix(.or, x[0], x[1])) }
}

extension Tensor {
  public static func .| (a: Tensor, b: Tensor) -> Tensor { pointwise(Or(), a, b) }
}
