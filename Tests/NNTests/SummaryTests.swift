// What a checkpoint says of optimizers and learning rates: two that step differently say so. A new optimizer joins by a line
// for each of its numbers.

import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

@Suite struct SummaryTests {
  static let model = {
    var weights = Weights()
    weights["0.weight"] = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    weights["0.bias"] = Tensor([5, 6] as [Float])
    return weights
  }()

  /// No two of these are the same; each follows the one that it varies.
  static let optimizers: [any Optimizer] = [
    SGD(learningRate: 0.1), SGD(learningRate: 0.1, momentum: 0.9),
    SGD(learningRate: 0.1, momentum: 0.9, nesterov: true),
    SGD(learningRate: 0.1, weightDecay: 0.01),
    Adam(), Adam(beta1: 0.8), Adam(beta2: 0.99), Adam(epsilon: 1e-7), Adam(weightDecay: 0.1),
    AdamW(), AdamW(beta1: 0.8), AdamW(beta2: 0.99), AdamW(epsilon: 1e-7), AdamW(weightDecay: 0.1),
    NAdam(), NAdam(beta1: 0.8), NAdam(beta2: 0.99), NAdam(epsilon: 1e-7), NAdam(momentumDecay: 0.1),
    NAdam(weightDecay: 0.1),
    RAdam(), RAdam(beta1: 0.8), RAdam(beta2: 0.99), RAdam(epsilon: 1e-7), RAdam(weightDecay: 0.1),
    LAMB(), LAMB(beta1: 0.8), LAMB(beta2: 0.99), LAMB(epsilon: 1e-7), LAMB(weightDecay: 0.1),
    Lion(), Lion(beta1: 0.8), Lion(beta2: 0.98), Lion(weightDecay: 0.1),
    Adagrad(), Adagrad(initialAccumulator: 0.1), Adagrad(epsilon: 1e-7), Adagrad(weightDecay: 0.1),
    RMSprop(), RMSprop(decay: 0.9), RMSprop(epsilon: 1e-7), RMSprop(momentum: 0.5), RMSprop(centered: true),
    RMSprop(weightDecay: 0.1),
    Muon(), Muon(momentum: 0.9), Muon(nesterov: false), Muon(weightDecay: 0), Muon(epsilon: 1e-6), Muon(others: Adam()),
    Muon { path, _ in path.isEmpty },
    GradientClipping(norm: 1, Adam()), GradientClipping(norm: 2, Adam()), GradientClipping(value: 1, Adam()),
    GradientClipping(norm: 1, AdamW()),
    GradientAccumulation(steps: 2, Adam()), GradientAccumulation(steps: 3, Adam()),
    ParameterAveraging(decay: 0.9, Adam()), ParameterAveraging(decay: 0.8, Adam()),
    ParameterGroups([ParameterGroup("plain", Adam()) { $0.hasSuffix("bias") && $1.shape.rank == 1 }], others: AdamW()),
    ParameterGroups(
      [ParameterGroup("plain", Adam()) { $0.hasSuffix("weight") && $1.shape.rank == 2 }], others: AdamW()),
    ParameterGroups([ParameterGroup("named", Adam()) { $0.hasSuffix("bias") && $1.shape.rank == 1 }], others: AdamW()),
  ]

