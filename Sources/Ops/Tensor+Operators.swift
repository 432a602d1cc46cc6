// Arithmetic and comparison operators, with NumPy's broadcasting and with Swift numbers on either side.

import DescentIR

/// A Swift number that may stand beside a tensor; it takes on the tensor's element type.
public protocol TensorScalar { var scalarValue: Double { get } }
extension Float: TensorScalar { public var scalarValue: Double { Double(self) } }
extension Double: TensorScalar { public var scalarValue: Double { self } }
extension Int: TensorScalar { public var scalarValue: Double { Double(self) } }

/// A tensor of `type` filled with one number.
package func filled(_ value: Double, _ type: TensorType) -> Tensor {
  broadcast(scalar(value, type.dtype), to: type.shape, at: nil)
}

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

/// Applies a pointwise operation of two operands after broadcasting each to the common shape.
package func pointwise(_ op: any Op, _ a: Tensor, _ b: Tensor, at location: SourceLocation? = nil) -> Tensor {
  guard let shape = Shape.broadcast(a.shape, b.shape) else {
    let message = "\(op.name) of shapes \(a.shape) and \(b.shape), which do not broadcast to a common shape"
    return .fail(message, a, b, at: location)
  }
  guard a.dtype == b.dtype else {
    return .fail(
      "\(op.name) of \(a.type) and \(b.type): convert one to the element type of the other", a, b, at: location)
  }
  return .apply(op, [broadcast(a, to: shape, at: location), broadcast(b, to: shape, at: location)], at: location)
}

extension Tensor {
  /// A failed tensor, unless an operand has failed before: then that.
  package static func fail(_ message: String, _ operands: Tensor..., at location: SourceLocation?) -> Tensor {
    for operand in operands {
      if case .failure = operand.storage { return operand }
    }
    let at = location ?? Trace.current?.location
    return Tensor(failure: DescentError(.type, message, at: at), type: operands[0].type)
  }
}

extension Tensor {
  public static func + (a: Tensor, b: Tensor) -> Tensor { pointwise(Add(), a, b) }
  public static func + (a: Tensor, b: some TensorScalar) -> Tensor {
    pointwise(Add(), a, filled(b.scalarValue, a.type))
  }
  public static func + (a: some TensorScalar, b: Tensor) -> Tensor {
    pointwise(Add(), filled(a.scalarValue, b.type), b)
  }
  public static func - (a: Tensor, b: Tensor) -> Tensor { pointwise(Subtract(), a, b) }
  public static func - (a: Tensor, b: some TensorScalar) -> Tensor {
    pointwise(Subtract(), a, filled(b.scalarValue, a.type))
  }
  public static func - (a: some TensorScalar, b: Tensor) -> Tensor {
    pointwise(Subtract(), filled(a.scalarValue, b.type), b)
  }
  public static func * (a: Tensor, b: Tensor) -> Tensor { pointwise(Multiply(), a, b) }
  public static func * (a: Tensor, b: some TensorScalar) -> Tensor {
    pointwise(Multiply(), a, filled(b.scalarValue, a.type))
  }
  public static func * (a: some TensorScalar, b: Tensor) -> Tensor {
    pointwise(Multiply(), filled(a.scalarValue, b.type), b)
  }
  public static prefix func - (a: Tensor) -> Tensor { .apply(Negate(), [a]) }
}
