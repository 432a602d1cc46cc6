// What an optimizer is: a function from parameters, gradients and its own state to new ones, made of graph operations.
// Also what optimizers share: numbers of a step, weight decay, and how the state becomes a tree.

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

  /// What a checkpoint says of this optimizer of these parameters. Nil, unless a type says it better: the name of the type and
  /// a checksum of the graph of `update`.
  func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary?

  /// This optimizer with what `change` makes of each of its learning rates, in the order of `summary`: so `--lr` sets them. Nil,
  /// unless a type says it: then `--lr` cannot be taken.
  func replacingRates(_ change: (any LearningRate) -> any LearningRate) -> (any Optimizer)?
}

/// What an optimizer keeps between steps. As a tree, the path of a tensor is the name of its slot, then the path of its
/// parameter (`m.0.weight`); scalars and groups stand below `scalars` and `groups`, which are therefore no names of slots.
public struct OptimizerState<P: ParameterTree>: ParameterTree {
  /// Trees of the structure of the parameters, by name.
  public var slots: [String: P]
  /// Numbers that all parameters share, by name.
  public var scalars: [String: Tensor]
  /// States of optimizers that care for a part of the parameters each, by the name of the part. The tensors of a part are not
  /// nested: each is named by its parameter's whole path.
  public var groups: [String: OptimizerState<Weights>]

  public init(
    _ slots: [String: P] = [:], scalars: [String: Tensor] = [:], groups: [String: OptimizerState<Weights>] = [:]
  ) {
    self.slots = slots
    self.scalars = scalars
    self.groups = groups
  }

  /// Slots that are zero, one for each name.
  init(zero names: [String], like parameters: P) {
    self.init()
    for name in names { slots[name] = map(parameters, zerosLike) }
  }

  /// The tree of a name; where there is none, one of failed tensors that say so.
  func slot(_ name: String, like parameters: P) -> P {
    if let slot = slots[name] { return slot }
    return map(parameters) { Tensor(failure: missing(name), type: $0.type) }
  }
  /// The number of a name; where there is none, a failed tensor that says so.
  func scalar(_ name: String) -> Tensor { scalars[name] ?? Tensor(failure: missing(name), type: TensorType(.f64, [])) }

  private func missing(_ name: String) -> DescentError {
    DescentError(.usage, "the optimizer's state has no '\(name)'; it must come from initialState of the same optimizer")
  }

  /// This state with one slot more; where an optimizer within has a slot of that name, one of failed tensors that say so.
  func adding(_ name: String, _ slot: P, _ place: SourceLocation) -> Self {
    var state = self
    let error = DescentError(
      .usage, "two optimizers, one within the other, keep a state of the name '\(name)'", at: place)
    state.slots[name] = slots[name] == nil ? slot : map(slot) { Tensor(failure: error, type: $0.type) }
    return state
  }
  /// This state without a slot: that of the optimizer within.
  func removing(_ name: String) -> Self {
    var state = self
    state.slots[name] = nil
    return state
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Weights.Name.self)
    for (name, slot) in slots.sorted(by: { $0.key < $1.key }) {
      try container.encode(slot, forKey: Weights.Name(stringValue: name))
    }
    if !scalars.isEmpty { try container.encode(scalars, forKey: Self.scalarsKey) }
    if !groups.isEmpty { try container.encode(groups, forKey: Self.groupsKey) }
  }
  public init(from decoder: any Decoder) throws {
    self.init()
    let container = try decoder.container(keyedBy: Weights.Name.self)
    for key in container.allKeys {
      switch key.stringValue {
      case Self.scalarsKey.stringValue: scalars = try container.decode([String: Tensor].self, forKey: key)
      case Self.groupsKey.stringValue:
        groups = try container.decode([String: OptimizerState<Weights>].self, forKey: key)
      case let name: slots[name] = try container.decode(P.self, forKey: key)
      }
    }
  }
  private static var scalarsKey: Weights.Name { Weights.Name(stringValue: "scalars") }
  private static var groupsKey: Weights.Name { Weights.Name(stringValue: "groups") }
}

/// A number of each step that every parameter uses: computed once, then taken in the element type of each.
struct StepScalar {
  private let single, double: Tensor

  init(_ value: Tensor, _ place: SourceLocation) {
    double = cast(value, .f64, place)
    single = cast(value, .f32, place)
  }
  subscript(x: Tensor) -> Tensor { x.dtype == .f32 ? single : double }
}

extension LearningRate {
  /// The rate of a step as a scalar f64.
  func size(_ step: Tensor, _ place: SourceLocation) -> Tensor {
    pinned(place) {
      convert(rate(step: step), to: .f64)
    }
  }
}

/// The number of steps with this one, as a scalar f64.
func count(through step: Tensor, _ place: SourceLocation) -> Tensor {
  pinned(place) {
    convert(step, to: .f64) + 1
  }
}

extension OptimizerState {
  /// The slots `m` and `v` after a gradient within bounds: m ← β₁ m + (1 - β₁) g and v ← β₂ v + (1 - β₂) g².
  func moments(of gradient: P, _ beta1: Double, _ beta2: Double) -> (m: P, v: P) {
    let m = map(slot("m", like: gradient), gradient) { m, g in m * beta1 + g * (1 - beta1) }
    return (m, map(slot("v", like: gradient), gradient) { v, g in v * beta2 + g * g * (1 - beta2) })
  }
}

/// A gradient whose squares are finite: an element beyond ±2⁵⁰ (f64: ±2⁴⁵⁰) counts as that. Divided by the root of its own mean
/// square it makes the same step; without this the mean would be infinite for ever, and all steps 0. What is infinite or NaN stays
/// so, for training must not go on.
func bounded<P: ParameterTree>(_ gradient: P, _ place: SourceLocation) -> P {
  pinned(place) {
    return map(gradient) { g in
      let limit = g.dtype == .f32 ? 0x1p50 : 0x1p450
      let isFinite = abs(g) .< Double.infinity
      return `where`(isFinite, clamp(g, -limit, limit), g)
    }
  }
}

/// The gradient of the loss with ½ λ Σ p² beside it: g + λ p.
func decayed<P: ParameterTree>(_ gradient: P, _ parameters: P, _ weightDecay: Double) -> P {
  weightDecay == 0 ? gradient : map(gradient, parameters) { g, p in g + p * weightDecay }
}

/// Decoupled weight decay: (1 - η λ) p, with the rate η of this step as a scalar f64.
func shrunk<P: ParameterTree>(_ parameters: P, _ weightDecay: Double, rate: Tensor, _ place: SourceLocation) -> P {
  if weightDecay == 0 { return parameters }
  let factor = StepScalar(1 - rate * weightDecay, place)
  return map(parameters) { p in p * factor[p] }
}

/// `x` as another element type; a value stays one, even where a graph is being traced.
private func cast(_ x: Tensor, _ dtype: DType, _ place: SourceLocation) -> Tensor {
  pinned(place) {
    guard x.dtype != dtype, case .value(let array) = x.storage else {
      return convert(x, to: dtype)
    }
    let numbers = array.doubles
    return Tensor(HostArray(TensorType(dtype, x.shape)) { numbers[$0] })
  }
}
