import DescentIR

/// Logical and.
package struct And: LogicalPointwise {
  package init() {}
  package static let name = "and"
  package static let documentation = "y = a and b"
  package static let operandCount = 2
  package static func apply(_ x: [Bool]) -> Bool { x[0] && x[1] }
  package static func element(_ x: [Expression]) -> Expression { .cast(.bool, .infix(.and, x[0], x[1])) }
}

extension Tensor {
  public static func .& (a: Tensor, b: Tensor) -> Tensor { pointwise(And(), a, b) }
}
