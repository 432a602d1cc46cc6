// Nodes and weights of quadrature, in f64.

import Descent
import Foundation

/// Points and weights: Σ weights[i] f(nodes[i]) is near the integral that the function that made them names.
public struct Quadrature: Sendable {
  public let nodes: [Double]
  public let weights: [Double]

  /// The nodes as a tensor of f64.
  public var points: Tensor { Tensor(nodes) }
  /// The weights as a tensor of f64.
  public var shares: Tensor { Tensor(weights) }

  /// The points of all combinations of several rules, a row for each, [N, d], and the products of their weights, [N].
  public static func product(_ rules: [Quadrature]) -> (points: Tensor, shares: Tensor) {
    var rows: [([Double], Double)] = [([], 1)]
    for rule in rules {
      rows = rows.flatMap { row in zip(rule.nodes, rule.weights).map { (row.0 + [$0], row.1 * $1) } }
    }
    let points = Tensor(rows.flatMap(\.0), shape: [rows.count, rules.count])
    return (points, Tensor(rows.map(\.1)))
  }
}

/// Gauss and Legendre's rule: ∫ f(x) dx over low...high, exact for polynomials up to the degree 2 n - 1.
public func gaussLegendre(_ n: Int, from low: Double = -1, to high: Double = 1) -> Quadrature {
  precondition(n > 0, "gaussLegendre of \(n) nodes; one at least is needed")
  let unit = gauss(n, total: 2) { k in Double(k) / (4 * Double(k) * Double(k) - 1).squareRoot() }
  let half = (high - low) / 2
  return Quadrature(nodes: unit.nodes.map { (low + high) / 2 + half * $0 }, weights: unit.weights.map { half * $0 })
}

/// Gauss and Hermite's rule: ∫ f(x) e^(-x²) dx over all numbers, exact for polynomials up to the degree 2 n - 1.
public func gaussHermite(_ n: Int) -> Quadrature {
  precondition(n > 0, "gaussHermite of \(n) nodes; one at least is needed")
  return gauss(n, total: Double.pi.squareRoot()) { k in (Double(k) / 2).squareRoot() }
}

/// Gauss and Hermite's rule for expectations: Σ weights f(nodes) is near E f(x) of a normal x with this mean and standard deviation.
public func gaussNormal(_ n: Int, mean: Double = 0, standardDeviation: Double = 1) -> Quadrature {
  let rule = gaussHermite(n)
  return Quadrature(
    nodes: rule.nodes.map { mean + standardDeviation * 2.0.squareRoot() * $0 },
    weights: rule.weights.map { $0 / Double.pi.squareRoot() })
}

/// Clenshaw and Curtis' rule: ∫ f(x) dx over low...high by the extrema of a Chebyshev polynomial, both ends among them; exact for
/// polynomials up to the degree n - 1. The nodes of 2 n - 1 are those of n and others between.
public func clenshawCurtis(_ n: Int, from low: Double = -1, to high: Double = 1) -> Quadrature {
  precondition(n > 0, "clenshawCurtis of \(n) nodes; one at least is needed")
  guard n > 1 else { return Quadrature(nodes: [(low + high) / 2], weights: [high - low]) }
  let last = n - 1, half = (high - low) / 2
  let angles = (0...last).map { Double.pi * Double($0) / Double(last) }
  let weights = angles.enumerated().map { place, angle in
    var sum = 1.0
    for k in stride(from: 1, through: last / 2, by: 1) {
      let term = 2 * cos(2 * Double(k) * angle) / (4 * Double(k) * Double(k) - 1)
      sum -= 2 * k == last ? term / 2 : term
    }
    return (place == 0 || place == last ? 1 : 2) * sum / Double(last) * half
  }
  return Quadrature(
    nodes: angles.reversed().map { (low + high) / 2 + half * cos($0) }, weights: weights.reversed())
}

/// The rule of the polynomials with p[k + 1] = (x p[k] - b[k] p[k - 1]) / b[k + 1], orthonormal but for a weight whose integral is
/// `total` and which is even: nodes are the eigenvalues of a tridiagonal matrix (Golub and Welsch, 1969), found by counting signs.
private func gauss(_ n: Int, total: Double, _ b: (Int) -> Double) -> Quadrature {
  let side = (1..<Swift.max(n, 2)).map(b)
  /// How many eigenvalues are less.
  func count(below x: Double) -> Int {
    var (count, pivot) = (0, 1.0)
    for k in 0..<n {
      pivot = -x - (k == 0 ? 0 : side[k - 1] * side[k - 1] / pivot)
      if pivot == 0 { pivot = -.leastNormalMagnitude }
      if pivot < 0 { count += 1 }
    }
    return count
  }
  let bound = 2 * (side.max() ?? 0) + 1
  var nodes = [Double](repeating: 0, count: n)
  for k in 0..<n / 2 {
    var (low, high) = (-bound, 0.0)
    while true {
      let middle = (low + high) / 2
      if middle == low || middle == high { break }
      if count(below: middle) > k { high = middle } else { low = middle }
    }
    // The rule is even.
    (nodes[k], nodes[n - 1 - k]) = (high, -high)
  }
  let weights = nodes.map { x in
    var (before, here, sum) = (0.0, 1.0, 1.0)
    for k in 1..<Swift.max(n, 1) {
      (before, here) = (here, (x * here - (k == 1 ? 0 : side[k - 2] * before)) / side[k - 1])
      sum += here * here
    }
    return total / sum
  }
  return Quadrature(nodes: nodes, weights: weights)
}
