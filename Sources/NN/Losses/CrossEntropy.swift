// Losses of predicted distributions over classes. Plurals are rows, singulars their mean.
//
// A label outside the range of classes makes the loss of its row NaN, and so the mean: nothing is read out of bounds, and
// training stops with the number of the step. Its row has no gradient. Data are checked before training, where they are read.

import DescentIR
import DescentOps

/// -Σ targets · ln softmax(logits) of each row, summed over the last axis (the classes): [..., classes] gives [...].
///
/// `labels` is either [...] of an integer type, the numbers of the classes, or [..., classes] of the type of the logits, a
/// distribution over them. `smoothing` ε takes targets t as (1 - ε) t + ε / classes. A row whose label is `ignoring` gives 0; any
/// other label outside 0..<classes gives NaN. It is computed from shifted logits: no exponential overflows and no logarithm is
/// taken of zero. A class of logit -∞ and target 0 adds nothing. What is small, of a row whose label is far above the other
/// classes, keeps its digits, and so does its gradient.
public func softmaxCrossEntropies(
  _ logits: Tensor, labels: Tensor, smoothing: Double = 0, ignoring: Int? = nil,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    losses("softmaxCrossEntropy", logits, labels, ignoring, file, line) { logits, classes in
      let targets: Tensor
      let rest = smoothing / Double(logits.shape[-1])
      switch classes {
      case .distribution: targets = smoothing == 0 ? labels : labels * (1 - smoothing) + rest
      case .index(let isLabel):
        if smoothing == 0 { return surprise(logits, isLabel, file, line) }
        targets = `where`(isLabel, scalar(1 - smoothing + rest, logits.dtype), rest)
      }
      let logProbabilities = logSoftmax(logits, axis: -1)
      return -sum(weigh(targets, logProbabilities), axes: [-1])
    }
  }
}

/// -ln softmax(x) at the label of each row, as ln(1 + Σ e^(xⱼ - own)) over the other classes, own being the logit of the label: the
/// 1 is that of the label, and what is small beside it is not lost. The greatest logit is taken off each xⱼ and added again, up to
/// a limit above which the 1 does not count.
private func surprise(_ x: Tensor, _ isLabel: Tensor, _ file: StaticString, _ line: UInt) -> Tensor {
  pinned(file, line) {
    let limit = 40.0
    let top = stopGradient(max(x, axes: [-1], keepAxes: true))
    let shift = `where`(abs(top) .< Double.infinity, top, 0)
    let terms = `where`(isLabel, 0, exp(x - shift))
    let others = sum(terms, axes: [-1])
    let own = sum(`where`(isLabel, x, 0), axes: [-1])
    let below = squeeze(shift, axis: -1) - own
    let near = exp(`where`(below .> limit, limit, below))
    return log1p(others * near) + relu(below - limit)
  }
}

/// The mean of `softmaxCrossEntropies` over the rows, those that are ignored left out; NaN where all are.
public func softmaxCrossEntropy(
  _ logits: Tensor, labels: Tensor, smoothing: Double = 0, ignoring: Int? = nil,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let losses = softmaxCrossEntropies(logits, labels: labels, smoothing: smoothing, ignoring: ignoring)
    return mean(losses, labels, without: ignoring, file, line)
  }
}

/// -Σ targets · logProbabilities of each row: `softmaxCrossEntropies` of what is a logarithm of probabilities already.
public func negativeLogLikelihoods(
  _ logProbabilities: Tensor, labels: Tensor, ignoring: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    rows("negativeLogLikelihood", logProbabilities, labels, ignoring, file, line) { logProbabilities, classes in
      switch classes {
      case .distribution: -weigh(labels, logProbabilities)
      case .index(let isLabel): -`where`(isLabel, logProbabilities, 0)
      }
    }
  }
}

/// The mean of `negativeLogLikelihoods` over the rows that are not ignored.
public func negativeLogLikelihood(
  _ logProbabilities: Tensor, labels: Tensor, ignoring: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let losses = negativeLogLikelihoods(logProbabilities, labels: labels, ignoring: ignoring)
    return mean(losses, labels, without: ignoring, file, line)
  }
}

/// -w t ln σ(z) - (1 - t) ln(1 - σ(z)) of each logit z and target t in 0...1, both of one type; w is `positiveWeight`.
///
/// It is (1 - t) z + (w t + 1 - t) softplus(-z) where z > 0 and -w t z + (w t + 1 - t) softplus(z) elsewhere. Nothing overflows in
/// either, and what is small keeps its digits. They are one function of z, so any of their derivatives is that of the loss.
public func binaryCrossEntropies(
  _ logits: Tensor, _ targets: Tensor, positiveWeight: Double = 1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    if let failure = unlike("binaryCrossEntropy", logits, targets, ("logits", "targets"), at: at) { return failure }
    let isPositive = logits .> 0
    let (negatives, positives) = (1 - targets, positiveWeight == 1 ? targets : targets * positiveWeight)
    let surprise = softplus(`where`(isPositive, -logits, logits))
    let factor = `where`(isPositive, negatives, -positives)
    let weighted = positiveWeight == 1 ? surprise : weigh(positives + negatives, surprise)
    return weigh(factor, logits) + weighted
  }
}

/// The mean of `binaryCrossEntropies` over all elements.
public func binaryCrossEntropy(
  _ logits: Tensor, _ targets: Tensor, positiveWeight: Double = 1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let losses = binaryCrossEntropies(logits, targets, positiveWeight: positiveWeight)
    return mean(losses)
  }
}

/// Σ t (ln t - q) of each row, over the last axis: the divergence of a distribution from targets t to one whose logarithm is q,
/// both of one type. What has probability 0 in t adds nothing; there the derivative of t ln t, which is -∞, is taken as 0.
public func klDivergences(
  _ logProbabilities: Tensor, _ targets: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let (at, roles) = (SourceLocation(file, line), ("log-probabilities", "targets"))
    if let failure = unlike("klDivergence", logProbabilities, targets, roles, at: at) { return failure }
    guard targets.rank > 0 else {
      return .fail("klDivergence of scalars; an axis of classes is needed", logProbabilities, targets, at: at)
    }
    let logTargets = log(`where`(targets .== 0, 1, targets))
    let terms = weigh(targets, logTargets - logProbabilities)
    return sum(terms, axes: [-1])
  }
}

/// The mean of `klDivergences` over the rows.
public func klDivergence(
  _ logProbabilities: Tensor, _ targets: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    mean(klDivergences(logProbabilities, targets))
  }
}
