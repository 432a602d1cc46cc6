// Autoregressions as chains of a few states, and what chains do.

import Descent
import Foundation

/// A chain of states: row i of `transition` has the probabilities of what follows state i.
public struct MarkovChain: ParameterTree {
  /// The states' values [n].
  public var states: Tensor
  /// [n, n], the rows of which sum to 1.
  public var transition: Tensor

  public init(states: Tensor, transition: Tensor) { (self.states, self.transition) = (states, transition) }

  /// The distribution [n] that a step leaves as it is; the chain must have one alone.
  public var stationary: Tensor {
    let n = transition.shape[0]
    // (Pᵀ - I) p = 0, the last equation replaced by Σ p = 1.
    var system = transpose(transition) - eye(n, dtype: transition.dtype)
    system[n - 1] = ones([n], dtype: transition.dtype)
    return solve(system, zeros([n], dtype: transition.dtype).at[n - 1].set(1))
  }

  /// The numbers (i32) of the states that `count` steps after state `start` go through, `start` the first of count + 1.
  public func simulate(_ count: Int, from start: Int, key: RandomKey) -> Tensor {
    let sums = cumsum(transition), n = transition.shape[0]
    let draws = uniform([count], key: key, dtype: transition.dtype)
    let (_, numbers) = scan(Tensor(Int32(start)), over: draws) { (state: Tensor, draw: Tensor) in
      // Rounding may leave the last sum below 1.
      let next = minimum(sum(convert(sums[state] .<= draw, to: .i32)), n - 1)
      return (next, next)
    }
    return concatenate([Tensor([Int32(start)]), numbers])
  }
}

/// x' = (1 - ρ) μ + ρ x + σ ε with normal ε as a chain of n states that are as far apart, from `width` standard deviations of x below
/// its mean to as many above (Tauchen, Finite state Markov-chain approximations, 1986). In f64.
public func tauchen(_ n: Int, rho: Double, sigma: Double, mean: Double = 0, width: Double = 3) -> MarkovChain {
  precondition(n > 1 && abs(rho) < 1 && sigma > 0, "tauchen of \(n) states with ρ = \(rho) and σ = \(sigma)")
  let spread = width * sigma / (1 - rho * rho).squareRoot(), step = 2 * spread / Double(n - 1)
  let states = (0..<n).map { -spread + step * Double($0) }
  func below(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
  let rows = states.map { x in
    (0..<n).map { k -> Double in
      let upper = k == n - 1 ? 1 : below((states[k] + step / 2 - rho * x) / sigma)
      let lower = k == 0 ? 0 : below((states[k] - step / 2 - rho * x) / sigma)
      return upper - lower
    }
  }
  return MarkovChain(states: Tensor(states.map { $0 + mean }), transition: Tensor(rows))
}

/// The same with the variance and the autocorrelation of x exactly, also where ρ is near 1 (Rouwenhorst, 1995). In f64.
public func rouwenhorst(_ n: Int, rho: Double, sigma: Double, mean: Double = 0) -> MarkovChain {
  precondition(n > 1 && abs(rho) < 1 && sigma > 0, "rouwenhorst of \(n) states with ρ = \(rho) and σ = \(sigma)")
  let spread = sigma * (Double(n - 1) / (1 - rho * rho)).squareRoot(), p = (1 + rho) / 2
  var rows = [[p, 1 - p], [1 - p, p]]
  for size in stride(from: 3, through: n, by: 1) {
    var next = [[Double]](repeating: [Double](repeating: 0, count: size), count: size)
    for i in 0..<size - 1 {
      for j in 0..<size - 1 {
        next[i][j] += p * rows[i][j]
        next[i][j + 1] += (1 - p) * rows[i][j]
        next[i + 1][j] += (1 - p) * rows[i][j]
        next[i + 1][j + 1] += p * rows[i][j]
      }
    }
    // The rows within got two shares of each.
    for i in 1..<size - 1 { next[i] = next[i].map { $0 / 2 } }
    rows = next
  }
  let states = (0..<n).map { mean - spread + 2 * spread * Double($0) / Double(n - 1) }
  return MarkovChain(states: Tensor(states), transition: Tensor(rows))
}
