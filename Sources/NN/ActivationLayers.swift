// Activations as layers: each is an `Activate` with a name of its own.

import DescentIR
import DescentOps

/// A layer that applies an activation: `Activate(.geluTanh)`. The usual ones have names of their own, such as `ReLU()`.
public struct Activate: WeightlessLayer {
  public let activation: Activation
  let place: SourceLocation

  public init(_ activation: Activation, file: StaticString = #fileID, line: UInt = #line) {
    self.activation = activation
    place = SourceLocation(file, line)
  }
  public func output(input: TensorType) throws -> TensorType {
    guard input.dtype.isFloating else {
      throw DescentError(.type, "\(activation) of \(input): f32 or f64 is needed; convert it first", at: place)
    }
    guard activation != .softmax || input.shape.rank > 0 else {
      throw DescentError(.type, "softmax of \(input): an axis is needed", at: place)
    }
    return input
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      activation(x)
    }
  }
}

/// A layer that is no more than an activation.
public protocol ActivationLayer: WeightlessLayer {
  var applied: Activate { get }
}
extension ActivationLayer {
  public func output(input: TensorType) throws -> TensorType { try applied.output(input: input) }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    applied(weights, x, context)
  }
}

/// x where x > 0, else 0.
public struct ReLU: ActivationLayer {
  public let applied: Activate
  public init(file: StaticString = #fileID, line: UInt = #line) {
    applied = pinned(file, line) { Activate(.relu) }
  }
}

/// x where x > 0, else slope x.
public struct LeakyReLU: ActivationLayer {
  public let applied: Activate
  public init(slope: Double = 0.01, file: StaticString = #fileID, line: UInt = #line) {
    applied = pinned(file, line) { Activate(.leakyReLU(slope: slope)) }
  }
}

/// x where x > 0, else alpha (e^x - 1) (Clevert et al., 2016).
public struct ELU: ActivationLayer {
  public let applied: Activate
  public init(alpha: Double = 1, file: StaticString = #fileID, line: UInt = #line) {
    applied = pinned(file, line) { Activate(.elu(alpha: alpha)) }
  }
}

/// The scaled ELU that keeps mean 0 and variance 1 (Klambauer et al., 2017).
public struct SELU: ActivationLayer {
  public let applied: Activate
  public init(file: StaticString = #fileID, line: UInt = #line) {
    applied = pinned(file, line) { Activate(.selu) }
  }
}

/// ln(1 + e^x).
public struct Softplus: ActivationLayer {
  public let applied: Activate
  public init(file: StaticString = #fileID, line: UInt = #line) {
    applied = pinned(file, line) { Activate(.softplus) }
  }
}

/// x / (1 + e^-x), also called swish.
public struct SiLU: ActivationLayer {
  public let applied: Activate
  public init(file: StaticString = #fileID, line: UInt = #line) {
    applied = pinned(file, line) { Activate(.silu) }
  }
}

/// x Φ(x), Φ the normal distribution function; `approximate` takes it by a hyperbolic tangent (Hendrycks and Gimpel, 2016).
public struct GELU: ActivationLayer {
  public let applied: Activate
  public init(approximate: Bool = false, file: StaticString = #fileID, line: UInt = #line) {
    applied = pinned(file, line) { Activate(approximate ? .geluTanh : .gelu) }
  }
}

/// The hyperbolic tangent.
public struct Tanh: ActivationLayer {
  public let applied: Activate
  public init(file: StaticString = #fileID, line: UInt = #line) {
    applied = pinned(file, line) { Activate(.tanh) }
  }
}

/// 1 / (1 + e^-x).
public struct Sigmoid: ActivationLayer {
  public let applied: Activate
  public init(file: StaticString = #fileID, line: UInt = #line) {
    applied = pinned(file, line) { Activate(.sigmoid) }
  }
}

/// e^x / Σ e^x over the last axis.
public struct Softmax: ActivationLayer {
  public let applied: Activate
  public init(file: StaticString = #fileID, line: UInt = #line) {
    applied = pinned(file, line) { Activate(.softmax) }
  }
}
