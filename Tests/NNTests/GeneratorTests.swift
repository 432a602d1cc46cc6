// Decoding token by token against the whole sequence at once, and what is drawn from logits.

import DescentIR
import DescentNN
import DescentOps
import Testing

@Suite(.serialized) struct GeneratorTests {
  private static let vocabulary = 11
  private static func model(
    _ positions: LanguageModel.Positions, _ norm: TransformerBlock.Norm = .pre, kv: Int = 4, tied: Bool = false,
    context: Int = 8, dtype: DType = .f64
  ) -> LanguageModel {
    LanguageModel(
      vocabulary: vocabulary, context: context, width: 16, layers: 2, heads: 4, keyValueHeads: kv, norm: norm,
      positions: positions, isTied: tied, dtype: dtype)
  }
  /// Weights larger than those at the start of training, so that tokens matter.
  private func weights(_ model: LanguageModel) throws -> Weights {
    let drawn = try model.initialize(input: TensorType(.i32, [1, model.context]), seed: 3)
    return map(drawn) { $0.rank == 2 ? $0 * 12 : $0 }
  }
  static let models = [
    model(.learned), model(.sinusoidal, tied: true), model(.rotary(), kv: 2), model(.rotary(base: 100), .post, kv: 1),
  ]
  private func tokens(_ count: Int) -> [[Int]] { (0..<3).map { row in (0..<count).map { ($0 * $0 + 5 * row) % 11 } } }

  /// Logits after each token of three sequences, with caches, are those of the whole sequences.
  @Test(arguments: models.indices, [Engine.interpreted, .compiled])
  func cachedDecodingIsTheWholeForward(_ index: Int, _ engine: Engine) throws {
    let model = Self.models[index]
    let w = try weights(model)
    let rows = tokens(8)
    let whole = try model(w, Tensor(rows.joined().map { Int32($0) }, shape: [3, 8])).doubles
    let step = Generator(model, engine: engine).step
    var caches = try model.caches(sequences: 3)
    for position in 0..<8 {
      let column = Tensor(rows.map { Int32($0[position]) })
      let (logits, grown) = try step(w, caches, column, Tensor(Int64(position)))
      caches = grown
      var expected: [Double] = []
      for row in 0..<3 { expected += whole[(row * 8 + position) * 11..<(row * 8 + position + 1) * 11] }
      #expect(OptimizerTests.difference(try logits.doubles, expected) < 1e-10, "position \(position)")
    }
  }

  /// Each greedy token is the greatest logit of the whole forward.
  @Test func greedyGenerationIsTheArgmax() throws {
    let model = Self.models[0]
    let w = try weights(model)
    let text = try Generator(model, engine: .interpreted).generate(w, prompt: [1, 4], count: 6, sampling: .greedy)
    let all = [1, 4] + text
    for known in 2..<8 {
      let logits = model(w, Tensor(all[..<known].map { Int32($0) }, shape: [1, known]))
      #expect(try argmax(logits[0, -1]).integers == [all[known]])
    }
    #expect(Set(text).count > 1)
    #expect(try Generator(model).generate(w, prompt: [1, 4], count: 6, sampling: .greedy, seed: 9) == text)
  }

  @Test func seedsDecide() throws {
    let model = Self.models[0]
    let w = try weights(model)
    let generator = Generator(model, engine: .interpreted)
    func text(_ seed: Int) throws -> [Int] { try generator.generate(w, prompt: [3], count: 7, seed: seed) }
    #expect(try text(1) == text(1))
    #expect(Set(try (0..<5).map(text)).count > 1)
    // Sequences side by side are independent, and the first is that of a lone prompt.
    let both = try generator.generate(w, prompts: [[3], [3]], count: 7, seed: 1)
    #expect(both[0] == (try text(1)) && both[0] != both[1])
    #expect(try generator.generate(w, prompts: [[3], [5]], count: 7, seed: 1)[0] == both[0])
  }

  /// Past the context the latter half is read again: the tokens are those of a model that sees no more.
  @Test func longTextsForgetTheirBeginning() throws {
    let model = Self.model(.learned, context: 4)
    let w = try weights(model)
    let generator = Generator(model, engine: .interpreted)
    let text = try generator.generate(w, prompt: [1], count: 9, sampling: .greedy)
    var expected = [1]
    var start = 0
    while expected.count < 10 {
      if expected.count - start > 4 { start = expected.count - 2 }
      let seen = expected[start...]
      let logits = model(w, Tensor(seen.map { Int32($0) }, shape: [1, seen.count]))
      expected.append(try argmax(logits[0, -1]).integers[0])
    }
    #expect(text == Array(expected.dropFirst()))
    // A prompt longer than the context.
    let long = try generator.generate(w, prompt: expected, count: 1, sampling: .greedy)
    let logits = model(w, Tensor(expected.suffix(2).map { Int32($0) }, shape: [1, 2]))
    #expect(try argmax(logits[0, -1]).integers == long)
    #expect(try generator.generate(w, prompt: [1], count: 0) == [])
  }

