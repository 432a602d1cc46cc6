// Keys of the counter-based generator, and the distributions drawn with them.

import DescentIR

/// Where random numbers come from: a seed and a stream. The same key gives the same numbers, on every machine and at
/// every number of threads; each draw wants a key of its own, from `split` or `fold`.
public struct RandomKey: ParameterTree {
  /// A scalar of type i64.
  public var seed: Tensor
  /// A scalar of type i64.
  public var stream: Tensor

  public init(seed: Tensor, stream: Tensor) {
    self.seed = seed
    self.stream = stream
  }
  public init(seed: Int, stream: Int = 0) {
    self.init(seed: Tensor(Int64(seed)), stream: Tensor(Int64(stream)))
  }

  /// The key as i64[2], the operand of random operations.
  public var tensor: Tensor {
    .apply(Concatenate(axis: 0), [seed, stream].map { .apply(Reshape([1]), [$0]) })
  }

  /// A key of the stream `stream · m + 2 n + c` (modulo 2^64, `m` and `c` those of Knuth's MMIX generator): other
  /// numbers for every `n` such as a step or the index of a layer. `n` is a scalar of an integer type.
  public func fold(_ n: Tensor) -> RandomKey {
    let multiplier = Tensor(Int64(6_364_136_223_846_793_005))
    let increment = Tensor(Int64(1_442_695_040_888_963_407))
    let mixed = stream * multiplier + ((n.dtype == .i64 ? n : .apply(Convert(.i64), [n])) * 2 + increment)
    return RandomKey(seed: seed, stream: mixed)
  }
  /// The same for a number known beforehand.
  public func fold(_ n: Int) -> RandomKey { fold(Tensor(Int64(n))) }

  /// `count` keys that give unrelated numbers: `fold(0)`, `fold(1)`, ….
  public func split(_ count: Int = 2) -> [RandomKey] { (0..<count).map { fold($0) } }
}

/// Random bits as i32.
public func randomBits(_ shape: Shape, key: RandomKey, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .apply(Random(.bits, .i32, shape), [key.tensor], at: SourceLocation(file, line))
}

/// Random numbers uniform in low..<high, both as numbers of the type; `low` alone where it has no number between.
public func uniform(
  _ shape: Shape, key: RandomKey, dtype: DType = .f32, low: Double = 0, high: Double = 1,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let unit = Tensor.apply(Random(.uniform, dtype, shape), [key.tensor], at: SourceLocation(file, line))
    if low == 0 && high == 1 { return unit }
    let isSingle = dtype == .f32
    func rounded(_ x: Double) -> Double { isSingle ? Double(Float(x)) : x }
    let (first, limit) = (rounded(low), rounded(high))
    let width = rounded(limit - first)
    // From both ends where the width is more than the type has.
    let number = width.isFinite ? unit * width + first : (1 - unit) * first + unit * limit
    guard first <= limit else { return number }
    // Rounding may reach the limit.
    let last = Swift.max(first, isSingle ? Double(Float(limit).nextDown) : limit.nextDown)
    return minimum(number, last)
  }
}

/// Random numbers of the normal distribution.
public func normal(
  _ shape: Shape, key: RandomKey, dtype: DType = .f32, mean: Double = 0, standardDeviation: Double = 1,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let unit = Tensor.apply(Random(.normal, dtype, shape), [key.tensor], at: SourceLocation(file, line))
  return mean == 0 && standardDeviation == 1 ? unit : unit * standardDeviation + mean
}

/// Truth values (bool), each true with probability `p`: right to 2⁻²⁴, and where `p` or 1 - p is below 2⁻¹⁰ to 2⁻⁵³. Any other
/// number than one of 0...1 is an error.
public func bernoulli(
  _ p: Double, _ shape: Shape, key: RandomKey, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard p >= 0, p <= 1 else {
      return .fail(
        "bernoulli with probability \(p); a number of 0...1 is needed", key.tensor, at: SourceLocation(file, line))
    }
    let isRare = p > 0 && p < 1 && Swift.min(p, 1 - p) < 0x1p-10
    return uniform(shape, key: key, dtype: isRare ? .f64 : .f32) .< p
  }
}
