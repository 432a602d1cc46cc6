// Recurrent layers: Elman's, LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000) and GRU (Cho et al.
// 2014). The inputs' products of all steps are one product before the loop; the loop is a `scan`, a loop in the emitted C.

import DescentIR
import DescentOps
import DescentTransforms

/// A layer that goes over a sequence step by step: x [n, t, c] gives all states [n, t, units], or the last alone [n, units].
///
/// Weights: `input` [c, gates · units], `recurrent` [units, gates · units], `bias` [gates · units], the gates side by side; all
/// drawn uniformly from ±1/√units as PyTorch does, but for the bias, which is zero.
public protocol RecurrentLayer: Layer {
  var units: Int { get }
  /// Whether only the state after the last step is given.
  var isLastOnly: Bool { get }
  /// Whether the sequence is gone over from its end. All states keep the places of their inputs.
  var isReversed: Bool { get }
  var place: RecurrentPlace { get }
  /// How many products of the input and of the state each step needs.
  static var gates: Int { get }
  /// Weights beside the three of every recurrent layer.
  func furtherWeights(_ dtype: DType) -> Weights
  /// The carry after a step, its first tensor the state that is given on: from the input's product with bias [n, gates · units].
  func step(_ weights: Weights, _ product: Tensor, _ carry: [Tensor]) -> [Tensor]
  /// How many tensors are carried.
  static var carried: Int { get }
}

/// Where a recurrent layer was written.
public struct RecurrentPlace: Sendable {
  let place: SourceLocation
}

extension RecurrentLayer {
  public static var carried: Int { 1 }
  public func furtherWeights(_ dtype: DType) -> Weights { Weights() }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    guard input.shape.rank == 3, input.dtype.isFloating, units > 0 else {
      throw DescentError(
        .type, "\(Self.self)(\(units)) of \(input): an input [n, steps, channels] of f32 or f64 is needed",
        at: place.place)
    }
    let width = Self.gates * units, bound = 1 / Double(units).squareRoot()
    var w = Weights()
    w.input = uniform([input.shape[-1], width], key: key.fold(0), dtype: input.dtype, low: -bound, high: bound)
    w.recurrent = uniform([units, width], key: key.fold(1), dtype: input.dtype, low: -bound, high: bound)
    w.bias = zeros([width], dtype: input.dtype)
    let further = furtherWeights(input.dtype)
    for name in further.names { w[name] = further[name] as Tensor }
    return w
  }

  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    let matrix: Tensor = weights.input
    guard x.rank == 3, matrix.rank == 2, x.shape[-1] == matrix.shape[0] else {
      return .fail(
        "\(Self.self)(\(units)) of \(x.type) with an input weight of \(matrix.type): an input [n, steps, channels] is needed, with as"
          + " many channels as the weight has rows", x, matrix, at: place.place)
    }
    return pinned(place.place) {
      let products = matmul(transpose(x, [1, 0, 2]), matrix) + weights.bias
      let start = (0..<Self.carried).map { _ in zeros([x.shape[0], units], dtype: x.dtype) }
      let (last, states) = scan(start, over: products, isReversed: isReversed) { (carry: [Tensor], product: Tensor) in
        let next = step(weights, product, carry)
        return (next, isLastOnly ? [] : [next[0]])
      }
      return isLastOnly ? last[0] : transpose(states[0], [1, 0, 2])
    }
  }

  /// Gate `i` of a product of them all.
  func gate(_ i: Int, of product: Tensor) -> Tensor {
    slice(product, start: [0, i * units], limit: [product.shape[0], (i + 1) * units])
  }
}

/// h' = tanh(x W + h R + b), or with another activation.
public struct Elman: RecurrentLayer {
  public static let gates = 1
  public let units: Int
  public let activation: Activation
  public let isLastOnly: Bool
  public let isReversed: Bool
  public let place: RecurrentPlace

