import DescentIR
import DescentOps

/// Rectified Adam (Liu et al., 2020), in the form of PyTorch's RAdam.
///
/// With gradient g, parameter p, learning rate η, weight decay λ and t = step + 1, all element by element:
/// ```
/// g ← g + λ p
/// m ← β₁ m + (1 - β₁) g            v ← β₂ v + (1 - β₂) g²        (both 0 at first)
/// ρ∞ = 2 / (1 - β₂) - 1            ρ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ)
/// r = √((ρ - 4) (ρ - 2) ρ∞ / ((ρ∞ - 4) (ρ∞ - 2) ρ))
/// p ← p - η m̂ r √(1 - β₂ᵗ) / (√v + ε)      where ρ > 5, with m̂ = m / (1 - β₁ᵗ)
/// p ← p - η m̂                              otherwise: too few gradients have been seen for v to be trusted
/// ```
/// State: `m` and `v`.
public struct RAdam: Optimizer {
  public var learningRate: any LearningRate
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  public var weightDecay: Double
  let place: SourceLocation

  public init(
    learningRate: some LearningRate = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    place = SourceLocation(file, line)
  }

  public func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> {
    OptimizerState(zero: ["m", "v"], like: parameters)
  }

  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? {
    OptimizerSummary(
      "RAdam", ["beta1": beta1, "beta2": beta2, "epsilon": epsilon, "weightDecay": weightDecay],
      learningRate)
  }

  public func replacingRates(_ change: (any LearningRate) -> any LearningRate) -> (any Optimizer)? {
    replacing(\.learningRate, change)
  }

  public func update<P: ParameterTree>(
    _ parameters: P, gradient: P, state: OptimizerState<P>, step: Tensor
  ) -> (parameters: P, state: OptimizerState<P>) {
    pinned(place) {
      let t = count(through: step, place)
      let size = learningRate.size(step, place) / (1 - power(beta1, t))
      let power2 = power(beta2, t)
      let last = 2 / (1 - beta2) - 1
      let rho = last - 2 * t * power2 / (1 - power2)
      let isTrusted = rho .> 5
      // Where v is not trusted yet, the numbers under the root are of no use: 5 keeps them positive.
      let r = `where`(isTrusted, rho, 5)
      let rectified = (r - 4) * (r - 2) * last / ((last - 4) * (last - 2) * r) * (1 - power2)
      let root = sqrt(rectified)
      // The two cases are two terms of one sum, of which one is 0.
      let adaptive = StepScalar(`where`(isTrusted, size * root, 0), place)
      let plain = StepScalar(`where`(isTrusted, 0, size), place)
      let g = bounded(decayed(gradient, parameters, weightDecay), place)
      let (m, v) = state.moments(of: g, beta1, beta2)
      let p = map(parameters, m, v) { p, m, v in
        p - m * (adaptive[p] / (sqrt(v) + epsilon) + plain[p])
      }
      return (p, OptimizerState(["m": m, "v": v]))
    }
  }
}
