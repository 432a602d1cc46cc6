import DescentIR

/// The operand, printed each time that it is computed.
package struct DebugPrint: Effect {
  package var label: String

  package init(_ label: String) { self.label = label }
  package static let name = "debugPrint"
  package static let documentation = "y = x, printed to the standard error under a name"
  package init(_ a: Attributes) throws { self.init(try a.string("name")) }
  package var attributes: Attributes { ["name": .string(label)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    return operands[0]
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    x[0].show(label)
    return x[0]
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor { .apply(self, x) }
  package func lowering(_ operands: [TensorType]) -> Lowering { .print(label) }
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(DebugPrint("a sample"), [.init(real, [2])]), Sample(DebugPrint("a sample"), [.init(.i32, [])])]
  }
}

/// `x`, after its numbers are printed to the standard error under a name, as NumPy prints them: `name: 0.5` for a scalar, else
/// the type behind the name, and the numbers from the next line on.
///
/// It works inside `grad`, `compile`, `vmap` and `scan` as well: compiled code prints each time that it comes by, in a loop in
/// each step, in the order of the program and whether or not the result is used. Gradients pass through unchanged. Within `vmap`
/// the whole batch is printed, within `checkpoint` also what is computed again. An emitted trainer prints too; inference code,
/// which has no output, leaves it out. Printing keeps kernels from being joined across it, so take it out when you have seen
/// enough.
@discardableResult
public func debugPrint(_ x: Tensor, _ name: String, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .apply(DebugPrint(name), [x], at: SourceLocation(file, line))
}
