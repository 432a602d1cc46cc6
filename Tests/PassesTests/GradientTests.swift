// Gradients of small networks come out of the pipeline as one would write them by hand.

import DescentIR
import DescentOps
import DescentPasses
import DescentTransforms
import Testing

struct GradientTests {
  /// The graph of a loss and its gradients with respect to the parameters, the first inputs.
  private func gradientGraph(
    parameters: [Shape], data: [Shape], _ loss: ([Tensor], [Tensor]) -> Tensor
  ) throws -> Graph {
    let trace = Trace()
    return try trace.record {
      let inputs = (parameters + data).enumerated().map { trace.input("x\($0)", TensorType(.f32, $1)) }
      // As `grad` has it: each parameter passes through an identity.
      let variables = inputs.prefix(parameters.count).map { Tensor.apply(Identity(), [$0]) }
      let value = loss(variables, Array(inputs.dropFirst(parameters.count)))
      let gradients = try trace.gradients(of: value, withRespectTo: variables)
      return try trace.finish([("loss", value)] + gradients.enumerated().map { ("dx\($0)", $1) })
    }
  }

  /// How many nodes compute something: all but inputs, constants and broadcasts.
  private func work(_ graph: Graph) -> Int {
    graph.nodes.count { !($0.op is Input || $0.op is Constant || $0.op is Broadcast) }
  }

  /// Optimizes, checks that the values stay, and that at most so many nodes compute something.
  private func expect(_ before: Graph, atMost nodes: Int) throws {
    let after = try optimize(before, check: true)
    #expect(try optimize(after) == after)
    #expect(work(after) <= nodes, "of \(work(before)) computing nodes \(work(after)) are left:\n\(after.short)")
    #expect(after.nodes.count < before.nodes.count)
    let message = try difference(before, after, seed: 11)
    #expect(message == nil, "\(message ?? "")")
  }

  @Test func meanSquaredErrorOfOneLayer() throws {
    let graph = try gradientGraph(parameters: [[3, 10], [10]], data: [[20, 3], [20, 10]]) { θ, data in
      sum(square(data[1] - tanh(matmul(data[0], θ[0]) + θ[1])))
    }
    try expect(graph, atMost: 12)
  }

  @Test func softmaxCrossEntropyOfTwoLayers() throws {
    let graph = try gradientGraph(parameters: [[5, 16], [16], [16, 4], [4]], data: [[8, 5], [8, 4]]) { θ, data in
      let h = tanh(matmul(data[0], θ[0]) + θ[1])
      let logits = matmul(h, θ[2]) + θ[3]
      return -sum(data[1] * logSoftmax(logits)) / 8
    }
    try expect(graph, atMost: 44)
  }

  @Test func layerNormalization() throws {
    let graph = try gradientGraph(parameters: [[6], [6]], data: [[8, 6]]) { θ, data in
      let mean = mean(data[0] * θ[0], axes: [1], keepAxes: true)
      let centred = data[0] * θ[0] - mean
      let variance = sum(square(centred), axes: [1], keepAxes: true) / 6
      return sum(square(centred * rsqrt(variance + 1e-5) + θ[1]))
    }
    try expect(graph, atMost: 34)
  }
}
