// Batch normalisation: Ioffe and Szegedy, 2015.

import DescentIR
import DescentOps

/// (x - mean) / √(variance + epsilon) times `weight` plus `bias`, for each channel, which is the last axis: [n, ..., c].
///
/// In training, mean and (biased) variance are those of the batch over all axes but the last, and running statistics r follow:
/// r ← (1 - momentum) r + momentum · statistic, the variance there being unbiased. In inference the running ones are used. So it
/// is in PyTorch. The batch in training has at least two values of each channel.
///
/// Weights, if affine: `weight`, ones at first, and `bias`, zeros. Running state: `mean`, zeros at first, and `variance`, ones. A
/// training call without state normalises all the same; inference without state is an error.
public struct BatchNorm: Layer {
  public let momentum: Double
  public let epsilon: Double
  public let affine: Bool
  let place: SourceLocation

  public init(
    momentum: Double = 0.1, epsilon: Double = 1e-5, affine: Bool = true,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    (self.momentum, self.epsilon, self.affine) = (momentum, epsilon, affine)
    place = SourceLocation(file, line)
  }
  private var scale: Scale {
    Scale(layer: "BatchNorm", axes: 1, weight: affine, bias: affine, place: place) { input in
      input.shape.rank > 1 ? nil : "rows of channels"
    }
  }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights { try scale.initialize(input) }
  public func output(input: TensorType) throws -> TensorType { try scale.check(input) }
  public func initialState(input: TensorType) throws -> Weights {
    let channels = try scale.check(input).shape[-1]
    var state = Weights()
    state.mean = zeros([channels], dtype: input.dtype)
    state.variance = ones([channels], dtype: input.dtype)
    return state
  }

  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    scale(weights, x) { context.isTraining ? training(x, context) : inference(x, context) }
  }

  private func training(_ x: Tensor, _ context: Context) -> (Tensor, Tensor) {
    pinned(place) {
      let (axes, count) = (Array(0..<x.rank - 1), x.shape.count / x.shape[-1])
      guard count > 1 else {
        let message = "BatchNorm in training of \(x.type): more than one value of each channel is needed"
        let failure = Tensor.fail(message, x, at: place)
        return (failure, failure)
      }
      let mean = mean(x, axes: axes)
      let deviation = x - mean
      let squares = sum(square(deviation), axes: axes)
      follow("mean", mean, context)
      follow("variance", squares / (count - 1), context)
      return (deviation, rsqrt(squares / count + epsilon))
    }
  }

  /// Moves a running statistic towards that of the batch.
  private func follow(_ name: String, _ statistic: Tensor, _ context: Context) {
    guard let running = context.running(name) else { return }
    context.setRunning(name, running * (1 - momentum) + statistic * momentum)
  }

  private func inference(_ x: Tensor, _ context: Context) -> (Tensor, Tensor) {
    pinned(place) {
      guard let mean = context.running("mean"), let variance = context.running("variance") else {
        let message = "BatchNorm in inference needs its running statistics: Context(state: RunningState(...))"
        let failure = Tensor.fail(message, x, at: place)
        return (failure, failure)
      }
      return (x - mean, rsqrt(variance + epsilon))
    }
  }
}
