// What the generic laws are tried on: every sample of every operation in the registry.

import DescentIR
import DescentOps
import Testing

/// One sample of one operation.
struct Case: Sendable, CustomTestStringConvertible {
  var sample: Sample
  var number: Int
  var op: any Op { sample.op }
  var testDescription: String {
    "\(op.name)\(op.attributes.text) of \(sample.operands.map { $0.type.description }.joined(separator: ", "))"
  }
  /// The operands' values.
  var values: [HostArray] { sample.draw(seed: Int64(number + 1)) }
  /// The type of the result.
  func resultType() throws -> TensorType { try op.resultType(sample.operands.map(\.type)) }

  static func all(_ real: DType) -> [Case] {
    registry.flatMap { kind in
      // From the name, so that a further operation leaves the numbers on which the others are tried.
      let first = kind.name.utf8.reduce(0) { ($0 * 31 + Int($1)) % 10_007 } * 100
      return kind.samples(real).enumerated().map { Case(sample: $0.element, number: first + $0.offset) }
    }
  }
  /// The samples of which an operand and the result are f64, so that a difference quotient means something.
  static let differentiable = all(.f64).filter { item in
    (try? item.resultType().dtype) == .f64 && item.sample.operands.contains { $0.type.dtype == .f64 }
  }
}

/// Numbers in -1..<1 of a shape.
func direction(_ shape: Shape, seed: Int64) -> HostArray {
  Sample.Operand(.f64, shape, -1...1).draw(seed: 77_000 + seed)
}

/// Bitwise equality but for NaN, which equals NaN, and -0, which equals 0.
func equal(_ a: HostArray, _ b: HostArray) -> Bool {
  guard a.type == b.type else { return false }
  guard a.dtype.isFloating else { return a == b }
  return zip(a.doubles, b.doubles).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
}
