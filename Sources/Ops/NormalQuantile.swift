import DescentIR

/// Inverse of the normal distribution function.
package struct NormalQuantile: UnaryPointwise {
  package init() {}
  package static let name = "normalQuantile"
  package static let documentation = "y with Φ(y) = x, NaN outside 0...1"
  package static let cost = 70
  package static func apply<T: Real>(_ x: T) -> T { T(Double.normalQuantile(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("normal_quantile", x, type: x.dtype) }
  /// 1 / φ(y), whose error would be that of y times y²; so it is taken times Φ(-|y|) over what that should be.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let (tail, right) = (normalCDF(-abs(y)), `where`(x[0] .> 0.5, 1 - x[0], x[0]))
    let ratio = `where`(tail .> 0, tail / right, 1)
    return [dy * ratio / gaussian(y) * (2 * Double.pi).squareRoot()]
  }
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(NormalQuantile(), [.init(real, [3, 5], 0.05...0.95)])]
  }
}

/// The number below which the normal distribution has the probability that each element is; -∞ of 0, ∞ of 1, NaN outside.
public func normalQuantile(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(NormalQuantile(), x, at: SourceLocation(file, line))
}
