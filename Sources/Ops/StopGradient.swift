import DescentIR

/// The operand as a constant: no gradient passes.
package struct StopGradient: Unchanged, Transparent {
  package init() {}
  package static let name = "stopGradient"
  package static let documentation = "y = x, with derivative 0 by definition"
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [nil] }
  package static func samples(_ real: DType) -> [Sample] { [Sample(StopGradient(), [.init(real, [3, 5])])] }
}

/// `x` as a constant to differentiation: no gradient passes through.
public func stopGradient(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .apply(StopGradient(), [x], at: SourceLocation(file, line))
}
