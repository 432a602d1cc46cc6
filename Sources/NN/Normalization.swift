// Normalisation of each row by itself, and what batch normalisation shares with it. Channels are the last axis: [n, ..., c].
//
// Ba et al., "Layer normalization", 2016; Wu and He, "Group normalization", 2018; Ulyanov et al., "Instance normalization", 2016;
// Zhang and Sennrich, "Root mean square layer normalization", 2019. Variances are means of centred squares, biased, so that a
// large mean does not cancel them.

import DescentIR
import DescentOps

/// (x - mean) / √(variance + epsilon) over the last `axes` axes, times `weight` plus `bias`, which have the shape of those axes.
///
/// Weights, if affine: `weight`, ones at first, and `bias`, zeros.
public struct LayerNorm: Layer {
  public let axes: Int
  public let epsilon: Double
  public let affine: Bool
  public let bias: Bool
  let place: SourceLocation

  /// `bias` false leaves out the bias of an affine layer.
  public init(
    axes: Int = 1, epsilon: Double = 1e-5, affine: Bool = true, bias: Bool = true,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    (self.axes, self.epsilon, self.affine, self.bias) = (axes, epsilon, affine, bias)
    place = SourceLocation(file, line)
  }
  private var scale: Scale { Scale(layer: "LayerNorm", axes: axes, weight: affine, bias: affine && bias, place: place) }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights { try scale.initialize(input) }
  public func output(input: TensorType) throws -> TensorType { try scale.check(input) }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    scale(weights, x) { standardized(x, axes: Array(x.rank - axes..<x.rank), epsilon: epsilon, place) }
  }
}

/// x / √(mean of x² + epsilon) over the last `axes` axes, times `weight`, which has the shape of those axes.
///
/// Weights, if affine: `weight`, ones at first.
public struct RMSNorm: Layer {
  public let axes: Int
  public let epsilon: Double
  public let affine: Bool
  let place: SourceLocation

  public init(
    axes: Int = 1, epsilon: Double = 1e-5, affine: Bool = true, file: StaticString = #fileID, line: UInt = #line
  ) {
    (self.axes, self.epsilon, self.affine) = (axes, epsilon, affine)
    place = SourceLocation(file, line)
  }
  private var scale: Scale { Scale(layer: "RMSNorm", axes: axes, weight: affine, bias: false, place: place) }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights { try scale.initialize(input) }
  public func output(input: TensorType) throws -> TensorType { try scale.check(input) }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      scale(weights, x) {
        let axes = Array(x.rank - axes..<x.rank)
        let (y, epsilon) = squarable(x, axes: axes, epsilon: epsilon, place)
        let mean = mean(square(y), axes: axes, keepAxes: true)
        return (y, rsqrt(mean + epsilon))
      }
    }
  }
}

/// (x - mean) / √(variance + epsilon) over all places of a row and the channels of one of `groups` equal groups, times `weight`
/// plus `bias`, which have a number for each channel: [n, ..., c].
///
/// Weights, if affine: `weight`, ones at first, and `bias`, zeros.
public struct GroupNorm: Layer {
  public let groups: Int
  public let epsilon: Double
  public let affine: Bool
  let place: SourceLocation

  public init(
    _ groups: Int, epsilon: Double = 1e-5, affine: Bool = true, file: StaticString = #fileID, line: UInt = #line
  ) {
    (self.groups, self.epsilon, self.affine) = (groups, epsilon, affine)
    place = SourceLocation(file, line)
  }
  private var scale: Scale {
    Scale(layer: "GroupNorm(\(groups))", axes: 1, weight: affine, bias: affine, place: place) { [groups] input in
      input.shape.rank > 1 && groups > 0 && input.shape[-1] % groups == 0
        ? nil : "rows and a number of channels that \(groups) divides"
    }
  }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights { try scale.initialize(input) }
  public func output(input: TensorType) throws -> TensorType { try scale.check(input) }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      scale(weights, x) {
        let (n, c) = (x.shape[0], x.shape[-1])
        let places = x.shape.dimensions[1..<x.rank - 1].reduce(1, *)
        let grouped = reshape(x, [n, places, groups, c / groups])
        let (deviation, factor) = standardized(grouped, axes: [1, 3], epsilon: epsilon, place)
        let wide = broadcast(factor, [n, 1, groups, c / groups])
        let channels = Shape([n] + Array(repeating: 1, count: x.rank - 2) + [c])
        return (reshape(deviation, x.shape), reshape(wide, channels))
      }
    }
  }
}

/// (x - mean) / √(variance + epsilon) over all places of each channel of a row, [n, ..., c] with at least one axis between.
///
/// Weights, if affine, as of `GroupNorm`.
public struct InstanceNorm: Layer {
  public let epsilon: Double
  public let affine: Bool
  let place: SourceLocation

