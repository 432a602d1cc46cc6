// Embeddings, positions, attention and transformer layers against PyTorch's, in f64, forward and backward.
// Tests/fixtures/attention.py makes the numbers.

import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Foundation
import Testing

/// The numbers of PyTorch.
struct AttentionFixture: Decodable, Sendable {
  struct Numbers: Decodable, Sendable {
    var dtype: String
    var shape: [Int]
    var data: [Double]
    var tensor: Tensor {
      let f64 = Tensor(data, shape: Shape(shape))
      return dtype == "f64" ? f64 : convert(f64, to: dtype == "bool" ? .bool : .i32)
    }
  }
  struct Weight: Decodable, Sendable {
    var path: String
    var shape: [Int]
    var data: [Double]
  }
  struct Settings: Decodable, Sendable {
    var count, size, offset, heads, keyValueHeads, feedForward: Int?
    var base: Double?
    var causal, bias, tied: Bool?
    var activation, norm, positions: String?
  }
  struct Case: Decodable, Sendable {
    var name, kind: String
    var settings: Settings
    var inputs: [String: Numbers]
    var weights: [Weight]
    var output: Numbers
    var cotangent: Numbers?
    var gradients: [String: Numbers]
  }
  var cases: [Case]

  static func read() throws -> [Case] {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/attention.json")
    return try JSONDecoder().decode(AttentionFixture.self, from: try Data(contentsOf: url)).cases
  }
}

extension AttentionFixture.Case {
  /// The floating inputs and the weights as one tree: what is differentiated.
  var parameters: Weights {
    var tree = Weights()
    for (name, numbers) in inputs.sorted(by: { $0.key < $1.key }) where numbers.dtype == "f64" {
      tree[name] = numbers.tensor
    }
    var layer = Weights()
    for weight in weights {
      layer.set(
        weight.path.split(separator: ".").map(String.init)[...], Tensor(weight.data, shape: Shape(weight.shape)))
    }
    tree["layer"] = layer
    return tree
  }
  /// Weights as the layer makes them have the names and shapes of the case.
  func check(_ layer: any Layer, _ input: String) throws {
    let made = try layer.initialize(input: inputs[input]!.tensor.type, seed: 1)
    #expect(
      Set(made.types.map { "\($0.path) \($0.type.shape)" }) == Set(weights.map { "\($0.path) \(Shape($0.shape))" }))
  }

  /// The function of the case, of the tree of its parameters.
  func function() throws -> @Sendable (Weights) -> Tensor {
    let s = settings
    let mask = inputs["mask"]?.tensor
    let heads = s.heads ?? 1
    switch kind {
    case "embedding":
      let layer = Embedding(s.count!, s.size!, dtype: .f64), tokens = inputs["tokens"]!.tensor
      try check(layer, "tokens")
      return { layer($0.layer, tokens) }
    case "sinusoidal":
      return { _ in sinusoidalPositions(s.count!, s.size!, offset: Tensor(Int64(s.offset!)), dtype: .f64) }
    case "rotary": return { rotary($0.x, offset: Tensor(Int32(s.offset!)), base: s.base!) }
    case "attention": return { attention($0.q, $0.k, $0.v, mask: mask, causal: s.causal!) }
    case "self":
      let layer = MultiHeadAttention(heads, causal: s.causal!, bias: s.bias!)
      try check(layer, "x")
      return { layer($0.layer, $0.x, mask: mask) }
    case "cross":
      let layer = MultiHeadAttention(heads, bias: s.bias!)
      let made = try layer.initialize(
        input: inputs["x"]!.tensor.type, memory: inputs["memory"]!.tensor.type, key: RandomKey(seed: 1))
      #expect(
        Set(made.types.map { "\($0.path) \($0.type.shape)" }) == Set(weights.map { "\($0.path) \(Shape($0.shape))" }))
      return { layer($0.layer, $0.x, memory: $0.memory, mask: mask) }
    case "block":
      let layer = TransformerBlock(
        heads, feedForward: s.feedForward, activation: s.activation == "relu" ? .relu : .gelu,
        norm: s.norm == "pre" ? .pre : .post, causal: s.causal!)
      try check(layer, "x")
      return { layer($0.layer, $0.x, mask: mask) }
    case "model":
      let model = LanguageModel(fixture: self), tokens = inputs["tokens"]!.tensor
      try check(model, "tokens")
      return { model($0.layer, tokens) }
    default:
      throw DescentError(.usage, "a case of the kind \(kind)")
    }
  }
}

