import DescentIR

/// Error function.
package struct Erf: UnaryPointwise {
  package init() {}
  package static let name = "erf"
  package static let documentation = "y = 2/√π ∫_0^x e^(-t²) dt"
  package static let cost = 14
  package static func apply<T: Real>(_ x: T) -> T { T.erf(x) }
  package static func element(_ x: Expression) -> Expression { .math("erf", x, type: x.dtype) }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let bell = gaussian(x[0])
    return [dy * (bell * bell * (2 / Double.pi.squareRoot()))]
  }
  package static func samples(_ real: DType) -> [Sample] { [Sample(Erf(), [.init(real, [3, 5])])] }
}

/// The error function of each element, 2/√π ∫_0^x e^(-t²) dt.
public func erf(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Erf(), x, at: SourceLocation(file, line))
}
