import DescentIR

/// Change of sign; integers wrap, so that the least one, and any of u8 but 0, stays on its side of 0.
package struct Negate: UnaryArithmetic {
  package init() {}
  package static let name = "negate"
  package static let documentation = "y = -x"
  package static let cost = 1
  package static func apply<T: Real>(_ x: T) -> T { -x }
  package static func apply(_ x: Int) -> Int { 0 &- x }
  package static func element(_ x: Expression) -> Expression {
    x.dtype.isFloating ? .negated(x) : .arithmetic(.subtract, .number(0, x.dtype), x)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [-dy] }
  package static func samples(_ real: DType) -> [Sample] {
    [real, .i32, .i64, .u8].map { Sample(Negate(), [.init($0, [3, 5])]) }
  }
}
