import DescentIR
import DescentOps

/// An optimizer that gets gradients of bounded size.
///
/// ```
/// value c:  g ← min(max(g, -c), c)                         element by element, as PyTorch's clip_grad_value_
/// norm c:   g ← g · min(1, c / (‖g‖ + 10⁻⁶))               as PyTorch's clip_grad_norm_
/// ```
/// where ‖g‖ is the Euclidean norm of all elements of all gradients together (Pascanu, Mikolov and Bengio, 2013).
/// State: that of the optimizer within.
public struct GradientClipping: Optimizer {
  private enum Bound { case value(Double), norm(Double) }
  private let bound: Bound
  private var inner: any Optimizer
  private let place: SourceLocation

  /// Every element within -value...value.
  public init(value: Double, _ optimizer: any Optimizer, file: StaticString = #fileID, line: UInt = #line) {
    (bound, inner, place) = (.value(value), optimizer, SourceLocation(file, line))
  }
  /// The norm of all gradients together at most `norm`.
  public init(norm: Double, _ optimizer: any Optimizer, file: StaticString = #fileID, line: UInt = #line) {
    (bound, inner, place) = (.norm(norm), optimizer, SourceLocation(file, line))
  }

  public func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> { inner.initialState(parameters) }

  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? {
    let within = inner.summary(of: parameters)
    switch bound {
    case .value(let value): return OptimizerSummary("GradientClipping", ["value": value], around: within)
    case .norm(let norm): return OptimizerSummary("GradientClipping", ["norm": norm], around: within)
    }
  }

  public func replacingRates(_ change: (any LearningRate) -> any LearningRate) -> (any Optimizer)? {
    replacing(\.inner, change)
  }

  public func update<P: ParameterTree>(
    _ parameters: P, gradient: P, state: OptimizerState<P>, step: Tensor
  ) -> (parameters: P, state: OptimizerState<P>) {
    inner.update(parameters, gradient: clipped(gradient), state: state, step: step)
  }

  private func clipped<P: ParameterTree>(_ gradient: P) -> P {
    pinned(place) {
      switch bound {
      case .value(let value): return map(gradient) { g in clamp(g, -value, value) }
      case .norm(let limit):
        var norms: [Tensor] = []
        _ = map(gradient) { g in
          norms.append(convert(rootOfSquares(g), to: .f64))
          return g
        }
        let norm =
          norms.isEmpty
          ? Tensor(0.0) : rootOfSquares(stack(norms))
        let factor = StepScalar(minimum(limit / (norm + 1e-6), 1), place)
        return map(gradient) { g in g * factor[g] }
      }
    }
  }
}
