import DescentIR
import DescentOps

/// An optimizer that takes one step for every n gradients, with their mean: batches n times as large in the memory of one.
///
/// ```
/// a ← a + g                        (0 at first)
/// every n-th time: p follows a / n, then a ← 0
/// ```
/// The optimizer within, and its schedule, count their own steps: step / n. State: `accumulated` beside that of the optimizer
/// within.
public struct GradientAccumulation: Optimizer {
  private static let slot = "accumulated"
  private let steps: Int
  private var inner: any Optimizer
  private let place: SourceLocation

  /// `steps` is n, at least 1.
  public init(steps: Int, _ optimizer: any Optimizer, file: StaticString = #fileID, line: UInt = #line) {
    (self.steps, inner, place) = (steps, optimizer, SourceLocation(file, line))
  }

  public func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> {
    inner.initialState(parameters).adding(Self.slot, map(parameters, zerosLike), place)
  }

  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? {
    OptimizerSummary("GradientAccumulation", ["steps": steps], around: inner.summary(of: parameters))
  }

  public func replacingRates(_ change: (any LearningRate) -> any LearningRate) -> (any Optimizer)? {
    replacing(\.inner, change)
  }

  public func update<P: ParameterTree>(
    _ parameters: P, gradient: P, state: OptimizerState<P>, step: Tensor
  ) -> (parameters: P, state: OptimizerState<P>) {
    pinned(place) {
      guard steps > 0 else {
        let error = DescentError(.usage, "gradient accumulation over \(steps) steps; at least 1 is needed", at: place)
        return (map(parameters) { Tensor(failure: error, type: $0.type) }, state)
      }
      let count = floorDivide(step, steps)
      let isLast = remainder(step, steps) .== steps - 1
      func choose(_ new: Tensor, _ old: Tensor) -> Tensor {
        `where`(isLast, new, old)
      }

      let sum = map(state.slot(Self.slot, like: parameters), gradient) { a, g in a + g }
      let before = state.removing(Self.slot)
      let moved = inner.update(parameters, gradient: map(sum) { $0 / steps }, state: before, step: count)
      // A graph has no branches: the step within is always computed, and counts where it is due.
      let after = map(moved.state, before, choose)
      return (
        map(moved.parameters, parameters, choose),
        after.adding(Self.slot, map(sum) { choose(zerosLike($0), $0) }, place)
      )
    }
  }
}
