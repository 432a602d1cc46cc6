// Transformer layers beyond the numbers of PyTorch: masks, dropout, names and counts of weights, errors that name the line, and
// what attention must not see.

import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Foundation
import Testing

@Suite struct TransformerTests {
  private func draw(_ shape: Shape, _ seed: Int) -> Tensor { normal(shape, key: RandomKey(seed: seed), dtype: .f64) }
  private func error(_ body: () throws -> Void) -> DescentError? {
    do { try body() } catch { return error as? DescentError }
    return nil
  }

  // MARK: Weights

  @Test func modelHasItsNames() throws {
    func paths(_ model: LanguageModel) throws -> [String] {
      try model.initialize(input: TensorType(.i32, [1, 4]), seed: 1).types.map(\.path)
    }
    let block =
      ["norm1.weight", "norm1.bias", "attention.qkv.weight", "attention.qkv.bias", "attention.output.weight"]
      + ["attention.output.bias", "norm2.weight", "norm2.bias", "up.weight", "up.bias", "down.weight", "down.bias"]
    let whole = LanguageModel(vocabulary: 5, context: 4, width: 4, layers: 1, heads: 2)
    #expect(
      try paths(whole) == ["tokens.weight", "positions.weight"] + block.map { "blocks.0." + $0 }
        + ["norm.weight", "norm.bias", "head.weight"])
    let tied = LanguageModel(
      vocabulary: 5, context: 4, width: 4, layers: 1, heads: 2, norm: .post, positions: .rotary(), isTied: true,
      bias: false)
    #expect(
      try paths(tied) == ["tokens.weight"]
        + block.filter { !$0.hasSuffix("bias") || $0.hasPrefix("norm") }.map { "blocks.0." + $0 })
    #expect(try whole.output(input: TensorType(.i32, [3, 2])) == TensorType(.f32, [3, 2, 5]))
  }

  /// 12 L C² + 13 L C, two tables, the last normalisation, the head: the count of GPT-2.
  @Test func modelHasItsCount() throws {
    let model = LanguageModel(vocabulary: 65, context: 64, width: 128, layers: 4, heads: 4)
    let count = try model.initialize(input: TensorType(.i32, [1, 64]), seed: 1).count
    let (layer, tables, norm, head) = (12 * 128 * 128 + 13 * 128, (65 + 64) * 128, 2 * 128, 128 * 65)
    #expect(count == 4 * layer + tables + norm + head)
  }

  @Test func branchesEndWithSmallerWeights() throws {
    let model = LanguageModel(vocabulary: 50, context: 64, width: 64, layers: 8, heads: 4)
    let w = try model.initialize(input: TensorType(.i32, [1, 64]), seed: 1)
    func deviation(_ x: Tensor) throws -> Double { try DescentOps.standardDeviation(x).scalar }
    for index in [0, 7] {
      #expect(abs(try deviation(w.blocks[index].up.weight) / 0.02 - 1) < 0.05)
      #expect(abs(try deviation(w.blocks[index].down.weight) / 0.005 - 1) < 0.05)
      #expect(abs(try deviation(w.blocks[index].attention.output.weight) / 0.005 - 1) < 0.08)
    }
    #expect(abs(try deviation(Embedding(100, 50).initialize(input: TensorType(.i32, [1]), seed: 1).weight) - 1) < 0.05)
  }

  // MARK: What is seen

  /// Logits at a token do not depend on later tokens; they do on earlier ones.
  @Test(arguments: [LanguageModel.Positions.learned, .sinusoidal, .rotary()])
  func modelsDoNotLookAhead(_ positions: LanguageModel.Positions) throws {
    let model = LanguageModel(
      vocabulary: 7, context: 6, width: 8, layers: 2, heads: 2, positions: positions, dtype: .f64)
    let w = try model.initialize(input: TensorType(.i32, [1, 6]), seed: 1)
    let a = model(w, Tensor([Int32(1), 2, 3, 4, 5, 6], shape: [1, 6]))
    let b = model(w, Tensor([Int32(1), 2, 3, 0, 5, 6], shape: [1, 6]))
    let (x, y) = (try a.doubles, try b.doubles)
    #expect(x[..<21] == y[..<21])
    for row in 3..<6 { #expect(x[row * 7..<row * 7 + 7] != y[row * 7..<row * 7 + 7]) }
  }

  /// Padded tokens change nothing in those that are there.
  @Test func paddingIsNotSeen() throws {
    let block = TransformerBlock(2, feedForward: 8)
    let x = draw([2, 5, 4], 1)
    let w = try block.initialize(input: x.type, seed: 2)
    let mask = paddingMask(Tensor([Int32(3), 5]), count: 5)
    #expect(mask.type == TensorType(.bool, [2, 1, 5]))
    #expect(try mask.integers == [1, 1, 1, 0, 0, 1, 1, 1, 1, 1])
    let changed = concatenate([x[.all, 0..<3, .all], x[.all, 3..<5, .all] + 100], axis: 1)
    let (a, b) = (block(w, x, mask: mask), block(w, changed, mask: mask))
    #expect(try a[0, 0..<3].doubles == b[0, 0..<3].doubles)
    #expect(try a[1, 0..<3].doubles != b[1, 0..<3].doubles)
    #expect(try a[0, 0..<3].doubles != block(w, x)[0, 0..<3].doubles)
  }

  /// Fewer queries than keys are the last ones.
  @Test func causalQueriesAreTheLast() throws {
    let (q, k, v) = (draw([2, 5, 4], 1), draw([2, 5, 4], 2), draw([2, 5, 3], 3))
    let whole = attention(q, k, v, causal: true), last = attention(q[.all, 3..<5, .all], k, v, causal: true)
    #expect(OptimizerTests.difference(try last.doubles, try whole[.all, 3..<5, .all].doubles) < 1e-13)
  }

  /// A query that sees nothing gives 0 and passes no gradient, also where the scores are huge.
  @Test func unseeingQueriesAreZero() throws {
    let mask = Tensor([false, false, true, false], shape: [2, 2])
    let (q, k) = (Tensor([1e4, 1e4], shape: [2, 1]), Tensor([1e4, -1e4], shape: [2, 1]))
    let f = { @Sendable (q: Tensor, k: Tensor, v: Tensor) in sum(attention(q, k, v, mask: mask)) }
    let v = Tensor([2.0, 3], shape: [2, 1])
    #expect(try attention(q, k, v, mask: mask).doubles == [0, 2])
    let g = grad { @Sendable (p: [Tensor]) in f(p[0], p[1], p[2]) }
    #expect(try g([q, k, v]).flatMap { try $0.doubles } == [0, 0, 0, 0, 1, 0])
  }

  @Test func rotaryProductsDependOnDistance() throws {
    let (q, k) = (draw([1, 6], 1), draw([1, 6], 2))
    func product(_ a: Int64, _ b: Int64) throws -> Double {
      try sum(rotary(q, offset: Tensor(a)) * rotary(k, offset: Tensor(b))).scalar
    }
    #expect(abs(try product(3, 1) - product(1003, 1001)) < 1e-10)
    #expect(abs(try product(3, 1) - product(3, 2)) > 1e-3)
    let far = try rotary(convert(q, to: .f32), offset: Tensor(Int64(100_000))).doubles
    #expect(OptimizerTests.difference(far, try rotary(q, offset: Tensor(Int64(100_000))).doubles) < 1e-4)
  }

  // MARK: Dropout

  @Test func weightsAreDroppedInTrainingAlone() throws {
    let block = TransformerBlock(2, dropout: 0.5)
    let x = draw([2, 3, 4], 1)
    let w = try block.initialize(input: x.type, seed: 1)
    let plain = try block(w, x, Context()).doubles
    func trained(_ seed: Int) throws -> [Double] {
      try block(w, x, Context(isTraining: true, key: RandomKey(seed: seed))).doubles
    }
    #expect(try trained(1) == trained(1))
    #expect(try trained(1) != trained(2) && trained(1) != plain)
    #expect(throws: DescentError.self) { try block(w, x, Context(isTraining: true)).doubles }
    #expect(try TransformerBlock(2)(w, x, Context(isTraining: true, key: RandomKey(seed: 1))).doubles == plain)
  }

  /// The mean over many masks is what is without them, within five standard errors.
  @Test func droppedAttentionKeepsTheMean() throws {
    let (q, k, v) = (draw([2000, 1, 2], 1) * 0, draw([2000, 3, 2], 2), ones([2000, 3, 1], dtype: .f64))
    let y = try attention(q, k, v, dropout: 0.25, key: RandomKey(seed: 3)).doubles
    // Each of three weights of 1/3 is kept with probability 3/4 and then 4/9: variance 3 (4/9)² 3/16 = 1/9.
    let mean = y.reduce(0, +) / 2000, deviation = (1.0 / 9 / 2000).squareRoot()
    #expect(abs(mean - 1) < 5 * deviation)
    #expect(Set(y.map { ($0 * 9 / 4).rounded() }) == [0, 1, 2, 3])
  }

  // MARK: Errors

  @Test func wrongShapesNameTheLine() throws {
    let (q, k) = (draw([2, 3, 4], 1), draw([2, 5, 4], 2))
    let rows = try PositionEmbedding(2).initialize(input: TensorType(.f64, [1, 2, 4]), seed: 1)
    let line = #line
    let bad: [(Tensor, [String])] = [
      (attention(q, draw([2, 5, 3], 1), k), ["f64[2,3,4]", "f64[2,5,3]"]),
      (attention(q, k, draw([2, 4, 4], 1)), ["f64[2,4,4]"]),
      (attention(q, draw([3, 5, 4], 1), draw([3, 5, 4], 1)), ["f64[3,5,4]"]),
      (attention(q, k, k, mask: ones([3, 4], dtype: .bool)), ["bool[3,4]", "[2,3,5]"]),
      (attention(q, k, k, mask: ones([3, 5], dtype: .f64)), ["f64[3,5]"]),
      (attention(k, q, q, causal: true), ["5 queries", "3 keys"]),
      (attention(q, convert(k, to: .f32), k), ["f32[2,5,4]"]),
      (rotary(draw([3, 5], 1)), ["f64[3,5]"]), (sinusoidalPositions(3, 5), ["size 5"]),
      (Embedding(3, 2)(Weights(), q), ["no tensor 'weight'"]),
      (MultiHeadAttention(3)(Weights(), q), ["width 4"]),
      (PositionEmbedding(2)(Weights(), q), ["no tensor 'weight'"]),
      (PositionEmbedding(2)(rows, q), ["f64[2,3,4]", "at most 2", "[2,4]"]),
    ]
    for (tensor, parts) in bad {
      let found = error { _ = try tensor.doubles }
      for part in parts { #expect(found?.message.contains(part) == true, "\(String(describing: found)) lacks \(part)") }
      #expect(found?.location?.file == "NNTests/TransformerTests.swift" && found!.location!.line > line, "\(parts)")
    }
    let second = #line
    for (layer, type) in [
      (MultiHeadAttention(4, keyValueHeads: 3), TensorType(.f32, [2, 3, 8])),
      (MultiHeadAttention(2), TensorType(.i32, [2, 3, 8])),
      (Embedding(3, 2), TensorType(.f32, [2])), (Embedding(0, 2), TensorType(.i32, [2])),
      (PositionEmbedding(2), TensorType(.f32, [3, 4])),
      (LanguageModel(vocabulary: 3, context: 4, width: 4, layers: 1, heads: 1), TensorType(.i32, [1, 5])),
      (LanguageModel(vocabulary: 3, context: 4, width: 4, layers: 1, heads: 3), TensorType(.i32, [1, 4])),
    ] as [(any Layer, TensorType)] {
      for found in [
        error { _ = try layer.initialize(input: type, seed: 1) }, error { _ = try layer.output(input: type) },
      ] {
        #expect(found?.location?.file == "NNTests/TransformerTests.swift" && found!.location!.line > second, "\(layer)")
      }
    }
  }

  @Test func missingWeightsAreAnError() throws {
    let x = draw([2, 3, 4], 1)
    for layer in [MultiHeadAttention(2), TransformerBlock(2)] as [any Layer] {
      let found = error { _ = try layer(Weights(), x).doubles }
      #expect(found?.message.contains("the weights have no tensor") == true, "\(String(describing: found))")
    }
    let model = LanguageModel(vocabulary: 3, context: 4, width: 4, layers: 1, heads: 1)
    #expect(error { _ = try model(Weights(), Tensor([Int32(1)], shape: [1, 1])).doubles } != nil)
  }
}
