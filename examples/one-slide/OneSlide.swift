// Deep learning on one slide: a network, its loss, the compiled gradient, and gradient descent. Then the same network
// as a program with commands, on the lecture's data: y = √x + sin x + 0.2 ε.

import ArgumentParser
import Descent
import Foundation

// The slide.

struct Layer: ParameterTree { var W, b: Tensor }

func f(_ θ: [Layer], _ x: Tensor, σ: (Tensor) -> Tensor = tanh) -> Tensor {
  θ.reduce(x) { x, layer in σ(matmul(x, layer.W) + layer.b) }
}

func loss(_ θ: [Layer], _ x: Tensor, _ y: Tensor) -> Tensor { sum(square(y - f(θ, x))) }

let lossGradient = compile(grad(loss))

func train(_ θ: [Layer], _ x: Tensor, _ y: Tensor, λ: Float = 0.01, steps: Int = 1_000) throws -> [Layer] {
  var θ = θ
  for _ in 0..<steps { θ = map(θ, try lossGradient(θ, x, y)) { p, g in p - λ * g } }
  return θ
}

// The data, and parameters to begin with.

/// x uniform on [0, 5], y = √x + sin x + 0.2 ε.
func draw(_ n: Int, _ key: RandomKey) -> (x: Tensor, y: Tensor) {
  let x = uniform([n, 1], key: key.fold(0), low: 0, high: 5)
  return (x, sqrt(x) + sin(x) + 0.2 * normal([n, 1], key: key.fold(1)))
}

/// Weights of variance 1 / inputs.
func initialize(_ key: RandomKey, sizes: [Int] = [1, 10, 10, 10, 1]) -> [Layer] {
  zip(sizes, sizes.dropFirst()).enumerated().map { i, size in
    let W = normal([size.0, size.1], key: key.fold(i), standardDeviation: 1 / sqrt(Double(size.0)))
    return Layer(W: W, b: zeros([size.1]))
  }
}

/// f ends in tanh, so it learns y in units in which all of y lies between -1 and 1.
let unit: Float = 4
/// The slide's loss is a sum over 400 points; its gradient wants a smaller step than that of a mean.
let λ: Float = 0.0005

@main struct OneSlide: TrainingProgram {
  static let name = "one-slide"
  static let abstract = "Deep learning on one slide: y = sqrt(x) + sin(x) + 0.2 e by a network 1-10-10-10-1 of tanh."
  static let defaults = TrainingDefaults(epochs: 20, stepsPerEpoch: 1_000)
  static let subcommands: [any ParsableCommand.Type] = [Slide.self]

  func data() throws -> TrainingData {
    let (training, validation) = (draw(400, RandomKey(seed: 1)), draw(2_000, RandomKey(seed: 2)))
    return (
      try Dataset(inputs: training.x, targets: training.y), try Dataset(inputs: validation.x, targets: validation.y)
    )
  }

  /// The slide's descent with the loss as a mean in units of y: λ of the sum is λ n / unit² of the mean.
  func trainer() -> Trainer<[Layer]> {
    Trainer(
      optimizer: SGD(learningRate: λ * 400 / (unit * unit)), initialize: { initialize($0) },
      predict: { θ, x in unit * f(θ, x) },
      loss: { θ, x, y in unit * unit / Float(x.shape[0]) * loss(θ, x, y / unit) })
  }

  func finish(_ run: FinishedRun<[Layer]>) throws {
    let grid = linspace(0, 5, count: 201)
    let curve = try run.predict(reshape(grid, [201, 1])).doubles
    let truth = try (sqrt(grid) + sin(grid)).doubles
    let fit = Plot(
      title: "y = √x + sin x + 0.2 ε", x: .init("x"), y: .init("y"),
      series: [
        .points("data", x: try run.training.inputs.doubles, y: try run.training.targets.doubles),
        .line("truth", x: try grid.doubles, y: truth), .line("network", x: try grid.doubles, y: curve),
      ])
    try run.draw(fit, as: "fit")
  }
}

/// `one-slide slide`: the program of the slide and nothing else.
struct Slide: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Train by the slide's own loop.")
  @Option(help: "Steps of gradient descent.") var steps = 20_000

  func run() throws {
    let (x, y) = draw(400, RandomKey(seed: 1))
    let start = Date()
    let θ = try train(initialize(RandomKey(seed: 0)), x, y / unit, λ: λ, steps: steps)
    let seconds = Date().timeIntervalSince(start)
    let error = try loss(θ, x, y / unit).scalar * Double(unit * unit) / 400
    print("mean squared error \(error) after \(steps) steps in \(seconds) s")
  }
}
