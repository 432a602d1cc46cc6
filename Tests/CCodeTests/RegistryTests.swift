// The law 'compiled = interpreted', on every sample of every operation.

import DescentIR
import DescentOps
import DescentTransforms
import Testing

@Suite struct RegistryTests {
  @Test(arguments: [DType.f32, .f64])
  func compiledIsInterpreted(_ real: DType) throws {
    let trials = try Self.samples(real)
    #expect(trials.count > 100)
    try Fleet.check(trials)
  }

  /// The adjoint of every sample, with the forward part in the same program.
  @Test(arguments: [DType.f32, .f64])
  func adjoints(_ real: DType) throws {
    let trials = try Self.samples(real).compactMap(adjoint)
    #expect(trials.count > 50)
    try Fleet.check(trials, threads: [1, 3])
  }

  static func samples(_ real: DType) throws -> [Trial] {
    try registry.flatMap { $0.samples(real) }.enumerated().map { number, sample in
      var graph = Graph()
      let inputs = sample.operands.enumerated().map { graph.addInput("x\($0.offset)", $0.element.type) }
      graph.outputs = [try graph.append(sample.op, inputs)]
      graph.outputLabels = ["y"]
      let operands = sample.operands.map { $0.type.description }.joined(separator: ", ")
      return Trial(
        name: "\(sample.op.name) of \(operands) (sample \(number))", graph: graph,
        inputs: sample.draw(seed: Int64(number)))
    }
  }

  /// The gradient of a weighted sum of the result with respect to all floating operands; nil where there are none.
  private func adjoint(_ trial: Trial) throws -> Trial? {
    let graph = trial.graph
    let node = graph[graph.outputs[0]]
    let types = graph.inputs.map { graph[$0].type }
    guard case .operation(let op) = node.op.kind, node.type.dtype.isFloating,
      types.contains(where: { $0.dtype.isFloating })
    else { return nil }
    let derived = try traced(types + [node.type]) { x in
      let operands = Array(x.dropLast())
      let y = Tensor.apply(op, operands)
      let variables = operands.filter { $0.dtype.isFloating }
      return [y] + (try Trace.current!.gradients(of: sum(y * x[x.count - 1]), withRespectTo: variables))
    }
    let weight = Sample.Operand(node.type.dtype, node.type.shape, 0.5...1.5).draw(seed: 9)
    return Trial(name: "adjoint of \(trial.name)", graph: derived, inputs: trial.inputs + [weight])
  }
}
