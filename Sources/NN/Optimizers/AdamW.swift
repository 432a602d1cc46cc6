import DescentIR
import DescentOps

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019), in the form of PyTorch's AdamW.
///
/// With parameter p, learning rate η and weight decay λ:
/// ```
/// p ← (1 - η λ) p, then Adam's step with the gradient alone
/// ```
/// State: `m` and `v`, those of Adam.
public struct AdamW: Optimizer {
  /// Adam, whose own weight decay, which is part of the gradient, is 0.
  private var adam: Adam
  public var learningRate: any LearningRate { adam.learningRate }
  public var weightDecay: Double

  public init(
    learningRate: some LearningRate = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01, file: StaticString = #fileID, line: UInt = #line
  ) {
    adam = pinned(file, line) { Adam(learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon) }
    self.weightDecay = weightDecay
  }

  public func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> { adam.initialState(parameters) }

  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? {
    OptimizerSummary(
      "AdamW", ["beta1": adam.beta1, "beta2": adam.beta2, "epsilon": adam.epsilon, "weightDecay": weightDecay],
      learningRate)
  }

  public func replacingRates(_ change: (any LearningRate) -> any LearningRate) -> (any Optimizer)? {
    replacing(\.adam.learningRate, change)
  }

  public func update<P: ParameterTree>(
    _ parameters: P, gradient: P, state: OptimizerState<P>, step: Tensor
  ) -> (parameters: P, state: OptimizerState<P>) {
    let smaller = shrunk(parameters, weightDecay, rate: learningRate.size(step, adam.place), adam.place)
    return adam.update(smaller, gradient: gradient, state: state, step: step)
  }
}
