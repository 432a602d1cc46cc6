import DescentIR

/// Sign: -1, 0 or 1.
package struct Sign: UnaryArithmetic {
  package init() {}
  package static let name = "sign"
  package static let documentation = "y = -1 where x < 0, 1 where x > 0, else x (a zero or NaN)"
  package static let cost = 1
  package static func apply<T: Real>(_ x: T) -> T { x > 0 ? 1 : x < 0 ? -1 : x }
  package static func apply(_ x: Int) -> Int { x.signum() }
  package static func element(_ x: Expression) -> Expression {
    switch x.dtype {
    case .u8, .bool: .cast(.u8, .infix(.notEqual, x, .number(0, x.dtype)))
    case .i32, .i64: .whole("sign", x, type: x.dtype)
    case .f32, .f64: .math("sign", x, type: x.dtype)
    }
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [nil] }
  /// On both sides of the step at 0 and away from it.
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Sign(), [.init(real, [3, 5], 0.1...2)]), Sample(Sign(), [.init(real, [7], -2 ... -0.1)])]
      + [DType.i32, .i64, .u8].map { Sample(Sign(), [.init($0, [3, 5], -9...9)]) }
  }
}

/// The sign of each element: -1, 0 or 1, and NaN of NaN; its derivative is 0.
public func sign(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Sign(), x, at: SourceLocation(file, line))
}
