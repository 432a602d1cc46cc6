// A hundred steps of every optimizer, wrapper and schedule against PyTorch's, in f64; the same updates as C.
// Tests/fixtures/trajectories.py makes the numbers.

import DescentDriver
import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Foundation
import Testing

/// The numbers of PyTorch.
struct TrajectoryFixture: Decodable, Sendable {
  struct Run: Decodable, Sendable {
    /// Step k sees part k mod `batches` of the rows.
    var batches: Int
    /// Of every tenth step, before it.
    var losses: [Double]
    /// After the last step.
    var parameters: [[Double]]
    var average: [[Double]]?
    var rates: [Double]?
  }
  struct Minimum: Decodable, Sendable {
    var start: [Double]
    /// After each iteration.
    var values: [Double]
    var minimum: [Double]
  }
  struct Logistic: Decodable, Sendable {
    var x: [Double]
    var y: [Double]
    var run: Minimum
  }
  var sizes: [Int]
  var rows: Int
  var start: [[Double]]
  var x: [Double]
  var labels: [Int32]
  var optimizers: [String: Run]
  var schedules: [String: Run]
  var rosenbrock: Minimum
  var logistic: Logistic

  static func read() throws -> TrajectoryFixture {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/trajectories.json")
    return try JSONDecoder().decode(TrajectoryFixture.self, from: try Data(contentsOf: url))
  }
}

@Suite struct TrajectoryTests {
  static let steps = 100
  static let model = Sequential {
    Dense(5, activation: .tanh)
    Dense(4)
  }

  static func groups(_ bias: some LearningRate, _ weight: some LearningRate) -> ParameterGroups {
    ParameterGroups(
      [ParameterGroup("plain", AdamW(learningRate: bias, weightDecay: 0)) { path, _ in path.hasSuffix("bias") }],
      others: AdamW(learningRate: weight, weightDecay: 0.1))
  }
  static let optimizers: [String: any Optimizer] = [
    "sgd": SGD(learningRate: 0.1, weightDecay: 0.01),
    "momentum": SGD(learningRate: 0.05, momentum: 0.9, weightDecay: 0.01),
    "nesterov": SGD(learningRate: 0.05, momentum: 0.9, nesterov: true),
    "adam": Adam(learningRate: 0.02),
    "adamDecay": Adam(learningRate: 0.02, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.05),
    "adamW": AdamW(learningRate: 0.02),
    "adamWDecay": AdamW(learningRate: 0.02, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.2),
    "adagrad": Adagrad(learningRate: 0.05),
    "adagradDecay": Adagrad(learningRate: 0.05, initialAccumulator: 0.1, epsilon: 1e-6, weightDecay: 0.05),
    "rmsprop": RMSprop(learningRate: 0.01),
    "rmspropCentered": RMSprop(learningRate: 0.01, decay: 0.9, centered: true, weightDecay: 0.05),
    "rmspropMomentum": RMSprop(learningRate: 0.005, epsilon: 1e-6, momentum: 0.9),
    "rmspropBoth": RMSprop(learningRate: 0.005, momentum: 0.5, centered: true),
    "nadam": NAdam(learningRate: 0.02),
    "nadamDecay": NAdam(
      learningRate: 0.02, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, momentumDecay: 0.01, weightDecay: 0.05),
    "radam": RAdam(learningRate: 0.02),
    "radamDecay": RAdam(learningRate: 0.02, beta1: 0.8, beta2: 0.9, epsilon: 1e-6, weightDecay: 0.05),
    "lion": Lion(learningRate: 0.003),
    "lionDecay": Lion(learningRate: 0.003, beta1: 0.8, beta2: 0.95, weightDecay: 0.3),
    "lamb": LAMB(learningRate: 0.02),
    "lambDecay": LAMB(learningRate: 0.02, beta1: 0.8, beta2: 0.99, epsilon: 1e-5, weightDecay: 0.2),
    "muon": Muon(learningRate: 0.02),
    "muonPlain": Muon(
      learningRate: 0.02, momentum: 0.8, nesterov: false, weightDecay: 0, others: SGD(learningRate: 0.1)),
    "clipValue": GradientClipping(value: 0.03, SGD(learningRate: 0.1, momentum: 0.9)),
    "clipNorm": GradientClipping(norm: 0.2, Adam(learningRate: 0.02)),
    "groups": groups(0.05, 0.02),
    "accumulation": GradientAccumulation(steps: 4, Adam(learningRate: 0.02)),
    "averaging": ParameterAveraging(decay: 0.9, SGD(learningRate: 0.1, momentum: 0.9)),
    "all": GradientAccumulation(
      steps: 4,
      ParameterAveraging(
        decay: 0.8, GradientClipping(norm: 0.2, groups(.cosine(0.05, steps: 25), .cosine(0.02, steps: 25))))),
  ]
  static let schedules: [String: any LearningRate] = [
    "constant": 0.1,
    "step": .step(0.3, every: 30, factor: 0.3) as Schedule,
    "multiStep": .multiStep(0.3, milestones: [20, 45, 46, 80], factor: 0.5) as Schedule,
    "exponential": .exponential(0.3, factor: 0.97) as Schedule,
    "cosine": .cosine(0.3, steps: 100, minimum: 0.01) as Schedule,
    "oneCycle": .oneCycle(0.3, steps: 100) as Schedule,
    "oneCycleLate": .oneCycle(0.3, steps: 100, warmUp: 0.45, divisor: 10, finalDivisor: 100) as Schedule,
    "warmUp": .warmUp(steps: 10, from: 0.1, into: .cosine(0.3, steps: 90)) as Schedule,
    "warmUpConstant": .warmUp(steps: 40, from: 0.25, into: 0.3) as Schedule,
    "inverseSquareRoot": .inverseSquareRoot(width: 64, warmUp: 20, scale: 2) as Schedule,
  ]

