// Several optimizers, each for a part of the parameters that is picked by path and type.

import DescentIR
import DescentOps

/// A part of the parameters with an optimizer of its own.
public struct ParameterGroup: Sendable {
  /// The name of its state.
  public var name: String
  public var optimizer: any Optimizer
  /// Whether a parameter belongs to it, from its path (`0.weight`) and its type.
  public var contains: @Sendable (String, TensorType) -> Bool

  public init(
    _ name: String, _ optimizer: any Optimizer, contains: @escaping @Sendable (String, TensorType) -> Bool
  ) {
    self.name = name
    self.optimizer = optimizer
    self.contains = contains
  }
}

/// Optimizers side by side: each parameter belongs to the first group that contains it, or to the others.
///
/// Weights decay, biases and the gains of norms do not:
/// ```swift
/// ParameterGroups(
///   [ParameterGroup("plain", AdamW(learningRate: 0.002, weightDecay: 0)) { path, type in type.shape.rank < 2 }],
///   others: AdamW(learningRate: 0.001, weightDecay: 0.1))
/// ```
/// State: a group for each name, and `others`.
public struct ParameterGroups: Optimizer {
  private var groups: [ParameterGroup]
  private let place: SourceLocation

  public init(
    _ groups: [ParameterGroup], others: any Optimizer, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.groups = groups + [ParameterGroup("others", others) { _, _ in true }]
    place = SourceLocation(file, line)
  }

  public func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> {
    var state = OptimizerState<P>()
    for (group, part) in zip(groups, Parts(parameters, groups, place).split(parameters)) {
      state.groups[group.name] = group.optimizer.initialState(part)
    }
    return state
  }

  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? {
    let parts = zip(groups, Parts(parameters, groups, place).split(parameters)).map { group, part in
      (group.name, checksum(of: flatten(part).paths.joined(separator: "\n")), group.optimizer.summary(of: part))
    }
    // Which parameters a group has follows from a function of the user's: their paths say it.
    let texts = parts.compactMap { name, paths, summary in summary.map { "\(name) \(paths): \($0.text)" } }
    guard texts.count == parts.count else { return nil }
    return OptimizerSummary(
      "ParameterGroups(" + texts.joined(separator: ", ") + ")", rates: parts.flatMap { $0.2?.rates ?? [] })
  }

  public func replacingRates(_ change: (any LearningRate) -> any LearningRate) -> (any Optimizer)? {
    var copy = self
    for index in groups.indices {
      guard let optimizer = groups[index].optimizer.replacingRates(change) else { return nil }
      copy.groups[index].optimizer = optimizer
    }
    return copy
  }

  public func update<P: ParameterTree>(
    _ parameters: P, gradient: P, state: OptimizerState<P>, step: Tensor
  ) -> (parameters: P, state: OptimizerState<P>) {
    let parts = Parts(parameters, groups, place)
    if let error = parts.error { return (map(parameters) { Tensor(failure: error, type: $0.type) }, state) }
    var (new, moved) = (OptimizerState<P>(), [Weights]())
    for (group, (p, g)) in zip(groups, zip(parts.split(parameters), parts.split(gradient))) {
      let old = state.groups[group.name] ?? OptimizerState()
      let result = group.optimizer.update(p, gradient: g, state: old, step: step)
      moved.append(result.parameters)
      new.groups[group.name] = result.state
    }
    return (parts.join(moved, like: parameters), new)
  }
}

/// Which parameter belongs to which group.
private struct Parts {
  private let paths: [String]
  /// For each parameter the position of its group.
  private let members: [Int]
  private let count: Int
  /// Why there are no such groups.
  let error: DescentError?

  init(_ parameters: some ParameterTree, _ groups: [ParameterGroup], _ place: SourceLocation) {
    let flat = flatten(parameters)
    paths = flat.paths
    members = zip(flat.paths, flat.leaves).map { path, leaf in groups.firstIndex { $0.contains(path, leaf.type) }! }
    count = groups.count
    let names = groups.map(\.name)
    if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
      error = DescentError(.usage, "two groups of parameters have the name '\(name)'", at: place)
    } else if Set(paths).count < paths.count {
      error = DescentError(.usage, "groups of parameters need a path for each; they have \(paths)", at: place)
    } else {
      error = nil
    }
  }

  /// The tensors of each group, named by their paths.
  func split(_ tree: some ParameterTree) -> [Weights] {
    var parts = [Weights](repeating: Weights(), count: count)
    for (index, leaf) in flatten(tree).leaves.enumerated() where index < paths.count {
      parts[members[index]][paths[index]] = leaf
    }
    return parts
  }

  func join<P: ParameterTree>(_ parts: [Weights], like tree: P) -> P {
    var index = 0
    return map(tree) { _ in
      defer { index += 1 }
      return parts[members[index]][paths[index]]
    }
  }
}

/// The tree taken apart, which a tree that can be encoded allows.
private func flatten(_ tree: some ParameterTree) -> FlatTree {
  do { return try FlatTree(tree) } catch { preconditionFailure("a ParameterTree that cannot be encoded: \(error)") }
}
