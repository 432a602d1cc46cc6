// Episodes: a run that goes on from parameters and state has the bits of one that was never divided, and builds nothing twice.

import DescentData
import DescentDriver
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

/// A weight, and a number that the loss has beside it.
private struct Scaled: ParameterTree {
  var w: Tensor
  var β: Double
  var n = 2
}

@Suite struct EpisodeTests {
  private let data: Dataset
  init() throws {
    let x = normal([100, 3], key: RandomKey(seed: 5))
    data = try Dataset(inputs: x, targets: sum(x * Tensor([Float(1), -2, 0.5]), axes: [1]))
  }

  private func trainer(
    _ optimizer: any Optimizer = Adam(learningRate: .cosine(0.02, steps: 60, minimum: 0))
  ) -> Trainer<Weights> {
    Trainer(
      Sequential {
        Dense(8, activation: .tanh)
        BatchNorm()
        Dropout(0.1)
        Dense(1)
      }, input: TensorType(.f32, [1, 3]), optimizer: optimizer,
      loss: { mean(square(reshape($0, [$1.shape[0]]) - $1)) })
  }

  private func bits(_ tree: some ParameterTree) throws -> [HostArray] { try FlatTree(tree).leaves.map { try $0.value } }
  private func expectSame(_ a: some ParameterTree, _ b: some ParameterTree) throws {
    for (x, y) in zip(try bits(a), try bits(b)) { #expect(x.isIdentical(to: y)) }
  }

  /// Six epochs at once, and in three runs, the last from files: the same bits, and one build.
  @Test(arguments: [Engine.compiled, .interpreted]) func aRunInParts(_ engine: Engine) throws {
    let trainer = trainer()
    func options(_ epochs: Int) -> TrainingOptions {
      TrainingOptions(epochs: epochs, batch: 16, seed: 3, threads: 1, engine: engine)
    }
    let (whole, first) = try BuildLog.of { try trainer.fit(data, options: options(6)) }
    #expect(first.loaded.count == (engine == .compiled ? 2 : 0))
    let (_, again) = try BuildLog.of {
      let one = try trainer.fit(data, options: options(1))
      let two = try trainer.fit(data, from: one.parameters, state: one.state, options: options(2))
      #expect(two.steps == 18 && two.history.map(\.epoch) == [1, 2])
      let path = NSTemporaryDirectory() + "/episode-\(UUID().uuidString)"
      defer { for end in ["p", "s"] { try? FileManager.default.removeItem(atPath: path + end) } }
      try save(two.parameters, to: path + "p")
      try save(two.state, to: path + "s")
      let three = try trainer.fit(
        data, from: load(like: one.parameters, from: path + "p"), state: load(like: one.state, from: path + "s"),
        options: options(3))
      try expectSame(three.parameters, whole.parameters)
      try expectSame(three.state, whole.state)
      #expect(three.steps == whole.steps && three.history.map(\.loss) == Array(whole.history.map(\.loss)[3...]))
    }
    #expect(again.prepared.isEmpty && again.loaded.isEmpty)
  }

  /// A step within an epoch: the next run shuffles anew, and does not fall into the orders before.
  @Test func anEpochThatWasLeft() throws {
    let trainer = trainer(SGD(learningRate: 0.01))
    var options = TrainingOptions(epochs: 9, batch: 16, threads: 1)
    options.steps = 4
    let one = try trainer.fit(data, options: options)
    let two = try trainer.fit(data, from: one.parameters, state: one.state, options: options)
    #expect(one.steps == 4 && two.steps == 8 && two.state.steps == 8)
    #expect(try bits(one.parameters) != bits(two.parameters))
  }

  /// Without a state the optimizer begins at the parameters that are given, those that average them too.
  @Test func withoutAState() throws {
    let trainer = trainer(ParameterAveraging(decay: 0.5, SGD(learningRate: 0.05)))
    let options = TrainingOptions(epochs: 1, batch: 50, threads: 1)
    let one = try trainer.fit(data, options: options)
    let fresh = TrainingState<Weights>(
      optimizer: trainer.optimizer.initialState(one.parameters), running: try trainer.initialState(), steps: 0)
    let (a, b) = (
      try trainer.fit(data, from: one.parameters, options: options),
      try trainer.fit(data, from: one.parameters, state: fresh, options: options)
    )
    try expectSame(a.parameters, b.parameters)
    try expectSame(a.state, b.state)
    #expect(a.steps == 2)
  }

  /// Simulate, train, repeat: the points of each episode come from what was learned so far.
  @Test func simulateTrainRepeat() throws {
    let trainer = trainer(Adam(learningRate: 0.01))
    // The next states are the last ones with a shock, and what the network makes of them on top.
    let simulate = compile { (x: Tensor, y: Tensor, key: Tensor) in
      0.9 * x + 0.1 * broadcast(y, [64, 3]) + 0.3 * normal([64, 3], key: RandomKey(seed: 1).fold(key))
    }
    var x = zeros([64, 3])
    var (parameters, state): (Weights?, TrainingState<Weights>?) = (nil, nil)
    var losses: [Double] = []
    var builds: [Int] = []
    for episode in 0..<5 {
      let (result, log) = try BuildLog.of {
        if let parameters, let state {
          let y = trainer.predict(parameters, x, Context(state: RunningState(state.running)))
          x = try simulate(x, y, Tensor(Int64(episode)))
        }
        let states = try Dataset(inputs: x, targets: x[.all, 0])
        return try trainer.fit(
          states, from: parameters, state: state, options: TrainingOptions(epochs: 20, batch: 32, seed: 1))
      }
      (parameters, state) = (result.parameters, result.state)
      losses.append(result.history.last!.loss)
      builds.append(log.prepared.count)
    }
    #expect(builds == [2, 1, 0, 0, 0] && losses[4] < losses[1])
  }

  /// A loss that draws its own states: a new draw each step, and no data set.
  @Test func lossesThatDraw() throws {
    let trainer = Trainer<Tensor>(
      optimizer: SGD(learningRate: .exponential(0.3, factor: 0.99)), initialize: { _ in zeros([1]) },
      loss: { w, key in mean(square(normal([64], key: key, mean: 3) - w)) })
    var options = TrainingOptions(epochs: 2)
    options.stepsPerEpoch = 200
    let (result, log) = try BuildLog.of { try trainer.fit(options: options) }
    #expect(abs(try result.parameters.doubles[0] - 3) < 0.05 && result.steps == 400)
    #expect(abs(result.history[1].loss - 1) < 0.1 && result.history[0].loss != result.history[1].loss)
    #expect(log.loaded.count == 2)
    let (next, none) = try BuildLog.of {
      try trainer.fit(from: result.parameters, state: result.state, options: options)
    }
    #expect(next.steps == 800 && none.prepared.isEmpty)
    options.seed = 8
    let other = try trainer.fit(options: options)
    #expect(try other.parameters.doubles != result.parameters.doubles)
    // What it makes of rows nobody has said.
    let folder = NSTemporaryDirectory() + "/drawn-\(UUID().uuidString)"
    let error = #expect(throws: DescentError.self) {
      try trainer.emitInference(parameters: result.parameters, inputs: TensorType(.f32, [1]), to: folder)
    }
    #expect(error?.message.contains("made without predict:") == true)
  }

