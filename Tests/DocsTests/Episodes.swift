// The lines of README.md under "Episodes", word for word: a growth model whose states are simulated with the policy so far.

import Descent
import DescentDriver
import Testing

private let α = 0.36, β = 0.96

@Suite struct Episodes {
  /// The part of output that is saved, by a network of capital's logarithm.
  @Sendable private static func saving(_ θ: Weights, _ capital: Tensor) -> Tensor {
    sigmoid(network(θ, log(capital), Context()))
  }
  private static let network = Sequential {
    Dense(16, activation: .tanh)
    Dense(1)
  }

  @Test func theLinesAreThese() throws {
    let section = Repository.section("### Episodes", in: try Repository.text("README.md"))
    let lines = Repository.blocks("swift", in: "\n" + section)[0].split(separator: "\n").map { "    " + $0 }
    #expect(try Repository.text("Tests/DocsTests/Episodes.swift").contains(lines.joined(separator: "\n")))
  }

  private func train(_ trainer: Trainer<Weights>, _ options: TrainingOptions) throws -> Weights? {
    let simulate = compile { (θ: Weights, capital: Tensor, episode: Tensor) in
      let shock = exp(0.1 * normal([256, 1], key: RandomKey(seed: 1).fold(episode)))
      return trainer.predict(θ, capital, Context()) * shock
    }
    var capital = full([256, 1], 0.2)
    var (θ, state): (Weights?, TrainingState<Weights>?) = (nil, nil)
    for episode in 0..<10 {
      let states = try Dataset(inputs: capital, targets: zeros([256]))
      let result = try trainer.fit(states, from: θ, state: state, options: options)
      (θ, state) = (result.parameters, result.state)
      capital = try simulate(result.parameters, capital, Tensor(Int64(episode)))
    }
    return θ
  }

  /// The policy is K' = αβK^α; ten episodes build a step, first parameters and the simulation, once.
  @Test func theyLearnAndBuildOnce() throws {
    @Sendable func next(_ θ: Weights, _ capital: Tensor) -> Tensor { power(capital, α) * Self.saving(θ, capital) }
    let trainer = Trainer<Weights>(
      optimizer: Adam(learningRate: 0.01),
      initialize: { try Self.network.initialize(input: TensorType(.f32, [1, 1]), key: $0) },
      predict: { θ, capital in next(θ, capital) },
      loss: { θ, capital, _ in
        let later = next(θ, capital), last = next(θ, later)
        let (now, then) = (power(capital, α) - later, power(later, α) - last)
        return mean(square(1 - α * β * power(later, α - 1) * now / then))
      })
    var options = TrainingOptions(epochs: 1, threads: 1)
    options.stepsPerEpoch = 150
    let (θ, log) = try BuildLog.of { try train(trainer, options) }
    #expect(log.loaded == ["initialize", "train", "compiled"], "\(log.loaded)")
    let saved = try Self.saving(try #require(θ), Tensor([Float(0.15), 0.2, 0.25], shape: [3, 1])).doubles
    #expect(saved.allSatisfy { abs($0 - α * β) < 0.01 }, "\(saved)")
  }
}
