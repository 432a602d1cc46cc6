import DescentIR

/// Change of sign.
package struct Negate: UnaryPointwise {
  package init() {}
  package static let name = "negate"
  package static let documentation = "y = -x"
  package static let onnxName: String? = "Neg"
  package static let cost = 1
  package static func apply<T: Real>(_ x: T) -> T { -x }
  package static func c(_ x: String, _ t: String) -> String { "-\(x)" }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [-dy] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Negate(), [.init(real, [3, 5])])] }
}
