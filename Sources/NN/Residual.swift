// Layers beside each other: a branch added to what it starts from, and several joined along the last axis.

import DescentIR
import DescentOps

/// x + f(x), or shortcut(x) + f(x): `Residual { Dense(64, activation: .relu); Dense(64) }` (He et al., 2016).
///
/// Weights and running state: the subtree `body`, that of a `Sequential`, and `shortcut`.
public struct Residual: Layer {
  public let body: Sequential
  /// What x passes through; nothing where nil.
  public let shortcut: (any Layer)?
  let place: SourceLocation

  public init(
    shortcut: (any Layer)? = nil, file: StaticString = #fileID, line: UInt = #line,
    @LayerBuilder _ body: () -> [any Layer]
  ) {
    self.shortcut = shortcut
    self.body = Sequential(body)
    place = SourceLocation(file, line)
  }
  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    try tree { try $0.initialize(input: input, key: key.fold($1)) }
  }
  public func initialState(input: TensorType) throws -> Weights {
    try tree { layer, _ in try layer.initialState(input: input) }
  }
  public func output(input: TensorType) throws -> TensorType {
    let (branch, straight) = (try body.output(input: input), try shortcut?.output(input: input) ?? input)
    guard branch == straight else { throw DescentError(.type, message(branch, straight), at: place) }
    return branch
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    let branch = body(weights.body, x, context.entering("body", 0))
    let straight = shortcut.map { $0(weights.shortcut, x, context.entering("shortcut", 1)) } ?? x
    guard branch.type == straight.type else {
      return .fail(message(branch.type, straight.type), branch, straight, at: place)
    }
    return straight + branch
  }

  private func tree(_ make: (any Layer, Int) throws -> Weights) throws -> Weights {
    var tree = Weights()
    tree.body = try make(body, 0)
    if let shortcut { tree.shortcut = try make(shortcut, 1) }
    return tree
  }
  private func message(_ branch: TensorType, _ straight: TensorType) -> String {
    "Residual: the branch gives \(branch) and the shortcut \(straight), which must be of one type"
  }
}

/// The results of several layers for one input, joined along the last axis: `Parallel { Dense(8); Dense(4, activation: .tanh) }`.
///
/// Weights and running state as of a `Sequential`: the subtree of each layer's number.
public struct Parallel: Layer {
  public let layers: [any Layer]
  let place: SourceLocation

  public init(
    file: StaticString = #fileID, line: UInt = #line, @LayerBuilder _ layers: () -> [any Layer]
  ) {
    self.layers = layers()
    place = SourceLocation(file, line)
  }
  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    try tree { try $0.initialize(input: input, key: key.fold($1)) }
  }
  public func initialState(input: TensorType) throws -> Weights {
    try tree { layer, _ in try layer.initialState(input: input) }
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    let results = layers.enumerated().map {
      $0.element(weights[$0.offset], x, context.entering("\($0.offset)", $0.offset))
    }
    return pinned(place) { concatenate(results, axis: -1) }
  }

  private func tree(_ make: (any Layer, Int) throws -> Weights) throws -> Weights {
    var tree = Weights()
    for (index, layer) in layers.enumerated() { tree[index] = try make(layer, index) }
    return tree
  }
}
