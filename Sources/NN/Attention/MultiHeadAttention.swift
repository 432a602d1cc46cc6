// Attention by several heads at once, over one sequence or from one to another, and one token at a time.

import DescentIR
import DescentOps

/// Attention by heads: projections of the last axis to queries, keys and values, `attention` by each head, and a projection back.
///
/// x [..., t, width] gives y of the same type. Weights of self-attention: `qkv.weight` [width, (heads + 2 keyValueHeads)
/// headSize], whose columns are the queries of all heads, then the keys, then the values; `output.weight`
/// [heads headSize, width]; with `bias`, `qkv.bias` and `output.bias`. Attention to another sequence has `query` and `keyValue`
/// in place of `qkv`. Keys and values may have fewer heads, which groups of query heads then share; `rotaryBase` turns queries
/// and keys by their position (`rotary`).
public struct MultiHeadAttention: Layer {
  public let heads: Int
  public let keyValueHeads: Int
  /// The size of one head; width / heads where nil.
  public let headSize: Int?
  public let causal: Bool
  /// The probability with which a weight of attention is dropped in training.
  public let dropout: Double
  public let bias: Bool
  public let rotaryBase: Double?
  public let initializer: Initializer
  /// That of the projection back; a deep network may want a smaller one.
  public let outputInitializer: Initializer
  let place: SourceLocation

