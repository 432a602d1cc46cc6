// Random numbers of further distributions, made of uniform and normal ones. Those that need a loop are in Transforms/Rejection.swift.

import DescentIR

/// Uniform numbers of (0, 1), of which logarithms may be taken: 0 becomes half of the least other one.
func positiveUniform(_ shape: Shape, _ key: RandomKey, _ dtype: DType) -> Tensor {
  maximum(uniform(shape, key: key, dtype: dtype), dtype == .f32 ? 0x1p-25 : 0x1p-54)
}

/// Random integers of low..<high, all equally likely (to 2⁻³²).
public func randint(
  _ shape: Shape, key: RandomKey, from low: Int = 0, to high: Int, dtype: DType = .i64, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let span = high.subtractingReportingOverflow(low)
    guard !span.overflow, span.partialValue > 0, let range = dtype.integers, range.contains(low),
      range.contains(high - 1)
    else {
      return .fail("randint of type \(dtype.name) from \(low) to below \(high)", key.tensor, at: nil)
    }
    func word(_ number: Int) -> Tensor {
      let bits = convert(randomBits(shape, key: key.fold(number)), to: .i64)
      return `where`(bits .< 0, bits + (1 << 32), bits)
    }
    // Of 64 bits times the span those above the lowest 64, from words of 32; where that is beyond i64, what a division leaves.
    let (upper, lower) = (word(0), word(1))
    let number =
      span.partialValue <= 1 << 31
      ? floorDivide(upper * span.partialValue + floorDivide(lower * span.partialValue, 1 << 32), 1 << 32)
      : remainder(floorDivide(upper, 2) * (1 << 32) + lower, span.partialValue)
    return convert(number + low, to: dtype)
  }
}

/// The slices of `x` along `axis` in a random order, each order equally likely.
public func permutation(
  _ x: Tensor, key: RandomKey, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard let at = x.place(of: axis) else {
      return .fail("permutation along axis \(axis) of shape \(x.shape)", x, at: nil)
    }
    return gather(x, argsort(uniform([x.shape[at]], key: key, dtype: .f64)), axis: at)
  }
}
/// The numbers 0..<count in a random order, i32.
public func permutation(
  _ count: Int, key: RandomKey, file: StaticString = #fileID, line: UInt = #line
) -> Tensor { pinned(file, line) { permutation(iota([count], dtype: .i32), key: key) } }

/// `count` of the slices of `x` along axis 0, drawn at random: each equally likely, or with `probabilities` (a vector, which need not
/// sum to 1); each as often as it is drawn, or where `isReplacing` is false at most once.
public func choice(
  _ x: Tensor, _ count: Int, key: RandomKey, probabilities: Tensor? = nil, isReplacing: Bool = true,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard x.rank > 0, x.shape[0] > 0, count >= 0, isReplacing || count <= x.shape[0],
      probabilities.map({ $0.shape == [x.shape[0]] }) != false
    else {
      let message =
        "choice of \(count) along axis 0 of shape \(x.shape)\(isReplacing ? "" : " without replacement")"
        + (probabilities.map { " with probabilities of shape \($0.shape)" } ?? "")
      return .fail(message, x, at: nil)
    }
    guard let probabilities else {
      return gather(
        x,
        isReplacing
          ? randint([count], key: key, to: x.shape[0], dtype: .i32) : permutation(x.shape[0], key: key)[0..<count])
    }
    let weights = real(probabilities, at: nil)
    guard isReplacing else {
      // The greatest of logarithms with Gumbel's noise (Kool, van Hoof and Welling, 2019).
      return gather(x, topK(log(weights) + gumbel(weights.shape, key: key, dtype: weights.dtype), count).indices)
    }
    let sums = cumsum(weights)
    let drawn = uniform([count], key: key, dtype: weights.dtype) * sums[-1]
    return gather(x, minimum(searchsorted(sums, drawn, side: .right), x.shape[0] - 1))
  }
}