  // MARK: Sampling

  private let logits: [Double] = [1, 3, 2, 3, -.infinity]

  @Test func probabilitiesAreTheSoftmax() {
    let all = Sampling().probabilities(logits)
    let e = logits.map { Double.exp($0) }
    let total = e.reduce(0, +)
    for (p, weight) in zip(all, e) { #expect(abs(p - weight / total) < 1e-15) }
    let hot = Sampling(temperature: 2).probabilities(logits)
    let ratio: Double = hot[0] / hot[1]
    #expect(abs(ratio - Double.exp(-1)) < 1e-15)
    #expect(hot[4] == 0)
    #expect(Sampling.greedy.probabilities(logits) == [0, 1, 0, 0, 0])
  }
  @Test func topKKeepsTheMostLikely() {
    #expect(Sampling(topK: 1).probabilities(logits) == [0, 1, 0, 0, 0])
    #expect(Sampling(topK: 2).probabilities(logits) == [0, 0.5, 0, 0.5, 0])
    let three = Sampling(topK: 3).probabilities(logits)
    #expect(three[0] == 0 && three[2] > 0)
    #expect(abs(three.reduce(0, +) - 1) < 1e-15)
    #expect(Sampling(topK: 100).probabilities(logits) == Sampling().probabilities(logits))
  }
  @Test func topPKeepsTheLeastSetOfThatMass() {
    // 1/2, 1/4, 1/8, 1/8, in another order.
    let logits = [0.25, 0.125, 0.5, 0.125].map { Double.log($0) }
    func kept(_ p: Double, _ k: Int? = nil) -> [Int] {
      let q = Sampling(topK: k, topP: p).probabilities(logits)
      #expect(abs(q.reduce(0, +) - 1) < 1e-15)
      return q.indices.filter { q[$0] > 0 }
    }
    #expect(kept(0.1) == [2] && kept(0.49) == [2])
    #expect(kept(0.51) == [0, 2] && kept(0.74) == [0, 2])
    #expect(kept(0.8) == [0, 1, 2] && kept(1) == [0, 1, 2, 3])
    // Of the two likeliest, the first has two thirds.
    #expect(kept(0.6, 2) == [2] && kept(0.7, 2) == [0, 2])
  }
  /// The shares of drawn tokens are the probabilities, within five standard errors.
  @Test func drawsFollowTheProbabilities() throws {
    let sampling = Sampling(temperature: 1.5, topK: 3)
    let logits = [0.5, 1, -1, 2]
    let p = sampling.probabilities(logits)
    let n = 4000
    var counts = [Int](repeating: 0, count: 4)
    for unit in try uniform([n], key: RandomKey(seed: 2), dtype: .f64).doubles {
      counts[sampling.pick(logits, unit)] += 1
    }
    for (count, p) in zip(counts, p) {
      let share = Double(count) / Double(n), deviation = (p * (1 - p) / Double(n)).squareRoot()
      #expect(abs(share - p) <= 5 * deviation)
    }
    #expect(counts[2] == 0)
    #expect(sampling.pick(logits, 1) == 3 && sampling.pick(logits, 0) == 0)
  }

  // MARK: Errors

  @Test func badSettingsAreErrors() throws {
    let model = Self.models[0]
    let w = try weights(model)
    let generator = Generator(model, engine: .interpreted)
    func message(_ prompts: [[Int]], _ sampling: Sampling = Sampling(), _ count: Int = 1) -> String {
      let error = #expect(throws: DescentError.self) {
        try generator.generate(w, prompts: prompts, count: count, sampling: sampling)
      }
      #expect(error?.location?.file == "NNTests/GeneratorTests.swift")
      return error?.message ?? ""
    }
    #expect(message([]).contains("at least 1") && message([[]]).contains("at least 1"))
    #expect(message([[1], [1, 2]]).contains("[1, 2]") && message([[1]], Sampling(), -1).contains("-1"))
    #expect(message([[11]]).contains("token 11") && message([[-1]]).contains("0..<11"))
    #expect(message([[1]], Sampling(temperature: -1)).contains("-1"))
    #expect(message([[1]], Sampling(temperature: .nan)).contains("nan"))
    #expect(message([[1]], Sampling(topK: 0)).contains("topK"))
    #expect(message([[1]], Sampling(topP: 0)).contains("topP") && message([[1]], Sampling(topP: 1.5)).contains("1.5"))
    let broken = map(w) { $0 * Double.nan }
    let error = #expect(throws: DescentError.self) { try generator.generate(broken, prompt: [1], count: 1) }
    #expect(error?.message.contains("not a number") == true)
    let (logits, _) = model.decode(w, Tensor([Int32(1)], shape: [1, 1]), [], position: Tensor(Int64(0)))
    #expect(throws: DescentError.self) { try logits.doubles }
  }
}
