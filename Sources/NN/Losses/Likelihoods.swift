// Negative logarithms of likelihoods of numbers under distributions that a network parameterises. Constants that depend on no
// parameter are left out, as in PyTorch, unless asked for.

import DescentIR
import DescentOps

/// (ln v + (target - mean)² / v) / 2 of each element under a normal distribution, v the variance, at least `epsilon`.
///
/// All three are of one type. Where the variance is below `epsilon` it has no gradient. `isFull` adds ln(2π) / 2.
public func gaussianNegativeLogLikelihoods(
  mean: Tensor, variance: Tensor, _ target: Tensor, epsilon: Double = 1e-6, isFull: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    let function = "gaussianNegativeLogLikelihood"
    if let failure = unlike(function, mean, target, ("a mean", "a target"), at: at) { return failure }
    if let failure = unlike(function, variance, target, ("a variance", "a target"), at: at) { return failure }
    let v = maximum(variance, epsilon)
    let error = target - mean
    // Not error² / v: the square may overflow where the quotient does not.
    let loss = (log(v) + error * (error / v)) * 0.5
    return isFull ? loss + 0.918938533204672741780329736405617640 : loss
  }
}

/// The mean of `gaussianNegativeLogLikelihoods` over all elements.
public func gaussianNegativeLogLikelihood(
  mean: Tensor, variance: Tensor, _ target: Tensor, epsilon: Double = 1e-6, isFull: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let losses = gaussianNegativeLogLikelihoods(
      mean: mean, variance: variance, target, epsilon: epsilon, isFull: isFull)
    return DescentOps.mean(losses)
  }
}

/// e^z - target · z of each element under a Poisson distribution of mean e^z, z being `logRate`; without ln(target!). A target of 0 has e^z alone.
public func poissonNegativeLogLikelihoods(
  logRate: Tensor, _ target: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let (at, roles) = (SourceLocation(file, line), ("a log-rate", "a target"))
    if let failure = unlike("poissonNegativeLogLikelihood", logRate, target, roles, at: at) { return failure }
    // An infinity less an infinity would be NaN.
    let finite = `where`(logRate .== Double.infinity, 0, logRate)
    return exp(logRate) - weigh(target, finite)
  }
}

/// The mean of `poissonNegativeLogLikelihoods` over all elements.
public func poissonNegativeLogLikelihood(
  logRate: Tensor, _ target: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    mean(poissonNegativeLogLikelihoods(logRate: logRate, target))
  }
}
