// Deep learning on one slide: a network, its loss, the compiled gradient, and gradient descent.

import ArgumentParser
import Descent
import Foundation

struct Layer: ParameterTree { var W, b: Tensor }

func f(_ θ: [Layer], _ x: Tensor, σ: (Tensor) -> Tensor = { tanh($0) }) -> Tensor {
  θ.reduce(x) { x, layer in σ(matmul(x, layer.W) + layer.b) }
}

@Sendable func loss(_ θ: [Layer], _ x: Tensor, _ y: Tensor) -> Tensor { sum(square(y - f(θ, x))) }

let lossGradient = compile(grad(loss))

func train(_ θ: [Layer], _ x: Tensor, _ y: Tensor, λ: Float = 0.01, steps: Int = 1_000) throws -> [Layer] {
  var θ = θ
  for _ in 0..<steps { θ = map(θ, try lossGradient(θ, x, y)) { p, g in p - λ * g } }
  return θ
}

@main struct OneSlide {
  static func main() throws {
    let key = RandomKey(seed: 0)
    let θ = zip([1, 10, 10, 10], [10, 10, 10, 1]).enumerated().map { i, s in
      Layer(W: normal([s.0, s.1], key: key.fold(i), standardDeviation: 1 / Double(s.0).squareRoot()), b: zeros([s.1]))
    }
    let x = uniform([400, 1], key: key.fold(10), low: 0, high: 5)
    let y = sqrt(x) + sin(x) + 0.2 * normal([400, 1], key: key.fold(11))
    for λ: Float in [0.01, 0.003, 0.001, 0.0003] {
      var p = θ
      for k in 0..<10 {
        p = try train(p, x, y / 4, λ: λ, steps: 1_000)
        print(λ, k, try loss(p, x, y / 4).scalar * 16 / 400)
      }
    }
  }
}
