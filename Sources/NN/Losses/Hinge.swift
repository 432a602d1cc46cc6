// Margin losses: what is right by a margin costs nothing. The derivative at the kink is 0.

import DescentIR
import DescentOps

/// max(0, margin - target · score) of each element, with targets -1 and 1 of the type of the scores.
public func hingeLosses(
  _ scores: Tensor, _ targets: Tensor, margin: Double = 1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    unlike("hingeLoss", scores, targets, ("scores", "targets"), at: SourceLocation(file, line))
      ?? relu(margin - weigh(targets, scores))
  }
}

/// The mean of `hingeLosses` over all elements.
public func hingeLoss(
  _ scores: Tensor, _ targets: Tensor, margin: Double = 1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    mean(hingeLosses(scores, targets, margin: margin))
  }
}

/// Σ max(0, margin - s_label + s_j) / classes of each row, over all classes j but the label (Weston and Watkins, 1999; with the
/// division as in PyTorch): scores [..., classes] and integer labels [...] give [...].
///
/// A row whose label is `ignoring` gives 0; any other label outside 0..<classes gives NaN.
public func multiclassHingeLosses(
  _ scores: Tensor, labels: Tensor, margin: Double = 1, ignoring: Int? = nil,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    guard scores.rank == 0 || labels.areClasses(of: scores) else {
      return .fail(labelMessage("multiclassHingeLoss", scores, labels, ignoring ?? 0), scores, labels, at: at)
    }
    return rows("multiclassHingeLoss", scores, labels, ignoring, file, line) { scores, classes in
      guard case .index(let isLabel) = classes else { return scores }
      let own = sum(`where`(isLabel, scores, 0), axes: [-1], keepAxes: true)
      let excess = relu(scores - own + margin)
      return `where`(isLabel, 0, excess) / scores.shape[-1]
    }
  }
}

/// The mean of `multiclassHingeLosses` over the rows that are not ignored.
public func multiclassHingeLoss(
  _ scores: Tensor, labels: Tensor, margin: Double = 1, ignoring: Int? = nil,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let losses = multiclassHingeLosses(scores, labels: labels, margin: margin, ignoring: ignoring)
    return mean(losses, labels, without: ignoring, file, line)
  }
}
