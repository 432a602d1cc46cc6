import DescentIR

/// Absolute value.
package struct Abs: UnaryPointwise {
  package init() {}
  package static let name = "abs"
  package static let documentation = "y = |x|"
  package static let onnxName: String? = "Abs"
  package static let cost = 1
  package static func apply<T: Real>(_ x: T) -> T { x.magnitude }
  package static func c(_ x: String, _ t: String) -> String { "dsc_abs_\(t)(\(x))" }
  /// At 0 the derivative is taken as 0, the middle of the subgradients.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * sign(x[0])] }
  /// On both sides of the kink at 0 and away from it.
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Abs(), [.init(real, [3, 5], 0.1...2)]), Sample(Abs(), [.init(real, [7], -2 ... -0.1)])]
  }
}

/// The absolute value of each element; its derivative at 0 is taken as 0.
public func abs(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .apply(Abs(), [x], at: SourceLocation(file, line))
}
