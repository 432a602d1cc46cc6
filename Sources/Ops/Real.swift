// The floating-point functions that operations are evaluated with, for Float and Double alike.

import DescentIR
import Foundation

/// A floating-point element type with the elementary functions of the C library.
package protocol Real: Element, BinaryFloatingPoint {
  static func exp(_ x: Self) -> Self
  static func expm1(_ x: Self) -> Self
  static func log(_ x: Self) -> Self
  static func log1p(_ x: Self) -> Self
  static func sin(_ x: Self) -> Self
  static func cos(_ x: Self) -> Self
  static func tanh(_ x: Self) -> Self
  static func erf(_ x: Self) -> Self
  static func pow(_ x: Self, _ y: Self) -> Self
  /// e^(-x²/2).
  static func gaussian(_ x: Self) -> Self
  /// The distribution function of the normal distribution.
  static func normalCDF(_ x: Self) -> Self
}

extension Float: Real {
  package static func exp(_ x: Float) -> Float { Foundation.expf(x) }
  package static func expm1(_ x: Float) -> Float { Foundation.expm1f(x) }
  package static func log(_ x: Float) -> Float { Foundation.logf(x) }
  package static func log1p(_ x: Float) -> Float { Foundation.log1pf(x) }
  package static func sin(_ x: Float) -> Float { Foundation.sinf(x) }
  package static func cos(_ x: Float) -> Float { Foundation.cosf(x) }
  package static func tanh(_ x: Float) -> Float { Foundation.tanhf(x) }
  package static func erf(_ x: Float) -> Float { Foundation.erff(x) }
  package static func pow(_ x: Float, _ y: Float) -> Float { Foundation.powf(x, y) }
  package static func gaussian(_ x: Float) -> Float { Float(Foundation.exp(-0.5 * Double(x) * Double(x))) }
  package static func normalCDF(_ x: Float) -> Float { Float(0.5 * Foundation.erfc(-Double(x) * 0.5.squareRoot())) }
}

extension Double: Real {
  package static func exp(_ x: Double) -> Double { Foundation.exp(x) }
  package static func expm1(_ x: Double) -> Double { Foundation.expm1(x) }
  package static func log(_ x: Double) -> Double { Foundation.log(x) }
  package static func log1p(_ x: Double) -> Double { Foundation.log1p(x) }
  package static func sin(_ x: Double) -> Double { Foundation.sin(x) }
  package static func cos(_ x: Double) -> Double { Foundation.cos(x) }
  package static func tanh(_ x: Double) -> Double { Foundation.tanh(x) }
  package static func erf(_ x: Double) -> Double { Foundation.erf(x) }
  package static func pow(_ x: Double, _ y: Double) -> Double { Foundation.pow(x, y) }
  /// What rounding x² lost is put back, for it is multiplied by half of x²; from |x| = 39 on the result is 0.
  package static func gaussian(_ x: Double) -> Double {
    let a = Swift.min(Swift.abs(x), 40)
    let square = a * a
    return x.isNaN ? x : Foundation.exp(-0.5 * square) * (1 - 0.5 * (-square).addingProduct(a, a))
  }
  /// erfc(t) / 2 with t = -x/√2 as a sum of two numbers, for its relative error is multiplied by x².
  package static func normalCDF(_ x: Double) -> Double {
    let root = 0.5.squareRoot()
    let a = Swift.max(-40, Swift.min(x, 40))
    let t = -a * root
    // √½ less the double nearest to it.
    let lost = t.addingProduct(a, root) + a * -4.833646656726457e-17
    return x.isNaN ? x : 0.5 * Foundation.erfc(t) + lost * Foundation.exp(-t * t) / Double.pi.squareRoot()
  }
}

// What operations take in Double alone, whose results are rounded once more to Float.
extension Double {
  package static func tan(_ x: Double) -> Double { Foundation.tan(x) }
  package static func asin(_ x: Double) -> Double { Foundation.asin(x) }
  package static func acos(_ x: Double) -> Double { Foundation.acos(x) }
  package static func atan(_ x: Double) -> Double { Foundation.atan(x) }
  package static func sinh(_ x: Double) -> Double { Foundation.sinh(x) }
  package static func cosh(_ x: Double) -> Double { Foundation.cosh(x) }
  package static func asinh(_ x: Double) -> Double { Foundation.asinh(x) }
  package static func acosh(_ x: Double) -> Double { Foundation.acosh(x) }
  package static func atanh(_ x: Double) -> Double { Foundation.atanh(x) }
  package static func exp2(_ x: Double) -> Double { Foundation.exp2(x) }
  package static func log2(_ x: Double) -> Double { Foundation.log2(x) }
  package static func log10(_ x: Double) -> Double { Foundation.log10(x) }
  package static func cbrt(_ x: Double) -> Double { Foundation.cbrt(x) }
  package static func erfc(_ x: Double) -> Double { Foundation.erfc(x) }
  package static func lgamma(_ x: Double) -> Double { Foundation.lgamma(x).0 }
  package static func atan2(_ y: Double, _ x: Double) -> Double { Foundation.atan2(y, x) }
  package static func hypot(_ x: Double, _ y: Double) -> Double { Foundation.hypot(x, y) }
}
