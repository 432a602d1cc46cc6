import DescentIR
import DescentOps

/// Stochastic gradient descent, with momentum (Polyak, 1964; Nesterov, 1983) where asked for, in the form of PyTorch's SGD.
///
/// With gradient g, parameter p, learning rate η, momentum μ and weight decay λ:
/// ```
/// g ← g + λ p
/// m ← μ m + g                      (m is 0 at first)
/// p ← p - η m                      Nesterov: p ← p - η (g + μ m)
/// ```
/// State: `momentum`, where μ is not 0.
public struct SGD: Optimizer {
  public var learningRate: any LearningRate
  public var momentum: Double
  public var nesterov: Bool
  public var weightDecay: Double
  let place: SourceLocation

  public init(
    learningRate: some LearningRate, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    place = SourceLocation(file, line)
  }

  public func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> {
    OptimizerState(zero: momentum == 0 ? [] : ["momentum"], like: parameters)
  }

  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? {
    OptimizerSummary(
      "SGD", ["momentum": momentum, "nesterov": nesterov, "weightDecay": weightDecay],
      learningRate)
  }

  public func replacingRates(_ change: (any LearningRate) -> any LearningRate) -> (any Optimizer)? {
    replacing(\.learningRate, change)
  }

  public func update<P: ParameterTree>(
    _ parameters: P, gradient: P, state: OptimizerState<P>, step: Tensor
  ) -> (parameters: P, state: OptimizerState<P>) {
    let rate = StepScalar(learningRate.rate(step: step), place)
    let g = decayed(gradient, parameters, weightDecay)
    guard momentum != 0 else { return (map(parameters, g) { p, g in p - rate[p] * g }, state) }
    let m = map(state.slot("momentum", like: parameters), g) { m, g in m * momentum + g }
    let direction = nesterov ? map(g, m) { g, m in g + m * momentum } : m
    return (map(parameters, direction) { p, d in p - rate[p] * d }, OptimizerState(["momentum": m]))
  }
}
