// Handwritten digits of 8 by 8 pixels, 1,797 of them, in a CSV file of the examples: needs nothing installed but Swift.

import Descent
import ExampleData

@main struct Digits: TrainingProgram {
  static let name = "digits"
  static let abstract = "Handwritten digits: 64-64-32-10 with relu, cross-entropy, Adam."
  static let defaults = TrainingDefaults(epochs: 30, batch: 32)

  func data() throws -> TrainingData { try HandwrittenDigits.read() }

  func trainer() throws -> Trainer<Weights> {
    let network = Sequential {
      Dense(64, activation: .relu)
      Dense(32, activation: .relu)
      Dense(10)
    }
    return Trainer(
      network, input: TensorType(.f32, [1, 64]), optimizer: Adam(learningRate: 0.002), metric: .accuracy,
      prepare: { pixels in pixels / 16 },
      loss: { logits, labels in softmaxCrossEntropy(logits, labels: labels) })
  }

  /// The curves of training, and the first digits that the network gets wrong.
  func finish(_ run: FinishedRun<Weights>) throws {
    try run.draw(run.lossCurves, as: "loss")
    guard let test = run.validation else { return }
    let guesses = try argmax(run.predict(test.inputs)).integers, labels = try test.targets.integers
    let pixels = try test.inputs.doubles
    let wrong = labels.indices.filter { guesses[$0] != labels[$0] }.prefix(16)
    let images = wrong.map { i in
      ImageGrid.Image(
        Array(pixels[i * 64..<(i + 1) * 64]), width: 8, height: 8, range: 0...16,
        caption: "\(guesses[i]), not \(labels[i])", verdict: .wrong)
    }
    try run.draw(ImageGrid(title: "\(wrong.count) mistakes", images: images), as: "mistakes")
  }
}
