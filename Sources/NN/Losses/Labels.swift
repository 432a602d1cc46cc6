// What losses and metrics of classes share: labels as numbers of classes or as distributions, those outside, those ignored.

import DescentIR
import DescentOps

/// How labels say the class of a row.
enum Classes {
  /// As a distribution of the type of the scores.
  case distribution
  /// As a number; true at the class of each row, [..., classes], and nowhere for a number outside.
  case index(isLabel: Tensor)
}

/// Losses of the rows of `scores` [..., classes], as `of` makes them. Rows whose label is `ignoring` become 0 and those with another
/// label outside 0..<classes NaN.
func losses(
  _ function: String, _ scores: Tensor, _ labels: Tensor, _ ignoring: Int?, _ file: StaticString, _ line: UInt,
  of rows: (Tensor, Classes) -> Tensor
) -> Tensor {
  let at = SourceLocation(file, line)
  guard scores.rank > 0, scores.dtype.isFloating else {
    return .fail("\(function) of \(scores.type): f32 or f64 with an axis of classes is needed", scores, at: at)
  }
  if labels.type == scores.type, ignoring == nil { return rows(scores, .distribution) }
  guard labels.areClasses(of: scores) else {
    return .fail(labelMessage(function, scores, labels, ignoring), scores, labels, at: at)
  }
  return pinned(at) {
    let isLabel = oneHot(labels, classes: scores.shape[-1], dtype: .bool)
    let isInside = (labels .>= 0) .& (labels .< scores.shape[-1])
    func chosen(_ scores: Tensor) -> Tensor { `where`(isInside, rows(scores, .index(isLabel: isLabel)), Double.nan) }
    guard let ignoring else { return chosen(scores) }
    // The scores of an ignored row may be NaN or infinite: neither the loss nor its derivative sees them.
    let isIgnored = labels .== ignoring
    return `where`(isIgnored, 0, chosen(`where`(expandDims(isIgnored, axis: -1), 0, scores)))
  }
}

/// The same as sums of the terms for each class that `terms` makes.
func rows(
  _ function: String, _ scores: Tensor, _ labels: Tensor, _ ignoring: Int?, _ file: StaticString, _ line: UInt,
  terms: (Tensor, Classes) -> Tensor
) -> Tensor {
  losses(function, scores, labels, ignoring, file, line) { scores, classes in
    pinned(file, line) { sum(terms(scores, classes), axes: [-1]) }
  }
}

/// The mean over rows whose label is not `ignored`.
func mean(
  _ losses: Tensor, _ labels: Tensor, without ignored: Int?, _ file: StaticString, _ line: UInt
) -> Tensor {
  pinned(file, line) {
    guard let ignored else { return mean(losses) }
    return weightedMean(losses, weights: labels .!= ignored)
  }
}

extension Tensor {
  /// Whether this may be numbers of classes for the rows of `scores`.
  func areClasses(of scores: Tensor) -> Bool {
    dtype.isInteger && shape == scores.shape.removing([scores.rank - 1])
  }
}

func labelMessage(_ function: String, _ scores: Tensor, _ labels: Tensor, _ ignoring: Int? = nil) -> String {
  let expected = "labels are integers of shape \(scores.shape.removing([scores.rank - 1]))"
  return "\(function) of logits \(scores.type) and labels \(labels.type): \(expected)"
    + (ignoring == nil ? ", or \(scores.type)" : " where one is ignored")
}
