// One layer of a transformer: attention and a feed-forward network, each with a normalisation and a way around it.
//
// Vaswani et al., 2017 (normalised after the sum); Xiong et al., "On layer normalization in the transformer architecture",
// 2020 (before).

import DescentIR
import DescentOps

/// x + attention(x), then x + down(activation(up(x))), with layer normalisation before each branch or after each sum.
///
/// x [..., t, width] gives y of the same type. Weights: `attention` (see `MultiHeadAttention`), `norm1` and `norm2` (each
/// `weight` and `bias` [width]), `up` [width, feedForward] and `down` [feedForward, width] (each `weight`, and `bias` unless the
/// block has none). In training, results of both branches and weights of attention are dropped with probability `dropout`.
public struct TransformerBlock: Layer {
  /// Where normalisation stands.
  public enum Norm: String, Sendable, Codable {
    /// x + f(norm(x)): trains without a warm-up.
    case pre
    /// norm(x + f(x)), as in the first transformer.
    case post
  }
  public let attention: MultiHeadAttention
  /// The width of the feed-forward network; four times that of the input where nil.
  public let feedForward: Int?
  public let activation: Activation
  public let norm: Norm
  public let dropout: Double
  let place: SourceLocation

  public init(
    _ heads: Int, keyValueHeads: Int? = nil, feedForward: Int? = nil, activation: Activation = .gelu, norm: Norm = .pre,
    causal: Bool = false, dropout: Double = 0, bias: Bool = true, rotaryBase: Double? = nil,
    initializer: Initializer = .glorotUniform, outputInitializer: Initializer? = nil, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    attention = pinned(file, line) {
      MultiHeadAttention(
        heads, keyValueHeads: keyValueHeads, causal: causal, dropout: dropout, bias: bias, rotaryBase: rotaryBase,
        initializer: initializer, outputInitializer: outputInitializer)
    }
    self.feedForward = feedForward
    self.activation = activation
    self.norm = norm
    self.dropout = dropout
    place = SourceLocation(file, line)
  }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    let attentionWeights = try attention.initialize(input: input, key: key.fold(0))
    let width = input.shape[-1]
    let up = up(width)
    var w = Weights()
    w.norm1 = try LayerNorm().initialize(input: TensorType(input.dtype, [width]), key: key)
    w.attention = attentionWeights
    w.norm2 = try LayerNorm().initialize(input: TensorType(input.dtype, [width]), key: key)
    w.up = try up.initialize(input: input, key: key.fold(1))
    w.down = try down(width).initialize(input: up.output(input: input), key: key.fold(2))
    return w
  }

  public func output(input: TensorType) throws -> TensorType { try attention.output(input: input) }

  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    self(weights, x, mask: nil, context)
  }

  /// The same where `mask`, a bool that broadcasts to [..., t, t], says which token (row) sees which (column).
  public func callAsFunction(
    _ weights: Weights, _ x: Tensor, mask: Tensor?, _ context: Context = Context()
  ) -> Tensor {
    around(weights, x, context) { attention(weights.attention, $0, mask: mask, context.entering("attention", 0)) }
  }

  /// The function of one token x [..., 1, width] at `position`; gives the cache with this token as well.
  public func decode(
    _ weights: Weights, _ x: Tensor, _ cache: KeyValueCache, position: Tensor
  ) -> (Tensor, KeyValueCache) {
    var new = cache
    let y = around(weights, x, Context()) { x in
      let (y, cache) = attention.decode(weights.attention, x, cache, position: position)
      new = cache
      return y
    }
    return (y, new)
  }

  /// Both branches around what attends.
  private func around(_ weights: Weights, _ x: Tensor, _ context: Context, _ attend: (Tensor) -> Tensor) -> Tensor {
    func branch(_ x: Tensor, _ norm: Weights, _ position: Int, _ body: (Tensor) -> Tensor) -> Tensor {
      pinned(place) {
        let inner = body(self.norm == .pre ? LayerNorm()(norm, x) : x)
        let sum = x + Dropout(dropout)(Weights(), inner, context.entering("dropout", position))
        return self.norm == .pre ? sum : LayerNorm()(norm, sum)
      }
    }
    let attended = branch(x, weights.norm1, 1, attend)
    guard attended.rank > 0 else { return attended }
    let width = attended.shape[-1]
    return branch(attended, weights.norm2, 2) { x in
      down(width)(weights.down, up(width)(weights.up, x, context), context)
    }
  }
  private func up(_ width: Int) -> Dense {
    pinned(place) {
      Dense(feedForward ?? 4 * width, bias: attention.bias, activation: activation, initializer: attention.initializer)
    }
  }
  private func down(_ width: Int) -> Dense {
    pinned(place) {
      Dense(width, bias: attention.bias, initializer: attention.outputInitializer)
    }
  }
}
