// Cake eating by policy gradient: a network says what part of the cake to eat, a scan lives 200 periods by it, and the
// gradient goes back through all of them.
//
// In f64, as a policy that eats half in each period leaves 10^-60 of the cake. Utility c^(1-γ) / (1-γ), discount β, return R: w' = R (w - c). The best part is κ = 1 - (β R^(1-γ))^(1/γ) of any cake.

import ArgumentParser
import Descent
import Foundation

struct Layer: ParameterTree { var W, b: Tensor }

let γ = 1.5, β = 0.96, R = 1.01
let periods = 200
let κ = 1 - pow(β * pow(R, 1 - γ), 1 / γ)

/// The part of the cake that is eaten, for cakes [n, 1].
@Sendable func rate(_ θ: [Layer], _ cake: Tensor) -> Tensor {
  var h = cake
  for layer in θ.dropLast() { h = selu(matmul(h, layer.W) + layer.b) }
  let last = θ[θ.count - 1]
  return sigmoid(matmul(h, last.W) + last.b) * 0.99
}

/// The discounted utility of all periods, for cakes [n, 1] to begin with.
@Sendable func lifetime(_ cake: Tensor, _ rate: @Sendable (Tensor) -> Tensor) -> Tensor {
  struct Life: ParameterTree { var cake, value, discount: Tensor }
  let start = Life(cake: cake, value: zerosLike(cake), discount: Tensor(1.0))
  let (end, _) = scan(start, count: periods) { (life: Life, _: Tensor) in
    let eaten = life.cake * rate(life.cake)
    let utility = power(eaten, 1 - γ) / (1 - γ)
    let next = Life(
      cake: (life.cake - eaten) * R, value: life.value + utility * life.discount, discount: life.discount * β)
    return (next, [Tensor]())
  }
  return end.value
}

@main struct CakeEating: TrainingProgram {
  static let name = "cake-eating"
  static let abstract =
    "Cake eating by policy gradient through 200 periods: policy 1-6-6-6-1 SELU, Adam, gradient clip 1."
  static let defaults = TrainingDefaults(epochs: 60, stepsPerEpoch: 100)

  /// One cake of size 1; there is nothing to predict.
  func data() throws -> TrainingData {
    (try Dataset(inputs: ones([1, 1], dtype: .f64), targets: zeros([1], dtype: .f64)), nil)
  }

  func trainer() -> Trainer<[Layer]> {
    Trainer(
      optimizer: GradientClipping(norm: 1, Adam(learningRate: 0.001)),
      initialize: { key in
        let sizes = [1, 6, 6, 6, 1]
        return zip(sizes, sizes.dropFirst()).enumerated().map { i, size in
          let deviation = 1 / Double(size.0).squareRoot()
          return Layer(
            W: normal([size.0, size.1], key: key.fold(i), dtype: .f64, standardDeviation: deviation),
            b: zeros([size.1], dtype: .f64))
        }
      },
      predict: rate, loss: { θ, cake, _ in mean(-lifetime(cake) { rate(θ, $0) }) })
  }

  func finish(_ run: FinishedRun<[Layer]>) throws {
    let grid = (1...100).map { Double($0) / 100 }
    let part = try run.predict(Tensor(grid, shape: [100, 1])).doubles
    let picture = Plot(
      title: "part of the cake that is eaten", x: .init("cake"), y: .init("part", range: 0...0.1),
      series: [
        .line("network", x: grid, y: part),
        .line(#"$\kappa = 1 - (\beta R^{1-\gamma})^{1/\gamma}$"#, x: grid, y: grid.map { _ in κ }),
      ])
    try run.draw(picture, as: "policy")
    let best = try lifetime(ones([1, 1], dtype: .f64)) { filled(κ, $0.type) }.scalar
    let value = -(run.result.history.last?.loss ?? .nan)
    // The cake passes through these sizes while it is eaten at the best rate.
    let seen = zip(grid, part).filter { $0.0 >= 0.1 }.map(\.1)
    let error = seen.map { abs($0 - κ) }.reduce(0, +) / Double(seen.count)
    try run.show(
      String(
        format: "value %.3f, by the best rate %.3f; mean distance from κ = %.6f over cakes of 0.1 to 1: %.6f", value,
        best, κ, error),
      as: "closed form")
  }
}
