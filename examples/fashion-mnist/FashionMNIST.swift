// Clothes in ten classes: 60,000 training and 10,000 test images of 28 by 28 bytes, from Debian's package of them.

import ArgumentParser
import Descent

@main struct Clothes: TrainingProgram {
  static let name = "fashion-mnist"
  static let abstract = "Fashion-MNIST: 784-256-128-10 with relu, cross-entropy, Adam."
  static let defaults = TrainingDefaults(epochs: 10, batch: 128)

  @Option(name: .customLong("data"), help: "The folder of the four gzipped IDX files.")
  var folder = FashionMNIST.directory

  func data() throws -> TrainingData {
    (try FashionMNIST.training(in: folder), try FashionMNIST.test(in: folder))
  }

  func trainer() throws -> Trainer<Weights> {
    let network = Sequential {
      Flatten()
      Dense(256, activation: .relu)
      Dense(128, activation: .relu)
      Dense(10)
    }
    return Trainer(
      network, input: TensorType(.f32, [1, 28, 28]), optimizer: Adam(learningRate: 0.001), metric: .accuracy,
      // The bytes travel as they are; the graph makes numbers of them, so a standalone trainer reads the same file.
      prepare: { pixels in convert(pixels, to: .f32) / 255 },
      loss: { logits, labels in softmaxCrossEntropy(logits, labels: labels) })
  }

  /// The curves of training, and some test images with what the network takes them for.
  func finish(_ run: FinishedRun<Weights>) throws {
    try run.draw(run.lossCurves, as: "loss")
    guard let test = try run.validation?.prefix(24) else { return }
    let guesses = try argmax(run.predict(test.inputs)).integers, labels = try test.targets.integers
    let pixels = try test.inputs.doubles, names = FashionMNIST.classNames
    let images = labels.indices.map { i in
      ImageGrid.Image(
        Array(pixels[i * 784..<(i + 1) * 784]), width: 28, height: 28, range: 0...255, caption: names[guesses[i]],
        verdict: guesses[i] == labels[i] ? .right : .wrong)
    }
    try run.draw(ImageGrid(title: "Test images and what the network sees in them", images: images), as: "images")
  }
}
