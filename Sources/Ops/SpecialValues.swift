// Functions that the C library lacks, in Double: what operations are evaluated with, by other methods than the emitted C's.

import Foundation

extension Double {
  /// The inverse error function: Newton's method from Winitzki's estimate (2008); above 1/2 on the logarithm of the complement,
  /// which is nearly a straight line of y².
  package static func erfinv(_ x: Double) -> Double {
    let (a, root) = (x.magnitude, 2 / Double.pi.squareRoot())
    guard a < 1 else { return a == 1 ? x * .infinity : .nan }
    if a < 1e-5 { return x / root * (1 + a * a * (Double.pi / 12)) }
    let l = Foundation.log1p(-a * a), c = 2 / (Double.pi * 0.147) + l / 2
    var y = ((c * c - l / 0.147).squareRoot() - c).squareRoot()
    for _ in 0..<6 {
      let (slope, q) = (root * Foundation.exp(-y * y), Foundation.erfc(y))
      y += a < 0.5 ? (a - Foundation.erf(y)) / slope : Foundation.log1p((q - (1 - a)) / (1 - a)) * q / slope
    }
    return x < 0 ? -y : y
  }

  /// The inverse of the normal distribution function, by Newton's method on its logarithm.
  package static func normalQuantile(_ p: Double) -> Double {
    let q = p > 0.5 ? 1 - p : p
    guard q > 0 else { return q == 0 ? (p > 0.5 ? .infinity : -.infinity) : .nan }
    if q > 0.25 { return 2.0.squareRoot() * erfinv(2 * (p - 0.5)) }
    let l = Foundation.log(q)
    var z = (-2 * l - Foundation.log1p(-2 * l)).squareRoot()
    for _ in 0..<8 {
      // Φ(-z) / φ(z); far out by its continued fraction (Abramowitz and Stegun, 26.2.14).
      let mills =
        z < 6
        ? normalCDF(-z) / gaussian(z) * (2 * Double.pi).squareRoot()
        : 1 / (1...60).reversed().reduce(z) { rest, k in z + Double(k) / rest }
      z += (Foundation.log(mills / (2 * Double.pi).squareRoot()) - z * z / 2 - l) * mills
    }
    return p > 0.5 ? z : -z
  }

  /// The digamma function by its recurrence from Taylor's series at 2, whose coefficients are ζ(k) - 1, or from 10 on by its
  /// asymptotic series (Abramowitz and Stegun, 6.3.14 and 6.3.18); below 0 by reflection.
  package static func digamma(_ x: Double) -> Double {
    if x.magnitude < 0x1p-60 { return -1 / x }
    if x.isInfinite { return x > 0 ? x : .nan }
    if x < 0 {
      let f = -x - (-x).rounded(.toNearestOrEven)
      return f == 0 ? .nan : digamma(-x) - 1 / x + Double.pi / Foundation.tan(Double.pi * f)
    }
    if x >= 10 {
      let w = 1 / (x * x)
      let terms: [Double] = [1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12]
      let series = terms.reversed().reduce(0.0) { sum, term in (sum + term) * w }
      return Foundation.log(x) - (0.5 / x + series)
    }
    var (y, rest) = (x, 0.0)
    while y >= 2.5 {
      y -= 1
      rest += 1 / y
    }
    while y < 1.5 {
      rest -= 1 / y
      y += 1
    }
    // y - 2, of which the sums above would have lost digits.
    let t = x >= 1.5 ? y - 2 : x >= 0.5 ? x - 1 : x
    let series = zetas.reversed().reduce(0.0) { sum, zeta in (zeta - sum) * t }
    return rest + (0.42278433509846713 + series)
  }

  /// ζ(k) - 1 for k from 2 on: Σ m^-k, of which Euler and Maclaurin's formula has the terms from 1000 on.
  private static let zetas: [Double] = (2...32).map { k in
    let n = 1000.0, s = Double(k)
    let rest = n / (s - 1) + 0.5 + s / (12 * n)
    return stride(from: n - 1, through: 2, by: -1).reduce(rest * Foundation.pow(n, -s)) { $0 + Foundation.pow($1, -s) }
  }
}
