// Layers that are random in training and do nothing otherwise. What they draw depends on the key of the context alone: the same
// key gives the same bits on every machine and at every number of threads. What is kept is scaled up in training, so that its
// mean is right without a scale in inference.
//
// Srivastava et al., "Dropout", 2014; Wan et al., "Regularization of neural networks using DropConnect", 2013; Huang et al.,
// "Deep networks with stochastic depth", 2016.

import DescentIR
import DescentOps

/// `x` with elements set to 0 with probability `rate`, independently, and the others divided by 1 - rate.
///
/// `mask` is the shape that is drawn, `x.shape` where nil; it is broadcast to that of `x`, so that [n, 1, 1, c] keeps or drops whole
/// channels. The rate is in 0..<1.
public func dropout(
  _ x: Tensor, rate: Double, key: RandomKey, mask: Shape? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let shape = mask ?? x.shape
    guard (0..<1).contains(rate), Shape.broadcast(shape, x.shape) == x.shape else {
      let message =
        "dropout of rate \(rate) and mask \(shape) on \(x.type): a rate in 0..<1 and a mask that broadcasts are needed"
      return .fail(message, x, at: SourceLocation(file, line))
    }
    guard rate > 0 else { return x }
    let kept = bernoulli(1 - rate, shape, key: key)
    return `where`(kept, x * (1 / (1 - rate)), 0)
  }
}

/// Elements set to 0 with probability `rate` in training, the others divided by 1 - rate.
public struct Dropout: WeightlessLayer {
  /// In 0..<1.
  public let rate: Double
  let place: SourceLocation

  public init(_ rate: Double, file: StaticString = #fileID, line: UInt = #line) {
    self.rate = rate
    place = SourceLocation(file, line)
  }
  public func output(input: TensorType) throws -> TensorType {
    try checkRate(rate, "Dropout(\(rate))", input, place)
    return input
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      // What drops nothing needs no key.
      rate == 0
        ? x
        : context.randomly("Dropout(\(rate))", x, place) { key in
          dropout(x, rate: rate, key: key)
        }
    }
  }
}

/// All of a row set to 0 with probability `rate` in training, else divided by 1 - rate: at the end of a `Residual` it leaves the
/// branch out for some rows. Rows are along the first axis.
public struct StochasticDepth: WeightlessLayer {
  /// In 0..<1.
  public let rate: Double
  let place: SourceLocation

  public init(_ rate: Double, file: StaticString = #fileID, line: UInt = #line) {
    self.rate = rate
    place = SourceLocation(file, line)
  }
  public func output(input: TensorType) throws -> TensorType {
    try checkRate(rate, "StochasticDepth(\(rate))", input, place)
    return input
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      context.randomly("StochasticDepth(\(rate))", x, place) { key in
        let rows = Shape(x.shape.dimensions.indices.map { $0 == 0 ? x.shape[0] : 1 })
        return dropout(x, rate: rate, key: key, mask: rows)
      }
    }
  }
}

/// x + standardDeviation · ε in training, with ε normal and independent for each element.
public struct GaussianNoise: WeightlessLayer {
  public let standardDeviation: Double
  let place: SourceLocation

  public init(_ standardDeviation: Double, file: StaticString = #fileID, line: UInt = #line) {
    self.standardDeviation = standardDeviation
    place = SourceLocation(file, line)
  }
  public func output(input: TensorType) throws -> TensorType {
    guard input.dtype.isFloating, standardDeviation >= 0 else {
      let message =
        "GaussianNoise(\(standardDeviation)) of \(input): f32 or f64 and a deviation of at least 0 are needed"
      throw DescentError(.type, message, at: place)
    }
    return input
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      context.randomly("GaussianNoise(\(standardDeviation))", x, place) { key in
        x
          + normal(x.shape, key: key, dtype: x.dtype, standardDeviation: standardDeviation)
      }
    }
  }
}

/// A fully connected layer whose weights, but not its biases, are dropped in training, one mask for all rows of a batch.
///
/// Weights are those of the `Dense` layer.
public struct DropConnect: Layer {
  public let dense: Dense
  /// In 0..<1.
  public let rate: Double
  let place: SourceLocation

  public init(_ dense: Dense, rate: Double = 0.5, file: StaticString = #fileID, line: UInt = #line) {
    self.dense = dense
    self.rate = rate
    place = SourceLocation(file, line)
  }
  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    try checkRate(rate, "DropConnect(\(rate))", input, place)
    return try dense.initialize(input: input, key: key)
  }
  public func output(input: TensorType) throws -> TensorType { try dense.output(input: input) }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      var weights = weights
      let weight: Tensor = weights.weight
      weights.weight = context.randomly("DropConnect(\(rate))", weight, place) { key in
        dropout(weight, rate: rate, key: key)
      }
      return dense(weights, x, context)
    }
  }
}

extension Context {
  /// What `body` makes with the key of a call that is training, `x` otherwise; an error where training has no key.
  func randomly(_ layer: String, _ x: Tensor, _ place: SourceLocation, _ body: (RandomKey) -> Tensor) -> Tensor {
    guard isTraining else { return x }
    guard let key else {
      let message =
        "\(layer) in training needs a random key: Context(isTraining: true, key: RandomKey(seed: 0).fold(step))"
      return .fail(message, x, at: place)
    }
    return body(key)
  }
}

private func checkRate(_ rate: Double, _ layer: String, _ input: TensorType, _ place: SourceLocation) throws {
  guard (0..<1).contains(rate), input.dtype.isFloating, input.shape.rank > 0 else {
    let message = "\(layer) of \(input): a rate in 0..<1 and an input of f32 or f64 with rows are needed"
    throw DescentError(.type, message, at: place)
  }
}
