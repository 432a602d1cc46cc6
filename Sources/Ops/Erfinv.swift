import DescentIR

/// Inverse error function.
package struct Erfinv: UnaryPointwise {
  package init() {}
  package static let name = "erfinv"
  package static let documentation = "y with erf y = x, NaN outside -1...1"
  package static let cost = 70
  package static func apply<T: Real>(_ x: T) -> T { T(Double.erfinv(Double(x))) }
  package static func element(_ x: Expression) -> Expression { .math("erfinv", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    // √π/2 e^(y²).
    let bell = gaussian(y)
    return [dy / (bell * bell) * (Double.pi.squareRoot() / 2)]
  }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Erfinv(), [.init(real, [3, 5], -0.9...0.9)])] }
}

/// The number whose error function each element is; ±∞ of ±1, NaN outside.
public func erfinv(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Erfinv(), x, at: SourceLocation(file, line))
}
