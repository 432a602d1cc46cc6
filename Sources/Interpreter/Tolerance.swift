// How far two computations of one function may differ when they round in another order: the policy of `compare` and of
// the tests of compiled code. Tests of derivatives and of passes bound other things: finite differences, single elements.
//
// A sum of n products in floating point is off by at most n ε Σ|aᵢbᵢ|, and by about √n ε of that where roundings are as
// good as independent (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, §2.8 and §3.1). One evaluation
// of a graph is therefore allowed c √n ε, with n its longest sum. Every training step adds such an error to the
// parameters and carries the earlier ones along, so k steps are allowed k times as much.

import DescentIR

/// The largest relative difference that rounding explains.
public struct Tolerance: Sendable, Hashable {
  /// |a - b| may be this times the magnitude that `difference` measures by.
  public let relative: Double

  /// Room for sums along several operations one after another; a function is off by an ULP or two on each side.
  private static let slack = 8.0

  /// The tolerance of results in `dtype` with sums of up to `longestSum` terms, after this many training steps.
  public init(_ dtype: DType, longestSum: Int, steps: Int = 1) {
    let epsilon =
      switch dtype {
      case .f32: Double(Float.ulpOfOne)
      case .f64: Double.ulpOfOne
      case .i32, .i64, .u8, .bool: 0.0
      }
    relative = Self.slack * epsilon * Double(max(longestSum, 1)).squareRoot() * Double(max(steps, 1))
  }

  /// The tolerance of a graph's results: the coarsest floating type and the longest sum within it.
  package init(_ graph: Graph, steps: Int = 1) {
    let isSingle = graph.nodes.contains { $0.result.types.contains { $0.dtype == .f32 } }
    self.init(isSingle ? .f32 : .f64, longestSum: graph.longestSum, steps: steps)
  }

  /// The relative difference of two numbers: |a - b| / max(|a|, |b|), 0 where both are equal, infinite where one alone
  /// is NaN.
  public static func difference(_ a: Double, _ b: Double) -> Double {
    if a == b || (a.isNaN && b.isNaN) { return 0 }
    guard (a - b).isFinite else { return .infinity }
    return abs(a - b) / max(abs(a), abs(b))
  }

  /// The relative difference of two arrays: ‖a - b‖ / max(‖a‖, ‖b‖) in the Euclidean norm. One element that is close to
  /// zero by cancellation does not count by itself, as its error comes from terms of ordinary size.
  public static func difference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    var (distance, left, right) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) where !(x == y && x.isInfinite) && !(x.isNaN && y.isNaN) {
      distance += (x - y) * (x - y)
      left += x * x
      right += y * y
    }
    guard distance != 0 else { return 0 }
    return distance.isFinite ? (distance / max(left, right)).squareRoot() : .infinity
  }
}
