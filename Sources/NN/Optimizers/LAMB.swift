import DescentIR
import DescentOps

/// LAMB, layer-wise adaptive moments for large batches (You et al., 2020, algorithm 2 with φ the identity).
///
/// With gradient g, parameter p (a tensor), learning rate η, weight decay λ and t = step + 1:
/// ```
/// m ← β₁ m + (1 - β₁) g            v ← β₂ v + (1 - β₂) g²        (both 0 at first)
/// u = m̂ / (√v̂ + ε) + λ p           m̂ = m / (1 - β₁ᵗ)             v̂ = v / (1 - β₂ᵗ)
/// p ← p - η ‖p‖ / ‖u‖ · u          the quotient is 1 where a norm is 0
/// ```
/// Norms are Euclidean, one for each tensor of the parameters. State: `m` and `v`.
public struct LAMB: Optimizer {
  public var learningRate: any LearningRate
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  public var weightDecay: Double
  let place: SourceLocation

  public init(
    learningRate: some LearningRate = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6,
    weightDecay: Double = 0.01, file: StaticString = #fileID, line: UInt = #line
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
      "LAMB", ["beta1": beta1, "beta2": beta2, "epsilon": epsilon, "weightDecay": weightDecay],
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
      let rate = StepScalar(learningRate.rate(step: step), place)
      let ofM = StepScalar(1 / (1 - power(beta1, t)), place)
      let ofV = StepScalar(rsqrt(1 - power(beta2, t)), place)
      let (m, v) = state.moments(of: bounded(gradient, place), beta1, beta2)
      let p = map(parameters, m, v) { p, m, v in
        let u = ofM[p] * m / (sqrt(v) * ofV[p] + epsilon) + p * weightDecay
        let (ofP, ofU) = (rootOfSquares(p), rootOfSquares(u))
        let isZero = (ofP .== 0) .| (ofU .== 0)
        let ratio = `where`(isZero, 1, ofP / `where`(isZero, 1, ofU))
        return p - rate[p] * ratio * u
      }
      return (p, OptimizerState(["m": m, "v": v]))
    }
  }
}
