import DescentIR

/// Product in which a weight of 0 leaves nothing of what is weighed.
package struct Weigh: BinaryPointwise {
  package init() {}
  package static let name = "weigh"
  package static let documentation = "y = w x, and 0 where w is 0, whatever x is"
  package static let cost = 3
  package static func apply<T: Real>(_ w: T, _ x: T) -> T { w == 0 ? 0 : w * x }
  package static func element(_ w: Expression, _ x: Expression) -> Expression {
    let zero = Expression.number(0, w.dtype)
    return .choice(.truth(.equal, w, zero), zero, .infix(.multiply, w, x))
  }
  /// That of the weight is x where the weight is 0 too.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [weigh(dy, x[1]), weigh(x[0], dy)] }
  package static func samples(_ real: DType) -> [Sample] {
    // Each number is drawn from its whole range, 0 among them with probability 0.
    [
      Sample(Weigh(), [.init(real, [2, 3]), .init(real, [2, 3])]),
      Sample(Weigh(), [.init(real, [3], 0...0), .init(real, [3])]),
    ]
  }
}

/// w x, and 0 where the weight w is 0: what it leaves out may be anything, even infinite or NaN. The derivatives are those of the
/// product, x by the weight; so a weight learns from what it leaves out.
package func weigh(_ w: Tensor, _ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise(Weigh(), w, x, at: SourceLocation(file, line))
}
