// The family of operations that combine the operand over axes, which vanish.

import DescentIR

/// `y[o] = combine over r of x[o, r]`.
package protocol Reduction: Op {
  static var reducer: Reducer { get }
  var axes: [Int] { get }
  init(axes: [Int])
}

extension Reduction {
  package init(_ a: Attributes) throws { self.init(axes: try a.ints("axes")) }
  package var attributes: Attributes { ["axes": .ints(axes)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    try expectAxes(axes, rank: operands[0].shape.rank)
    if Self.reducer == .sum || Self.reducer == .product { try expectNumbers(operands[0]) }
    let result = operands[0].shape.removing(axes)
    if Self.reducer == .max || Self.reducer == .min, operands[0].shape.count == 0, result.count > 0 {
      throw DescentError(.type, "\(name) of no elements: the operand's shape is \(operands[0].shape)")
    }
    return TensorType(operands[0].dtype, result)
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(Self(axes: axes.map { $0 + 1 }), x)
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .reduction(Self.reducer, axes: axes) }

  /// Floating sums and products are carried in double precision: this is the oracle.
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    let from = x[0].shape
    let kept = (0..<from.rank).filter { !axes.contains($0) }
    let strides = type.shape.strides
    var targets: [Int] = []
    targets.reserveCapacity(from.count)
    from.forEachIndex { index in targets.append(zip(kept, strides).reduce(0) { $0 + index[$1.0] * $1.1 }) }
    if type.dtype.isFloating {
      let result = combine(x[0].doubles, targets, type.shape.count, start: startReal) { Self.reducer.combined($0, $1) }
      return HostArray(type) { result[$0] }
    }
    let result = combine(x[0].ints, targets, type.shape.count, start: startInteger) { Self.reducer.combined($0, $1) }
    func wrap<T: Element>(_: T.Type) -> HostArray { HostArray(type.shape, result.map { T(wrapping: $0) }) }
    return dispatch(type.dtype) { wrap($0) }
  }
  private func combine<T>(_ x: [T], _ targets: [Int], _ count: Int, start: T, _ f: (T, T) -> T) -> [T] {
    var result = [T](repeating: start, count: count)
    for (value, target) in zip(x, targets) { result[target] = f(result[target], value) }
    return result
  }
  private var startReal: Double {
    switch Self.reducer {
    case .sum: 0
    case .product: 1
    case .max: -.infinity
    case .min: .infinity
    }
  }
  private var startInteger: Int {
    switch Self.reducer {
    case .sum: 0
    case .product: 1
    case .max: .min
    case .min: .max
    }
  }
  /// The cotangent of an extreme goes to the elements equal to it, in equal shares. Where one is NaN, so is that of all.
  func extremeAdjoint(_ x: Tensor, _ y: Tensor, _ dy: Tensor) -> Tensor {
    let hit = x .== spread(y, like: x)
    let count = sum(convert(hit, to: dy.dtype), axes: axes)
    let rest = `where`(y .== y, zerosLike(dy), Double.nan)
    return `where`(hit, spread(dy / count, like: x), spread(rest, like: x))
  }
  /// `y` or its cotangent with the vanished axes put back and repeated to the operand's shape.
  package func spread(_ y: Tensor, like x: Tensor) -> Tensor {
    .apply(Broadcast(shape: x.shape, axes: (0..<x.rank).filter { !axes.contains($0) }), [y])
  }
}

/// Applies a reduction over `axes` (all where nil), and puts axes of size 1 back where `keepAxes` asks for them.
func reduce(_ x: Tensor, _ axes: [Int]?, _ keepAxes: Bool, _ at: SourceLocation, _ make: ([Int]) -> any Op) -> Tensor {
  let axes = axes.map { normalized($0, rank: x.rank) } ?? Array(0..<x.rank)
  let y = axes.isEmpty ? x : Tensor.apply(make(axes.sorted()), [x], at: at)
  guard keepAxes else { return y }
  let shape = Shape(x.shape.dimensions.enumerated().map { axes.contains($0.offset) ? 1 : $0.element })
  return shape == y.shape ? y : .apply(Reshape(shape), [y], at: at)
}

extension Reducer {
  /// Two numbers combined; NaN is greater and less than any.
  package func combined(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .sum: a + b
    case .product: a * b
    case .max: a > b || a.isNaN ? a : b
    case .min: a < b || a.isNaN ? a : b
    }
  }
  /// Two integers combined, wrapping round.
  package func combined(_ a: Int, _ b: Int) -> Int {
    switch self {
    case .sum: a &+ b
    case .product: a &* b
    case .max: Swift.max(a, b)
    case .min: Swift.min(a, b)
    }
  }
  /// Two values combined.
  package func combined(_ a: Expression, _ b: Expression) -> Expression {
    switch self {
    case .sum: .arithmetic(.add, a, b)
    case .product: .arithmetic(.multiply, a, b)
    case .max: .extreme("max", a, b)
    case .min: .extreme("min", a, b)
    }
  }
  /// What combining begins with.
  package func identity(_ dtype: DType) -> Scalar {
    switch self {
    case .sum: Scalar(integer: 0, dtype)
    case .product: Scalar(integer: 1, dtype)
    case .max, .min:
      switch dtype {
      case .f32, .f64: Scalar(self == .max ? -Double.infinity : .infinity, dtype)
      case .i32: Scalar(integer: Int(self == .max ? Int32.min : .max), dtype)
      case .i64: Scalar(integer: self == .max ? .min : .max, dtype)
      case .u8, .bool: Scalar(integer: self == .max ? 0 : 255, dtype)
      }
    }
  }
  /// Whether combining a value with itself gives it again.
  package var isIdempotent: Bool {
    switch self {
    case .max, .min: true
    case .sum, .product: false
    }
  }
}
