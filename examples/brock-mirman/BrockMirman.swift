// Brock and Mirman's growth model by a deep equilibrium net: a network that says how much of output is saved, trained until
// the Euler equation holds.
//
// Utility log C, output K^α, capital used up in a period (δ = 1): the policy is K' = α β K^α. With
// --derivative the marginal return is not written out but taken by `grad` inside the loss.

import ArgumentParser
import Descent
import Foundation

struct Layer: ParameterTree { var W, b: Tensor }

let α = 0.36, β = 0.99
let steadyState = pow(α * β, 1 / (1 - α))

/// The part of output that is saved, for capital [n, 1].
@Sendable func saving(_ θ: [Layer], _ capital: Tensor) -> Tensor {
  var h = log(capital)
  for layer in θ.dropLast() { h = tanh(matmul(h, layer.W) + layer.b) }
  let last = θ[θ.count - 1]
  return sigmoid(matmul(h, last.W) + last.b)
}
@Sendable func output(_ capital: Tensor) -> Tensor { power(capital, α) }

/// α K^(α-1), written out.
@Sendable func returnByHand(_ capital: Tensor) -> Tensor { power(capital, α - 1) * α }
/// The same as the derivative of output, element by element.
@Sendable func returnByGradient(_ capital: Tensor) -> Tensor {
  let slope = grad { @Sendable (k: Tensor) in sum(output(k)) }
  return slope(capital)
}

/// 1 - β r(K') C / C': by what part consumption misses the Euler equation.
@Sendable func residual(_ θ: [Layer], _ capital: Tensor, _ marginalReturn: (Tensor) -> Tensor) -> Tensor {
  let next = output(capital) * saving(θ, capital)
  let (now, later) = (output(capital) - next, output(next) * (1.0 - saving(θ, next)))
  return 1.0 - marginalReturn(next) * now / later * β
}

@main struct BrockMirman: TrainingProgram {
  static let name = "brock-mirman"
  static let abstract = "Brock-Mirman growth by a deep equilibrium net 1-50-50-1: the Euler equation as the loss."
  static let defaults = TrainingDefaults(epochs: 40, stepsPerEpoch: 100)

  @Flag(help: "Take the marginal return by grad inside the loss.") var derivative = false

  /// Capital around the steady state; the equation needs no targets.
  func data() throws -> TrainingData {
    let capital = exp(linspace(log(0.2 * steadyState), log(3 * steadyState), count: 256, dtype: .f64))
    return (try Dataset(inputs: reshape(capital, [256, 1]), targets: zeros([256], dtype: .f64)), nil)
  }

  func trainer() -> Trainer<[Layer]> {
    let marginalReturn = derivative ? returnByGradient : returnByHand
    return Trainer(
      optimizer: Adam(learningRate: .cosine(0.003, steps: 4_000, minimum: 0)),
      initialize: { key in
        let sizes = [1, 50, 50, 1]
        return zip(sizes, sizes.dropFirst()).enumerated().map { i, size in
          let deviation = 1 / Double(size.0).squareRoot()
          return Layer(
            W: normal([size.0, size.1], key: key.fold(i), dtype: .f64, standardDeviation: deviation),
            b: zeros([size.1], dtype: .f64))
        }
      },
      predict: saving, loss: { θ, capital, _ in mean(square(residual(θ, capital, marginalReturn))) })
  }

  func finish(_ run: FinishedRun<[Layer]>) throws {
    let capital = run.training.inputs
    let k = try capital.doubles
    let policy = try (output(capital) * run.predict(capital)).doubles
    let exact = k.map { α * β * pow($0, α) }
    try run.draw(
      Plot(
        title: "capital of the next period", x: .init("capital"), y: .init("next"),
        series: [
          .line("network", x: k, y: policy), .line(#"$\alpha \beta K^\alpha$"#, x: k, y: exact),
          .line("45°", x: k, y: k),
        ]),
      as: "policy")
    let θ = run.result.parameters
    let hand = try residual(θ, capital, returnByHand).doubles,
      gradient = try residual(θ, capital, returnByGradient).doubles
    let error = zip(policy, exact).map { abs($0 - $1) }.reduce(0, +) / Double(k.count)
    // Where the policy meets the diagonal, by going along it.
    var rest = capital[0..<1]
    for _ in 0..<200 { rest = try output(rest) * run.predict(rest) }
    try run.show(
      String(
        format:
          "mean policy error %.2e, mean Euler residual %.2e, steady state %.6f (%.6f); residuals by hand and by grad differ by %.1e",
        error, hand.map(abs).reduce(0, +) / Double(k.count), try rest.scalar, steadyState,
        zip(hand, gradient).map { abs($0 - $1) }.max() ?? .nan), as: "closed form")
  }
}
