// The density and the logarithms of the normal distribution. Its distribution function and quantiles are operations.

import DescentIR

/// The density of the normal distribution at each element, e^(-x²/2) / √(2π).
public func normalPDF(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    gaussian(x) * (1 / (2 * Double.pi).squareRoot())
  }
}

/// The logarithm of the normal distribution function at each element, also far below 0, where that function vanishes. It is computed
/// in f64.
public func normalLogCDF(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    let given = real(x, at: at)
    let x = converted(given, to: .f64, at: at)
    let isFar = x .< -30
    let (isPositive, near) = (x .> 0, `where`(isFar, -30, x))
    let tail = normalCDF(`where`(isPositive, -near, near))
    let above = log1p(`where`(isPositive, -tail, 0))
    let below = log(`where`(isPositive, 1, tail))
    let inside = `where`(isPositive, above, below)
    // The tail's asymptotic series, φ(x) / |x| · (1 - 1/x² + 3/x⁴ - …) (Abramowitz and Stegun, 26.2.12).
    let far = `where`(isFar, x, -30)
    let inverse = reciprocal(far)
    let w = inverse * inverse
    let series = w * polynomial(w, [-1, 3, -15, 105, -945, 10395])
    let rest = log(-far) + 0.9189385332046727 - log1p(series)
    let result = `where`(isFar, far * far * -0.5 - rest, inside)
    return converted(result, to: given.dtype, at: at)
  }
}
