import DescentIR

/// Product of two tensors, element by element.
package struct Multiply: BinaryArithmetic {
  package init() {}
  package static let name = "multiply"
  package static let documentation = "y = a b"
  package static let cost = 1
  package static func apply<T: Real>(_ a: T, _ b: T) -> T { a * b }
  package static func apply(_ a: Int, _ b: Int) -> Int { a &* b }
  package static func element(_ a: Expression, _ b: Expression) -> Expression { .arithmetic(.multiply, a, b) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * x[1], dy * x[0]] }
  package static func samples(_ real: DType) -> [Sample] {
    [real, .i32, .i64, .u8].map { Sample(Multiply(), [.init($0, [2, 3]), .init($0, [2, 3])]) }
  }
}