  private func follow(_ run: TrajectoryFixture.Run, _ fixture: TrajectoryFixture, _ optimizer: any Optimizer) throws {
    let model = Self.model
    let x = Tensor(fixture.x, shape: [fixture.rows, fixture.sizes[0]])
    let labels = Tensor(fixture.labels)
    let part = fixture.rows / run.batches
    let loss = valueAndGrad { @Sendable (w: Weights, x: Tensor, labels: Tensor) -> Tensor in
      softmaxCrossEntropy(model(w, x), labels: labels)
    }
    var w = try model.initialize(input: x.type, seed: 1)
    w = try w.replacing(zip(fixture.start, w.types).map { Tensor($0, shape: $1.type.shape) })
    var state = optimizer.initialState(w)
    var losses: [Double] = []
    for step in 0..<Self.steps {
      let first = step % run.batches * part
      let rows = slice(x, start: [first, 0], limit: [first + part, fixture.sizes[0]])
      let (value, gradient) = loss(w, rows, slice(labels, start: [first], limit: [first + part]))
      if step % 10 == 9 { losses.append(try value.scalar) }
      (w, state) = optimizer.update(w, gradient: gradient, state: state, step: Tensor(Int64(step)))
    }
    #expect(OptimizerTests.difference(losses, run.losses) < 1e-9)
    for (leaf, expected) in zip(try w.flattened().leaves, run.parameters) {
      #expect(OptimizerTests.difference(try leaf.doubles, expected) < 1e-9)
    }
    if let average = run.average {
      for (leaf, expected) in zip(try ParameterAveraging.average(in: state).flattened().leaves, average) {
        #expect(OptimizerTests.difference(try leaf.doubles, expected) < 1e-9)
      }
    }
  }

  @Test(arguments: Self.optimizers.keys.sorted()) func optimizersFollowPyTorch(_ name: String) throws {
    let fixture = try TrajectoryFixture.read()
    #expect(fixture.optimizers.keys.sorted() == Self.optimizers.keys.sorted())
    try follow(try #require(fixture.optimizers[name]), fixture, try #require(Self.optimizers[name]))
  }

  @Test(arguments: Self.schedules.keys.sorted()) func schedulesFollowPyTorch(_ name: String) throws {
    let fixture = try TrajectoryFixture.read()
    #expect(fixture.schedules.keys.sorted() == Self.schedules.keys.sorted())
    let (run, schedule) = (try #require(fixture.schedules[name]), try #require(Self.schedules[name]))
    let rates = try (0..<Self.steps).map { try schedule.rate(step: Tensor(Int64($0))).scalar }
    let expected = try #require(run.rates)
    for (rate, expected) in zip(rates, expected) { #expect(abs(rate - expected) <= 1e-11 * expected) }
    func optimizer(_ rate: some LearningRate) -> any Optimizer { SGD(learningRate: rate) }
    try follow(run, fixture, optimizer(schedule))
  }

  /// All optimizers and all schedules in one C program, step after step, against the interpreter.
  @Test func compiledStepsAreTheInterpreters() throws {
    for (dtype, tolerance) in [(DType.f64, 1e-12), (.f32, 2e-6)] {
      let model = Self.model
      let w = map(try model.initialize(input: TensorType(.f64, [1, 3]), seed: 1)) { convert($0, to: dtype) }
      let optimizers = Self.optimizers, schedules = Self.schedules
      let all = {
        @Sendable (before: [String: Run], gradient: Weights, step: Tensor) -> ([String: Run], [String: Tensor]) in
        var after: [String: Run] = [:]
        for (name, run) in before.sorted(by: { $0.key < $1.key }) {
          let moved = optimizers[name]!.update(run.parameters, gradient: gradient, state: run.state, step: step)
          after[name] = Run(parameters: moved.parameters, state: moved.state)
        }
        var rates: [String: Tensor] = [:]
        for (name, schedule) in schedules { rates[name] = schedule.rate(step: step) + convert(step - step, to: .f64) }
        return (after, rates)
      }
      let compiled = compile(all)
      var (a, b) = (optimizers.mapValues { Run(parameters: w, state: $0.initialState(w)) }, [String: Run]())
      b = a
      // From just before an accumulated step to the one after, among others.
      for step in [0, 2, 3, 4, 47] {
        let gradient = map(w) { normal($0.shape, key: RandomKey(seed: 7 + step), dtype: dtype) * 0.1 }
        let (rates, others): ([String: Tensor], [String: Tensor])
        (a, rates) = all(a, gradient, Tensor(Int64(step)))
        (b, others) = try compiled(b, gradient, Tensor(Int64(step)))
        let (x, y) = (try a.flattened(), try b.flattened())
        #expect(x.structure == y.structure)
        for ((path, wanted), got) in zip(zip(x.paths, x.leaves), y.leaves) {
          #expect(wanted.type == got.type)
          #expect(OptimizerTests.difference(try got.doubles, try wanted.doubles) < tolerance, "\(path), step \(step)")
        }
        for (name, rate) in rates {
          #expect(abs(try others[name]!.scalar - rate.scalar) < 1e-14, "\(name), step \(step)")
        }
      }
    }
  }
  struct Run: ParameterTree {
    var parameters: Weights
    var state: OptimizerState<Weights>
  }
}
