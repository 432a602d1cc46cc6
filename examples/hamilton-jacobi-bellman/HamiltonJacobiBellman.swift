// Cake eating in continuous time: a network for the value function, trained until the Hamilton-Jacobi-Bellman equation holds.
//
// ρ V(a) = u(c) + V'(a) (r a - c) with u(c) = c^(1-γ) / (1-γ) and c = V'(a)^(-1/γ). The solution is V = κ^(-γ) a^(1-γ) / (1-γ),
// c = κ a with κ = (ρ - (1-γ) r) / γ. The network gives log(-V) over log a, and is told V at both ends alone.

import ArgumentParser
import Descent
import Foundation

struct Layer: ParameterTree { var W, b: Tensor }

let γ = 2.0, ρ = 0.05, r = 0.03
let lowest = 0.1, highest = 4.0
let κ = (ρ - (1 - γ) * r) / γ
func exactValue(_ a: Double) -> Double { pow(κ, -γ) * pow(a, 1 - γ) / (1 - γ) }

/// The value of wealth [n, 1].
@Sendable func value(_ θ: [Layer], _ wealth: Tensor) -> Tensor {
  let middle = (log(lowest) + log(highest)) / 2, half = (log(highest) - log(lowest)) / 2
  var h = (log(wealth) - middle) / half
  for layer in θ.dropLast() { h = tanh(matmul(h, layer.W) + layer.b) }
  let last = θ[θ.count - 1]
  return -exp(matmul(h, last.W) + last.b + 6.0)
}
/// V'(a), not below a small number, as in the first steps the network may fall where the value rises.
@Sendable func slope(_ θ: [Layer], _ wealth: Tensor) -> Tensor {
  let derivative = grad { @Sendable (a: Tensor) in sum(value(θ, a)) }
  return maximum(derivative(wealth), filled(1e-3, wealth.type))
}
@Sendable func consumption(_ θ: [Layer], _ wealth: Tensor) -> Tensor { power(slope(θ, wealth), -1 / γ) }

/// By what part of the value the equation fails.
@Sendable func residual(_ θ: [Layer], _ wealth: Tensor) -> Tensor {
  let (v, dv) = (value(θ, wealth), slope(θ, wealth))
  let c = power(dv, -1 / γ)
  return (v * ρ - power(c, 1 - γ) / (1 - γ) - dv * (wealth * r - c)) / (v * ρ)
}

@main struct HamiltonJacobiBellman: TrainingProgram {
  static let name = "hamilton-jacobi-bellman"
  static let abstract =
    "Cake eating in continuous time: a net 1-32-32-1 for the value, the HJB equation as the loss, in f64."
  static let defaults = TrainingDefaults(epochs: 40, stepsPerEpoch: 100)

  func data() throws -> TrainingData {
    let wealth = exp(linspace(log(lowest), log(highest), count: 128, dtype: .f64))
    return (try Dataset(inputs: reshape(wealth, [128, 1]), targets: zeros([128], dtype: .f64)), nil)
  }

  func trainer() -> Trainer<[Layer]> {
    let ends = Tensor([lowest, highest], shape: [2, 1])
    let known = Tensor([log(-exactValue(lowest)), log(-exactValue(highest))], shape: [2, 1])
    return Trainer(
      optimizer: Adam(learningRate: .cosine(0.005, steps: 4_000, minimum: 0)),
      initialize: { key in
        let sizes = [1, 32, 32, 1]
        return zip(sizes, sizes.dropFirst()).enumerated().map { i, size in
          let deviation = 1 / Double(size.0).squareRoot()
          return Layer(
            W: normal([size.0, size.1], key: key.fold(i), dtype: .f64, standardDeviation: deviation),
            b: zeros([size.1], dtype: .f64))
        }
      },
      predict: consumption,
      loss: { θ, wealth, _ in mean(square(residual(θ, wealth))) + mean(square(log(-value(θ, ends)) - known)) })
  }

  func finish(_ run: FinishedRun<[Layer]>) throws {
    let wealth = run.training.inputs, a = try wealth.doubles
    let policy = try run.predict(wealth).doubles
    try run.draw(
      Plot(
        title: "consumption", x: .init("wealth"), y: .init("consumption"),
        series: [.line("network", x: a, y: policy), .line(#"$\kappa a$"#, x: a, y: a.map { κ * $0 })]), as: "policy")
    let v = try value(run.result.parameters, Tensor([lowest, highest], shape: [2, 1])).doubles
    let square = { (x: Double) in x * x }
    let missed = zip(policy, a).map { square($0 - κ * $1) }.reduce(0, +), whole = a.map { square(κ * $0) }.reduce(0, +)
    try run.show(
      String(
        format: "relative L2 error of the policy %.3f%%; V(%.1f) = %.2f (%.2f), V(%.1f) = %.3f (%.3f)",
        100 * (missed / whole).squareRoot(),
        lowest, v[0], exactValue(lowest), highest, v[1], exactValue(highest)), as: "closed form")
  }
}