  public init(
    epsilon: Double = 1e-5, affine: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) {
    (self.epsilon, self.affine) = (epsilon, affine)
    place = SourceLocation(file, line)
  }
  private var scale: Scale {
    Scale(layer: "InstanceNorm", axes: 1, weight: affine, bias: affine, place: place) { input in
      input.shape.rank > 2 && input.shape.dimensions[1..<input.shape.rank - 1].reduce(1, *) > 1
        ? nil : "several places between rows and channels"
    }
  }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights { try scale.initialize(input) }
  public func output(input: TensorType) throws -> TensorType { try scale.check(input) }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    scale(weights, x) { standardized(x, axes: Array(1..<x.rank - 1), epsilon: epsilon, place) }
  }
}

/// x and epsilon, for a result that does not change where both are scaled: x times a power of two where squares of numbers over `axes`
/// would be infinite, and then of epsilon, which is nothing beside them, no more than keeps equal numbers from 0 / 0.
private func squarable(_ x: Tensor, axes: [Int], epsilon: Double, _ place: SourceLocation) -> (
  x: Tensor, epsilon: Tensor
) {
  pinned(place) {
    let (limit, scale, least) = x.dtype == .f32 ? (0x1p50, 0x1p-80, 0x1p-126) : (0x1p450, 0x1p-600, 0x1p-1022)
    let size = abs(stopGradient(x))
    let isLarge = max(size, axes: axes, keepAxes: true) .> limit
    return (
      x * `where`(isLarge, scalar(scale, x.dtype), 1),
      `where`(isLarge, scalar(least, x.dtype), epsilon)
    )
  }
}

/// x - mean and 1 / √(variance + epsilon) over `axes`, which are kept with size 1; or both times factors whose product is 1.
func standardized(_ x: Tensor, axes: [Int], epsilon: Double, _ place: SourceLocation) -> (
  deviation: Tensor, factor: Tensor
) {
  pinned(place) {
    let (x, epsilon) = squarable(x, axes: axes, epsilon: epsilon, place)
    let deviation = x - mean(x, axes: axes, keepAxes: true)
    let squares = square(deviation)
    let variance = mean(squares, axes: axes, keepAxes: true)
    return (deviation, rsqrt(variance + epsilon))
  }
}

/// What a normalisation does beside normalising: it looks at the input, and scales and shifts the result.
struct Scale: Sendable {
  let layer: String
  /// `weight` and `bias` have the shape of this many last axes.
  let axes: Int
  let weight, bias: Bool
  let place: SourceLocation
  /// What else is needed of an input that is not fit; nil where it is.
  var need: @Sendable (TensorType) -> String? = { _ in nil }

  private func problem(_ input: TensorType) -> DescentError? {
    let isFit = input.dtype.isFloating && axes >= 1 && axes <= input.shape.rank && input.shape.count > 0
    guard let need = isFit ? need(input) : "f32 or f64 and \(axes) axes or more, none empty," else { return nil }
    return DescentError(.type, "\(layer) of \(input): \(need) are needed", at: place)
  }
  /// The type of an input that is fit, which is that of the result.
  func check(_ input: TensorType) throws -> TensorType {
    if let problem = problem(input) { throw problem }
    return input
  }
  func initialize(_ input: TensorType) throws -> Weights {
    let type = TensorType(input.dtype, Shape(try check(input).shape.dimensions.suffix(axes)))
    var w = Weights()
    if weight { w.weight = ones(type.shape, dtype: type.dtype) }
    if bias { w.bias = zeros(type.shape, dtype: type.dtype) }
    return w
  }
  /// deviation · (factor · weight) + bias of a fit input. The factor meets the weight first, so that the gradients of both come
  /// from one sum, over the deviation times the cotangent.
  func callAsFunction(_ weights: Weights, _ x: Tensor, _ normalized: () -> (deviation: Tensor, factor: Tensor))
    -> Tensor
  {
    if let problem = problem(x.type) { return .fail(problem.message, x, at: place) }
    let type = TensorType(x.dtype, Shape(x.shape.dimensions.suffix(axes)))
    let (deviation, factor) = normalized()
    let scaled = deviation * (weight ? factor * parameter("weight", weights, type) : factor)
    return bias ? scaled + parameter("bias", weights, type) : scaled
  }
  private func parameter(_ name: String, _ weights: Weights, _ type: TensorType) -> Tensor {
    let tensor: Tensor = weights[name]
    if case .failure(let failure) = tensor.storage {
      return Tensor(failure: DescentError(failure.kind, "\(layer): \(failure.message)", at: place), type: type)
    }
    return tensor.type == type
      ? tensor : .fail("\(layer): '\(name)' is \(tensor.type) where \(type) is needed", tensor, at: place)
  }
}
