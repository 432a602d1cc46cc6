import DescentIR

/// Difference of two tensors.
package struct Subtract: BinaryArithmetic {
  package init() {}
  package static let name = "subtract"
  package static let documentation = "y = a - b"
  package static let cost = 1
  package static func apply<T: Real>(_ a: T, _ b: T) -> T { a - b }
  package static func apply(_ a: Int, _ b: Int) -> Int { a &- b }
  package static func element(_ a: Expression, _ b: Expression) -> Expression { .arithmetic(.subtract, a, b) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy, -dy] }
  package static func samples(_ real: DType) -> [Sample] {
    [real, .i32, .i64, .u8].map { Sample(Subtract(), [.init($0, [2, 3]), .init($0, [2, 3])]) }
  }
}