  public init(
    _ units: Int, activation: Activation = .tanh, isLastOnly: Bool = false, isReversed: Bool = false,
    file: StaticString = #fileID,
    line: UInt = #line
  ) {
    (self.units, self.activation, self.isLastOnly, self.isReversed) = (units, activation, isLastOnly, isReversed)
    place = RecurrentPlace(place: SourceLocation(file, line))
  }
  public func step(_ weights: Weights, _ product: Tensor, _ carry: [Tensor]) -> [Tensor] {
    pinned(place.place) { [activation(product + matmul(carry[0], weights.recurrent))] }
  }
}

/// c' = σ(f) c + σ(i) tanh(g), h' = σ(o) tanh(c'), where (i, f, g, o) = x W + h R + b, the gates in PyTorch's order.
public struct LSTM: RecurrentLayer {
  public static let gates = 4
  public static let carried = 2
  public let units: Int
  public let isLastOnly: Bool
  public let isReversed: Bool
  public let place: RecurrentPlace

  public init(
    _ units: Int, isLastOnly: Bool = false, isReversed: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) {
    (self.units, self.isLastOnly, self.isReversed) = (units, isLastOnly, isReversed)
    place = RecurrentPlace(place: SourceLocation(file, line))
  }
  public func step(_ weights: Weights, _ product: Tensor, _ carry: [Tensor]) -> [Tensor] {
    let z = product + matmul(carry[0], weights.recurrent)
    let c = sigmoid(gate(1, of: z)) * carry[1] + sigmoid(gate(0, of: z)) * tanh(gate(2, of: z))
    return [sigmoid(gate(3, of: z)) * tanh(c), c]
  }
}

/// h' = (1 - u) n + u h with r = σ(r_x + r_h), u = σ(u_x + u_h), n = tanh(n_x + r (n_h + b_n)), where (r_x, u_x, n_x) = x W + b,
/// (r_h, u_h, n_h) = h R, the gates in PyTorch's order. One weight more: `candidateBias` b_n [units], zero at first.
public struct GRU: RecurrentLayer {
  public static let gates = 3
  public let units: Int
  public let isLastOnly: Bool
  public let isReversed: Bool
  public let place: RecurrentPlace

  public init(
    _ units: Int, isLastOnly: Bool = false, isReversed: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) {
    (self.units, self.isLastOnly, self.isReversed) = (units, isLastOnly, isReversed)
    place = RecurrentPlace(place: SourceLocation(file, line))
  }
  public func furtherWeights(_ dtype: DType) -> Weights {
    var w = Weights()
    w.candidateBias = zeros([units], dtype: dtype)
    return w
  }
  public func step(_ weights: Weights, _ product: Tensor, _ carry: [Tensor]) -> [Tensor] {
    let recurrent = matmul(carry[0], weights.recurrent)
    let reset = sigmoid(gate(0, of: product) + gate(0, of: recurrent))
    let update = sigmoid(gate(1, of: product) + gate(1, of: recurrent))
    let candidate = tanh(gate(2, of: product) + reset * (gate(2, of: recurrent) + weights.candidateBias))
    return [candidate + update * (carry[0] - candidate)]
  }
}

/// Two layers over the sequence, one from its beginning and one, which is to be reversed, from its end, side by side along the
/// last axis: `Bidirectional(LSTM(64), LSTM(64, isReversed: true))`. Weights: the subtrees `forward` and `backward`.
public struct Bidirectional: Layer {
  public let forward: any RecurrentLayer
  public let backward: any RecurrentLayer
  let place: SourceLocation

  public init(
    _ forward: any RecurrentLayer, _ backward: any RecurrentLayer, file: StaticString = #fileID, line: UInt = #line
  ) {
    (self.forward, self.backward) = (forward, backward)
    place = SourceLocation(file, line)
  }
  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    guard !forward.isReversed, backward.isReversed, forward.isLastOnly == backward.isLastOnly else {
      throw DescentError(
        .usage,
        "Bidirectional takes a layer that is not reversed and one that is, and both give all states or the last alone",
        at: place)
    }
    var w = Weights()
    w.forward = try forward.initialize(input: input, key: key.fold(0))
    w.backward = try backward.initialize(input: input, key: key.fold(1))
    return w
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      concatenate(
        [
          forward(weights.forward, x, context.entering("forward", 0)),
          backward(weights.backward, x, context.entering("backward", 1)),
        ],
        axis: -1)
    }
  }
}
