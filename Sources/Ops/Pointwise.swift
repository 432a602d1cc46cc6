// The family of operations that take each result element from the operands' elements at the same index.
// It supplies shapes, evaluation, batching and loops, so that such an operation is a formula and its derivative.

import DescentIR

/// `y[i] = f(x[i])` on real numbers.
package protocol UnaryPointwise: AttributeFreeOp, RealOperation {
  /// Rough cost in multiply-adds.
  static var cost: Int { get }
  /// The value, in Swift.
  static func apply<T: Real>(_ x: T) -> T
  /// The same as an expression.
  static func element(_ x: Expression) -> Expression
}

extension UnaryPointwise {
  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectFloating(operands, count: 1)
    return operands[0]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    switch x[0].storage {
    case .f32(let v): HostArray(type.shape, v.map(Self.apply))
    case .f64(let v): HostArray(type.shape, v.map(Self.apply))
    default: preconditionFailure("\(name) of \(x[0].dtype.name)")
    }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor { .apply(self, x) }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .pointwise(PointwiseRule(cost: Self.cost) { x, _ in Self.element(x[0]) })
  }
}

/// `y[i] = f(x[i])` on numbers of any type but bool.
package protocol UnaryArithmetic: AttributeFreeOp {
  static var cost: Int { get }
  static func apply<T: Real>(_ x: T) -> T
  /// On integers, wrapping.
  static func apply(_ x: Int) -> Int
  static func element(_ x: Expression) -> Expression
}

extension UnaryArithmetic {
  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    try expectNumbers(operands[0])
    return operands[0]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    func integers<T: Element & FixedWidthInteger>(_ v: [T]) -> HostArray {
      HostArray(type.shape, v.map { T(wrapping: Self.apply($0.asInt)) })
    }
    return switch x[0].storage {
    case .f32(let v): HostArray(type.shape, v.map { Self.apply($0) })
    case .f64(let v): HostArray(type.shape, v.map { Self.apply($0) })
    case .i32(let v): integers(v)
    case .i64(let v): integers(v)
    case .u8(let v): integers(v)
    case .bool: preconditionFailure("\(name) of \(x[0].dtype.name)")
    }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor { .apply(self, x) }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .pointwise(PointwiseRule(cost: Self.cost) { x, _ in Self.element(x[0]) })
  }
}

/// `y = x`: an operation that says something of its operand, which it gives as it is.
package protocol Unchanged: AttributeFreeOp {}

extension Unchanged {
  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    return operands[0]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray { x[0] }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor { .apply(self, x) }
  package func lowering(_ operands: [TensorType]) -> Lowering { .pointwise(PointwiseRule(cost: 0) { x, _ in x[0] }) }
}

/// `y[i] = f(a[i], b[i])` on real numbers of one type.
package protocol BinaryPointwise: AttributeFreeOp, RealOperation {
  static var cost: Int { get }
  static func apply<T: Real>(_ a: T, _ b: T) -> T
  static func element(_ a: Expression, _ b: Expression) -> Expression
}

extension BinaryPointwise {
  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectFloating(operands, count: 2)
    try expectSameType(operands, count: 2)
    return operands[0]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    switch (x[0].storage, x[1].storage) {
    case (.f32(let a), .f32(let b)): HostArray(type.shape, zip(a, b).map { Self.apply($0, $1) })
    case (.f64(let a), .f64(let b)): HostArray(type.shape, zip(a, b).map { Self.apply($0, $1) })
    default: preconditionFailure("\(name) of \(x[0].type) and \(x[1].type)")
    }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(self, batchAll(x, batched, size))
  }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .pointwise(PointwiseRule(cost: Self.cost) { x, _ in Self.element(x[0], x[1]) })
  }
}

/// `y[i] = f(a[i], b[i])` on numbers of one type, any but bool.
package protocol BinaryArithmetic: AttributeFreeOp {
  static var cost: Int { get }
  static func apply<T: Real>(_ a: T, _ b: T) -> T
  /// On integers, wrapping.
  static func apply(_ a: Int, _ b: Int) -> Int
  static func element(_ a: Expression, _ b: Expression) -> Expression
}

extension BinaryArithmetic {
  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectSameType(operands, count: 2)
    try expectNumbers(operands[0])
    return operands[0]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    func integers<T: Element & FixedWidthInteger>(_ a: [T], _ b: [T]) -> HostArray {
      HostArray(type.shape, zip(a, b).map { T(wrapping: Self.apply($0.asInt, $1.asInt)) })
    }
    return switch (x[0].storage, x[1].storage) {
    case (.f32(let a), .f32(let b)): HostArray(type.shape, zip(a, b).map { Self.apply($0, $1) })
    case (.f64(let a), .f64(let b)): HostArray(type.shape, zip(a, b).map { Self.apply($0, $1) })
    case (.i32(let a), .i32(let b)): integers(a, b)
    case (.i64(let a), .i64(let b)): integers(a, b)
    case (.u8(let a), .u8(let b)): integers(a, b)
    default: preconditionFailure("\(name) of \(x[0].type) and \(x[1].type)")
    }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(self, batchAll(x, batched, size))
  }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .pointwise(PointwiseRule(cost: Self.cost) { x, _ in Self.element(x[0], x[1]) })
  }
}

extension Op {
  /// Throws unless there are `count` operands.
  package func expectCount(_ operands: [TensorType], _ count: Int) throws {
    guard operands.count == count else {
      throw DescentError(.type, "\(name) takes \(count) operands, not \(operands.count)")
    }
  }
  /// Throws unless there are `count` operands of floating type.
  package func expectFloating(_ operands: [TensorType], count: Int) throws {
    try expectCount(operands, count)
    for operand in operands where !operand.dtype.isFloating {
      throw DescentError(.type, "\(name) takes f32 or f64, not \(operand); convert it first")
    }
  }
  /// Throws where the operand is of truth values.
  package func expectNumbers(_ operand: TensorType) throws {
    guard operand.dtype != .bool else {
      throw DescentError(.type, "\(name) is not defined on bool; use any, all, .&, .| or .!, or convert it first")
    }
  }
  /// Throws unless there are `count` operands, all of one type.
  package func expectSameType(_ operands: [TensorType], count: Int) throws {
    try expectCount(operands, count)
    for operand in operands.dropFirst() where operand != operands[0] {
      throw DescentError(
        .type, "\(name) takes operands of one type, not \(operands.map(\.description).joined(separator: " and "))")
    }
  }
  /// Throws unless the axes are distinct and exist.
  package func expectAxes(_ axes: [Int], rank: Int) throws {
    guard Set(axes).count == axes.count, axes.allSatisfy({ (0..<rank).contains($0) }) else {
      throw DescentError(.type, "\(name) over axes \(axes), which a tensor of \(rank) dimensions does not have")
    }
  }
}

/// The operands with the unbatched ones repeated along a new batch axis in front.
package func batchAll(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> [Tensor] {
  zip(x, batched).map { tensor, isBatched in
    isBatched
      ? tensor
      : .apply(
        Broadcast(shape: Shape([size] + tensor.shape.dimensions), axes: Array(1...tensor.rank + 1).dropLast()), [tensor]
      )
  }
}
