// A decoder-only transformer: from tokens to the logits of the next one.
//
// Radford et al., "Language models are unsupervised multitask learners", 2019 (GPT-2), from which the initial weights are:
// normal of deviation 0.02, less by √(2 layers) where a branch ends.

import DescentIR
import DescentOps

/// Tokens [..., t] of an integer type, t at most `context`, give logits [..., t, vocabulary]: those at a token see it and the
/// tokens before it, and are trained towards the one after it.
///
/// Weights: `tokens.weight` [vocabulary, width]; `positions.weight` [context, width] where positions are learned;
/// `blocks.0`, … (see `TransformerBlock`); `norm` (`weight`, `bias`) where blocks are normalised before; and
/// `head.weight` [width, vocabulary] unless it is tied to that of the tokens.
public struct LanguageModel: Layer {
  /// How the model knows where a token stands.
  public enum Positions: Sendable, Hashable, Codable {
    /// By a learned row for each position.
    case learned
    /// By sines and cosines.
    case sinusoidal
    /// By turning queries and keys.
    case rotary(base: Double = 10_000)
  }
  public let vocabulary: Int
  /// The greatest length of a sequence.
  public let context: Int
  public let width: Int
  public let layers: Int
  public let positions: Positions
  /// Whether the head is the table of tokens, transposed.
  public let isTied: Bool
  public let dropout: Double
  public let dtype: DType
  /// What each layer is.
  public let block: TransformerBlock
  private let tokens: Embedding
  private let rows: PositionEmbedding
  private let head: Dense
  let place: SourceLocation

  /// A model; `feedForward` is four times the width and `keyValueHeads` is `heads` where nil.
  public init(
    vocabulary: Int, context: Int, width: Int, layers: Int, heads: Int, keyValueHeads: Int? = nil,
    feedForward: Int? = nil, activation: Activation = .geluTanh, norm: TransformerBlock.Norm = .pre,
    positions: Positions = .learned, isTied: Bool = false, dropout: Double = 0, bias: Bool = true, dtype: DType = .f32,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.vocabulary = vocabulary
    self.context = context
    self.width = width
    self.layers = layers
    self.positions = positions
    self.isTied = isTied
    self.dropout = dropout
    self.dtype = dtype
    place = SourceLocation(file, line)
    let initializer = Initializer.normal(standardDeviation: 0.02)
    var rotaryBase: Double?
    if case .rotary(let base) = positions { rotaryBase = base }
    (block, tokens, rows, head) = pinned(file, line) {
      (
        TransformerBlock(
          heads, keyValueHeads: keyValueHeads, feedForward: feedForward, activation: activation, norm: norm,
          causal: true, dropout: dropout, bias: bias, rotaryBase: rotaryBase, initializer: initializer,
          outputInitializer: .normal(standardDeviation: 0.02 / Double(max(2 * layers, 1)).squareRoot())),
        Embedding(vocabulary, width, dtype: dtype, initializer: initializer),
        PositionEmbedding(context, initializer: initializer), Dense(vocabulary, bias: false, initializer: initializer)
      )
    }
  }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    let type = try hidden(input)
    var w = Weights()
    w.tokens = try tokens.initialize(input: input, key: key.fold(0))
    if positions == .learned { w.positions = try rows.initialize(input: type, key: key.fold(1)) }
    var blocks = Weights()
    for index in 0..<layers { blocks[index] = try block.initialize(input: type, key: key.fold(3 + index)) }
    w.blocks = blocks
    if block.norm == .pre { w.norm = try LayerNorm().initialize(input: TensorType(dtype, [width]), key: key) }
    if !isTied { w.head = try head.initialize(input: type, key: key.fold(2)) }
    return w
  }

  public func output(input: TensorType) throws -> TensorType {
    let type = try hidden(input)
    return TensorType(dtype, Shape(type.shape.dimensions.dropLast() + [vocabulary]))
  }

  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      do { _ = try hidden(x.type) } catch let error as DescentError { return failure(x, error) } catch { return x }
      var h = tokens(weights.tokens, x, context)
      switch positions {
      case .learned: h = rows(weights.positions, h, context)
      case .sinusoidal:
        h = h + sinusoidalPositions(x.shape[-1], width, dtype: dtype)
      case .rotary: break
      }
      h = Dropout(dropout)(Weights(), h, context.entering("dropout", 0))
      for index in 0..<layers {
        h = block(weights.blocks[index], h, context.entering("blocks", 1 + index))
      }
      return logits(weights, h)
    }
  }

  // MARK: One token at a time

  /// A cache without tokens for each layer, for `sequences` sequences side by side.
  public func caches(sequences: Int) throws -> [KeyValueCache] {
    let type = TensorType(dtype, [sequences, 1, width])
    return try (0..<layers).map { _ in try block.attention.cache(input: type, length: context) }
  }

  /// The logits [n, vocabulary] after one more token of each sequence, tokens [n], at `position`, a scalar of an integer type
  /// below `context`; gives the caches with these tokens as well. The same numbers as those of the whole sequence at once.
  public func decode(
    _ weights: Weights, _ x: Tensor, _ caches: [KeyValueCache], position: Tensor
  ) -> (Tensor, [KeyValueCache]) {
    pinned(place) {
      guard x.rank == 1, caches.count == layers, position.rank == 0 else {
        let message =
          "LanguageModel decodes tokens [n] at a scalar position with \(layers) caches, not \(x.type) at "
          + "\(position.type) with \(caches.count)"
        return (failure(x, DescentError(.type, message, at: place)), caches)
      }
      var h = tokens(weights.tokens, expandDims(x, axis: 1), Context())
      switch positions {
      case .learned: h = rows(weights.positions, h, at: position)
      case .sinusoidal:
        h = h + sinusoidalPositions(1, width, offset: position, dtype: dtype)
      case .rotary: break
      }
      var new: [KeyValueCache] = []
      for (index, cache) in caches.enumerated() {
        let (y, grown) = block.decode(weights.blocks[index], h, cache, position: position)
        new.append(grown)
        h = y
      }
      return (squeeze(logits(weights, h), axis: 1), new)
    }
  }

  // MARK: Parts

  private func logits(_ weights: Weights, _ h: Tensor) -> Tensor {
    pinned(place) {
      let h = block.norm == .pre ? LayerNorm()(weights.norm, h) : h
      guard isTied else { return head(weights.head, h, Context()) }
      let table: Tensor = weights.tokens.weight
      return matmul(h, transpose(table))
    }
  }
  /// The type between the layers for tokens of a type.
  private func hidden(_ input: TensorType) throws -> TensorType {
    let type = try tokens.output(input: input)
    guard input.shape.rank > 0, (1...max(context, 1)).contains(input.shape[-1]) else {
      throw DescentError(
        .type, "LanguageModel of \(input): tokens [..., t] with t in 1...\(context) are needed", at: place)
    }
    return try block.output(input: type)
  }
  private func failure(_ x: Tensor, _ error: DescentError) -> Tensor {
    if case .failure = x.storage { return x }
    return Tensor(failure: error, type: TensorType(dtype, [1, vocabulary]))
  }
}
