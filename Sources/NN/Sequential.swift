// Layers one after another, written as a list.

import DescentIR
import DescentOps

/// Layers applied in order. Sizes are inferred from the input: `Sequential { Dense(256); ReLU(); Dense(10) }`.
///
/// The weights of layer `i` are the subtree `i`, so their paths read `0.weight`, `2.bias`; a layer without weights has a number
/// but no subtree. `if` and `for` in the list add their layers to the same numbering; a `Sequential` in the list is one layer.
public struct Sequential: Layer {
  public let layers: [any Layer]

  public init(_ layers: [any Layer]) { self.layers = layers }
  public init(@LayerBuilder _ layers: () -> [any Layer]) { self.layers = layers() }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    try accumulate(input) { try $0.initialize(input: $1, key: key.fold($2)) }
  }
  public func initialState(input: TensorType) throws -> Weights {
    try accumulate(input) { layer, input, _ in try layer.initialState(input: input) }
  }
  public func output(input: TensorType) throws -> TensorType {
    try layers.reduce(input) { try $1.output(input: $0) }
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    layers.enumerated().reduce(x) { x, next in
      next.element(weights[next.offset], x, context.entering("\(next.offset)", next.offset))
    }
  }

  /// A tree with a subtree for each layer, made from the layer, the type of its input and its position.
  private func accumulate(_ input: TensorType, _ make: (any Layer, TensorType, Int) throws -> Weights) throws -> Weights
  {
    var (type, tree) = (input, Weights())
    for (index, layer) in layers.enumerated() {
      tree[index] = try make(layer, type, index)
      type = try layer.output(input: type)
    }
    return tree
  }
}

/// Collects the layers of a list.
@resultBuilder
public enum LayerBuilder {
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
  public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildLimitedAvailability(_ part: [any Layer]) -> [any Layer] { part }
}