extension LanguageModel {
  /// The model of a case.
  init(fixture: AttentionFixture.Case) {
    let s = fixture.settings
    self.init(
      vocabulary: 7, context: 6, width: 4, layers: 2, heads: 2, keyValueHeads: s.keyValueHeads,
      norm: s.norm == "pre" ? .pre : .post,
      positions: s.positions == "learned" ? .learned : s.positions == "rotary" ? .rotary() : .sinusoidal,
      isTied: s.tied!, dtype: .f64)
  }
}

extension Weights {
  /// Puts a tensor at a path.
  fileprivate mutating func set(_ path: ArraySlice<String>, _ tensor: Tensor) {
    guard let name = path.first else { return }
    if path.count == 1 { return self[name] = tensor }
    var subtree: Weights = self[name]
    subtree.set(path.dropFirst(), tensor)
    self[name] = subtree
  }
}

@Suite struct AttentionTests {
  static let cases = (try? AttentionFixture.read()) ?? []

  /// What no query sees may be anything: the result and all gradients are those without it.
  @Test(arguments: [Float.nan, .infinity, 1e38]) func garbageBehindAMask(_ garbage: Float) throws {
    let q = uniform([2, 3, 4], key: RandomKey(seed: 1), low: -1),
      k = uniform([2, 5, 4], key: RandomKey(seed: 2), low: -1)
    let isSeen = iota([1, 1, 5], axis: 2, dtype: .i32) .< 3
    let keys = reshape(isSeen, [1, 5, 1])
    let dirty = `where`(keys, k, Double(garbage))
    let f = { @Sendable (q: Tensor, k: Tensor, v: Tensor) in sum(square(attention(q, k, v, mask: isSeen))) }
    let (value, gradients) = valueAndGrad { (x: [Tensor]) in f(x[0], x[1], x[2]) }([q, dirty, dirty])
    let short = slice(k, start: [0, 0, 0], limit: [2, 3, 4])
    let (right, rightGradients) = valueAndGrad { (x: [Tensor]) in sum(square(attention(x[0], x[1], x[2]))) }([
      q, short, short,
    ])
    #expect(abs(try value.scalar - right.scalar) < 1e-5)
    for (one, wanted) in zip(gradients, rightGradients) {
      let numbers = try slice(one, start: [0, 0, 0], limit: wanted.shape.dimensions).doubles
      #expect(zip(numbers, try wanted.doubles).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(try one.doubles.allSatisfy(\.isFinite))
    }
  }

  @Test func thereAreCases() { #expect(Self.cases.count == 39) }

  @Test(arguments: cases.indices) func isPyTorchs(_ index: Int) throws {
    let fixture = Self.cases[index]
    let f = try fixture.function()
    let parameters = fixture.parameters
    let output = f(parameters)
    #expect(output.shape == Shape(fixture.output.shape), "\(fixture.name)")
    #expect(OptimizerTests.difference(try output.doubles, fixture.output.data) < 1e-10, "\(fixture.name)")
    guard let cotangent = fixture.cotangent?.tensor else { return }
    let gradient = grad { @Sendable (p: Weights) in sum(f(p) * cotangent) }(parameters)
    let flat = try gradient.flattened()
    #expect(flat.paths.count == fixture.gradients.count, "\(fixture.name)")
    for (path, leaf) in zip(flat.paths, flat.leaves) {
      let name = path.hasPrefix("layer.") ? String(path.dropFirst("layer.".count)) : path
      let expected = try #require(fixture.gradients[name], "\(fixture.name): \(path)")
      #expect(leaf.shape == Shape(expected.shape), "\(fixture.name): \(path)")
      #expect(OptimizerTests.difference(try leaf.doubles, expected.data) < 1e-8, "\(fixture.name): \(path)")
    }
  }
}
