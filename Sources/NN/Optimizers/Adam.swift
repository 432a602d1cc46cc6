import DescentIR
import DescentOps

/// Adam (Kingma and Ba, 2015), in the form of PyTorch's Adam.
///
/// With gradient g, parameter p, learning rate η, weight decay λ and t = step + 1, all element by element:
/// ```
/// g ← g + λ p
/// m ← β₁ m + (1 - β₁) g            v ← β₂ v + (1 - β₂) g²        (both 0 at first)
/// p ← p - η / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)
/// ```
/// which is η m̂ / (√v̂ + ε) with m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ). The corrections are scalars, computed once a step in
/// f64. State: `m` and `v`.
public struct Adam: Optimizer {
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
      "Adam", ["beta1": beta1, "beta2": beta2, "epsilon": epsilon, "weightDecay": weightDecay],
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
      let rate = StepScalar(learningRate.size(step, place) / (1 - power(beta1, t)), place)
      let scale = StepScalar(rsqrt(1 - power(beta2, t)), place)
      let gradient = bounded(decayed(gradient, parameters, weightDecay), place)
      let (m, v) = state.moments(of: gradient, beta1, beta2)
      let p = map(parameters, m, v) { p, m, v in
        p - rate[p] * m / (sqrt(v) * scale[p] + epsilon)
      }
      return (p, OptimizerState(["m": m, "v": v]))
    }
  }
}
