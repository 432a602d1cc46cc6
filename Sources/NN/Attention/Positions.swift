// Where in a sequence a token stands: a learned row, sines and cosines, or a rotation of queries and keys.
//
// Sinusoids: Vaswani et al., "Attention is all you need", 2017. Rotation: Su et al., "RoFormer", 2021, with the halves of a
// head as pairs, as GPT-NeoX and Llama have it. Angles are taken in f64, so that they are exact far into a sequence.

import DescentIR
import DescentOps

/// The angles (offset + p) · base^(-2 i / size) as f64 [count, size / 2], p the row and i the column.
private func angles(_ count: Int, _ size: Int, _ offset: Tensor, _ base: Double, _ place: SourceLocation) -> Tensor {
  pinned(place) {
    let index = iota([size / 2], axis: 0, dtype: .f64)
    let frequency = power(base, index * (-2 / Double(size)))
    let position = iota([count, 1], axis: 0, dtype: .f64)
    return (position + convert(offset, to: .f64)) * frequency
  }
}

/// Rows of sines and cosines, one for each of `count` positions: y[p, 2i] = sin a and y[p, 2i+1] = cos a with
/// a = (offset + p) base^(-2i / size). `size` must be even; `offset` is a scalar of an integer type, 0 unless given.
public func sinusoidalPositions(
  _ count: Int, _ size: Int, offset: Tensor = Tensor(Int64(0)), base: Double = 10_000, dtype: DType = .f32,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let place = SourceLocation(file, line)
    guard count >= 0, size > 0, size % 2 == 0, offset.rank == 0 else {
      let message =
        "sinusoidalPositions of \(count) rows of size \(size) from an offset of type \(offset.type): "
        + "an even size and a scalar are needed"
      return Tensor(failure: DescentError(.type, message, at: place), type: TensorType(dtype, [max(count, 0), 1]))
    }
    let a = angles(count, size, offset, base, place)
    let pairs = stack([sin(a), cos(a)], axis: -1)
    return convert(reshape(pairs, [count, size]), to: dtype)
  }
}

/// Queries or keys turned by their position: with x = [u, v], the halves of the last axis,
/// y = [u cos a - v sin a, v cos a + u sin a] where a[p, i] = (offset + p) base^(-2i / d).
///
/// x [..., t, d] with d even gives y of the same type. `offset` is the position of the first row, a scalar of an integer type:
/// 0 unless given, and the position at hand where tokens are decoded one by one. The product of a query and a key then
/// depends on the distance of their positions alone.
public func rotary(
  _ x: Tensor, offset: Tensor = Tensor(Int64(0)), base: Double = 10_000, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let place = SourceLocation(file, line)
    guard x.rank >= 2, x.dtype.isFloating, x.shape[-1] % 2 == 0, offset.rank == 0 else {
      let message =
        "rotary of \(x.type) from an offset of type \(offset.type): "
        + "f32 or f64 [..., t, d] with an even d, and a scalar, are needed"
      return .fail(message, x, offset, at: place)
    }
    let a = angles(x.shape[-2], x.shape[-1], offset, base, place)
    let c = convert(cos(a), to: x.dtype)
    let s = convert(sin(a), to: x.dtype)
    let halves = split(x, parts: 2, axis: -1)
    let (u, v) = (halves[0], halves[1])
    return concatenate([u * c - v * s, v * c + u * s], axis: -1)
  }
}

/// A learned row added to the token at each position: x [..., t, size] gives y of the same type, t at most `count`.
///
/// Weights: `weight` [count, size], normal of deviation 0.02 unless told otherwise.
public struct PositionEmbedding: Layer {
  /// The greatest length of a sequence.
  public let count: Int
  public let initializer: Initializer
  let place: SourceLocation

  public init(
    _ count: Int, initializer: Initializer = .normal(standardDeviation: 0.02), file: StaticString = #fileID,
    line: UInt = #line
  ) {
    self.count = count
    self.initializer = initializer
    place = SourceLocation(file, line)
  }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    try pinned(place) {
      let size = try output(input: input).shape[-1]
      var w = Weights()
      w.weight = initializer(TensorType(input.dtype, [count, size]), Fans(in: count, out: size), key.fold(0))
      return w
    }
  }
  public func output(input: TensorType) throws -> TensorType {
    guard input.shape.rank >= 2, input.dtype.isFloating, input.shape[-2] <= count else {
      throw DescentError(.type, message(input), at: place)
    }
    return input
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      let weight: Tensor = weights.weight
      if case .failure(let failure) = weight.storage {
        let message = "PositionEmbedding(\(count)): \(failure.message)"
        return Tensor(failure: DescentError(.type, message, at: place), type: x.type)
      }
      guard x.rank >= 2, x.shape[-2] <= count, weight.rank == 2, weight.shape == [count, x.shape[-1]] else {
        return .fail(message(x.type) + ", with a weight of shape \(weight.shape)", x, weight, at: place)
      }
      return x + slice(weight, start: [0, 0], limit: [x.shape[-2], x.shape[-1]])
    }
  }
  /// The same for one token at `position`, a scalar of an integer type: x [..., 1, size].
  public func callAsFunction(_ weights: Weights, _ x: Tensor, at position: Tensor) -> Tensor {
    pinned(place) {
      x + gather(weights.weight, position)
    }
  }
  private func message(_ input: TensorType) -> String {
    "PositionEmbedding(\(count)) of \(input): f32 or f64 [..., t, size] with t of at most \(count) is needed"
  }
}
