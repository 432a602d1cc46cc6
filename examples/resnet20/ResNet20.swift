// ResNet-20 on images of the size of CIFAR's: ten kinds of shapes and patterns in two colours, drawn anew from a seed.

import ArgumentParser
import Descent

@main struct ResNet20: TrainingProgram {
  static let name = "resnet20"
  static let abstract = "ResNet-20 with batch normalisation on 10,000 drawn images of 32 by 32, SGD with momentum."
  static let defaults = TrainingDefaults(epochs: 4, batch: 64)

  @Option(help: "Learn so many images by heart: no augmentation, and tested on the same.") var overfit: Int?

  func validate() throws {
    guard overfit ?? 64 >= 64 else {
      throw ValidationError("--overfit \(overfit!): at least one batch of 64 images is needed")
    }
  }

  func data() throws -> TrainingData {
    let labels = Tensor((0..<10_000).map { Int32($0 % 10) })
    let draw = compile { @Sendable (labels: Tensor) in drawn(labels, key: RandomKey(seed: 0)) }
    let (training, test) = try Dataset(inputs: draw(labels), targets: labels, classes: 10).split(0.1)
    guard let overfit else { return (training, test) }
    let few = try training.prefix(overfit)
    return (few, few)
  }

  func trainer() throws -> Trainer<Weights> {
    let network = Sequential {
      if overfit == nil { RandomFlip() }
      if overfit == nil { RandomShift(4) }
      residualNetwork(classes: 10)
    }
    return Trainer(
      network, input: TensorType(.f32, [1, 32, 32, 3]),
      optimizer: SGD(learningRate: .cosine(0.05, steps: overfit == nil ? 560 : 200), momentum: 0.9, weightDecay: 1e-4),
      metric: .accuracy,
      prepare: { pixels in convert(pixels, to: .f32) / 127.5 - 1 },
      loss: { logits, labels in softmaxCrossEntropy(logits, labels: labels) })
  }

  func finish(_ run: FinishedRun<Weights>) throws {
    try run.draw(run.lossCurves, as: "loss")
    let some = try run.training.prefix(40)
    let pixels = try some.inputs.doubles, labels = try some.targets.integers
    let images = labels.indices.map { i in
      ImageGrid.Image(
        Array(pixels[i * 3072..<(i + 1) * 3072]), width: 32, height: 32, channels: 3, range: 0...255,
        caption: kinds[labels[i]])
    }
    try run.draw(ImageGrid(title: "Images of ten kinds", columns: 10, images: images), as: "images")
  }
}

let kinds = ["disc", "ring", "square", "diamond", "cross", "rows", "columns", "slope", "checks", "rays"]

/// Images u8 [n, 32, 32, 3] of the kinds `labels` [n], each at a random place, of random size and colours, and with noise.
func drawn(_ labels: Tensor, key: RandomKey) -> Tensor {
  let n = labels.shape[0]
  func random(_ stream: Int, _ low: Double, _ high: Double) -> Tensor {
    uniform([n, 1, 1], key: key.fold(stream), low: low, high: high)
  }
  let size = random(0, 5, 10), whole: Shape = [n, 32, 32]
  let x = broadcast(reshape(arange(32), [1, 1, 32]) - random(1, 10, 22), whole)
  let y = broadcast(reshape(arange(32), [1, 32, 1]) - random(2, 10, 22), whole)
  let distance = sqrt(x * x + y * y), width = abs(x), height = abs(y)
  func waves(_ t: Tensor) -> Tensor { sin(t * (7 / size)) .> 0 }
  let masks: [Tensor] = [
    distance .< size,
    abs(distance - size) .< 2,
    maximum(width, height) .< size * 0.8,
    width + height .< size * 1.2,
    (minimum(width, height) .< 2) .& (maximum(width, height) .< size),
    waves(y),
    waves(x),
    waves((x + y) * 0.7),
    sin(x * (7 / size)) * sin(y * (7 / size)) .> 0,
    // Six turns of the angle, as the imaginary part of (x + iy)⁶.
    x * y * (x * x - 3 * y * y) * (3 * x * x - y * y) .> 0,
  ]
  let choose = vmap { @Sendable (masks: Tensor, label: Tensor) in gather(masks, label) }
  let isOne = expandDims(choose(stack(masks, axis: 1), labels), axis: 3)
  let colours = (3...4).map { uniform([n, 1, 1, 3], key: key.fold($0), high: 255) }
  let image = `where`(isOne, colours[0], colours[1]) + normal([n, 32, 32, 3], key: key.fold(5), standardDeviation: 12)
  return convert(clamp(image, 0, 255), to: .u8)
}
