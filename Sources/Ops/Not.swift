import DescentIR

/// Logical negation.
package struct Not: LogicalPointwise {
  package init() {}
  package static let name = "not"
  package static let documentation = "y = not x"
  package static let operandCount = 1
  package static func apply(_ x: [Bool]) -> Bool { !x[0] }
  package static func element(_ x: [Expression]) -> Expression { .cast(.bool, .infix(.xor, x[0], .number(1, .bool))) }
}

extension Tensor {
  public static prefix func .! (a: Tensor) -> Tensor { .apply(Not(), [a]) }
}
