// Whatever the simplifier does to a sample of an operation leaves its value: on inputs, on constants, and on splats.

import DescentIR
import DescentInterpreter
import DescentOps
import DescentPasses
import Testing

struct SampleTests {
  /// Every sample with each operand an input, a constant, or one number repeated.
  @Test(arguments: registry.map { $0.name })
  func valuesStay(_ name: String) throws {
    let kind = try #require(registry.first { $0.name == name })
    for sample in kind.samples(.f32) + kind.samples(.f64) {
      let values = sample.draw(seed: 5)
      for forms in combinations(3, sample.operands.count) {
        var before = Graph()
        let operands = try zip(forms, sample.operands.indices).map { form, index in
          let type = sample.operands[index].type
          if form == 0 { return before.addInput("x\(index)", type) }
          if form == 1 { return try before.append(Constant(values[index]), []) }
          let scalar =
            values[index].count == 0
            ? HostArray(TensorType(type.dtype, [])) { _ in 1 } : values[index].picking([]) { _ in 0 }
          return try before.append(Broadcast(shape: type.shape, axes: []), [try before.append(Constant(scalar), [])])
        }
        before.outputs = [try before.append(sample.op, operands)]
        before.outputLabels = ["y"]
        let after = try optimize(before, check: true)
        let again = try optimize(after)
        #expect(again == after, "\(before.short)\n\n\(after.short)\n\n\(again.short)")
        let inputs = zip(forms, values).filter { $0.0 == 0 }.map(\.1)
        let bound = tolerance(after[after.outputs[0]].type.dtype, nodes: 4, length: before.longest)
        let message = difference(try before.evaluate(inputs)[0], try after.evaluate(inputs)[0], bound)
        #expect(message == nil, "\(message ?? "")\n\(before.short)\n\n\(after.short)")
      }
    }
  }

  /// All lists of `length` numbers below `base`.
  private func combinations(_ base: Int, _ length: Int) -> [[Int]] {
    length == 0 ? [[]] : combinations(base, length - 1).flatMap { list in (0..<base).map { list + [$0] } }
  }
}
