// Activation functions as values, for the layers that take one; ActivationLayers.swift has them as layers of their own.

import DescentIR
import DescentOps

/// A function applied to each element (softmax: to the last axis), named so that it can be part of a layer's description.
public enum Activation: Sendable, Hashable, Codable {
  /// x where x > 0, else 0.
  case relu
  /// x where x > 0, else slope x.
  case leakyReLU(slope: Double = 0.01)
  /// x where x > 0, else alpha (e^x - 1).
  case elu(alpha: Double = 1)
  /// The scaled ELU that keeps mean 0 and variance 1 (Klambauer et al., 2017).
  case selu
  /// ln(1 + e^x).
  case softplus
  /// x / (1 + e^-x).
  case silu
  /// x Φ(x), Φ the normal distribution function (Hendrycks and Gimpel, 2016).
  case gelu
  /// `gelu` with Φ taken by a hyperbolic tangent.
  case geluTanh
  case tanh
  /// 1 / (1 + e^-x).
  case sigmoid
  /// e^x / Σ e^x over the last axis.
  case softmax

  public func callAsFunction(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    pinned(file, line) {
      switch self {
      case .relu: DescentOps.relu(x)
      case .leakyReLU(let slope): leakyRelu(x, slope: slope)
      case .elu(let alpha): DescentOps.elu(x, alpha: alpha)
      case .selu: DescentOps.selu(x)
      case .softplus: DescentOps.softplus(x)
      case .silu: DescentOps.silu(x)
      case .gelu: DescentOps.gelu(x)
      case .geluTanh: DescentOps.gelu(x, approximate: .tanh)
      case .tanh: DescentOps.tanh(x)
      case .sigmoid: DescentOps.sigmoid(x)
      case .softmax: DescentOps.softmax(x, axis: -1)
      }
    }
  }
}

/// σ(product + bias), where a layer has them.
func activated(_ product: Tensor, _ bias: Tensor?, _ activation: Activation?, _ place: SourceLocation) -> Tensor {
  pinned(place) {
    let sum = bias.map { product + $0 } ?? product
    return activation.map { $0(sum) } ?? sum
  }
}