  /// Twenty values of a number beside the parameters: one build, in training and evaluation, and each as if built for it alone.
  @Test func aSweepOfTwentyValuesBuildsOnce() throws {
    @Sendable func trainer(_ β: Double) -> Trainer<Scaled> {
      Trainer(
        optimizer: Adam(learningRate: 0.05), metric: .init("distance") { p, y in mean(abs(p - y)) },
        initialize: { key in Scaled(w: normal([3], key: key), β: β) },
        predict: { p, x in sum(x * p.w, axes: [1]) * (1 - p.β) },
        loss: { p, x, y in mean(square(sum(x * p.w, axes: [1]) * p.β - y)) + Float(p.n) * 0.01 * sum(square(p.w)) })
    }
    let (training, validation) = try data.split(0.2, seed: 1)
    let options = TrainingOptions(epochs: 2, batch: 20, threads: 1)
    let one = trainer(0.5), start = Scaled(w: Tensor([Float(0.5), 0, -1]), β: 0.5)
    _ = try one.fit(training, validation: validation, options: options)
    var results: [TrainingResult<Scaled>] = []
    let betas = (1...20).map { 0.5 + Double($0) / 16 }
    let log = try BuildLog.of {
      for β in betas {
        let p = Scaled(w: start.w, β: β)
        results.append(try one.fit(training, from: p, validation: validation, options: options))
      }
    }.log
    // First parameters, a step, and rows one by one for the validation.
    #expect(log.loaded == ["initialize", "train", "evaluate1"] && log.reasons.count == 1)
    for (β, result) in zip(betas, results).filter({ [1, 10, 20].contains(Int(($0.0 - 0.5) * 16)) }) {
      #expect(result.parameters.β == β)
      let alone = try trainer(β).fit(
        training, from: Scaled(w: start.w, β: β), validation: validation, options: options)
      let difference = try zip(result.parameters.w.doubles, alone.parameters.w.doubles).map { abs($0 - $1) }.max() ?? 1
      #expect(difference < 1e-5, "\(β)")
      let metrics = (result.validationMetric ?? 0, alone.validationMetric ?? 1)
      #expect(abs(metrics.0 - metrics.1) < 1e-5)
    }
    // The state of one value goes on with another.
    _ = try one.fit(
      training, from: Scaled(w: start.w, β: 0.7), state: results[3].state, validation: validation, options: options)
  }

