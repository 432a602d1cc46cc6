import DescentIR
import DescentOps

/// Adagrad (Duchi, Hazan and Singer, 2011), in the form of PyTorch's Adagrad.
///
/// With gradient g, parameter p, learning rate η and weight decay λ, all element by element:
/// ```
/// g ← g + λ p
/// v ← v + g²                       (v is `initialAccumulator` at first)
/// p ← p - η g / (√v + ε)
/// ```
/// State: `v`.
public struct Adagrad: Optimizer {
  public var learningRate: any LearningRate
  public var initialAccumulator: Double
  public var epsilon: Double
  public var weightDecay: Double
  let place: SourceLocation

  public init(
    learningRate: some LearningRate = 1e-2, initialAccumulator: Double = 0, epsilon: Double = 1e-10,
    weightDecay: Double = 0, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.learningRate = learningRate
    self.initialAccumulator = initialAccumulator
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    place = SourceLocation(file, line)
  }

  public func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> {
    OptimizerState(["v": map(parameters) { filled(initialAccumulator, $0.type) }])
  }

  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? {
    OptimizerSummary(
      "Adagrad", ["initialAccumulator": initialAccumulator, "epsilon": epsilon, "weightDecay": weightDecay],
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
      let v = map(state.slot("v", like: parameters), g) { v, g in v + g * g }
      let p = map(parameters, g, v) { p, g, v in
        p - rate[p] * g / (sqrt(v) + epsilon)
      }
      return (p, OptimizerState(["v": v]))
    }
  }
}
