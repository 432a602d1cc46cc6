import DescentIR

/// Quotient of two tensors of real numbers.
package struct Divide: BinaryPointwise {
  package init() {}
  package static let name = "divide"
  package static let documentation = "y = a / b"
  package static let cost = 4
  package static func apply<T: Real>(_ a: T, _ b: T) -> T { a / b }
  package static func element(_ a: Expression, _ b: Expression) -> Expression { .infix(.divide, a, b) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let da = dy / x[1]
    return [da, -(da * y)]
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Divide(), [.init(real, [2, 3]), .init(real, [2, 3], 0.4...2)]),
      Sample(Divide(), [.init(real, [5]), .init(real, [5], -2 ... -0.4)]),
    ]
  }
}

/// Quotients, element by element; of integers and bools too they are real numbers, f32 (`floorDivide` gives integers).
extension Tensor {
  public static func / (a: Tensor, b: Tensor) -> Tensor { pointwise(Divide(), a, b) }
  public static func / (a: Tensor, b: some TensorScalar) -> Tensor { pointwise(Divide(), a, b) }
  public static func / (a: some TensorScalar, b: Tensor) -> Tensor { pointwise(Divide(), a, b) }
}
