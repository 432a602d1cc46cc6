import DescentIR

/// Sum of two tensors.
package struct Add: BinaryArithmetic {
  package init() {}
  package static let name = "add"
  package static let documentation = "y = a + b"
  package static let onnxName: String? = "Add"
  package static let cost = 1
  package static func apply<T: Real>(_ a: T, _ b: T) -> T { a + b }
  package static func apply(_ a: Int, _ b: Int) -> Int { a &+ b }
  package static func c(_ a: String, _ b: String, _ type: DType) -> String { integerC(a, "+", b, type) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy, dy] }
  package static func samples(_ real: DType) -> [Sample] {
    [real, .i32, .i64, .u8].map { Sample(Add(), [.init($0, [2, 3]), .init($0, [2, 3])]) }
  }
}

/// `a op b` in C; integers go through the unsigned type, where wrapping is defined.
func integerC(_ a: String, _ op: String, _ b: String, _ type: DType) -> String {
  switch type {
  case .f32, .f64: "\(a) \(op) \(b)"
  case .i32: "(int32_t)((uint32_t)\(a) \(op) (uint32_t)\(b))"
  case .i64: "(int64_t)((uint64_t)\(a) \(op) (uint64_t)\(b))"
  case .u8, .bool: "(uint8_t)(\(a) \(op) \(b))"
  }
}
