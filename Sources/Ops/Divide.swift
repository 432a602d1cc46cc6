import DescentIR

/// Quotient of two tensors.
package struct Divide: BinaryPointwise {
  package init() {}
  package static let name = "divide"
  package static let documentation = "y = a / b; integers truncate toward zero, and a / 0 is 0"
  package static let onnxName: String? = "Div"
  package static let cost = 4
  package static func apply<T: Real>(_ a: T, _ b: T) -> T { a / b }
  package static func apply(_ a: Int, _ b: Int) -> Int { b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue }
  package static func c(_ a: String, _ b: String, _ type: DType) -> String {
    type.isFloating ? "\(a) / \(b)" : "dsc_divide_\(type.name)(\(a), \(b))"
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let da = dy / x[1]
    return [da, -(da * y)]
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Divide(), [.init(real, [2, 3]), .init(real, [2, 3], 0.4...2)]),
      Sample(Divide(), [.init(real, [5]), .init(real, [5], -2 ... -0.4)]),
    ]
      + [DType.i32, .i64, .u8].map { Sample(Divide(), [.init($0, [4, 5], -20...20), .init($0, [4, 5])]) }
  }
}

extension Tensor {
  public static func / (a: Tensor, b: Tensor) -> Tensor { pointwise(Divide(), a, b) }
  public static func / (a: Tensor, b: some TensorScalar) -> Tensor {
    pointwise(Divide(), a, filled(b.scalarValue, a.type))
  }
  public static func / (a: some TensorScalar, b: Tensor) -> Tensor {
    pointwise(Divide(), filled(a.scalarValue, b.type), b)
  }
}
