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
}
