// Arithmetic operators, with NumPy's broadcasting and with Swift numbers on either side, and how pointwise operations are
// applied to operands of different shapes and types.

import DescentIR

/// `x` repeated to `shape` by NumPy's rule: axes are matched from the last, an axis of size 1 stretches.
public func broadcast(_ x: Tensor, _ shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  broadcast(x, to: shape, at: SourceLocation(file, line))
}

/// The same within the library, where the place may be unknown: that of the call of an operator.
package func broadcast(_ x: Tensor, to shape: Shape, at location: SourceLocation?) -> Tensor {
  if x.shape == shape { return x }
  let lead = shape.rank - x.rank
  return .apply(Broadcast(shape: shape, axes: (0..<x.rank).map { $0 + lead }), [x], at: location)
}

/// Applies a pointwise operation of one operand, which is real where the operation wants that.
package func pointwise(_ op: any Op, _ x: Tensor, at location: SourceLocation? = nil) -> Tensor {
  .apply(op, joined([x], for: op, at: location), at: location)
}

/// Applies a pointwise operation of two operands in their common type and shape.
package func pointwise(_ op: any Op, _ a: Tensor, _ b: Tensor, at location: SourceLocation? = nil) -> Tensor {
  guard let shape = Shape.broadcast(a.shape, b.shape) else {
    let message = "\(op.name) of shapes \(a.shape) and \(b.shape), which do not broadcast to a common shape"
    return .fail(message, a, b, at: location)
  }
  let operands = joined([a, b], for: op, at: location)
  return .apply(op, operands.map { broadcast($0, to: shape, at: location) }, at: location)
}

/// The same with a number on the right.
package func pointwise(
  _ op: any Op, _ a: Tensor, _ b: some TensorScalar, at location: SourceLocation? = nil
) -> Tensor {
  let (x, number) = joined(a, b, for: op, at: location)
  return .apply(op, [x, broadcast(number, to: x.shape, at: location)], at: location)
}

/// The same with a number on the left.
package func pointwise(
  _ op: any Op, _ a: some TensorScalar, _ b: Tensor, at location: SourceLocation? = nil
) -> Tensor {
  let (x, number) = joined(b, a, for: op, at: location)
  return .apply(op, [broadcast(number, to: x.shape, at: location), x], at: location)
}

extension Tensor {
  /// A failed tensor, unless an operand has failed before: then that.
  package static func fail(_ message: String, _ operands: Tensor..., at location: SourceLocation?) -> Tensor {
    fail(message, operands, at: location)
  }
  package static func fail(_ message: String, _ operands: [Tensor], at location: SourceLocation?) -> Tensor {
    for operand in operands {
      if case .failure = operand.storage { return operand }
    }
    let error = DescentError(.type, message, at: SourceLocation.inForce(or: location))
    return Tensor(failure: error, type: operands[0].type)
  }
}

extension Tensor {
  public static func + (a: Tensor, b: Tensor) -> Tensor { pointwise(Add(), a, b) }
  public static func + (a: Tensor, b: some TensorScalar) -> Tensor { pointwise(Add(), a, b) }
  public static func + (a: some TensorScalar, b: Tensor) -> Tensor { pointwise(Add(), a, b) }
  public static func - (a: Tensor, b: Tensor) -> Tensor { pointwise(Subtract(), a, b) }
  public static func - (a: Tensor, b: some TensorScalar) -> Tensor { pointwise(Subtract(), a, b) }
  public static func - (a: some TensorScalar, b: Tensor) -> Tensor { pointwise(Subtract(), a, b) }
  public static func * (a: Tensor, b: Tensor) -> Tensor { pointwise(Multiply(), a, b) }
  public static func * (a: Tensor, b: some TensorScalar) -> Tensor { pointwise(Multiply(), a, b) }
  public static func * (a: some TensorScalar, b: Tensor) -> Tensor { pointwise(Multiply(), a, b) }
  public static prefix func - (a: Tensor) -> Tensor { pointwise(Negate(), a) }
}
