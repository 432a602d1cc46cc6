// Smooth functions from their values: cubic splines and Chebyshev polynomials. Both are made of tensors, so that values are
// differentiated with respect to the data as well.

import Descent
import Foundation

/// A cubic spline through the points (x[i], y[i]).
public struct CubicSpline: ParameterTree {
  /// What is asked at both ends.
  public enum Ends: String, Codable, Sendable {
    /// The second derivative is 0.
    case natural
    /// The third derivative does not jump at the second point and at the last but one.
    case notAKnot
  }
  /// The points [n] in ascending order, their values, and the second derivatives there.
  public var x, y, curvature: Tensor

  /// Through points [n] in ascending order and their values [n], both of one floating type: n ≥ 2, and 4 at least for `notAKnot`.
  public init(_ x: Tensor, _ y: Tensor, ends: Ends = .notAKnot) {
    precondition(
      x.rank == 1 && x.shape == y.shape && x.shape[0] >= (ends == .natural ? 2 : 4),
      "a spline of \(x.type) and \(y.type)")
    (self.x, self.y) = (x, y)
    let n = x.shape[0]
    let h = diff(x), slope = diff(y) / h
    // h[i - 1] m[i - 1] + 2 (h[i - 1] + h[i]) m[i] + h[i] m[i + 1] = 6 (slope[i] - slope[i - 1]) within.
    var system = zeros([n, n], dtype: x.dtype), right = zeros([n], dtype: x.dtype)
    if n > 2 {
      let inner = diag(h[..<(-1)] + h[1...]) * 2 + diag(h[1..<(n - 2)], offset: 1) + diag(h[1..<(n - 2)], offset: -1)
      system[1..<(n - 1), 1..<(n - 1)] = inner
      system[1, 0] = h[0]
      system[n - 2, n - 1] = h[-1]
      right[1..<(n - 1)] = (slope[1...] - slope[..<(-1)]) * 6
    }
    switch ends {
    case .natural:
      system[0, 0] = ones([], dtype: x.dtype)
      system[n - 1, n - 1] = ones([], dtype: x.dtype)
    case .notAKnot:
      system[0, 0..<3] = stack([h[1], -(h[0] + h[1]), h[0]])
      system[n - 1, (n - 3)..<n] = stack([h[-1], -(h[-2] + h[-1]), h[-2]])
    }
    curvature = solve(system, right)
  }

  /// The value at each element of `points`; beyond the ends that of the outermost cubics.
  public func callAsFunction(_ points: Tensor) -> Tensor {
    let last = x.shape[0] - 2
    let low = clamp(searchsorted(x, points, side: .right) - 1, 0, last), high = low + 1
    let (from, to) = (gather(x, low), gather(x, high))
    let h = to - from, b = (points - from) / h, a = 1 - b
    let bend = (a * a * a - a) * gather(curvature, low) + (b * b * b - b) * gather(curvature, high)
    return a * gather(y, low) + b * gather(y, high) + bend * (h * h) / 6
  }
}

/// A polynomial Σ c[k] T[k](t) of Chebyshev's, t from -1 to 1 over low...high.
public struct Chebyshev: ParameterTree {
  /// The coefficients [n].
  public var coefficients: Tensor
  public let low, high: Double

  public init(coefficients: Tensor, from low: Double, to high: Double) {
    (self.coefficients, self.low, self.high) = (coefficients, low, high)
  }
  /// The n points at which the values determine it best: roots of Tₙ, in ascending order, f64.
  public static func nodes(_ n: Int, from low: Double, to high: Double) -> Tensor {
    Tensor((0..<n).map { (low + high) / 2 - (high - low) / 2 * cos(Double.pi * (Double($0) + 0.5) / Double(n)) })
  }
  /// The polynomial of degree n - 1 with these values [n] at `nodes(n)`.
  public init(values: Tensor, from low: Double, to high: Double) {
    let n = values.shape[0]
    let rows = (0..<n).map { k in
      (0..<n).map { i in
        // T[k] at the node, which is -cos of the angle, so that odd ones change sign.
        let angle = Double.pi * (Double(i) + 0.5) / Double(n)
        return (k == 0 ? 1 : 2) / Double(n) * (k % 2 == 0 ? 1 : -1) * cos(Double(k) * angle)
      }
    }
    self.init(coefficients: matmul(convert(Tensor(rows), to: values.dtype), values), from: low, to: high)
  }
  /// The value at each element of `x`, by Clenshaw's recurrence.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let t = (x * 2 - (low + high)) / (high - low), n = coefficients.shape[0]
    var (next, afterNext) = (zerosLike(t), zerosLike(t))
    for k in stride(from: n - 1, to: 0, by: -1) {
      (next, afterNext) = (coefficients[k] + 2 * t * next - afterNext, next)
    }
    return coefficients[0] + t * next - afterNext
  }
}
