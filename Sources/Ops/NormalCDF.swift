import DescentIR

/// Distribution function of the normal distribution.
package struct NormalCDF: UnaryPointwise {
  package init() {}
  package static let name = "normalCDF"
  package static let documentation = "y = Φ(x) = 1/√(2π) ∫_-∞^x e^(-t²/2) dt"
  package static let cost = 22
  package static func apply<T: Real>(_ x: T) -> T { T.normalCDF(x) }
  package static func element(_ x: Expression) -> Expression { .math("normal_cdf", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    [dy * (gaussian(x[0]) * (1 / (2 * Double.pi).squareRoot()))]
  }
  package static func samples(_ real: DType) -> [Sample] { [Sample(NormalCDF(), [.init(real, [3, 5], -4...4)])] }
}

/// The distribution function Φ of the normal distribution at each element; small results have all their digits, as those of
/// (1 + erf(x/√2)) / 2 have not.
public func normalCDF(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(NormalCDF(), x, at: SourceLocation(file, line))
}