  @Test func aChangedTrainerBeginsAnew() throws {
    var trainer = trainer()
    let options = TrainingOptions(epochs: 1, batch: 50, threads: 1)
    _ = try trainer.fit(data, options: options)
    let kept = trainer
    trainer.optimizer = SGD(learningRate: 0.1)
    #expect(try BuildLog.of { try trainer.fit(data, options: options) }.log.prepared.count == 2)
    #expect(try BuildLog.of { try kept.fit(data, options: options) }.log.prepared.isEmpty)
    let reasons = try BuildLog.of { try kept.fit(data, options: TrainingOptions(epochs: 1, batch: 25, threads: 1)) }.log
      .reasons
    #expect(reasons == ["descent: training of Weights: built again: a batch has 25, the last time 50"])
  }

  @Test func whatIsOfAnotherTrainerIsAnError() throws {
    let trainer = trainer(), options = TrainingOptions(epochs: 1, batch: 50, threads: 1)
    let result = try trainer.fit(data, options: options)
    func message(_ body: () throws -> Void) -> String {
      (#expect(throws: DescentError.self, performing: body))?.message ?? ""
    }
    var other = result.parameters
    other["9"] = Tensor(Float(0))
    #expect(message { _ = try trainer.fit(data, from: other, options: options) }.contains("parameters.9, running"))
    other = map(result.parameters) { convert($0, to: .f64) }
    #expect(
      message { _ = try trainer.fit(data, from: other, options: options) }.contains(
        "'parameters.0.weight' of the tree of parameters to begin with is f64[3,8]; expected f32[3,8]"))
    let sgd = self.trainer(SGD(learningRate: 0.1))
    #expect(
      message { _ = try sgd.fit(data, from: result.parameters, state: result.state, options: options) }.contains(
        "the state to begin with has the tensors m.0.weight"))
    #expect(
      message { _ = try trainer.fit(data, state: result.state, options: options) }.contains("needs the parameters"))
    var kept = options
    kept.checkpoint = NSTemporaryDirectory() + "/none-\(UUID().uuidString)"
    #expect(
      message { _ = try trainer.fit(data, from: result.parameters, state: result.state, options: kept) }.contains(
        "goes on from step 2 of another"))
    #expect(!FileManager.default.fileExists(atPath: kept.checkpoint!))
    kept.checkpoint = nil
    kept.resume = "none"
    #expect(message { _ = try trainer.fit(data, from: result.parameters, options: kept) }.contains("not from both"))
  }
}
