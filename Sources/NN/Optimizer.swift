// What an optimizer is: a function from parameters, gradients and its own state to new ones, made of graph operations.

import DescentIR
import DescentOps

/// A rule by which parameters follow their gradients.
///
/// The state is made of trees like the parameters, named by the rule: a checkpoint finds `momentum.0.weight`. One step:
/// ```swift
/// let (loss, gradient) = valueAndGrad(lossOfModel)(p, x, y)
/// (p, state) = optimizer.update(p, gradient: gradient, state: state, step: step)
/// ```
public protocol Optimizer: Sendable {
  /// The state before the first step.
  func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P>

  /// Parameters and state after a step; `step` is a scalar i64 that counts the steps before this one, so it is 0 at first.
  func update<P: ParameterTree>(
    _ parameters: P, gradient: P, state: OptimizerState<P>, step: Tensor
  ) -> (parameters: P, state: OptimizerState<P>)
}

/// What an optimizer keeps between steps: trees of the structure of the parameters, by name.
///
/// As a tree it is a dictionary: the path of a tensor is the name, then the path of its parameter.
public struct OptimizerState<P: ParameterTree>: ParameterTree {
  public var slots: [String: P]

  public init(_ slots: [String: P] = [:]) { self.slots = slots }

  /// Slots that are zero, one for each name.
  init(zero names: [String], like parameters: P) {
    slots = [:]
    for name in names { slots[name] = map(parameters, zerosLike) }
  }

  /// The tree of a name; where there is none, one of failed tensors that say so.
  func slot(_ name: String, like parameters: P) -> P {
    if let slot = slots[name] { return slot }
    let error = DescentError(
      .usage, "the optimizer's state has no '\(name)'; it must come from initialState of the same optimizer")
    return map(parameters) { Tensor(failure: error, type: $0.type) }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(slots)
  }
  public init(from decoder: any Decoder) throws {
    slots = try decoder.singleValueContainer().decode([String: P].self)
  }
}

/// A number of each step that every parameter uses: computed once, then taken in the element type of each.
struct StepScalar {
  private let single, double: Tensor

  init(_ value: Tensor, _ place: Place) {
    double = cast(value, .f64, place)
    single = cast(value, .f32, place)
  }
  subscript(x: Tensor) -> Tensor { x.dtype == .f32 ? single : double }
}

/// `x` as another element type; a value stays one, even where a graph is being traced.
private func cast(_ x: Tensor, _ dtype: DType, _ place: Place) -> Tensor {
  guard x.dtype != dtype, case .value(let array) = x.storage else {
    return convert(x, to: dtype, file: place.file, line: place.line)
  }
  let numbers = array.doubles
  return Tensor(HostArray(TensorType(dtype, x.shape)) { numbers[$0] })
}
