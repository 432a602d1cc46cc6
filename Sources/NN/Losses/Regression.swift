// Losses of predicted numbers. Here as in all files of losses a plural gives a number for each element or row, and the singular
// is their mean, which does not grow with the batch.

import DescentIR
import DescentOps

/// (prediction - target)² of each element. Both are of one type.
public func squaredErrors(
  _ prediction: Tensor, _ target: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    unlike("squaredErrors", prediction, target, at: SourceLocation(file, line))
      ?? square(prediction - target)
  }
}

/// Σ (prediction - target)² / n over all n elements. Both must be of one type: nothing is broadcast.
public func meanSquaredError(
  _ prediction: Tensor, _ target: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    unlike("meanSquaredError", prediction, target, at: SourceLocation(file, line))
      ?? mean(squaredErrors(prediction, target))
  }
}

/// |prediction - target| of each element. Both are of one type.
public func absoluteErrors(
  _ prediction: Tensor, _ target: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    unlike("absoluteErrors", prediction, target, at: SourceLocation(file, line))
      ?? abs(prediction - target)
  }
}

/// Σ |prediction - target| / n over all n elements; the derivative is 0 where they are equal.
public func meanAbsoluteError(
  _ prediction: Tensor, _ target: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    unlike("meanAbsoluteError", prediction, target, at: SourceLocation(file, line))
      ?? mean(absoluteErrors(prediction, target))
  }
}

/// e² / 2 where |e| ≤ delta, else delta (|e| - delta / 2), with e = prediction - target, of each element (Huber, 1964).
public func huberLosses(
  _ prediction: Tensor, _ target: Tensor, delta: Double = 1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    if let failure = unlike("huberLoss", prediction, target, at: SourceLocation(file, line)) { return failure }
    guard delta > 0 else {
      return .fail(
        "huberLoss with delta \(delta), which must be positive", prediction, target, at: SourceLocation(file, line))
    }
    // The square is taken of the error within -delta...delta: neither branch, nor its derivative, is infinite times 0.
    let error = prediction - target, size = abs(error)
    let bounded = clamp(error, -delta, delta)
    return `where`(size .<= delta, bounded * bounded * 0.5, (size - delta * 0.5) * delta)
  }
}

/// The mean of `huberLosses` over all elements.
public func huberLoss(
  _ prediction: Tensor, _ target: Tensor, delta: Double = 1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    mean(huberLosses(prediction, target, delta: delta))
  }
}

/// Σ wᵢ lossᵢ / Σ wᵢ: the mean of losses of elements or rows with a weight for each.
///
/// `weights` has the shape of `losses`, or that of its first axes: a weight for each row counts for all elements of the row. They
/// are of the type of the losses, or bool: a mask. What a mask or a weight of 0 leaves out may be anything, even NaN, and has the
/// gradient 0; but 0 passed on to a function of NaN is NaN again, so where data hold NaN put a number in its place before the loss:
/// `where`(y .== y, y, 0). Where no weight is above 0 the result is NaN.
public func weightedMean(
  _ losses: Tensor, weights: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard losses.dtype.isFloating, weights.dtype == losses.dtype || weights.dtype == .bool,
      weights.rank <= losses.rank, weights.shape.dimensions[...] == losses.shape.dimensions[..<weights.rank]
    else {
      let message =
        "weightedMean of losses \(losses.type) with weights \(weights.type), which must be \(losses.dtype.name) or bool and "
        + "have the shape of the losses or of their first axes"
      return .fail(message, losses, weights, at: SourceLocation(file, line))
    }
    let isMask = weights.dtype == .bool
    let wide = reshape(
      weights, Shape(weights.shape.dimensions + Array(repeating: 1, count: losses.rank - weights.rank)))
    let weighted = isMask ? `where`(wide, losses, 0) : weigh(wide, losses)
    let total = sum(weighted)
    let weight = sum(isMask ? convert(weights, to: losses.dtype) : weights)
    let elements = losses.shape.dimensions[weights.rank...].reduce(1, *)
    return total / (weight * elements)
  }
}

/// A failed tensor unless both are of one floating type: a column against a vector would broadcast to a matrix and train
/// towards nonsense.
func unlike(
  _ function: String, _ prediction: Tensor, _ target: Tensor, _ roles: (String, String) = ("a prediction", "a target"),
  at location: SourceLocation
) -> Tensor? {
  if prediction.type == target.type, prediction.dtype.isFloating { return nil }
  let message =
    "\(function) of \(roles.0) \(prediction.type) and \(roles.1) \(target.type), which must be of one type, f32 or f64"
  return .fail(message, prediction, target, at: location)
}
