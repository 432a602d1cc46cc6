// Identities of powers, selections, extremes, logic and conversions.

import DescentIR
import DescentOps

extension Simplifier {
  static let powerRules: [Rule] = [power]
  static let choiceRules: [Rule] = [
    selectConstant, selectEqual, selectNot, extremeOfEquals, logicalConstant, notTwice, convertTwice,
  ]

  /// x^0 = 1, x^1 = x, x^2 = x x, x^0.5 = √x (but for -∞ and -0, of which it is ∞ and 0), x^-1 = 1 / x.
  private static func power(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Power, let exponent = s.number(t.operands[1]) else { return nil }
    let x = t.operands[0]
    switch exponent {
    case 0: return try s.makeSplat(1, t.type)
    case 1: return x
    case 2: return try s.make(Multiply(), [x, x])
    case 0.5:
      let zero = try s.make(Compare(.eq), [x, try s.makeSplat(0, t.type)])
      let negative = try s.make(Compare(.eq), [x, try s.makeSplat(-.infinity, t.type)])
      let corner = try s.make(Or(), [zero, negative])
      return try s.make(Select(), [corner, try s.make(Abs(), [x]), try s.make(Sqrt(), [x])])
    case -1 where t.type.dtype.isFloating: return try s.make(Divide(), [try s.makeSplat(1, t.type), x])
    default: return nil
    }
  }

  /// select(true, a, b) = a; select(false, a, b) = b.
  private static func selectConstant(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    guard t.op is Select, let predicate = s.number(t.operands[0]) else { return nil }
    return predicate != 0 ? t.operands[1] : t.operands[2]
  }

  /// select(p, a, a) = a.
  private static func selectEqual(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    t.op is Select && s.areEqual(t.operands[1], t.operands[2]) ? t.operands[1] : nil
  }

  /// select(not p, a, b) = select(p, b, a).
  private static func selectNot(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard t.op is Select, let (_, p) = s.match(t.operands[0], Not.self) else { return nil }
    return try s.make(Select(), [p, t.operands[2], t.operands[1]])
  }

  /// max(x, x) = min(x, x) = x; and(x, x) = or(x, x) = x.
  private static func extremeOfEquals(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    guard t.op is Maximum || t.op is Minimum || t.op is And || t.op is Or else { return nil }
    return s.areEqual(t.operands[0], t.operands[1]) ? t.operands[0] : nil
  }

  /// x and true = x or false = x; x and false = false; x or true = true.
  private static func logicalConstant(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    guard t.op is And || t.op is Or else { return nil }
    for (c, x) in [(t.operands[0], t.operands[1]), (t.operands[1], t.operands[0])] {
      guard let value = s.number(c) else { continue }
      return (value != 0) == (t.op is And) ? x : c
    }
    return nil
  }

  /// not(not x) = x.
  private static func notTwice(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    t.op is Not ? s.match(t.operands[0], Not.self)?.operand : nil
  }

  /// A conversion to the same type does nothing; neither does one there and back by way of a type that holds every
  /// value.
  private static func convertTwice(_ s: inout Simplifier, _ t: Term) -> NodeID? {
    guard t.op is Convert else { return nil }
    if s.type(t.operands[0]) == t.type { return t.operands[0] }
    guard let (there, x) = s.match(t.operands[0], Convert.self), s.type(x) == t.type,
      t.type.dtype.fits(in: there.dtype)
    else { return nil }
    return x
  }

  /// Whether two nodes are surely the same numbers.
  func areEqual(_ a: NodeID, _ b: NodeID) -> Bool {
    if a == b { return true }
    guard let x = splat(a), let y = splat(b) else { return false }
    return x.isIdentical(to: y) && type(a) == type(b)
  }
}

extension DType {
  /// Whether every value of this type is one of the other, so that a conversion there and back is exact.
  fileprivate func fits(in other: DType) -> Bool {
    switch (self, other) {
    case (.bool, _), (.f32, .f64), (.i32, .i64), (.i32, .f64): true
    case (.u8, _): other != .bool
    default: self == other
    }
  }
}
