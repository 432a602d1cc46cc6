// Clothes in ten classes, seen by a convolutional network: normalised, with dropout, images mirrored at random, and a learning
// rate of one cycle.

import ArgumentParser
import Descent

@main struct FashionCNN: TrainingProgram {
  static let name = "fashion-cnn"
  static let abstract = "Fashion-MNIST: two convolutions with batch normalisation, dropout, Adam with one cycle."
  static let defaults = TrainingDefaults(epochs: 10, batch: 128)

  @Option(name: .customLong("data"), help: "The folder of the four gzipped IDX files.")
  var folder = FashionMNIST.directory
  @Option(help: "Epochs over which the learning rate rises and falls.") var cycle = 10

  func data() throws -> TrainingData {
    (try FashionMNIST.training(in: folder), try FashionMNIST.test(in: folder))
  }

  func trainer() throws -> Trainer<Weights> {
    let network = Sequential {
      RandomFlip()
      Convolution(32, kernel: [3, 3], padding: .same, bias: false)
      BatchNorm()
      ReLU()
      MaxPool([2, 2])
      Convolution(64, kernel: [3, 3], padding: .same, bias: false)
      BatchNorm()
      ReLU()
      MaxPool([2, 2])
      Flatten()
      Dropout(0.3)
      Dense(128, activation: .relu)
      Dropout(0.3)
      Dense(10)
    }
    return Trainer(
      network, input: TensorType(.f32, [1, 28, 28, 1]),
      optimizer: Adam(learningRate: .oneCycle(0.004, steps: cycle * (60_000 / 128))), metric: .accuracy,
      prepare: { pixels in reshape(convert(pixels, to: .f32) / 255, [pixels.shape[0], 28, 28, 1]) },
      loss: { logits, labels in softmaxCrossEntropy(logits, labels: labels) })
  }

  /// The curves of training, and the first test images that the network gets wrong.
  func finish(_ run: FinishedRun<Weights>) throws {
    try run.draw(run.lossCurves, as: "loss")
    guard let test = try run.validation?.prefix(500) else { return }
    let predict = try trainer().predict
    let classify = compile { @Sendable (weights: Weights, running: Weights, images: Tensor) in
      argmax(predict(weights, images, Context(state: RunningState(running))))
    }
    let guesses = try classify(run.result.parameters, run.result.running, test.inputs).integers
    let labels = try test.targets.integers, pixels = try test.inputs.doubles, names = FashionMNIST.classNames
    let images = labels.indices.filter { guesses[$0] != labels[$0] }.prefix(24).map { i in
      ImageGrid.Image(
        Array(pixels[i * 784..<(i + 1) * 784]), width: 28, height: 28, range: 0...255,
        caption: "\(names[guesses[i]]), not \(names[labels[i]])", verdict: .wrong)
    }
    try run.draw(ImageGrid(title: "\(images.count) mistakes", columns: 4, images: images), as: "mistakes")
  }
}
