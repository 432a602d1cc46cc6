// A network that learns 30 noisy points by heart, and what keeps it from that: L1, L2 and both (elastic net) on the weights,
// dropout, and stopping early. All are one network, one optimizer, and the same points.

import Descent
import Foundation

@main struct Regularization: TrainingProgram {
  static let name = "regularization"
  static let abstract = "Overfitting beside L1, L2, elastic net, dropout and early stopping."
  static let defaults = TrainingDefaults(epochs: 300, stepsPerEpoch: 50)

  /// y = sin 4x + 0.3 ε for x uniform on [-1, 1].
  static func draw(_ n: Int, _ key: RandomKey) throws -> Dataset {
    let x = uniform([n, 1], key: key.fold(0), low: -1)
    return try Dataset(inputs: x, targets: sin(4 * x[.all, 0]) + 0.3 * normal([n], key: key.fold(1)))
  }

  func data() throws -> TrainingData {
    (try Self.draw(30, RandomKey(seed: 1)), try Self.draw(1_000, RandomKey(seed: 2)))
  }

  static func trainer(dropout: Double = 0, penalty: (@Sendable (Weights) -> Tensor)? = nil) -> Trainer<Weights> {
    let network = Sequential {
      Dense(64, activation: .tanh)
      Dropout(dropout)
      Dense(64, activation: .tanh)
      Dropout(dropout)
      Dense(1)
    }
    return Trainer(
      network, input: TensorType(.f32, [1, 1]), optimizer: Adam(learningRate: 0.003),
      prepare: { x in 4 * x }, penalty: penalty, loss: { y, target in meanSquaredError(y[.all, 0], target) })
  }

  /// `train`, `compare` and the other commands have the network without any of it.
  func trainer() -> Trainer<Weights> { Self.trainer() }

  /// Trains the others, and sets all side by side: losses without penalties and dropout, and the share of weights whose size is
  /// below 0.01.
  func finish(_ run: FinishedRun<Weights>) throws {
    guard let validation = run.validation else { return }
    // Points that nothing was stopped by.
    let test = try Self.draw(1_000, RandomKey(seed: 3))
    let isWeight = { @Sendable (path: String) in path.hasSuffix("weight") }
    let others: [(name: String, trainer: Trainer<Weights>, patience: Int?)] = [
      ("L1", Self.trainer { l1($0, where: isWeight) * 1e-3 }, nil),
      ("L2", Self.trainer { l2($0, where: isWeight) * 1e-3 }, nil),
      ("elastic net", Self.trainer { elasticNet($0, l1: 5e-4, l2: 5e-4, where: isWeight) }, nil),
      ("dropout", Self.trainer(dropout: 0.1), nil),
      ("early stopping", Self.trainer(), 10),
    ]
    var runs = [("none", trainer(), run.result)]
    for (name, trainer, patience) in others {
      // So little is done in a step that a second thread would be waited for more than it helps.
      var options = TrainingOptions(epochs: run.result.history.count, threads: 1)
      options.stepsPerEpoch = Self.defaults.stepsPerEpoch
      options.stopping = Stopping(patience: patience)
      runs.append((name, trainer, try trainer.fit(run.training, validation: validation, options: options)))
    }

    for (name, trainer, result) in runs {
      let p = result.parameters
      let losses = try [run.training, test].map { rows in
        try meanSquaredError(trainer.predict(p, rows.inputs, Context())[.all, 0], rows.targets).scalar
      }
      let weights = try [0, 2, 4].flatMap { try p[$0].weight.doubles }
      let small = 100 * Double(weights.count { abs($0) < 0.01 }) / Double(weights.count)
      try run.show(
        name.padding(toLength: 15, withPad: " ", startingAt: 0)
          + String(
            format: "loss %.4f in training, %.4f in test; %4.1f%% of weights below 0.01; ", losses[0], losses[1], small)
          + "\(result.history.count) epochs", as: "loss")
    }
    let training = Plot.Series.line("none, training", y: run.result.history.map(\.loss))
    let curves = runs.dropLast().map { name, _, result in
      Plot.Series.line("\(name), validation", y: result.history.compactMap(\.validationLoss))
    }
    // The curve of the last is that of the first as far as it goes: a dot where it went back to.
    let losses = runs[runs.count - 1].2.history.compactMap(\.validationLoss)
    let best = losses.indices.min { losses[$0] < losses[$1] } ?? 0
    let stop = Plot.Series.points("early stopping", x: [Double(best + 1)], y: [losses[best]])
    try run.draw(
      Plot(
        title: "Losses of training and validation", x: .init("epoch"), y: .init("squared error", scale: .logarithmic),
        series: [training] + curves + [stop]), as: "loss")
  }
}
