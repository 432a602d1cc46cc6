import DescentIR
import DescentOps

/// Adam with Nesterov's momentum (Dozat, 2016), in the form of PyTorch's NAdam.
///
/// With gradient g, parameter p, learning rate η, weight decay λ and t = step + 1, all element by element:
/// ```
/// g ← g + λ p
/// μₜ = β₁ (1 - ½ · 0.96^(t ψ))     Π ← Π μₜ    (1 at first)
/// m ← β₁ m + (1 - β₁) g            v ← β₂ v + (1 - β₂) g²        (both 0 at first)
/// p ← p - η ((1 - μₜ) / (1 - Π) · g + μₜ₊₁ / (1 - Π μₜ₊₁) · m) / (√v / √(1 - β₂ᵗ) + ε)
/// ```
/// State: `m`, `v` and the scalar `momentumProduct`, which is Π.
public struct NAdam: Optimizer {
  public var learningRate: any LearningRate
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  /// ψ of the formula: how slowly the momentum grows to β₁.
  public var momentumDecay: Double
  public var weightDecay: Double
  let place: SourceLocation

  public init(
    learningRate: some LearningRate = 2e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    momentumDecay: Double = 4e-3, weightDecay: Double = 0, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.momentumDecay = momentumDecay
    self.weightDecay = weightDecay
    place = SourceLocation(file, line)
  }

  public func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> {
    var state = OptimizerState(zero: ["m", "v"], like: parameters)
    state.scalars["momentumProduct"] = Tensor(1.0)
    return state
  }

  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? {
    OptimizerSummary(
      "NAdam",
      [
        "beta1": beta1, "beta2": beta2, "epsilon": epsilon, "momentumDecay": momentumDecay,
        "weightDecay": weightDecay,
      ],
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
      func momentum(_ t: Tensor) -> Tensor {
        beta1 * (1 - 0.5 * power(0.96, t * momentumDecay))
      }
      let (now, next) = (momentum(t), momentum(t + 1))
      let product = state.scalar("momentumProduct") * now
      let size = learningRate.size(step, place)
      let ofGradient = StepScalar(size * (1 - now) / (1 - product), place)
      let ofMomentum = StepScalar(size * next / (1 - product * next), place)
      let scale = StepScalar(rsqrt(1 - power(beta2, t)), place)
      let g = bounded(decayed(gradient, parameters, weightDecay), place)
      let (m, v) = state.moments(of: g, beta1, beta2)
      let direction = map(g, m) { g, m in ofGradient[g] * g + ofMomentum[m] * m }
      let p = map(parameters, direction, v) { p, d, v in
        p - d / (sqrt(v) * scale[p] + epsilon)
      }
      return (p, OptimizerState(["m": m, "v": v], scalars: ["momentumProduct": product]))
    }
  }
}
