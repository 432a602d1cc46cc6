// Functions made of the gamma function's logarithm, and the derivative of its derivative.

import DescentIR

/// The second derivative of ln Γ at each element, Σ 1 / (x + k)² over k = 0, 1, …; it has derivatives of any order.
public func trigamma(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let x = real(x, at: SourceLocation(file, line))
    let isReflected = x .<= 0
    let y = `where`(isReflected, 1 - x, x)
    func squaredInverse(_ x: Tensor) -> Tensor { square(reciprocal(x)) }
    // Twelve terms, the small ones first, and Euler and Maclaurin's formula for the rest (Abramowitz and Stegun, 6.4.12).
    let steps = 12
    let v = reciprocal(y + steps)
    let w = square(v)
    let bernoulli: [Double] = [1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6]
    let rest = w * 0.5 + v * w * polynomial(w, bernoulli)
    let most = (1..<steps).reversed().reduce(rest) { $0 + squaredInverse(y + $1) }
    let sum = squaredInverse(y) + (v + most)
    // The derivative of a whole number is 0, so that of x stays.
    let turn = `where`(isReflected, x - round(x), 0.5) * Double.pi
    let reflected = squaredInverse(sin(turn)) * (Double.pi * Double.pi) - sum
    return `where`(isReflected, reflected, sum)
  }
}

/// ln B(a, b) = ln Γ(a) + ln Γ(b) - ln Γ(a + b) of each two elements, broadcast; NaN where one is negative. Logarithms that would
/// cancel are taken together (Didonato and Morris, ACM TOMS 708, 1992).
public func betaln(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    let isFirst = pointwise(Compare(.gt), a, b, at: at)
    let large = real(`where`(isFirst, a, b), at: at)
    let small = real(`where`(isFirst, b, a), at: at)
    // B(a, b) = B(a, b + 10) times the product of the (a + b + i) / (b + i), so that the greater of the two is at least 10.
    let isLarge = large .>= 10, areLarge = small .>= 10
    let lower = `where`(isLarge, 1, large)
    let lowest = `where`(isLarge, 1, small)
    let factors = (0..<10).map { $0 == 0 ? lower : lower + $0 }
    let product = factors.dropFirst().reduce((lowest + lower) / lower) { $0 * ((lowest + $1) / $1) }
    let steps = `where`(isLarge, 0, log(product))
    // ln Γ(m) - ln Γ(m + small) by Stirling's series, and where both are large ln Γ(small) by it too.
    let m = `where`(isLarge, large, large + 10), logM = log(m)
    let fold = log1p(small / m)
    let rest = stirlingRest(m) - stirlingRest(m + small)
    let little = lgamma(`where`(areLarge, 1, small))
    let one = little + (small * (1 - logM) - (small + m - 0.5) * fold + steps) + rest
    let n = `where`(areLarge, small, 10)
    let twice = log1p(m / n) * (n - 0.5) + m * fold + logM * 0.5
    let both = 0.9189385332046727 - twice + (rest + stirlingRest(n))
    let result = `where`(areLarge, both, one)
    let inside = `where`(isInfinite(large), -Double.infinity, result)
    return `where`(small .< 0, Double.nan, inside)
  }
}

/// ln Γ(x) less (x - 1/2) ln x - x + ln(2π)/2, for x ≥ 10 (Abramowitz and Stegun, 6.1.41).
private func stirlingRest(_ x: Tensor) -> Tensor {
  let v = reciprocal(x)
  let w = square(v)
  return v * polynomial(w, [1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156])
}

/// c₀ + c₁ x + c₂ x² + … of at least two coefficients, by Horner's rule.
package func polynomial(_ x: Tensor, _ c: [Double]) -> Tensor {
  c.dropLast(2).reversed().reduce(x * c[c.count - 1] + c[c.count - 2]) { $0 * x + $1 }
}
