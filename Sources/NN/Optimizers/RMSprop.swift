import DescentIR
import DescentOps

/// RMSprop (Tieleman and Hinton, lecture 6.5 of Neural Networks for Machine Learning, 2012; centered: Graves, 2013), in the
/// form of PyTorch's RMSprop.
///
/// With gradient g, parameter p, learning rate η, momentum μ and weight decay λ, all element by element:
/// ```
/// g ← g + λ p
/// v ← α v + (1 - α) g²             (0 at first, as are a and b)
/// a ← α a + (1 - α) g              centered only
/// d = g / (√v + ε)                 centered: g / (√(v - a²) + ε)
/// b ← μ b + d                      without momentum b is d
/// p ← p - η b
/// ```
/// Where rounding makes v - a² negative it counts as 0. State: `v`; `mean` where centered; `momentum` where μ is not 0.
public struct RMSprop: Optimizer {
  public var learningRate: any LearningRate
  /// α of the formula.
  public var decay: Double
  public var epsilon: Double
  public var momentum: Double
  public var isCentered: Bool
  public var weightDecay: Double
  let place: SourceLocation

  public init(
    learningRate: some LearningRate = 1e-2, decay: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0,
    centered: Bool = false, weightDecay: Double = 0, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.learningRate = learningRate
    self.decay = decay
    self.epsilon = epsilon
    self.momentum = momentum
    isCentered = centered
    self.weightDecay = weightDecay
    place = SourceLocation(file, line)
  }

  public func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> {
    OptimizerState(
      zero: ["v"] + (isCentered ? ["mean"] : []) + (momentum == 0 ? [] : ["momentum"]), like: parameters)
  }

  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? {
    OptimizerSummary(
      "RMSprop",
      [
        "decay": decay, "epsilon": epsilon, "momentum": momentum, "centered": isCentered,
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
      let rate = StepScalar(learningRate.rate(step: step), place)
      let g = bounded(decayed(gradient, parameters, weightDecay), place)
      let v = map(state.slot("v", like: parameters), g) { v, g in v * decay + g * g * (1 - decay) }
      var (new, spread) = (OptimizerState(["v": v]), v)
      if isCentered {
        let a = map(state.slot("mean", like: parameters), g) { a, g in a * decay + g * (1 - decay) }
        spread = map(v, a) { v, a in maximum(v - a * a, 0) }
        new.slots["mean"] = a
      }
      var direction = map(g, spread) { g, spread in g / (sqrt(spread) + epsilon) }
      if momentum != 0 {
        direction = map(state.slot("momentum", like: parameters), direction) { b, d in b * momentum + d }
        new.slots["momentum"] = direction
      }
      return (map(parameters, direction) { p, d in p - rate[p] * d }, new)
    }
  }
}
