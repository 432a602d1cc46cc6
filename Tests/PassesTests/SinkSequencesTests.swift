// Products over all steps of a loop move into it, and give what they gave.

import DescentIR
import DescentInterpreter
import DescentOps
import DescentPasses
import DescentTransforms
import Testing

@Suite struct SinkSequencesTests {
  /// A scan over x W + b, with x [7, 2, 3]; `isReadTwice` gives the products as a result as well.
  private func graph(isReadTwice: Bool, columns: Int = 4) throws -> Graph {
    let trace = Trace()
    return try trace.record {
      let x = trace.input("x", TensorType(.f64, [7, 2, 3])), w = trace.input("w", TensorType(.f64, [3, columns]))
      let b = trace.input("b", TensorType(.f64, [columns]))
      let products = tanh(matmul(x, w) + b)
      let (last, states) = scan([zeros([2, columns], dtype: .f64)], over: products) {
        (carry: [Tensor], product: Tensor) in
        ([carry[0] * 0.5 + product], [carry[0]])
      }
      let outputs = [("last", last[0]), ("states", states[0])] + (isReadTwice ? [("products", products)] : [])
      return try trace.finish(outputs.map { (label: $0.0, tensor: $0.1) })
    }
  }
  private func loop(_ graph: Graph) throws -> Node {
    try #require(graph.nodes.first { $0.op is Loop })
  }
  private func values(_ graph: Graph) throws -> [HostArray] {
    try graph.evaluate(
      graph.inputs.enumerated().map { number, id in
        let type = graph[id].type
        return HostArray(type) { Double(($0 * 7 + number * 5) % 11) / 11 - 0.4 }
      })
  }

  @Test func moved() throws {
    let before = try optimize(try graph(isReadTwice: false))
    let after = try optimize(try sinkSequences(before), check: true)
    #expect(!after.nodes.contains { $0.op is Contract })
    let form = try #require(try loop(after).op as? Loop).form
    #expect(form.sequences.count == 1 && form.body.nodes.contains { $0.op is Contract })
    #expect(try loop(after).operands.contains(after.inputs[0]))
    #expect(
      zip(try values(before), try values(after)).allSatisfy { Tolerance.difference($0.doubles, $1.doubles) < 1e-14 })
  }

  /// What is read elsewhere stays.
  @Test func left() throws {
    let twice = try optimize(try graph(isReadTwice: true))
    #expect(try optimize(try sinkSequences(twice), check: true) == twice)
  }
}
