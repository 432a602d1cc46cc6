import DescentIR

/// A function as a layer: `Lambda { x in x * 0.5 }`. Sizes are found by running it; its weights are none.
public struct Lambda: WeightlessLayer {
  private let body: @Sendable (Tensor, Context) -> Tensor

  public init(_ body: @escaping @Sendable (Tensor) -> Tensor) { self.body = { x, _ in body(x) } }
  /// A function that looks at the context as well: whether it is training, and its random key.
  public init(_ body: @escaping @Sendable (Tensor, Context) -> Tensor) { self.body = body }

  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor { body(x, context) }
}
