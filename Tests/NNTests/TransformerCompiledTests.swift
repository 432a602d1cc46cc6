// Transformers as C: every case of the fixture, forward and backward, and the training of a language model, on several numbers
// of threads, which must not change a bit.

import DescentCCode
import DescentData
import DescentDriver
import DescentIR
import DescentInterpreter
import DescentNN
import DescentOps
import DescentTransforms
import Testing

@Suite(.serialized) struct TransformerCompiledTests {
  /// All cases in one program.
  @Test func casesArePyTorchsOnAnyNumberOfThreads() throws {
    let trace = Trace()
    var (values, expected): ([HostArray], [(name: String, numbers: [Double], limit: Double)]) = ([], [])
    var outputs: [(label: String, tensor: Tensor)] = []
    for (index, fixture) in AttentionTests.cases.enumerated() {
      let f = try fixture.function()
      let flat = try fixture.parameters.flattened()
      try trace.record {
        let inputs = zip(flat.paths, flat.leaves).map { trace.input("\(index).\($0)", $1.type) }
        values += try flat.leaves.map { try $0.value }
        let tree = try fixture.parameters.replacing(inputs)
        outputs.append(("\(index).output", f(tree)))
        expected.append((fixture.name, fixture.output.data, 1e-10))
        guard let cotangent = fixture.cotangent?.tensor else { return }
        let gradient = grad { @Sendable (p: Weights) in sum(f(p) * cotangent) }(tree)
        for (path, leaf) in zip(flat.paths, try gradient.flattened().leaves) {
          outputs.append(("\(index).\(path)", leaf))
          let name = path.hasPrefix("layer.") ? String(path.dropFirst("layer.".count)) : path
          expected.append(("\(fixture.name): \(path)", try #require(fixture.gradients[name]).data, 1e-8))
        }
      }
    }
    let program = try prepare(try trace.finish(outputs), prefix: "cases")
    var first: [HostArray] = []
    for threads in [1, 2, 3] {
      let executable = try load([program], threads: threads)[0]
      let arrays = try program.externals.enumerated().map { index, external in
        index < values.count ? try MemoryArray(values[index]) : try MemoryArray(external.type)
      }
      executable.run(arrays)
      let results = program.outputPlaces.map { arrays[$0].read() }
      if first.isEmpty { first = results }
      for (result, one) in zip(results, first) { #expect(sameBits(result, one)) }
      for (result, wanted) in zip(results, expected) {
        #expect(OptimizerTests.difference(result.doubles, wanted.numbers) < wanted.limit, "\(wanted.name)")
      }
    }
  }

  private static let vocabulary = 9
  /// A text that repeats itself with small changes.
  private static func windows() throws -> Dataset {
    try .windows(of: (0..<200).map { ($0 * $0 + $0 / 7) % vocabulary }, length: 6, stride: 3)
  }
  private func fit(_ model: LanguageModel, _ engine: Engine, threads: Int) throws -> TrainingResult<Weights> {
    let trainer = Trainer(
      model, input: TensorType(.i32, [1, 6]), optimizer: Adam(learningRate: 0.01),
      loss: { softmaxCrossEntropy($0, labels: $1) })
    var options = TrainingOptions(epochs: 2, batch: 8, seed: 5, threads: threads, engine: engine)
    options.steps = 10
    return try trainer.fit(try Self.windows(), options: options)
  }

  static let models: [LanguageModel] = [
    LanguageModel(vocabulary: vocabulary, context: 6, width: 16, layers: 2, heads: 4, isTied: true, dtype: .f64),
    LanguageModel(
      vocabulary: vocabulary, context: 6, width: 16, layers: 2, heads: 4, keyValueHeads: 2, activation: .silu,
      norm: .post,
      positions: .rotary(), bias: false, dtype: .f64),
  ]

  @Test(arguments: models.indices) func trainingIsTheInterpreters(_ index: Int) throws {
    let model = Self.models[index]
    let one = try fit(model, .compiled, threads: 1)
    let leaves = try one.parameters.flattened().leaves.map { try $0.value }
    for threads in [2, 3] {
      let other = try fit(model, .compiled, threads: threads).parameters.flattened()
      for (a, b) in zip(leaves, other.leaves) { #expect(sameBits(a, try b.value)) }
    }
    let interpreted = try fit(model, .interpreted, threads: 1)
    #expect(OptimizerTests.difference(one.history.map(\.loss), interpreted.history.map(\.loss)) < 1e-12)
    for (a, b) in zip(leaves, try interpreted.parameters.flattened().leaves) {
      #expect(OptimizerTests.difference(a.doubles, try b.doubles) < 1e-9)
    }
  }

  /// The model learns what follows what.
  @Test func trainingLearns() throws {
    let model = LanguageModel(vocabulary: Self.vocabulary, context: 6, width: 16, layers: 1, heads: 2)
    let trainer = Trainer(
      model, input: TensorType(.i32, [1, 6]), optimizer: Adam(learningRate: 0.01),
      loss: { softmaxCrossEntropy($0, labels: $1) })
    let result = try trainer.fit(try Self.windows(), options: TrainingOptions(epochs: 20, batch: 8, seed: 5))
    let (first, last) = (try #require(result.history.first), try #require(result.history.last))
    #expect(first.loss < 2.3 && last.loss < 0.7 * first.loss, "\(first.loss) \(last.loss)")
  }
}
