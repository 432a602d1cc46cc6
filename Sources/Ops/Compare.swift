import DescentIR

/// Comparison of two tensors of one type.
package struct Compare: Op {
  /// Which relation; the raw value is its name in the text form.
  package enum Direction: String, Sendable, CaseIterable {
    case lt, le, gt, ge, eq, ne

    /// The operator.
    package var sign: Infix {
      switch self {
      case .lt: .less
      case .le: .lessOrEqual
      case .gt: .greater
      case .ge: .greaterOrEqual
      case .eq: .equal
      case .ne: .notEqual
      }
    }
    func holds<T: Comparable>(_ a: T, _ b: T) -> Bool {
      switch self {
      case .lt: a < b
      case .le: a <= b
      case .gt: a > b
      case .ge: a >= b
      case .eq: a == b
      case .ne: a != b
      }
    }
  }
  package var direction: Direction

  package init(_ direction: Direction) { self.direction = direction }
  package static let name = "compare"
  package static let documentation = "y = a ? b for ? one of <, <=, >, >=, ==, !=; with NaN only != holds"
  package init(_ a: Attributes) throws {
    let name = try a.string("direction")
    guard let direction = Direction(rawValue: name) else {
      throw DescentError(.verification, "there is no comparison '\(name)'")
    }
    self.init(direction)
  }
  package var attributes: Attributes { ["direction": .string(direction.rawValue)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectSameType(operands, count: 2)
    return TensorType(.bool, operands[0].shape)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [nil, nil] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    x[0].dtype.isFloating
      ? HostArray(type.shape, zip(x[0].doubles, x[1].doubles).map { direction.holds($0, $1) })
      : HostArray(type.shape, zip(x[0].ints, x[1].ints).map { direction.holds($0, $1) })
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(self, batchAll(x, batched, size))
  }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    let sign = direction.sign
    return .pointwise(PointwiseRule(cost: 1) { x, _ in .truth(sign, x[0], x[1]) })
  }
  package static func samples(_ real: DType) -> [Sample] {
    Direction.allCases.map { Sample(Compare($0), [.init(real, [3, 5]), .init(real, [3, 5])]) }
      + [DType.i32, .i64, .u8, .bool].flatMap { dtype in
        [Direction.lt, .eq].map { Sample(Compare($0), [.init(dtype, [17]), .init(dtype, [17])]) }
      }
  }
}

extension Tensor {
  public static func .< (a: Tensor, b: Tensor) -> Tensor { pointwise(Compare(.lt), a, b) }
  public static func .< (a: Tensor, b: some TensorScalar) -> Tensor { compare(.lt, a, b) }
  public static func .<= (a: Tensor, b: Tensor) -> Tensor { pointwise(Compare(.le), a, b) }
  public static func .<= (a: Tensor, b: some TensorScalar) -> Tensor { compare(.le, a, b) }
  public static func .> (a: Tensor, b: Tensor) -> Tensor { pointwise(Compare(.gt), a, b) }
  public static func .> (a: Tensor, b: some TensorScalar) -> Tensor { compare(.gt, a, b) }
  public static func .>= (a: Tensor, b: Tensor) -> Tensor { pointwise(Compare(.ge), a, b) }
  public static func .>= (a: Tensor, b: some TensorScalar) -> Tensor { compare(.ge, a, b) }
  public static func .== (a: Tensor, b: Tensor) -> Tensor { pointwise(Compare(.eq), a, b) }
  public static func .== (a: Tensor, b: some TensorScalar) -> Tensor { compare(.eq, a, b) }
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { pointwise(Compare(.ne), a, b) }
  public static func .!= (a: Tensor, b: some TensorScalar) -> Tensor { compare(.ne, a, b) }

  private static func compare(_ direction: Compare.Direction, _ a: Tensor, _ b: some TensorScalar) -> Tensor {
    if case .failure = a.storage { return a }
    // As a number, true is 1.
    let x = a.dtype == .bool ? converted(a, to: .u8, at: nil) : a
    switch direction.exact(b.number, x.dtype) {
    case .always(let truth): return filled(truth ? 1 : 0, TensorType(.bool, x.shape))
    case .number(let direction, let number): return pointwise(Compare(direction), x, number)
    }
  }
}

extension Compare.Direction {
  /// A comparison of the numbers of a type with one number, by means of a number that the type has.
  fileprivate enum Exact {
    case always(Bool)
    case number(Compare.Direction, ScalarNumber)
  }

  /// The comparison that holds for the same numbers of `dtype` as the one with `number`, which `dtype` may not have. Rounding
  /// alone is not a difference: a number takes on a floating type first, unless that makes it infinite.
  fileprivate func exact(_ number: ScalarNumber, _ dtype: DType) -> Exact {
    guard let range = dtype.integers else {
      guard case .real(let x) = number, dtype == .f32, x.isFinite, Float(x).isInfinite else {
        return .number(self, number)
      }
      let infinity = ScalarNumber.real(x > 0 ? .infinity : -.infinity)
      return switch self {
      case .lt, .le: .number(x > 0 ? .lt : .le, infinity)
      case .gt, .ge: .number(x > 0 ? .ge : .gt, infinity)
      case .eq, .ne: .always(self == .ne)
      }
    }
    switch number {
    case .integer(let n):
      return range.contains(n) ? .number(self, number) : .always(holds(0, n > range.upperBound ? 1 : -1))
    case .real(let x):
      if x.isNaN { return .always(self == .ne) }
      // x < 2.5 for the same integers as x < 3, and x <= 2.5 as x <= 2.
      let whole = self == .lt || self == .ge ? x.rounded(.up) : x.rounded(.down)
      if whole != x, self == .eq || self == .ne { return .always(self == .ne) }
      if let n = Int(exactly: whole) { return exact(.integer(n), dtype) }
      return .always(holds(0, x > 0 ? 1 : -1))
    }
  }
}
