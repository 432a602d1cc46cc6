import DescentIR
import DescentOps

/// An optimizer that keeps an exponential moving average of the parameters, often better on new data than the last ones.
///
/// ```
/// a ← d a + (1 - d) p              after each step (the initial parameters at first)
/// ```
/// as PyTorch's `get_ema_multi_avg_fn`, a variant of the averaging of Polyak and Juditsky (1992). State: `average` beside that of
/// the optimizer within. `average(in:)` takes the averaged parameters out of the state.
public struct ParameterAveraging: Optimizer {
  private static let slot = "average"
  private let decay: Double
  private var inner: any Optimizer
  private let place: SourceLocation

  /// `decay` is d of the formula.
  public init(
    decay: Double = 0.999, _ optimizer: any Optimizer, file: StaticString = #fileID, line: UInt = #line
  ) {
    (self.decay, inner, place) = (decay, optimizer, SourceLocation(file, line))
  }

  public func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> {
    inner.initialState(parameters).adding(Self.slot, parameters, place)
  }

  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? {
    OptimizerSummary("ParameterAveraging", ["decay": decay], around: inner.summary(of: parameters))
  }

  public func replacingRates(_ change: (any LearningRate) -> any LearningRate) -> (any Optimizer)? {
    replacing(\.inner, change)
  }

  public func update<P: ParameterTree>(
    _ parameters: P, gradient: P, state: OptimizerState<P>, step: Tensor
  ) -> (parameters: P, state: OptimizerState<P>) {
    let moved = inner.update(parameters, gradient: gradient, state: state.removing(Self.slot), step: step)
    let average = map(state.slot(Self.slot, like: parameters), moved.parameters) { a, p in a + (p - a) * (1 - decay) }
    return (moved.parameters, moved.state.adding(Self.slot, average, place))
  }

  /// The averaged parameters; throws where the state is of an optimizer that keeps none.
  public static func average<P: ParameterTree>(in state: OptimizerState<P>) throws -> P {
    if let average = state.slots[slot] { return average }
    throw DescentError(.usage, "the optimizer's state has no '\(slot)'; it has \(state.slots.keys.sorted())")
  }
}
