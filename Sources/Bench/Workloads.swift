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
  var data: @Sendable () throws -> Dataset
  /// The run at its beginning, on so many threads.
  var session: @Sendable (_ data: Dataset, _ threads: Int) throws -> any Session

  init<P: ParameterTree>(
    name: String, steps: Int, trainer: @escaping @Sendable () -> Trainer<P>, data: @escaping @Sendable () throws -> Dataset
  ) {
    self.name = name
    self.steps = steps
    self.data = data
    session = { data, threads in
      try TrainingSession(trainer(), data, validation: nil, batch: nil, seed: 0, threads: threads, engine: .compiled)
    }
  }

  /// A layer as it stands on the slide.
  struct Affine: ParameterTree { var w, b: Tensor }

  /// What is timed, whatever the parameters are.
  protocol Session {
    var arenaBytes: Int { get }
    func run(steps: Int) throws
    func takeSums() -> (loss: Double, metric: Double)
  }

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
      data: { try classification(inputs: [128, 784]) }),
    Workload(
      name: "mlp_wide", steps: 12,
      trainer: {
        perceptron([784, 2048, 2048, 10], optimizer: SGD(learningRate: 0.01, momentum: 0.9)) { softmaxCrossEntropy($0, labels: $1) }
      },
      data: { try classification(inputs: [256, 784]) }),
    Workload(
      name: "cnn", steps: 12,
      trainer: {
        let model = Sequential {
          Convolution(32, kernel: [3, 3], padding: .same, activation: .relu)
          MaxPool([2, 2])
          Convolution(64, kernel: [3, 3], padding: .same, activation: .relu)
          MaxPool([2, 2])
          Flatten()
          Dense(128, activation: .relu)
          Dense(10)
        }
        return Trainer(model, input: TensorType(.f32, [128, 28, 28, 1]), optimizer: Adam()) { softmaxCrossEntropy($0, labels: $1) }
      },
      data: { try classification(inputs: [128, 28, 28, 1]) }),
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
  private static func classification(inputs: Shape) throws -> Dataset {
    let key = RandomKey(seed: 0, stream: 7)
    let labels = floor(uniform([inputs[0]], key: key.fold(1)) * 10)
    return try Dataset(inputs: normal(inputs, key: key.fold(0)), targets: convert(labels, to: .i32), classes: 10)
  }
}

extension TrainingSession: Workload.Session {}
