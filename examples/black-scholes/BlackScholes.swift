// A European call by a physics-informed net: the Black-Scholes equation is the loss, its second derivative a grad of a grad.
//
// With price x in units of the strike and τ the time that is left: V_τ = σ²/2 x² V_xx + r x V_x - r V. The payoff has a kink,
// which no smooth network has; so the network is added to a softplus that is as wide as the price has diffused, and is
// weighted with x √τ, so that the payoff at τ = 0 and V = 0 at x = 0 hold by themselves. Adam first, then L-BFGS.

import ArgumentParser
import Descent
import Foundation

struct Layer: ParameterTree { var W, b: Tensor }

let r = 0.05, σ = 0.2, strike = 50.0, highest = 2.0

/// The value in units of the strike at points [n, 2] of price and time left.
@Sendable func value(_ θ: [Layer], _ points: Tensor) -> Tensor {
  let x = points[.all, 0], τ = points[.all, 1]
  var h = points * 2.0 - Tensor([highest, 1.0])
  for layer in θ.dropLast() { h = tanh(matmul(h, layer.W) + layer.b) }
  let last = θ[θ.count - 1]
  let correction = (matmul(h, last.W) + last.b)[.all, 0]
  let width = sqrt(τ * (0.33 * σ * σ) + 1e-6)
  return width * softplus((x - exp(τ * -r)) / width) + x * sqrt(τ) * correction
}

/// By how much the equation fails, less where little time is left and the kink is sharp.
@Sendable func residual(_ θ: [Layer], _ points: Tensor) -> Tensor {
  let slope = grad { @Sendable (p: Tensor) in sum(value(θ, p)) }
  let curvature = grad { @Sendable (p: Tensor) in sum(slope(p)[.all, 0]) }
  let (first, second) = (slope(points), curvature(points)[.all, 0])
  let x = points[.all, 0], τ = points[.all, 1]
  return (first[.all, 1] - x * x * second * (σ * σ / 2) - x * first[.all, 0] * r + value(θ, points) * r) * sqrt(τ)
}

/// The equation at all points, and the value of a call that is sure to be used at the highest price.
@Sendable func loss(_ θ: [Layer], _ points: Tensor) -> Tensor {
  let τ = linspace(0, 1, count: 64, dtype: .f64)
  let edge = value(θ, stack([filled(highest, τ.type), τ], axis: 1))
  return mean(square(residual(θ, points))) + mean(square(edge - (highest - exp(τ * -r))))
}

/// Black and Scholes 1973, in units of the strike.
func formula(_ x: Double, _ τ: Double) -> Double {
  guard τ > 0, x > 0 else { return max(x - 1, 0) }
  func cumulative(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }
  let d = (log(x) + (r + σ * σ / 2) * τ) / (σ * τ.squareRoot())
  return x * cumulative(d) - exp(-r * τ) * cumulative(d - σ * τ.squareRoot())
}

@main struct BlackScholes: TrainingProgram {
  static let name = "black-scholes"
  static let abstract = "A European call by a physics-informed net 2-64-64-64-1 of tanh, in f64: Adam, then L-BFGS."
  static let defaults = TrainingDefaults(epochs: 15, stepsPerEpoch: 100)

  @Option(help: "Iterations of L-BFGS after training.") var iterations = 300

  /// Points, half of them around the strike.
  func data() throws -> TrainingData {
    let all = uniform([512, 1], key: RandomKey(seed: 1), dtype: .f64, high: highest)
    let near = uniform([512, 1], key: RandomKey(seed: 2), dtype: .f64, low: 0.7, high: 1.3)
    let time = uniform([1024, 1], key: RandomKey(seed: 3), dtype: .f64)
    return (
      try Dataset(
        inputs: concatenate([concatenate([all, near]), time], axis: 1), targets: zeros([1024], dtype: .f64)), nil
    )
  }

  func trainer() -> Trainer<[Layer]> {
    Trainer(
      optimizer: Adam(learningRate: 0.002),
      initialize: { key in
        let sizes = [2, 64, 64, 64, 1]
        return zip(sizes, sizes.dropFirst()).enumerated().map { i, size in
          let deviation = 1 / Double(size.0).squareRoot()
          return Layer(
            W: normal([size.0, size.1], key: key.fold(i), dtype: .f64, standardDeviation: deviation),
            b: zeros([size.1], dtype: .f64))
        }
      },
      predict: value, loss: { θ, points, _ in loss(θ, points) })
  }

  func finish(_ run: FinishedRun<[Layer]>) throws {
    let points = run.training.inputs
    let gradient = compile(valueAndGrad(loss))
    let best = try minimize(
      { try gradient($0, points) }, from: run.result.parameters, iterations: iterations, gradientTolerance: 1e-9)
    let prices = (0...80).map { Double($0) * highest / 80 }, times = (0...20).map { Double($0) / 20 }
    let grid = Tensor(times.flatMap { τ in prices.flatMap { [$0, τ] } }, shape: [prices.count * times.count, 2])
    let network = try value(best.parameters, grid).doubles.map { $0 * strike }
    let exact = times.flatMap { τ in prices.map { formula($0, τ) * strike } }
    let errors = zip(network, exact).map { abs($0 - $1) }
    try run.draw(
      Plot(
        title: "a call of strike 50", x: .init("price"), y: .init("value"),
        series: [0, 5, 20].flatMap { i -> [Plot.Series] in
          let part = i * prices.count..<(i + 1) * prices.count, price = prices.map { $0 * strike }
          return [
            .line("network, \(times[i]) left", x: price, y: Array(network[part])),
            .points("formula", x: price, y: Array(exact[part])),
          ]
        }), as: "value")
    try run.show(
      String(
        format: "L-BFGS: loss %.2e after %d iterations; error against the formula at most %.4f, mean %.4f", best.value,
        best.iterations,
        errors.max() ?? .nan, errors.reduce(0, +) / Double(errors.count)), as: "closed form")
  }
}
