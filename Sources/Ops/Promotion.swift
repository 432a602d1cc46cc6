// How numbers of different types meet: the rule of JAX and NumPy, in this one place.
// Takes operands as they come; gives them in the type in which they meet, or a failed tensor where it has no such number.
//
// - The types are a chain, bool < u8 < i32 < i64 < f32 < f64; two tensors meet in the later of their types.
// - A Swift `Int` takes on the type of the tensor beside it (beside bool it is i64), and must be one of its numbers; a Swift
//   `Float` or `Double` takes on a floating type, and makes f32 of any other.
// - What is defined on real numbers (quotients, means, exponentials) takes f32 for any type that is not floating.
// - A sum of many numbers of u8 or bool is of i64.
// - A comparison with a Swift number is one with that very number, also where the tensor's type does not have it
//   (`Compare.swift`).

import DescentIR

/// A Swift number that may stand beside a tensor.
public protocol TensorScalar { var number: ScalarNumber { get } }

/// A Swift number with all its digits.
public enum ScalarNumber: Sendable, Hashable, CustomStringConvertible {
  case integer(Int)
  case real(Double)

  public var description: String {
    switch self {
    case .integer(let n): "\(n)"
    case .real(let x): "\(x)"
    }
  }
}

extension Float: TensorScalar { public var number: ScalarNumber { .real(Double(self)) } }
extension Double: TensorScalar { public var number: ScalarNumber { .real(self) } }
extension Int: TensorScalar { public var number: ScalarNumber { .integer(self) } }
extension ScalarNumber: TensorScalar { public var number: ScalarNumber { self } }

/// An operation of real numbers: other types come to it as f32.
package protocol RealOperation: Op {}

extension DType {
  /// The type in which this one and another meet.
  package func joined(with other: DType) -> DType {
    let chain: [DType] = [.bool, .u8, .i32, .i64, .f32, .f64]
    return chain.last { $0 == self || $0 == other }!
  }
  /// The type in which tensors of this one and a Swift number meet.
  package func joined(with number: ScalarNumber) -> DType {
    switch number {
    case .real: real
    case .integer: self == .bool ? .i64 : self
    }
  }
  /// The floating type that stands for this one under operations of real numbers.
  package var real: DType { isFloating ? self : .f32 }
  /// The type of a sum of many numbers of this one.
  package var summed: DType { self == .u8 || self == .bool ? .i64 : self }

  /// The integers of a type that is not floating.
  package var integers: ClosedRange<Int>? {
    switch self {
    case .f32, .f64: nil
    case .i32: Int(Int32.min)...Int(Int32.max)
    case .i64: Int.min...Int.max
    case .u8: 0...255
    case .bool: 0...1
    }
  }
}

/// `x` in another type, at a place that is told or, where it is nil, at that of the call of an operator.
package func converted(_ x: Tensor, to dtype: DType, at location: SourceLocation?) -> Tensor {
  x.dtype == dtype ? x : .apply(Convert(dtype), [x], at: location)
}

/// Tensors in the type in which they meet, as operands of `op` where one is given.
package func joined(_ tensors: [Tensor], for op: (any Op)? = nil, at location: SourceLocation?) -> [Tensor] {
  guard let first = tensors.first else { return [] }
  let common = tensors.dropFirst().reduce(first.dtype) { $0.joined(with: $1.dtype) }
  let dtype = op is any RealOperation ? common.real : common
  return tensors.map { converted($0, to: dtype, at: location) }
}

/// A tensor and a number beside it, both in the type in which they meet; the number is a scalar.
package func joined(
  _ x: Tensor, _ number: some TensorScalar, for op: (any Op)? = nil, at location: SourceLocation?
) -> (x: Tensor, scalar: Tensor) {
  let common = x.dtype.joined(with: number.number)
  let dtype = op is any RealOperation ? common.real : common
  return (converted(x, to: dtype, at: location), scalar(number, dtype, at: location))
}

/// `x` as real numbers: as it is where it is of a floating type, else as f32.
package func real(_ x: Tensor, at location: SourceLocation?) -> Tensor { converted(x, to: x.dtype.real, at: location) }

/// A number as a tensor without axes. Rounding makes it one of a floating type; any other type must have it.
package func scalar(_ value: some TensorScalar, _ dtype: DType, at location: SourceLocation? = nil) -> Tensor {
  func make<T: Element>(_: T.Type) -> HostArray? {
    switch (value.number, dtype.integers) {
    case (.integer(let n), nil): return HostArray([], [T(wrapping: n)])
    case (.real(let x), nil): return HostArray([], [T(clamping: x)])
    case (.integer(let n), let range?): return range.contains(n) ? HostArray([], [T(wrapping: n)]) : nil
    case (.real(let x), let range?):
      return Int(exactly: x).flatMap { range.contains($0) ? HostArray([], [T(wrapping: $0)]) : nil }
    }
  }
  if let array = dispatch(dtype, { make($0) }) { return Tensor(array) }
  let range = dtype.integers!
  let message =
    "\(dtype.name) has no number \(value.number): its numbers are the integers from \(range.lowerBound) to "
    + "\(range.upperBound); convert the tensor to a type that has it"
  return Tensor(
    failure: DescentError(.type, message, at: location ?? Trace.current?.location), type: TensorType(dtype, []))
}

/// A tensor of `type` filled with one number.
package func filled(_ value: some TensorScalar, _ type: TensorType, at location: SourceLocation? = nil) -> Tensor {
  broadcast(scalar(value, type.dtype, at: location), to: type.shape, at: location)
}