  public init(
    _ heads: Int, keyValueHeads: Int? = nil, headSize: Int? = nil, causal: Bool = false, dropout: Double = 0,
    bias: Bool = true, rotaryBase: Double? = nil, initializer: Initializer = .glorotUniform,
    outputInitializer: Initializer? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.heads = heads
    self.keyValueHeads = keyValueHeads ?? heads
    self.headSize = headSize
    self.causal = causal
    self.dropout = dropout
    self.bias = bias
    self.rotaryBase = rotaryBase
    self.initializer = initializer
    self.outputInitializer = outputInitializer ?? initializer
    place = SourceLocation(file, line)
  }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    let size = try size(input)
    var w = Weights()
    w.qkv = try projection((heads + 2 * keyValueHeads) * size).initialize(input: input, key: key.fold(0))
    w.output = try outputWeights(input, size, key)
    return w
  }

  /// Weights for attention of `input` to `memory` [..., s, any width].
  public func initialize(input: TensorType, memory: TensorType, key: RandomKey) throws -> Weights {
    let size = try size(input)
    var w = Weights()
    w.query = try projection(heads * size).initialize(input: input, key: key.fold(0))
    w.keyValue = try projection(2 * keyValueHeads * size).initialize(input: memory, key: key.fold(2))
    w.output = try outputWeights(input, size, key)
    return w
  }

  public func output(input: TensorType) throws -> TensorType {
    _ = try size(input)
    return input
  }

  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    self(weights, x, mask: nil, context)
  }

  /// Self-attention where `mask`, a bool that broadcasts to [..., t, t], says which token (row) sees which (column).
  public func callAsFunction(
    _ weights: Weights, _ x: Tensor, mask: Tensor?, _ context: Context = Context()
  ) -> Tensor {
    guard let size = try? size(x.type) else { return failure(x) }
    let parts = projectedHeads(weights.qkv, x, [heads, keyValueHeads, keyValueHeads], size, context)
    let (q, k) = (rotated(parts[0], Tensor(Int64(0))), rotated(parts[1], Tensor(Int64(0))))
    return joined(weights, attend(q, k, parts[2], mask, causal, context), context)
  }

  /// Attention of x [..., t, width] to memory [..., s, memoryWidth]; `mask` broadcasts to [..., t, s].
  public func callAsFunction(
    _ weights: Weights, _ x: Tensor, memory: Tensor, mask: Tensor? = nil, _ context: Context = Context()
  ) -> Tensor {
    guard let size = try? size(x.type) else { return failure(x) }
    let q = projectedHeads(weights.query, x, [heads], size, context)[0]
    let parts = projectedHeads(weights.keyValue, memory, [keyValueHeads, keyValueHeads], size, context)
    let (turnedQ, k) = (rotated(q, Tensor(Int64(0))), rotated(parts[0], Tensor(Int64(0))))
    return joined(weights, attend(turnedQ, k, parts[1], mask, causal, context), context)
  }

  /// Self-attention of one token x [..., 1, width] at `position`, a scalar of an integer type below the cache's length, to all
  /// tokens up to it; gives the cache with this token's key and value as well.
  public func decode(
    _ weights: Weights, _ x: Tensor, _ cache: KeyValueCache, position: Tensor
  ) -> (Tensor, KeyValueCache) {
    pinned(place) {
      guard let size = try? size(x.type), x.shape[-2] == 1 else { return (failure(x), cache) }
      let parts = projectedHeads(weights.qkv, x, [heads, keyValueHeads, keyValueHeads], size, Context())
      let length = cache.keys.shape[-2]
      let index = iota([length, 1], axis: 0, dtype: position.dtype)
      var new = cache
      new.keys = `where`(index .== position, rotated(parts[1], position), cache.keys)
      new.values = `where`(index .== position, parts[2], cache.values)
      let seen = reshape(index .<= position, [1, length])
      let y = attend(rotated(parts[0], position), new.keys, new.values, seen, false, Context(), hidesGarbage: false)
      return (joined(weights, y, Context()), new)
    }
  }

  /// A cache without tokens for sequences of at most `length` tokens: `input` is [..., any, width].
  public func cache(input: TensorType, length: Int) throws -> KeyValueCache {
    let size = try size(input)
    let shape = Shape(input.shape.dimensions.dropLast(2) + [keyValueHeads, length, size])
    return KeyValueCache(keys: zeros(shape, dtype: input.dtype), values: zeros(shape, dtype: input.dtype))
  }

  // MARK: Parts

  /// The size of a head for an input; throws where there is none.
  private func size(_ input: TensorType) throws -> Int {
    guard input.shape.rank >= 2, input.dtype.isFloating else {
      throw error("an input f32 or f64 [..., t, width] is needed, not \(input)")
    }
    guard heads > 0, keyValueHeads > 0, heads % keyValueHeads == 0 else {
      throw error("\(keyValueHeads) heads of keys and values do not divide \(heads) heads")
    }
    guard let headSize else {
      guard input.shape[-1] > 0, input.shape[-1] % heads == 0 else {
        throw error("the width \(input.shape[-1]) of \(input) is not a multiple of the number of heads")
      }
      return input.shape[-1] / heads
    }
    guard headSize > 0 else { throw error("a head of size \(headSize)") }
    return headSize
  }
  private func error(_ message: String) -> DescentError {
    DescentError(.type, "MultiHeadAttention(\(heads)): \(message)", at: place)
  }
  private func failure(_ x: Tensor) -> Tensor {
    if case .failure = x.storage { return x }
    do { _ = try size(x.type) } catch let error as DescentError { return Tensor(failure: error, type: x.type) } catch {}
    return Tensor(failure: error("one token at a time is decoded, not \(x.type)"), type: x.type)
  }
  private func projection(_ outputs: Int) -> Dense {
    pinned(place) {
      Dense(outputs, bias: bias, initializer: initializer)
    }
  }
  private func outputWeights(_ input: TensorType, _ size: Int, _ key: RandomKey) throws -> Weights {
    try pinned(place) {
      let dense = Dense(input.shape[-1], bias: bias, initializer: outputInitializer)
      let heads = TensorType(input.dtype, Shape(input.shape.dimensions.dropLast() + [heads * size]))
      return try dense.initialize(input: heads, key: key.fold(1))
    }
  }

  /// x projected, and cut into parts by their numbers of heads: each [..., heads, t, size].
  private func projectedHeads(
    _ weights: Weights, _ x: Tensor, _ counts: [Int], _ size: Int, _ context: Context
  ) -> [Tensor] {
    pinned(place) {
      let all = counts.reduce(0, +)
      let y = projection(all * size)(weights, x, context)
      if case .failure = y.storage { return counts.map { _ in y } }
      // Cut between heads and not between columns: the numbers of a head stay next to one another, forward and backward.
      let heads = reshape(y, Shape(y.shape.dimensions.dropLast() + [all, size]))
      return split(heads, sizes: counts, axis: -2).map(exchanged)
    }
  }
  /// The axes of heads and of tokens exchanged.
  private func exchanged(_ x: Tensor) -> Tensor {
    pinned(place) {
      if case .failure = x.storage { return x }
      let last = x.rank - 1
      return transpose(x, Array(0..<last - 2) + [last - 1, last - 2, last])
    }
  }
  private func rotated(_ x: Tensor, _ offset: Tensor) -> Tensor {
    pinned(place) {
      rotaryBase.map { rotary(x, offset: offset, base: $0) } ?? x
    }
  }
  private func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ mask: Tensor?, _ causal: Bool, _ context: Context,
    hidesGarbage: Bool = true
  ) -> Tensor {
    pinned(place) {
      // One mask for all heads.
      let mask = mask.map { $0.rank > 2 ? expandDims($0, axis: -3) : $0 }
      return attention(
        q, k, v, mask: mask, causal: causal, dropout: dropout, key: context.isTraining ? context.key : nil,
        hidesGarbage: hidesGarbage, place)
    }
  }
  /// The heads' results side by side, projected back.
  private func joined(_ weights: Weights, _ y: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      let y = exchanged(y)
      if case .failure = y.storage { return y }
      let rows = reshape(y, Shape(y.shape.dimensions.dropLast(2) + [y.shape[-2] * y.shape[-1]]))
      let output: Weights = weights.output
      let matrix: Tensor = output.weight
      let width = matrix.rank == 2 ? matrix.shape[1] : 1
      let dense = Dense(width, bias: bias)
      return dense(output, rows, context)
    }
  }
}

/// The keys and values of the tokens that a layer of attention has seen: each [..., keyValueHeads, length, headSize].
public struct KeyValueCache: ParameterTree {
  public var keys: Tensor
  public var values: Tensor

  public init(keys: Tensor, values: Tensor) {
    self.keys = keys
    self.values = values
  }
}
