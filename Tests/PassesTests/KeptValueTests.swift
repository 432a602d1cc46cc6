// What is kept for the backward pass: the fewest bytes, and the same values.

import DescentIR
import DescentInterpreter
import DescentOps
import DescentPasses
import DescentTransforms
import Testing

@Suite struct KeptValueTests {
  /// The network of Cormen et al., whose greatest flow is 23.
  @Test func minimumCut() {
    var network = FlowNetwork(count: 6)
    for (a, b, capacity) in [
      (0, 1, 16), (0, 2, 13), (1, 3, 12), (2, 1, 4), (3, 2, 9), (2, 4, 14), (4, 3, 7), (3, 5, 20), (4, 5, 4),
    ] {
      network.connect(a, b, capacity)
    }
    // The flow is 23: the cut next to the sink leaves 3 and 5 behind it.
    #expect(network.reaching(5, from: 0) == [false, false, false, true, false, true])
  }

  /// Two layers with gelu between them, trained: x of gelu is kept, not what follows from it.
  @Test func geluKeepsItsArgument() throws {
    let trace = Trace()
    let graph = try trace.record {
      let types = [[512, 64], [64, 512], [512], [512, 64]].map { TensorType(.f32, Shape($0)) }
      let inputs = types.enumerated().map { trace.input("x\($0.offset)", $0.element) }
      let gradients = grad { @Sendable (p: [Tensor]) in sum(square(matmul(gelu(matmul(p[0], p[1]) + p[2]), p[3]))) }(
        inputs)
      return try optimize(trace.finish(gradients.enumerated().map { ("y\($0.offset)", $0.element) }))
    }
    let kept = try keepingLess(graph, leastBytes: 0)
    try kept.verify()
    func large(_ graph: Graph) throws -> Int {
      let schedule = try fuse(graph)
      return schedule.kernels.flatMap(\.stores).count { schedule.graph[$0].type.shape.count == 512 * 512 }
    }
    // The argument, gelu itself for the product after it, and the gradient of the argument.
    #expect(try large(kept) == 3)
    #expect(try large(graph) > 5)
    let inputs = graph.inputs.map {
      HostArray(graph[$0].type.shape, (0..<graph[$0].type.shape.count).map { Float($0 % 7) / 9 - 0.3 })
    }
    #expect(try graph.evaluate(inputs).map(\.doubles) == kept.evaluate(inputs).map(\.doubles))
  }

  /// What late kernels alone read, as a decayed weight, is computed in them and nowhere else.
  @Test func everyKernelStores() throws {
    let trace = Trace()
    let graph = try trace.record {
      let (w, x) = (trace.input("w", TensorType(.f32, [512, 512])), trace.input("x", TensorType(.f32, [64, 512])))
      let rate = trace.input("rate", TensorType(.f32, []))
      let gradient = grad { @Sendable (w: Tensor) in sum(square(gelu(matmul(x, w)))) }(w)
      return try optimize(trace.finish([("w", w * (1 - rate * 0.1) - clamp(gradient, -1, 1) * rate)]))
    }
    let kept = try keepingLess(graph, leastBytes: 0)
    #expect(kept.nodes.contains { $0.isRepeated })
    #expect(try fuse(kept).kernels.allSatisfy { !$0.stores.isEmpty })
  }

  @Test func smallGraphsStay() throws {
    let trace = Trace()
    let graph = try trace.record {
      let x = trace.input("x", TensorType(.f32, [8, 8]))
      return try optimize(trace.finish([("y", grad { @Sendable (x: Tensor) in sum(gelu(matmul(x, x))) }(x))]))
    }
    #expect(try keepingLess(graph).text == graph.text)
  }
}
