// The fully connected layer.

import DescentIR
import DescentOps

/// y = σ(x W + b) over the last axis: x [..., in], W [in, outputs], b [outputs], y [..., outputs].
///
/// Weights: `weight` in the element type of the input, drawn by `initializer`; `bias`, zero at first. The default initializer is
/// Glorot's uniform one whatever the activation, so that an activation means the same inside the layer and after it; for deep
/// networks of rectifiers `.heNormal` is the usual choice.
public struct Dense: Layer {
  /// The size of the last axis of the result.
  public let outputs: Int
  public let bias: Bool
  public let activation: Activation?
  public let initializer: Initializer
  let place: SourceLocation

  public init(
    _ outputs: Int, bias: Bool = true, activation: Activation? = nil, initializer: Initializer = .glorotUniform,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.outputs = outputs
    self.bias = bias
    self.activation = activation
    self.initializer = initializer
    place = SourceLocation(file, line)
  }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    try pinned(place) {
      let result = try output(input: input)
      let inputs = input.shape[-1]
      var w = Weights()
      w.weight = initializer(TensorType(input.dtype, [inputs, outputs]), Fans(in: inputs, out: outputs), key.fold(0))
      if bias { w.bias = zeros([outputs], dtype: result.dtype) }
      return w
    }
  }

  public func output(input: TensorType) throws -> TensorType {
    guard outputs > 0 else { throw error("a size of at least 1 is needed") }
    guard input.dtype.isFloating else {
      throw error("an input of f32 or f64 is needed, not \(input); convert it first")
    }
    guard input.shape.rank > 0, input.shape[-1] > 0 else {
      throw error("an input with a last axis of at least one element is needed, not \(input)")
    }
    return TensorType(input.dtype, Shape(input.shape.dimensions.dropLast() + [outputs]))
  }

  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      let weight: Tensor = weights.weight
      if case .failure(let failure) = weight.storage { return Tensor(failure: error(failure.message), type: x.type) }
      guard x.rank > 0, weight.rank == 2, x.shape[-1] == weight.shape[0], weight.shape[1] == outputs else {
        let message =
          "the input is of shape \(x.shape) and the weight of shape \(weight.shape): "
          + "the input's last axis must be the weight's first, and the weight's second must be \(outputs)"
        return .fail("Dense(\(outputs)): " + message, x, weight, at: place)
      }
      // matmul takes the axis before the last as a batch where both sides have more than two; a weight has two.
      let product = matmul(x, weight)
      return activated(product, bias ? weights.bias : nil, activation, place)
    }
  }

  private func error(_ message: String) -> DescentError {
    DescentError(.type, "Dense(\(outputs)): \(message)", at: place)
  }
}
