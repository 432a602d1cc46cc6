// Losses, which are scalars to be minimised, and the accuracy beside them. All are means, so they do not grow with the batch.

import DescentIR
import DescentOps

/// Σ (prediction - target)² / n over all n elements. Both must be of one type: nothing is broadcast.
public func meanSquaredError(
  _ prediction: Tensor, _ target: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  guard prediction.type == target.type else {
    // A column against a vector would broadcast to a matrix and train towards nonsense.
    let message =
      "meanSquaredError of a prediction \(prediction.type) and a target \(target.type), which must be of one type"
    return .fail(message, prediction, target, at: SourceLocation(file, line))
  }
  return mean(square(prediction - target, file: file, line: line), file: file, line: line)
}

/// -Σ targets · ln softmax(logits), summed over the last axis (the classes) and averaged over all others.
///
/// `logits` is [..., classes]. `labels` is either [...] of an integer type, the numbers of the classes, or [..., classes] of the
/// type of the logits, a distribution over them. It is computed from shifted logits: no exponential overflows and no logarithm
/// is taken of zero. A label outside 0..<classes has no class: its row adds 0 to the sum, has no gradient, and counts in the
/// average; readers of data check the range before training. A class of logit -∞ that is not the label adds nothing either.
public func softmaxCrossEntropy(
  _ logits: Tensor, labels: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let at = SourceLocation(file, line)
  guard logits.rank > 0, logits.dtype.isFloating else {
    return .fail(
      "softmaxCrossEntropy of logits \(logits.type): f32 or f64 with an axis of classes is needed", logits, at: at)
  }
  let rows = logits.shape.count / max(logits.shape[-1], 1)
  let logProbabilities = logSoftmax(logits, axis: -1, file: file, line: line)
  let terms: Tensor
  switch labels.type {
  case logits.type:
    terms = `where`(labels .== 0, 0, labels * logProbabilities, file: file, line: line)
  case let type where type.isClasses && type.shape == logits.shape.removing([logits.rank - 1]):
    let isLabel = oneHot(labels, classes: logits.shape[-1], dtype: .bool, file: file, line: line)
    terms = `where`(isLabel, logProbabilities, 0, file: file, line: line)
  default:
    return .fail(labelMessage("softmaxCrossEntropy", logits, labels), logits, labels, at: at)
  }
  return -sum(terms, file: file, line: line) / rows
}

/// The fraction, in the type of the logits, of rows whose greatest logit is that of the label. Of equal logits the first counts.
///
/// `logits` is [..., classes]; `labels` is [...] of an integer type, or [..., classes] of the type of the logits, of which the
/// greatest is taken. It has no gradient.
public func accuracy(
  _ logits: Tensor, labels: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let at = SourceLocation(file, line)
  guard logits.rank > 0, logits.dtype.isFloating else {
    return .fail("accuracy of logits \(logits.type): f32 or f64 with an axis of classes is needed", logits, at: at)
  }
  let expected: Tensor
  switch labels.type {
  case logits.type: expected = convert(argmax(labels, file: file, line: line), to: .i64, file: file, line: line)
  case let type where type.isClasses && type.shape == logits.shape.removing([logits.rank - 1]):
    expected = convert(labels, to: .i64, file: file, line: line)
  default: return .fail(labelMessage("accuracy", logits, labels), logits, labels, at: at)
  }
  let predicted = convert(argmax(logits, file: file, line: line), to: .i64, file: file, line: line)
  return mean(convert(predicted .== expected, to: logits.dtype, file: file, line: line), file: file, line: line)
}

extension TensorType {
  /// Whether the elements can be numbers of classes.
  fileprivate var isClasses: Bool { !dtype.isFloating && dtype != .bool }
}

private func labelMessage(_ function: String, _ logits: Tensor, _ labels: Tensor) -> String {
  let classes = logits.shape.removing([logits.rank - 1])
  return "\(function) of logits \(logits.type) and labels \(labels.type): labels are integers of shape \(classes), "
    + "or \(logits.type)"
}
