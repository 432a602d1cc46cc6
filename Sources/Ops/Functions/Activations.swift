// Activation functions, and the small pointwise functions beside them.

import DescentIR

/// 1 / x of each element.
public func reciprocal(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Divide(), 1, x, at: SourceLocation(file, line))
}

/// Each element moved into low...high; outside it the gradient is 0.
public func clamp(
  _ x: Tensor, _ low: some TensorScalar, _ high: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    `where`(x .< low, low, `where`(x .> high, high, x))
  }
}

/// Each element moved into low...high, which are broadcast; where they cross, to `high`. Outside the gradient is that of the bound.
/// NaN bounds nothing.
public func clamp(
  _ x: Tensor, _ low: Tensor, _ high: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let raised = `where`(x .< low, low, x)
    return `where`(raised .> high, high, raised)
  }
}

/// 0 where x ≤ 0, else x, so that NaN stays NaN; the derivative at 0 is 0.
public func relu(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    `where`(x .<= 0, 0, x)
  }
}

/// x where x > 0, else slope · x.
public func leakyRelu(
  _ x: Tensor, slope: Double = 0.01, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    `where`(x .> 0, x, x * slope)
  }
}

/// x where x > 0, else α (e^x - 1). The exponential is taken of numbers that are not positive alone, so neither it nor
/// its derivative overflows.
public func elu(_ x: Tensor, alpha: Double = 1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let negative = expm1(`where`(x .> 0, 0, x))
    return `where`(x .> 0, x, negative * alpha)
  }
}

/// λ elu(x, α) with the constants that keep mean 0 and variance 1 (Klambauer et al., 2017).
public func selu(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    elu(x, alpha: 1.6732632423543772848170429916717) * 1.0507009873554804934193349852946
  }
}

/// x g(x) for a gate g with g(-x) = 1 - g(x), which is 0 below -limit: relu(x) + u g(u) with u = -|x|, for only where the gate is small
/// has it all its digits. What is beyond the limit never comes to the gate, so that no product of an infinity and 0 is taken, in
/// no derivative either; and both forms are the same function of x, so there is no kink at 0.
private func gated(
  _ x: Tensor, limit: Double, _ file: StaticString, _ line: UInt, _ gate: (Tensor) -> Tensor
) -> Tensor {
  pinned(file, line) {
    let isPositive = x .> 0
    let far = `where`(isPositive, -x, x)
    let u = `where`(far .< -limit, 0, far)
    // 0 only where x is not above it: NaN stays NaN.
    return `where`(isPositive, x, 0) + u * gate(u)
  }
}

/// x / (1 + e^-x), also called swish.
public func silu(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    gated(real(x, at: SourceLocation(file, line)), limit: 1024, file, line) { sigmoid($0) }
  }
}

/// How `gelu` takes the normal distribution function.
public enum GeluApproximation: Sendable, Codable {
  /// By the error function.
  case exact
  /// By tanh(√(2/π) (x + 0.044715 x³)).
  case tanh
}

/// x Φ(x), with Φ the distribution function of the normal distribution.
public func gelu(
  _ x: Tensor, approximate: GeluApproximation = .exact, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let x = real(x, at: SourceLocation(file, line))
    return gated(x, limit: 64, file, line) { x in
      switch approximate {
      case .exact: normalCDF(x)
      // (1 + tanh u) / 2 is the logistic function of 2 u, which has a tail.
      case .tanh: sigmoid((x + x * x * x * 0.044715) * (8 / Double.pi).squareRoot())
      }
    }
  }
}
