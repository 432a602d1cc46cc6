// What an operation must say of itself. One operation, one file in Sources/Ops; no rule has a default there.

/// One operation, a function of tensors to a tensor: a value with attributes, and all the rules of its kind.
package protocol Op: NodeOp {
  /// Small operands on which the generic laws are tried; `real` is the floating type to use.
  static func samples(_ real: DType) -> [Sample]

  /// The type of the result; throws a `DescentError` that names the shapes where the operands do not fit.
  func resultType(_ operands: [TensorType]) throws -> TensorType
  /// The vector-Jacobian product: for each operand `dy · ∂y/∂x`, nil where it is zero or the operand has no gradient.
  func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?]
  /// The result's value. Operands have been checked by `resultType`, whose answer is `type`.
  func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray
  /// The operation on operands of which some carry a batch axis in front (`batched`); the result carries it in front.
  func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor
  /// The loops, given the operands' types.
  func lowering(_ operands: [TensorType]) -> Lowering
}

extension Op {
  package var kind: NodeKind { .operation(self) }
  package func result(_ operands: [NodeResult]) throws -> NodeResult { .tensor(try checkedType(try tensors(operands))) }

  /// `resultType`, refused where no array can be of that type.
  package func checkedType(_ operands: [TensorType]) throws -> TensorType { try checked(try resultType(operands)) }
}

/// An operation that gives its first operand: what else it says concerns transforms alone, and passes drop it.
package protocol Transparent: Op {}

/// An operation that gives its first operand and does something besides: it is done whether or not the result is used, as often
/// as it is stated, and in the order of the program.
package protocol Effect: Op {}

extension NodeOp {
  /// Whether it is not to be left out: an effect, or a loop over one.
  package var hasEffect: Bool {
    if case .loop(let form) = kind { return form.body.nodes.contains { $0.op.hasEffect } }
    return self is any Effect
  }
}

/// An operation without attributes.
package protocol AttributeFreeOp: Op { init() }
extension AttributeFreeOp {
  package init(_ attributes: Attributes) throws { self.init() }
  package var attributes: Attributes { [:] }
}

/// An operation with operands on which the generic laws are tried.
package struct Sample: Sendable {
  /// A type and the range that random values are drawn from.
  package struct Operand: Sendable {
    package var type: TensorType
    package var range: ClosedRange<Double>
    /// What is added to the diagonal of each matrix: so many times 1, 2, 3, …
    package var diagonal: Double
    package init(_ dtype: DType, _ shape: Shape, _ range: ClosedRange<Double> = -2...2, diagonal: Double = 0) {
      type = TensorType(dtype, shape)
      self.range = range
      self.diagonal = diagonal
    }
    /// What is added to the element at a row-major position.
    package func shift(_ element: Int) -> Double {
      guard diagonal != 0 else { return 0 }
      let (row, column) = (element / type.shape[-1] % type.shape[-2], element % type.shape[-1])
      return row == column ? diagonal * Double(row + 1) : 0
    }
  }
  package var op: any Op
  package var operands: [Operand]
  package init(_ op: any Op, _ operands: [Operand]) {
    self.op = op
    self.operands = operands
  }
}
