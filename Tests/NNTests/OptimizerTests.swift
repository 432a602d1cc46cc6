// Ten steps of every optimizer against PyTorch's, in f64. Tests/fixtures/optimizers.py makes the numbers.

import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Foundation
import Testing

/// The numbers of PyTorch.
struct OptimizerFixture: Decodable, Sendable {
  struct Run: Decodable, Sendable {
    var loss: String
    var optimizer: String
    var losses: [Double]
    var parameters: [[Double]]
  }
  var sizes: [Int]
  var rows: Int
  var start: [[Double]]
  var x: [Double]
  var labels: [Int]
  var targets: [Double]
  var runs: [Run]

  static func read() throws -> OptimizerFixture {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/optimizers.json")
    return try JSONDecoder().decode(OptimizerFixture.self, from: try Data(contentsOf: url))
  }
}

@Suite struct OptimizerTests {
  static let optimizers: [String: any Optimizer] = [
    "sgd": SGD(learningRate: 0.1),
    "momentum": SGD(learningRate: 0.1, momentum: 0.9),
    "nesterov": SGD(learningRate: 0.1, momentum: 0.9, nesterov: true),
    "decay": SGD(learningRate: 0.1, momentum: 0.5, weightDecay: 0.01),
    "adam": Adam(learningRate: 0.01),
    "adam2": Adam(learningRate: Schedule { _ in Tensor(0.02) }, beta1: 0.8, beta2: 0.99, epsilon: 1e-4),
  ]
  static let model = Sequential {
    Dense(7, activation: .tanh)
    Dense(6, activation: .tanh)
    Dense(3)
  }

  /// The largest |a - b| / max(|b|, 1e-3) of two lists of numbers.
  static func difference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1) / max(abs($1.1), 1e-3)) }
  }

  @Test(arguments: ["softmaxCrossEntropy", "meanSquaredError"], Self.optimizers.keys.sorted())
  func followsPyTorch(_ lossName: String, _ name: String) throws {
    let fixture = try OptimizerFixture.read()
    let run = try #require(fixture.runs.first { $0.loss == lossName && $0.optimizer == name })
    let optimizer = try #require(Self.optimizers[name])
    let x = Tensor(fixture.x, shape: [fixture.rows, fixture.sizes[0]])
    let labels = Tensor(fixture.labels.map { Int32($0) })
    let targets = Tensor(fixture.targets, shape: [fixture.rows, 3])
    let model = Self.model
    let step = valueAndGrad { @Sendable (w: Weights) -> Tensor in
      let y = model(w, x)
      return lossName == "meanSquaredError" ? meanSquaredError(y, targets) : softmaxCrossEntropy(y, labels: labels)
    }
    var w = try model.initialize(input: x.type, seed: 1)
    w = try w.replacing(zip(fixture.start, w.types).map { Tensor($0, shape: $1.type.shape) })
    var state = optimizer.initialState(w)
    var losses: [Double] = []
    for index in 0..<run.losses.count {
      let (loss, gradient) = step(w)
      losses.append(try loss.scalar)
      (w, state) = optimizer.update(w, gradient: gradient, state: state, step: Tensor(Int64(index)))
    }
    #expect(Self.difference(losses, run.losses) < 1e-9)
    for (leaf, expected) in zip(try w.flattened().leaves, run.parameters) {
      #expect(Self.difference(try leaf.doubles, expected) < 1e-9)
    }
  }

  @Test func stateHasStableNames() throws {
    let w = try Self.model.initialize(input: TensorType(.f32, [4, 5]), seed: 1)
    let paths = ["0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias"]
    #expect(try SGD(learningRate: 1).initialState(w).flattened().paths == [])
    #expect(try SGD(learningRate: 1, momentum: 0.9).initialState(w).flattened().paths == paths.map { "momentum." + $0 })
    #expect(try Adam().initialState(w).flattened().paths == paths.map { "m." + $0 } + paths.map { "v." + $0 })
  }

  @Test func singlePrecisionFollowsDouble() throws {
    for (name, optimizer) in TrajectoryTests.optimizers {
      func run(_ dtype: DType) throws -> [Double] {
        let numbers = Tensor([0.5, -1.25, 2.0, 1.0, 0.75, -0.5])
        var p = [convert(numbers, to: dtype), convert(reshape(numbers, [2, 3]), to: dtype)]
        var state = optimizer.initialState(p)
        for step in 0..<5 {
          (p, state) = optimizer.update(p, gradient: p, state: state, step: Tensor(Int64(step)))
        }
        #expect(p.allSatisfy { $0.dtype == dtype })
        return try p.flatMap { try $0.doubles }
      }
      #expect(Self.difference(try run(.f32), try run(.f64)) < 1e-5, "\(name)")
    }
  }

  @Test func learningRateIsAFunctionOfTheStep() throws {
    let optimizer = SGD(learningRate: Schedule { step in 1 / (step + 1) })
    let p = Tensor([0.0])
    for step in 0..<3 {
      let moved = optimizer.update(
        p, gradient: Tensor([1.0]), state: optimizer.initialState(p), step: Tensor(Int64(step)))
      #expect(abs(try moved.parameters.scalar + 1 / Double(step + 1)) < 1e-15)
    }
  }

  /// A whole step within one trace: the scalars of Adam are nodes of their own, made once for all parameters.
  @Test func scalarsAreComputedOnce() throws {
    let trace = Trace()
    let graph = try trace.record {
      let p = [trace.input("a", TensorType(.f32, [3])), trace.input("b", TensorType(.f32, [4]))]
      let adam = Adam()
      let updated = adam.update(
        p, gradient: p, state: adam.initialState(p), step: trace.input("step", TensorType(.i64, [])))
      return try trace.finish(updated.parameters.map { ("", $0) })
    }
    #expect(graph.nodes.filter { $0.op.name == "power" }.count == 2)
    #expect(graph.nodes.allSatisfy { $0.location.map { $0.file == "NNTests/OptimizerTests.swift" } ?? true })
    #expect(graph.nodes.filter { $0.op.name == "power" }.allSatisfy { $0.type.shape.rank == 0 })
  }

  @Test func foreignStateIsAnError() throws {
    let p = Tensor([1.0])
    let moved = Adam().update(p, gradient: p, state: OptimizerState(), step: Tensor(Int64(0)))
    let error = #expect(throws: DescentError.self) { try moved.parameters.doubles }
    #expect(error?.message.contains("'m'") == true)
  }
}
