// Identities of sums, differences, products and quotients. A product with 0 and a difference of equals stay: they may
// be NaN.

import DescentIR
import DescentOps

extension Simplifier {
  static let algebraRules: [Rule] = [
    withoutIdentity, addZero, addEqual, addNegative, subtractZero, subtractFromZero, subtractNegative, multiplyByOne,
    multiplyByMinusOne, multiplyNegatives, multiplyConstants, divideByOne, divideByPowerOfTwo, negateTwice,
    negateDifference, negateScaled,
  ]

  /// The other operand of a commutative operation of which one is a splat of `value`.
  private func other(_ t: Term, than value: Double) -> NodeID? {
    if number(t.operands[1]) == value { return t.operands[0] }
    if number(t.operands[0]) == value { return t.operands[1] }
    return nil
  }
  /// A commutative operation's operands with the splat second, where just one is a splat.
  private func scaled(_ operands: (NodeID, NodeID)) -> (x: NodeID, c: HostArray)? {
    switch (splat(operands.0), splat(operands.1)) {
    case (nil, let c?): (operands.0, c)
    case (let c?, nil): (operands.1, c)
    default: nil
    }
  }

  /// identity(x) = x; stopGradient(x) = x, and so with every mark for transforms, for nothing is differentiated any more.
  private static func withoutIdentity(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    t.op is any Transparent ? t.operands[0] : nil
  }

  /// x + 0 = 0 + x = x, but that -0 + 0 was 0.
  private static func addZero(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    t.op is Add ? s.other(t, than: 0) : nil
  }

  /// x + x = 2 x.
  private static func addEqual(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Add, t.operands[0] == t.operands[1] else { return nil }
    return try s.make(Multiply(), [t.operands[0], try s.makeSplat(2, t.type)])
  }

  /// x + (-y) = x - y; (-x) + y = y - x.
  private static func addNegative(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Add else { return nil }
    if let (_, y) = s.match(t.operands[1], Negate.self) { return try s.make(Subtract(), [t.operands[0], y]) }
    if let (_, x) = s.match(t.operands[0], Negate.self) { return try s.make(Subtract(), [t.operands[1], x]) }
    return nil
  }

  /// x - 0 = x.
  private static func subtractZero(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    t.op is Subtract && s.number(t.operands[1]) == 0 ? t.operands[0] : nil
  }

  /// 0 - x = -x, but that 0 - 0 was 0 and is -0.
  private static func subtractFromZero(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Subtract, t.type.dtype.isFloating, s.number(t.operands[0]) == 0 else { return nil }
    return try s.make(Negate(), [t.operands[1]])
  }

  /// x - (-y) = x + y.
  private static func subtractNegative(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Subtract, let (_, y) = s.match(t.operands[1], Negate.self) else { return nil }
    return try s.make(Add(), [t.operands[0], y])
  }

  /// 1 x = x 1 = x.
  private static func multiplyByOne(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    t.op is Multiply ? s.other(t, than: 1) : nil
  }

  /// (-1) x = x (-1) = -x.
  private static func multiplyByMinusOne(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Multiply, t.type.dtype.isFloating, let x = s.other(t, than: -1) else { return nil }
    return try s.make(Negate(), [x])
  }

  /// (-x)(-y) = x y; (-x) c = x (-c).
  private static func multiplyNegatives(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Multiply else { return nil }
    if let (_, x) = s.match(t.operands[0], Negate.self), let (_, y) = s.match(t.operands[1], Negate.self) {
      return try s.make(Multiply(), [x, y])
    }
    guard let (negative, c) = s.scaled((t.operands[0], t.operands[1])), let (_, x) = s.match(negative, Negate.self)
    else { return nil }
    return try s.make(Multiply(), [x, try s.makeSplat(c.negated, t.type.shape)])
  }

  /// (x c) d = x (c d): one rounding less, and no overflow on the way; only where c, d and c d are normal numbers or
  /// integers.
  private static func multiplyConstants(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Multiply, let (product, d) = s.scaled((t.operands[0], t.operands[1])),
      let pair = s.matchPair(product, Multiply.self), let (x, c) = s.scaled(pair)
    else { return nil }
    let both = Multiply().evaluate([c, d], c.type)
    guard c.isNormal, d.isNormal, both.isNormal else { return nil }
    return try s.make(Multiply(), [x, try s.makeSplat(both, t.type.shape)])
  }

  /// x / 1 = x.
  private static func divideByOne(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    t.op is Divide && s.number(t.operands[1]) == 1 ? t.operands[0] : nil
  }

  /// x / c = x (1 / c) for a power of two, whose reciprocal is exact; of other numbers the bits would differ.
  private static func divideByPowerOfTwo(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Divide, t.type.dtype.isFloating, let c = s.splat(t.operands[1]), c.isNormal,
      abs(c.doubles[0].significand) == 1
    else { return nil }
    let reciprocal = HostArray(c.type) { _ in 1 / c.doubles[0] }
    guard reciprocal.isNormal else { return nil }
    return try s.make(Multiply(), [t.operands[0], try s.makeSplat(reciprocal, t.type.shape)])
  }

  /// -(-x) = x.
  private static func negateTwice(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    t.op is Negate ? s.match(t.operands[0], Negate.self)?.operand : nil
  }

  /// -(a - b) = b - a, but that of equals -0 becomes 0; where nothing else uses the difference, or it would be computed
  /// twice.
  private static func negateDifference(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Negate, let (a, b) = s.matchPair(t.operands[0], Subtract.self), s.isUsedOnce(t.operands[0])
    else { return nil }
    return try s.make(Subtract(), [b, a])
  }

  /// -(x c) = x (-c), where nothing else uses the product.
  private static func negateScaled(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Negate, let pair = s.matchPair(t.operands[0], Multiply.self), let (x, c) = s.scaled(pair),
      s.isUsedOnce(t.operands[0])
    else { return nil }
    return try s.make(Multiply(), [x, try s.makeSplat(c.negated, t.type.shape)])
  }
}

extension HostArray {
  /// The numbers with the other sign, for a floating type.
  var negated: HostArray { Negate().evaluate([self], type) }
  /// Whether a scalar is neither 0, subnormal, infinite nor NaN; integers count as normal.
  var isNormal: Bool {
    switch storage {
    case .f32(let v): v[0].isNormal
    case .f64(let v): v[0].isNormal
    default: true
    }
  }
}
