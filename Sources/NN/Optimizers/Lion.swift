import DescentIR
import DescentOps

/// Lion (Chen et al., Symbolic Discovery of Optimization Algorithms, 2023, algorithm 2).
///
/// With gradient g, parameter p, learning rate η and weight decay λ, all element by element:
/// ```
/// p ← p - η (sign(β₁ m + (1 - β₁) g) + λ p)
/// m ← β₂ m + (1 - β₂) g            (0 at first)
/// ```
/// Every element moves by η, so η is three to ten times smaller than Adam's. State: `m`.
public struct Lion: Optimizer {
  public var learningRate: any LearningRate
  public var beta1: Double
  public var beta2: Double
  public var weightDecay: Double
  let place: SourceLocation

  public init(
    learningRate: some LearningRate = 1e-4, beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
    place = SourceLocation(file, line)
  }

  public func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> {
    OptimizerState(zero: ["m"], like: parameters)
  }

  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? {
    OptimizerSummary(
      "Lion", ["beta1": beta1, "beta2": beta2, "weightDecay": weightDecay],
      learningRate)
  }

  public func replacingRates(_ change: (any LearningRate) -> any LearningRate) -> (any Optimizer)? {
    replacing(\.learningRate, change)
  }

  public func update<P: ParameterTree>(
    _ parameters: P, gradient: P, state: OptimizerState<P>, step: Tensor
  ) -> (parameters: P, state: OptimizerState<P>) {
    pinned(place) {
      let size = learningRate.size(step, place)
      let rate = StepScalar(size, place)
      let m = state.slot("m", like: parameters)
      let smaller = shrunk(parameters, weightDecay, rate: size, place)
      let p = map(smaller, m, gradient) { p, m, g in
        p - rate[p] * sign(m * beta1 + g * (1 - beta1))
      }
      return (p, OptimizerState(["m": map(m, gradient) { m, g in m * beta2 + g * (1 - beta2) }]))
    }
  }
}
