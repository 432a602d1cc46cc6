// The workloads that are timed, as the peers word them: fixed synthetic data with the shapes of the real task, f32 but for
// the policy.

import DescentData
import DescentIR
import DescentNN
import DescentOps
import DescentTransforms

/// A training run to be timed.
struct Workload: Sendable {
  var name: String
  /// Steps of a round.
  var steps: Int
  var data: @Sendable () throws -> Dataset
  /// The run at its beginning, on this many threads.
  var session: @Sendable (_ data: Dataset, _ threads: Int) throws -> any Session

  init<P: ParameterTree>(
    name: String, steps: Int, trainer: @escaping @Sendable () -> Trainer<P>,
    data: @escaping @Sendable () throws -> Dataset
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
    func settle()
    func run(steps: Int) throws
    func takeSums() -> (loss: Double, metric: Double, steps: Int)
  }

  static let all: [Workload] = [
    Workload(
      name: "slide", steps: 4000,
      trainer: {
        perceptron(
          [1, 10, 10, 10, 1], optimizer: SGD(learningRate: 0.01), activation: { tanh($0) }, last: { tanh($0) }
        ) { prediction, y in
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
        perceptron([784, 2048, 2048, 10], optimizer: SGD(learningRate: 0.01, momentum: 0.9)) {
          softmaxCrossEntropy($0, labels: $1)
        }
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
        return Trainer(model, input: TensorType(.f32, [128, 28, 28, 1]), optimizer: Adam()) {
          softmaxCrossEntropy($0, labels: $1)
        }
      },
      data: { try classification(inputs: [128, 28, 28, 1]) }),
    Workload(
      name: "resnet20", steps: 6,
      trainer: {
        Trainer(
          residualNetwork(classes: 10), input: TensorType(.f32, [32, 32, 32, 3]),
          optimizer: SGD(learningRate: 0.1, momentum: 0.9)
        ) {
          softmaxCrossEntropy($0, labels: $1)
        }
      },
      data: { try classification(inputs: [32, 32, 32, 3]) }),
    Workload(
      name: "lstm", steps: 12,
      trainer: {
        let model = Sequential {
          Embedding(65, 128)
          LSTM(256)
          Dense(65)
        }
        return Trainer(model, input: TensorType(.i32, [32, 64]), optimizer: Adam()) {
          softmaxCrossEntropy($0, labels: $1)
        }
      },
      data: { try sequences(rows: 32) }),
    Workload(
      name: "gpt", steps: 12,
      trainer: {
        let model = LanguageModel(vocabulary: 65, context: 64, width: 128, layers: 4, heads: 4)
        return Trainer(
          model, input: TensorType(.i32, [12, 64]), optimizer: AdamW(learningRate: 0.001, weightDecay: 0.1)
        ) {
          softmaxCrossEntropy($0, labels: $1)
        }
      },
      data: { try sequences(rows: 12) }),
    Workload(
      name: "pinn", steps: 60,
      trainer: { heatEquation() },
      data: {
        // Every row of the data is a point; there are no targets.
        let points = uniform([1024, 2], key: RandomKey(seed: 0, stream: 7))
        return try Dataset(inputs: points, targets: zeros([1024]))
      }),
    Workload(
      name: "gru", steps: 12,
      trainer: {
        let model = Sequential {
          Embedding(65, 128)
          GRU(256)
          Dense(65)
        }
        return Trainer(model, input: TensorType(.i32, [32, 64]), optimizer: Adam()) {
          softmaxCrossEntropy($0, labels: $1)
        }
      },
      data: { try sequences(rows: 32) }),
    Workload(
      name: "autoencoder", steps: 40,
      trainer: {
        let model = Sequential {
          Convolution(16, kernel: [3, 3], strides: [2, 2], padding: .same, activation: .relu)
          Convolution(32, kernel: [3, 3], strides: [2, 2], padding: .same, activation: .relu)
          TransposedConvolution(
            16, kernel: [3, 3], strides: [2, 2], padding: [1, 1], outputPadding: [1, 1], activation: .relu)
          TransposedConvolution(1, kernel: [3, 3], strides: [2, 2], padding: [1, 1], outputPadding: [1, 1])
        }
        return Trainer(model, input: TensorType(.f32, [128, 28, 28, 1]), optimizer: Adam()) {
          meanSquaredError($0, $1)
        }
      },
      data: {
        let images = uniform([128, 28, 28, 1], key: RandomKey(seed: 0, stream: 7))
        return try Dataset(inputs: images, targets: images)
      }),
    Workload(
      name: "policy", steps: 1000,
      trainer: { policy() },
      data: {
        let states = reshape(linspace(0, 1, count: 256, dtype: .f64), [256, 1])
        return try Dataset(inputs: states, targets: sin(states * 6))
      }),
  ]

  /// u' + u = sin 6x at the states and u(0) = 0: a derivative within the loss, in f64.
  private static func policy() -> Trainer<[Affine]> {
    let network = perceptron(
      [1, 50, 50, 1], dtype: .f64, optimizer: Adam(), activation: { tanh($0) }
    ) { meanSquaredError($0, $1) }
    let u = network.predict
    return Trainer(optimizer: Adam(), initialize: network.initialize, predict: u) { p, x, y, context in
      let slope = grad { @Sendable (x: Tensor) in sum(u(p, x, context)) }(x)
      return mean(square(slope + u(p, x, context) - y)) + mean(square(u(p, x[0..<1] * 0, context)))
    }
  }

  /// The residual of u_t = 0.1 u_xx on points (t, x), and sin(πx) at t = 0; the second derivative is that of a derivative.
  private static func heatEquation() -> Trainer<[Affine]> {
    var trainer = perceptron([2, 64, 64, 64, 1], optimizer: Adam(), activation: { tanh($0) }) { prediction, _ in
      mean(prediction)
    }
    let network = trainer.predict
    trainer = Trainer(optimizer: Adam(), initialize: trainer.initialize, predict: network) { p, x, _, context in
      let slope = grad { @Sendable (x: Tensor) in sum(network(p, x, context)) }
      let g = slope(x)
      let h = grad { @Sendable (x: Tensor) in sum(slope(x)[.all, 1]) }(x)
      let residual = g[.all, 0] - h[.all, 1] * 0.1
      let start = network(p, x * Tensor([Float(0), 1]), context)[.all, 0] - sin(x[.all, 1] * Double.pi)
      return mean(square(residual)) + mean(square(start))
    }
    return trainer
  }

  /// Rows of 64 symbols out of 65, and the symbols that follow them.
  private static func sequences(rows: Int) throws -> Dataset {
    let symbols = convert(floor(uniform([rows, 65], key: RandomKey(seed: 0, stream: 7)) * 65), to: .i32)
    return try Dataset(inputs: symbols[.all, 0..<64], targets: symbols[.all, 1..<65])
  }

  /// A multilayer perceptron with weights of variance 1 / inputs.
  private static func perceptron(
    _ sizes: [Int], dtype: DType = .f32, optimizer: any Optimizer,
    activation: @escaping @Sendable (Tensor) -> Tensor = { relu($0) },
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
          let w = normal(
            [size.0, size.1], key: key.fold(index), dtype: dtype, standardDeviation: 1 / Double(size.0).squareRoot())
          return Affine(w: w, b: zeros([size.1], dtype: dtype))
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
