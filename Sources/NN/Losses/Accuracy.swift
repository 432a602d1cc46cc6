import DescentIR
import DescentOps

/// The fraction, in the type of the logits, of rows whose greatest logit is that of the label. Of equal logits the first counts.
///
/// `logits` is [..., classes]; `labels` is [...] of an integer type, or [..., classes] of the type of the logits, of which the
/// greatest is taken. It has no gradient.
public func accuracy(
  _ logits: Tensor, labels: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    guard logits.rank > 0, logits.dtype.isFloating else {
      return .fail("accuracy of logits \(logits.type): f32 or f64 with an axis of classes is needed", logits, at: at)
    }
    guard labels.type == logits.type || labels.areClasses(of: logits) else {
      return .fail(labelMessage("accuracy", logits, labels), logits, labels, at: at)
    }
    let numbers = labels.type == logits.type ? argmax(labels) : labels
    let predicted = argmax(logits)
    return mean(convert(predicted .== numbers, to: logits.dtype))
  }
}
