// How weights are drawn before training. Graph operations on a key, so a compiled program can draw them as well.
//
// Variance scaling: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010;
// He et al., "Delving deep into rectifiers", 2015; LeCun et al., "Efficient BackProp", 1998. Normal distributions are not
// truncated; a uniform one on ±a has variance a²/3.

import DescentIR
import DescentOps

/// The number of inputs that one output of a weight sums over, and of outputs that one input reaches.
public struct Fans: Sendable, Hashable {
  public var `in`: Int
  public var out: Int

  public init(in fanIn: Int, out fanOut: Int) {
    self.in = fanIn
    self.out = fanOut
  }
  /// Those of a kernel [window..., in, out]: a window counts with each of its elements.
  public init(kernel: Shape) {
    let window = kernel.dimensions.dropLast(2).reduce(1) { $0.times($1) }
    self.init(in: window.times(kernel.rank > 1 ? kernel[-2] : 1), out: window.times(kernel.rank > 0 ? kernel[-1] : 1))
  }
}

/// A rule that makes a weight from its type, its fans and a random key of its own.
public struct Initializer: Sendable {
  private let make: @Sendable (TensorType, Fans, RandomKey) -> Tensor

  /// A rule of one's own; the tensor must be of the given type.
  public init(_ make: @escaping @Sendable (TensorType, Fans, RandomKey) -> Tensor) {
    self.make = { type, fans, key in unpinned { make(type, fans, key) } }
  }
  private init(drawing make: @escaping @Sendable (TensorType, Fans, RandomKey) -> Tensor) { self.make = make }

  /// A weight of `type`.
  public func callAsFunction(
    _ type: TensorType, _ fans: Fans, _ key: RandomKey, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let weight = pinned(file, line) { make(type, fans, key) }
    if weight.type == type { return weight }
    return .fail(
      "an initializer gave \(weight.type) where \(type) was asked for", weight, at: SourceLocation(file, line))
  }

  public static let zeros = constant(0)
  public static let ones = constant(1)
  public static func constant(_ value: Double) -> Initializer {
    Initializer(drawing: { type, _, _ in filled(value, type) })
  }

  /// Uniform in low..<high.
  public static func uniform(_ range: ClosedRange<Double>) -> Initializer {
    Initializer(drawing: { type, _, key in
      DescentOps.uniform(type.shape, key: key, dtype: type.dtype, low: range.lowerBound, high: range.upperBound)
    })
  }
  /// Normal around 0.
  public static func normal(standardDeviation: Double) -> Initializer {
    Initializer(drawing: { type, _, key in
      DescentOps.normal(type.shape, key: key, dtype: type.dtype, standardDeviation: standardDeviation)
    })
  }

  /// Uniform on ±√(6 / (in + out)): variance 2 / (in + out). Also called Xavier.
  public static let glorotUniform = uniform { 2 / Double($0.in + $0.out) }
  /// Normal of variance 2 / (in + out).
  public static let glorotNormal = normal { 2 / Double($0.in + $0.out) }
  /// Uniform on ±√(6 / in): variance 2 / in. Made for rectifiers.
  public static let heUniform = uniform { 2 / Double($0.in) }
  /// Normal of variance 2 / in.
  public static let heNormal = normal { 2 / Double($0.in) }
  /// Uniform on ±√(3 / in): variance 1 / in.
  public static let lecunUniform = uniform { 1 / Double($0.in) }
  /// Normal of variance 1 / in. What SELU wants.
  public static let lecunNormal = normal { 1 / Double($0.in) }

  private static func uniform(variance: @escaping @Sendable (Fans) -> Double) -> Initializer {
    Initializer(drawing: { type, fans, key in
      let limit = (3 * variance(fans)).squareRoot()
      return DescentOps.uniform(type.shape, key: key, dtype: type.dtype, low: -limit, high: limit)
    })
  }
  private static func normal(variance: @escaping @Sendable (Fans) -> Double) -> Initializer {
    Initializer(drawing: { type, fans, key in
      DescentOps.normal(type.shape, key: key, dtype: type.dtype, standardDeviation: variance(fans).squareRoot())
    })
  }
}
