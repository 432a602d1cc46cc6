// Embeddings: a row of numbers for each token.

import DescentIR
import DescentOps

/// A table of `count` rows, of which each integer picks one: x [..., t] of an integer type gives y [..., t, size].
///
/// Weights: `weight` [count, size] of type `dtype`, normal of deviation 1 unless told otherwise, as PyTorch has it. A token
/// outside 0..<count takes the nearest row.
public struct Embedding: Layer {
  public let count: Int
  public let size: Int
  public let dtype: DType
  public let initializer: Initializer
  let place: SourceLocation

  public init(
    _ count: Int, _ size: Int, dtype: DType = .f32, initializer: Initializer = .normal(standardDeviation: 1),
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.count = count
    self.size = size
    self.dtype = dtype
    self.initializer = initializer
    place = SourceLocation(file, line)
  }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    try pinned(place) {
      _ = try output(input: input)
      var w = Weights()
      w.weight = initializer(TensorType(dtype, [count, size]), Fans(in: count, out: size), key.fold(0))
      return w
    }
  }

  public func output(input: TensorType) throws -> TensorType {
    guard count > 0, size > 0, dtype.isFloating else {
      throw error("a table of at least one row and column, of f32 or f64, is needed, not of \(dtype)")
    }
    guard input.dtype.isInteger else {
      throw error("tokens of an integer type are needed, not \(input)")
    }
    return TensorType(dtype, Shape(input.shape.dimensions + [size]))
  }

  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      let weight: Tensor = weights.weight
      if case .failure(let failure) = weight.storage { return Tensor(failure: error(failure.message), type: x.type) }
      guard weight.shape == [count, size] else {
        return Tensor(failure: error("the weight is of shape \(weight.shape)"), type: x.type)
      }
      return gather(weight, x)
    }
  }

  private func error(_ message: String) -> DescentError {
    DescentError(.type, "Embedding(\(count), \(size)): \(message)", at: place)
  }
}
