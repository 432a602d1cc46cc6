import DescentIR

/// Absolute value.
package struct Abs: UnaryArithmetic {
  package init() {}
  package static let name = "abs"
  package static let documentation = "y = |x|; that of the least integer is itself"
  package static let cost = 1
  package static func apply<T: Real>(_ x: T) -> T { x.magnitude }
  package static func apply(_ x: Int) -> Int { x < 0 ? 0 &- x : x }
  package static func element(_ x: Expression) -> Expression {
    switch x.dtype {
    case .u8, .bool: x
    case .i32, .i64: .whole("abs", x, type: x.dtype)
    case .f32, .f64: .math("abs", x, type: x.dtype)
    }
  }
  /// At 0 the derivative is taken as 0, the middle of the subgradients.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [dy * sign(x[0])] }
  /// On both sides of the kink at 0 and away from it.
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Abs(), [.init(real, [3, 5], 0.1...2)]), Sample(Abs(), [.init(real, [7], -2 ... -0.1)])]
      + [DType.i32, .i64, .u8].map { Sample(Abs(), [.init($0, [3, 5], -9...9)]) }
  }
}

/// The absolute value of each element; its derivative at 0 is taken as 0.
public func abs(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Abs(), x, at: SourceLocation(file, line))
}
