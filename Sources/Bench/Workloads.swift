// The workloads that are timed, as the peers word them: fixed synthetic data with the shapes of the real task, f32.

import DescentData
import DescentIR
import DescentNN
import DescentOps

/// A training run to be timed.
struct Workload: Sendable {
  var name: String
  /// Steps of a round.
  var steps: Int
  var trainer: @Sendable () -> Trainer<[Affine]>
  var data: @Sendable () throws -> Dataset

  /// A layer as it stands on the slide.
  struct Affine: ParameterTree { var w, b: Tensor }

  static let all: [Workload] = [
    Workload(
      name: "slide", steps: 4000,
      trainer: {
        perceptron([1, 10, 10, 10, 1], optimizer: SGD(learningRate: 0.01), activation: { tanh($0) }, last: { tanh($0) }) { prediction, y in
          meanSquaredError(prediction, y)
        }
      },
      data: {
        let x = reshape(linspace(0, 1, count: 400), [400, 1])
        return try Dataset(inputs: x, targets: sin(x * 6))
      }),
    Workload(
      name: "mlp", steps: 200,
      trainer: { perceptron([784, 256, 128, 10], optimizer: Adam()) { softmaxCrossEntropy($0, labels: $1) } },
      data: { try classification(rows: 128, inputs: 784) }),
    Workload(
      name: "mlp_wide", steps: 12,
      trainer: {
        perceptron([784, 2048, 2048, 10], optimizer: SGD(learningRate: 0.01, momentum: 0.9)) { softmaxCrossEntropy($0, labels: $1) }
      },
      data: { try classification(rows: 256, inputs: 784) }),
  ]

  /// A multilayer perceptron with weights of variance 1 / inputs.
  private static func perceptron(
    _ sizes: [Int], optimizer: any Optimizer, activation: @escaping @Sendable (Tensor) -> Tensor = { relu($0) },
    last: @escaping @Sendable (Tensor) -> Tensor = { $0 }, loss: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) -> Trainer<[Affine]> {
    let predict: @Sendable ([Affine], Tensor) -> Tensor = { layers, x in
      var x = x
      for (i, layer) in layers.enumerated() {
        x = (i == layers.count - 1 ? last : activation)(matmul(x, layer.w) + layer.b)
      }
      return x
    }
    return Trainer(
      optimizer: optimizer,
      initialize: { key in
        zip(sizes, sizes.dropFirst()).enumerated().map { index, size in
          let w = normal([size.0, size.1], key: key.fold(index), standardDeviation: 1 / Double(size.0).squareRoot())
          return Affine(w: w, b: zeros([size.1]))
        }
      },
      predict: predict, loss: { loss(predict($0, $1), $2) })
  }

  /// Rows of normal numbers with labels 0...9.
  private static func classification(rows: Int, inputs: Int) throws -> Dataset {
    let key = RandomKey(seed: 0, stream: 7)
    let labels = floor(uniform([rows], key: key.fold(1)) * 10)
    return try Dataset(inputs: normal([rows, inputs], key: key.fold(0)), targets: convert(labels, to: .i32), classes: 10)
  }
}
