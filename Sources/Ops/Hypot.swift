import DescentIR

/// Length of a point in the plane.
package struct Hypot: BinaryPointwise {
  package init() {}
  package static let name = "hypot"
  package static let documentation = "r = √(x² + y²)"
  package static let cost = 14
  package static func apply<T: Real>(_ x: T, _ y: T) -> T { T(Double.hypot(Double(x), Double(y))) }
  package static func element(_ x: Expression, _ y: Expression) -> Expression {
    .math("hypot", x, y, type: x.dtype)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let r = `where`(y .== 0, 1, y)
    return [dy * (x[0] / r), dy * (x[1] / r)]
  }
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Hypot(), [.init(real, [3, 5]), .init(real, [3, 5], 0.1...2)])]
  }
}

/// √(x² + y²) of each two elements, broadcast; no square over- or underflows. The derivatives at the origin are taken as 0.
public func hypot(_ x: Tensor, _ y: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Hypot(), x, y, at: SourceLocation(file, line))
}

/// √(x² + y²) for a number y.
public func hypot(
  _ x: Tensor, _ y: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise(Hypot(), x, y, at: SourceLocation(file, line))
}

/// √(x² + y²) for a number x.
public func hypot(
  _ x: some TensorScalar, _ y: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise(Hypot(), x, y, at: SourceLocation(file, line))
}
