// Quadrature, chains, splines and Chebyshev polynomials against closed forms, NumPy, SciPy and quantecon's examples.

import Descent
import DescentEconomics
import Foundation
import Testing

@Suite struct EconomicsTests {
  @Test(arguments: [1, 2, 3, 5, 10, 33, 64]) func rulesAreExactForPolynomials(_ n: Int) {
    let (legendre, hermite, normal) = (gaussLegendre(n, from: 0, to: 2), gaussHermite(n), gaussNormal(n))
    let clenshaw = clenshawCurtis(n, from: 0, to: 2)
    func sum(_ rule: Quadrature, _ power: Int) -> Double {
      zip(rule.nodes, rule.weights).reduce(0) { $0 + $1.1 * pow($1.0, Double(power)) }
    }
    for power in 0..<min(2 * n, 20) {
      let integral = pow(2, Double(power + 1)) / Double(power + 1)
      #expect(abs(sum(legendre, power) / integral - 1) < 1e-13, "\(power)")
      if power < n { #expect(abs(sum(clenshaw, power) / integral - 1) < 1e-13, "\(power)") }
      // (k - 1)!! of a normal number.
      func even(_ power: Int) -> Double { stride(from: power - 1, to: 0, by: -2).reduce(1) { $0 * Double($1) } }
      let moment = power % 2 == 1 ? 0 : even(power)
      // Terms are as large as an even moment.
      #expect(abs(sum(normal, power) - moment) < 1e-13 * even(power + power % 2), "\(power)")
    }
    #expect(abs(sum(hermite, 0) - Double.pi.squareRoot()) < 1e-13)
  }
  /// numpy.polynomial.hermite.hermgauss(5), legendre.leggauss(4).
  @Test func nodesAreNumPys() {
    let hermite = gaussHermite(5)
    let nodes = [-2.020182870456086, -0.9585724646138185, 0, 0.9585724646138185, 2.020182870456086]
    let weights = [
      0.01995324205904592, 0.39361932315224096, 0.9453087204829418, 0.39361932315224096, 0.01995324205904592,
    ]
    for (x, y) in zip(hermite.nodes + hermite.weights, nodes + weights) { #expect(abs(x - y) < 1e-15) }
    let (points, shares) = Quadrature.product([gaussNormal(3), gaussLegendre(2, from: 0, to: 1)])
    #expect(points.shape == [6, 2] && shares.shape == [6])
  }

  @Test func chainsHaveTheMomentsOfTheirProcesses() throws {
    for (n, rho, sigma) in [(2, 0.5, 0.1), (7, 0.9, 0.2), (15, 0.99, 0.01)] {
      let chain = rouwenhorst(n, rho: rho, sigma: sigma, mean: 1)
      let p = try chain.stationary.doubles, x = try chain.states.doubles,
        rows: [[Double]] = try chain.transition.array()
      #expect(rows.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-13 } && abs(p.reduce(0, +) - 1) < 1e-12)
      let mean = zip(p, x).reduce(0) { $0 + $1.0 * $1.1 }
      let variance = zip(p, x).reduce(0) { $0 + $1.0 * pow($1.1 - mean, 2) }
      #expect(abs(mean - 1) < 1e-10 && abs(variance / (sigma * sigma / (1 - rho * rho)) - 1) < 1e-9)
      for (row, x0) in zip(rows, x) {
        let next = zip(row, x).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(next - (1 - rho) - rho * x0) < 1e-12)
      }
    }
    // quantecon.markov.tauchen(3, 0.9, 0.1, 0, 3): the first row.
    let chain = tauchen(3, rho: 0.5, sigma: 1)
    let rows: [[Double]] = try chain.transition.array()
    let edge = 3 / 0.75.squareRoot() / 2, phi = { (x: Double) in 0.5 * erfc(-x / 2.0.squareRoot()) }
    #expect(abs(rows[1][0] - phi(-edge)) < 1e-15 && abs(rows[0][0] - phi(-edge + 0.5 * 2 * edge)) < 1e-15)
    let path = try rouwenhorst(5, rho: 0.8, sigma: 1).simulate(20_000, from: 2, key: RandomKey(seed: 1)).value.ints
    #expect(path.count == 20_001 && path[0] == 2 && path.allSatisfy { (0..<5).contains($0) })
    // Binomial shares 1, 4, 6, 4, 1 of 16.
    for (state, share) in [1, 4, 6, 4, 1].enumerated() {
      #expect(abs(Double(path.count { $0 == state }) / 20_001 - Double(share) / 16) < 0.03)
    }
  }

  @Test func splinesAndPolynomialsFollowSmoothFunctions() throws {
    let x = Tensor([0.0, 0.3, 1, 1.4, 2.2, 3]), points = linspace(0, 3, count: 50, dtype: .f64)
    // A cubic is its own not-a-knot spline, and a line its own natural one.
    let cubic: @Sendable (Tensor) -> Tensor = { x in x * x * x - 2 * x * x + 0.5 }
    let error = try abs(CubicSpline(x, cubic(x))(points) - cubic(points)).doubles.max()!
    #expect(error < 1e-13)
    #expect(try abs(CubicSpline(x, 2 * x - 1, ends: .natural)(points) - (2 * points - 1)).doubles.max()! < 1e-14)
    // scipy.interpolate.CubicSpline([0, 1, 2, 3], [0, 1, 0, 1], bc_type="natural")(0.5) and (1.5).
    let natural = CubicSpline(Tensor([0.0, 1, 2, 3]), Tensor([0.0, 1, 0, 1]), ends: .natural)
    for (value, wanted) in zip(try natural(Tensor([0.5, 1.5])).doubles, [0.75, 0.5]) {
      #expect(abs(value - wanted) < 1e-14)
    }
    let slope = try grad { (y: Tensor) in sum(CubicSpline(x, y)(points)) }(cubic(x)).doubles
    #expect(slope.allSatisfy(\.isFinite) && abs(slope.reduce(0, +) - 50) < 1e-10)

    let nodes = Chebyshev.nodes(20, from: 0, to: 3)
    let f = Chebyshev(values: exp(nodes), from: 0, to: 3)
    #expect(try abs(f(points) - exp(points)).doubles.max()! < 1e-13)
    let derivative = try compile { (x: Tensor) in grad { (x: Tensor) in sum(f(x)) }(x) }(points)
    #expect(try abs(derivative - exp(points)).doubles.max()! < 1e-10)
  }
}