  @Test func noTwoOptimizersSayTheSame() throws {
    let texts = try Self.optimizers.map { try #require($0.summary(of: Self.model)?.text) }
    for (i, text) in texts.enumerated() {
      #expect(texts.firstIndex(of: text) == i, "\(text)")
      #expect(!text.contains("/") && !text.contains(".swift"))
    }
    let adam = try #require(Adam(learningRate: 0.02).summary(of: Self.model))
    #expect(adam.text == "Adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-08, weightDecay: 0.0)" && adam.rates == ["0.02"])
  }

  /// Rates stand apart, those of optimizers within too.
  @Test func learningRates() throws {
    let rates: [any LearningRate] = [
      0.1, Float(0.5), 1, .step(0.1, every: 2), .step(0.1, every: 3), .multiStep(0.1, milestones: [2, 3]),
      .exponential(0.1, factor: 0.5), .cosine(0.1, steps: 9), .cosine(0.1, steps: 9, minimum: 0.01),
      .oneCycle(0.1, steps: 20),
      .warmUp(steps: 3, into: .cosine(0.1, steps: 9)), .warmUp(steps: 3, into: 0.1),
      .inverseSquareRoot(width: 8, warmUp: 2),
      Schedule { 0.1 / (1 + $0) }, Schedule { 0.2 / (1 + $0) },
    ]
    let texts = rates.map(\.rateText)
    for (i, text) in texts.enumerated() { #expect(texts.firstIndex(of: text) == i, "\(text)") }
    #expect(texts[0] == "0.1" && texts[1] == "0.5" && texts[2] == "1")
    #expect(texts[10] == "warmUp(steps: 3, from: 0.0, into: cosine(0.1, steps: 9, minimum: 0.0))")
    // The same function elsewhere in a file.
    #expect(Schedule { 0.1 / (1 + $0) }.rateText == texts[13] && texts[13].hasPrefix("a function "))
    let groups = ParameterGroups(
      [ParameterGroup("a", SGD(learningRate: 0.1)) { $1.shape.rank == 1 }], others: Adam(learningRate: 0.2))
    #expect(groups.summary(of: Self.model)?.rates == ["0.1", "0.2"])
    #expect(GradientClipping(norm: 1, Adam(learningRate: 0.3)).summary(of: Self.model)?.rates == ["0.3"])
  }

  /// Every rate of every optimizer can be set, and each of those that a summary names is asked for once.
  @Test func allRatesCanBeSet() throws {
    for optimizer in Self.optimizers {
      let summary = try #require(optimizer.summary(of: Self.model))
      var seen: [String] = []
      let other = try #require(
        optimizer.replacingRates { rate in
          seen.append(rate.rateText); return 0.125
        }, "\(summary.text)")
      #expect(seen == summary.rates, "\(summary.text)")
      let changed = try #require(other.summary(of: Self.model))
      #expect(changed.text == summary.text && changed.rates == seen.map { _ in "0.125" })
      let same = optimizer.replacingRates { $0 }
      #expect(same?.summary(of: Self.model) == summary)
    }
    #expect(Own(factor: 0.1).replacingRates { $0 } == nil)
    #expect(GradientClipping(norm: 1, Own(factor: 0.1)).replacingRates { $0 } == nil)
  }

  /// The base of a rate is a rate that it reaches and never exceeds.
  @Test func basesArePeaks() throws {
    let rates: [(any LearningRate, Double?)] = [
      (0.1, 0.1), (Float(0.5), 0.5), (2, 2), (.step(0.1, every: 2), 0.1), (.multiStep(0.1, milestones: [2, 3]), 0.1),
      (.exponential(0.1, factor: 0.5), 0.1), (.cosine(0.1, steps: 9, minimum: 0.01), 0.1),
      (.oneCycle(0.1, steps: 20), 0.1),
      (.warmUp(steps: 3, into: .cosine(0.1, steps: 9)), 0.1), (.inverseSquareRoot(width: 8, warmUp: 2, scale: 3), 0.75),
      (Schedule { 0.1 / (1 + $0) }, nil), (.warmUp(steps: 3, into: Schedule { 0.1 / (1 + $0) }), nil),
      (Schedule(base: 0.1) { 0.1 / (1 + $0) }, 0.1),
    ]
    for (rate, base) in rates {
      #expect(rate.baseRate.map { ($0 * 1e12).rounded() } == base.map { ($0 * 1e12).rounded() }, "\(rate.rateText)")
      guard let base = rate.baseRate else { continue }
      let greatest = try (0..<30).map { try convert(rate.rate(step: Tensor(Int64($0))), to: .f64).scalar }.max()!
      #expect(abs(greatest - base) < 1e-12, "\(rate.rateText): \(greatest)")
    }
  }

  /// An optimizer of the user's own has no words, and so has one around it; a checkpoint knows it by its graph.
  private struct Own: Optimizer {
    var factor: Float
    func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> { OptimizerState() }
    func update<P: ParameterTree>(
      _ parameters: P, gradient: P, state: OptimizerState<P>, step: Tensor
    ) -> (parameters: P, state: OptimizerState<P>) {
      (map(parameters, gradient) { p, g in p - factor * g }, state)
    }
  }
  @Test func anOptimizerOfTheUsersOwn() throws {
    #expect(Own(factor: 0.1).summary(of: Self.model) == nil)
    #expect(GradientClipping(norm: 1, Own(factor: 0.1)).summary(of: Self.model) == nil)
    let folder = FileManager.default.temporaryDirectory.path + "/summary-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func run(_ optimizer: any Optimizer, from resume: String? = nil) throws {
      let x = Tensor([0, 1, 2, 3] as [Float], shape: [4, 1])
      let trainer = Trainer(
        Dense(1), input: TensorType(.f32, [1, 1]), optimizer: optimizer, loss: { meanSquaredError($0, $1) })
      var options = TrainingOptions(epochs: 1, engine: .interpreted)
      (options.checkpoint, options.resume) = (folder + "/c", resume)
      _ = try trainer.fit(try .init(inputs: x, targets: x), options: options)
    }
    try run(Own(factor: 0.1))
    try run(Own(factor: 0.1), from: folder + "/c")
    let error = #expect(throws: DescentError.self) { try run(Own(factor: 0.2), from: folder + "/c") }
    #expect(error?.message.contains("optimizer \"Own ") == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("learning rate") == false)
  }
}
