// What a layer is: a description whose weights travel apart. It takes weights and a tensor and gives a tensor.

import DescentIR
import DescentOps

/// A part of a network: sizes and settings, but no numbers. Weights are made by `initialize`, and given to every call.
///
/// A layer made of others calls them with their subtree of the weights, so two uses of one subtree are tied weights:
/// ```swift
/// struct AutoEncoder: Layer {
///   let encoder = Dense(32), decoder = Dense(784)
///   func initialize(input: TensorType, key: RandomKey) throws -> Weights {
///     var w = Weights()
///     w.encoder = try encoder.initialize(input: input, key: key.fold(0))
///     w.decoder = try decoder.initialize(input: encoder.output(input: input), key: key.fold(1))
///     return w
///   }
///   func callAsFunction(_ w: Weights, _ x: Tensor, _ context: Context) -> Tensor {
///     decoder(w.decoder, encoder(w.encoder, x, context.entering("encoder", 0)), context.entering("decoder", 1))
///   }
/// }
/// ```
public protocol Layer: Sendable {
  /// Fresh weights for an input of the given type, made of operations on `key`. Each tensor draws from a key of its own
  /// (`key.fold(position)`). Throws where the layer cannot take such an input.
  func initialize(input: TensorType, key: RandomKey) throws -> Weights

  /// The type of the result for an input of the given type; throws where the layer cannot take such an input.
  func output(input: TensorType) throws -> TensorType

  /// The running state that the layer starts with, such as the statistics of batch normalisation: what changes in training
  /// but has no gradient. Empty for most layers.
  func initialState(input: TensorType) throws -> Weights

  /// The layer's function. An error of shape travels in the result.
  func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor
}

extension Layer {
  /// The layer's function as inference wants it: no dropout, running statistics as they stand.
  public func callAsFunction(_ weights: Weights, _ x: Tensor) -> Tensor { self(weights, x, Context()) }

  /// Weights drawn with a seed.
  public func initialize(input: TensorType, seed: Int) throws -> Weights {
    try initialize(input: input, key: RandomKey(seed: seed))
  }

  /// Found by running the layer on a tensor without numbers.
  public func output(input: TensorType) throws -> TensorType {
    let trace = Trace()
    return try trace.record {
      let weights = try initialize(input: input, key: RandomKey(seed: 0))
      let context = Context(state: RunningState(try initialState(input: input)))
      let result = self(weights, trace.input("x", input), context)
      if case .failure(let error) = result.storage { throw error }
      return result.type
    }
  }

  public func initialState(input: TensorType) throws -> Weights { Weights() }
}

/// A layer that has no weights, such as an activation.
public protocol WeightlessLayer: Layer {}
extension WeightlessLayer {
  public func initialize(input: TensorType, key: RandomKey) throws -> Weights { Weights() }
}

/// What a call is told beside weights and input.
public struct Context: Sendable {
  /// Whether the call is part of training: dropout drops, batch normalisation uses the batch's own statistics.
  public var isTraining: Bool
  /// Random numbers for this call, different in every step and every layer; nil where nothing may be random.
  public var key: RandomKey?
  /// Running state, shared by the layers of one call; nil where there is none.
  public var state: RunningState?
  /// Where in the network the layer stands: the path of its weights and of its state.
  public private(set) var path: [String] = []

  public init(isTraining: Bool = false, key: RandomKey? = nil, state: RunningState? = nil) {
    self.isTraining = isTraining
    self.key = key
    self.state = state
  }

  /// The context for a layer within this one: `name` is that of its weights, `position` its number among the layers within.
  public func entering(_ name: String, _ position: Int) -> Context {
    var inner = self
    inner.path.append(name)
    inner.key = key?.fold(position)
    return inner
  }
}
