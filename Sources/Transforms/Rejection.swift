// Random numbers by rejection: each element is drawn again until it is accepted, all of them in one loop.

import DescentIR
import DescentOps

/// The elements at which a proposal was accepted; the loop ends where all were, or after 1,000 rounds, which leaves NaN.
private func accepted(
  _ type: TensorType, _ key: RandomKey, _ propose: @Sendable (RandomKey) -> (value: Tensor, isAccepted: Tensor)
) -> Tensor {
  let start = [full(type.shape, Double.nan, dtype: type.dtype), ones(type.shape, dtype: .bool), Tensor(Int32(0))]
  let last = whileLoop(start, while: { any($0[1]) .& ($0[2] .< 1000) }) { carry in
    let (value, isAccepted) = propose(key.fold(carry[2]))
    return [
      `where`(carry[1] .& isAccepted, value, carry[0]), carry[1] .& logicalNot(isAccepted), carry[2] + 1,
    ]
  }
  return stopGradient(last[0])
}

/// Random numbers of the gamma distribution with density x^(a - 1) e^(-x) / Γ(a): `concentration` a > 0 is broadcast to `shape`, which
/// is that of the result and of a where nil. NaN where a is not above 0. There is no derivative in a.
///
/// Marsaglia and Tsang, A simple method for generating gamma variables, 2000; below a = 1 from a + 1.
public func gamma(
  _ concentration: Tensor, _ shape: Shape? = nil, key: RandomKey, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let a = stopGradient(broadcast(convert(concentration, to: concentration.dtype.real), shape ?? concentration.shape))
    if case .failure = a.storage { return a }
    let isSmall = a .< 1
    let d = `where`(a .> 0, a + convert(isSmall, to: a.dtype), 1) - 1.0 / 3
    let c = rsqrt(d * 9)
    let keys = key.split()
    let number = accepted(a.type, keys[0]) { key in
      let z = normal(a.shape, key: key.fold(0), dtype: a.dtype), u = uniform(a.shape, key: key.fold(1), dtype: a.dtype)
      let root = 1 + c * z, v = root * root * root
      let isAccepted = (v .> 0) .& (log(u) .< z * z * 0.5 + d - d * v + d * log(`where`(v .> 0, v, 1)))
      return (d * v, isAccepted)
    }
    // u^(1 / a) of a uniform number, from its logarithm, which may be far below 0.
    let power = exp(-exponential(a.shape, key: keys[1], dtype: a.dtype) / `where`(isSmall .& (a .> 0), a, 1))
    return `where`(a .> 0, `where`(isSmall, number * power, number), Double.nan)
  }
}

/// Random numbers of the beta distribution with density proportional to x^(a - 1) (1 - x)^(b - 1); a and b above 0 are broadcast, to
/// `shape` where it is given. There are no derivatives in a and b.
public func beta(
  _ a: Tensor, _ b: Tensor, _ shape: Shape? = nil, key: RandomKey, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let sum = a + b
    let (x, y) = (
      gamma(broadcast(convert(a, to: sum.dtype), sum.shape), shape, key: key.fold(0)),
      gamma(broadcast(convert(b, to: sum.dtype), sum.shape), shape, key: key.fold(1))
    )
    return x / (x + y)
  }
}

/// Random vectors of Dirichlet's distribution, which sum to 1: `concentration` [..., n], above 0, of shape `shape` and then that of
/// `concentration`. There is no derivative in it.
public func dirichlet(
  _ concentration: Tensor, _ shape: Shape = [], key: RandomKey, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let x = gamma(concentration, Shape(shape.dimensions + concentration.shape.dimensions), key: key)
    return x / sum(x, axes: [-1], keepAxes: true)
  }
}

/// Random whole numbers (i64) of Poisson's distribution with this mean, 0 or more, broadcast to `shape`, which is that of the mean where
/// nil; -1 where the mean is negative or NaN.
///
/// Below a mean of 10 by products of uniform numbers (Knuth), from there on by transformed rejection (Hörmann, The transformed
/// rejection method for generating Poisson random variables, 1993, PTRS).
public func poisson(
  _ mean: Tensor, _ shape: Shape? = nil, key: RandomKey, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let given = stopGradient(broadcast(convert(mean, to: .f64), shape ?? mean.shape))
    if case .failure = given.storage { return given }
    let (isLarge, isRight) = (given .>= 10, given .>= 0)
    let keys = key.split(2)
    let few = knuth(`where`(isLarge .| logicalNot(isRight), 0, given), keys[0])
    let many = hormann(`where`(isLarge, given, 10), keys[1])
    return `where`(isRight, convert(`where`(isLarge, many, few), to: .i64), -1)
  }
}

/// How many uniform numbers can be multiplied before the product is below e^(-mean).
private func knuth(_ mean: Tensor, _ key: RandomKey) -> Tensor {
  let limit = exp(-mean)
  let start = [zerosLike(mean) - 1, onesLike(mean), mean .>= 0, zeros([], dtype: .i32)]
  let last = whileLoop(start, while: { any($0[2]) }) { carry in
    let product = carry[1] * uniform(mean.shape, key: key.fold(carry[3]), dtype: .f64)
    return [
      `where`(carry[2], carry[0] + 1, carry[0]), product, carry[2] .& (product .> limit), carry[3] + 1,
    ]
  }
  return last[0]
}

private func hormann(_ mean: Tensor, _ key: RandomKey) -> Tensor {
  let b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b
  let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4), ratio = 0.9277 - 3.6224 / (b - 2)
  return accepted(mean.type, key) { key in
    let u = uniform(mean.shape, key: key.fold(0), dtype: .f64) - 0.5
    let v = 1 - uniform(mean.shape, key: key.fold(1), dtype: .f64)
    let us = 0.5 - abs(u), k = floor((2 * a / us + b) * u + mean + 0.43)
    let isSure = (us .>= 0.07) .& (v .<= ratio)
    let isOut = (k .< 0) .| ((us .< 0.013) .& (v .> us))
    let safe = maximum(k, 0)
    let isBelow =
      log(v * inverseAlpha / (a / (us * us) + b)) .<= safe * log(mean) - mean - lgamma(safe + 1)
    return (k, isSure .| (logicalNot(isOut) .& isBelow))
  }
}
