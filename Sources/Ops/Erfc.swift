import DescentIR

/// Complementary error function.
package struct Erfc: UnaryPointwise {
  package init() {}
  package static let name = "erfc"
  package static let documentation = "y = 1 - erf x = 2/√π ∫_x^∞ e^(-t²) dt"
  package static let cost = 40
  package static func apply<T: Real>(_ x: T) -> T { T(Double.erfc(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("erfc", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let bell = gaussian(x[0])
    return [-(dy * (bell * bell * (2 / Double.pi.squareRoot())))]
  }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Erfc(), [.init(real, [3, 5])])] }
}

/// The complement of the error function, 1 - erf(x), of each element; small results have all their digits.
public func erfc(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Erfc(), x, at: SourceLocation(file, line))
}