/// Random indices (i32) of the last axis of `logits`, each with the probability of its softmax: of shape `shape` and then that of
/// `logits` without the last axis.
public func categorical(
  _ logits: Tensor, _ shape: Shape = [], key: RandomKey, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard logits.rank > 0, logits.shape[-1] > 0 else {
      return .fail("categorical of shape \(logits.shape); an axis of classes is needed", logits, at: nil)
    }
    let x = real(logits, at: nil)
    return argmax(x + gumbel(Shape(shape.dimensions + x.shape.dimensions), key: key, dtype: x.dtype))
  }
}

/// Random numbers of the exponential distribution with density r e^(-r x), x ≥ 0.
public func exponential(
  _ shape: Shape, key: RandomKey, rate: Double = 1, dtype: DType = .f32, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor { pinned(file, line) { log1p(-uniform(shape, key: key, dtype: dtype)) * (-1 / rate) } }

/// Random numbers of Gumbel's distribution, whose distribution function is e^(-e^(-x)).
public func gumbel(
  _ shape: Shape, key: RandomKey, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor { pinned(file, line) { -log(-log(positiveUniform(shape, key, dtype))) } }

/// Random numbers whose logarithms are normal with this mean and standard deviation.
public func lognormal(
  _ shape: Shape, key: RandomKey, mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .f32,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    exp(normal(shape, key: key, dtype: dtype, mean: mean, standardDeviation: standardDeviation))
  }
}

/// Random numbers of the standard normal distribution within low...high, tensors or numbers of one shape with the result; exact also
/// far in a tail. Derivatives go to the bounds.
public func truncatedNormal(
  _ low: Tensor, _ high: Tensor, _ shape: Shape, key: RandomKey, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let both = joined([real(low, at: nil), real(high, at: nil)], at: nil)
    // Above 0 the mirror image, since probabilities are exact near 0 and not near 1.
    let isUpper = both[0] .> 0
    let (from, to) = (`where`(isUpper, -both[1], both[0]), `where`(isUpper, -both[0], both[1]))
    let (below, above) = (normalCDF(from), normalCDF(to))
    let x = normalQuantile(below + (above - below) * positiveUniform(shape, key, both[0].dtype))
    let inside = clamp(x, from, to)
    return `where`(isUpper, -inside, inside)
  }
}
/// The same with numbers for bounds.
public func truncatedNormal(
  _ low: Double, _ high: Double, _ shape: Shape, key: RandomKey, dtype: DType = .f32, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pinned(file, line) { truncatedNormal(full([], low, dtype: dtype), full([], high, dtype: dtype), shape, key: key) }
}

/// Random vectors [shape…, n] of the normal distribution with this mean [n] and covariance [n, n]; NaN where that is not positive
/// definite. Derivatives go to both.
public func multivariateNormal(
  _ mean: Tensor, _ covariance: Tensor, _ shape: Shape = [], key: RandomKey, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard mean.rank == 1, covariance.shape == [mean.shape[0], mean.shape[0]] else {
      return .fail(
        "multivariateNormal with a mean of shape \(mean.shape) and a covariance of shape \(covariance.shape)", mean,
        covariance, at: nil)
    }
    let both = joined([real(mean, at: nil), real(covariance, at: nil)], at: nil)
    let z = normal(Shape(shape.dimensions + mean.shape.dimensions), key: key, dtype: both[0].dtype)
    return both[0] + einsum("...j,ij->...i", z, cholesky(both[1]))
  }
}

/// Random numbers of the normal distribution in pairs: the second half along axis 0 is the first with the other sign; of an odd number
/// the last one stands alone. Means of odd functions are exact.
public func antitheticNormal(
  _ shape: Shape, key: RandomKey, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard let count = shape.dimensions.first else {
      return .fail("antitheticNormal of no axes; pairs lie along axis 0", key.tensor, at: nil)
    }
    var half = shape
    half.dimensions[0] = (count + 1) / 2
    let z = normal(half, key: key, dtype: dtype)
    return concatenate([z, -z[..<(count / 2)]], axis: 0)
  }
}
