// Expressions of loop nests as C, with no more parentheses than precedence asks for.

import DescentIR
import DescentLoops

/// How tightly a piece of C binds; a greater one binds tighter.
enum Precedence: Int, Comparable {
  case bits, equality, relation, sum, product, unary, primary
  static func < (a: Precedence, b: Precedence) -> Bool { a.rawValue < b.rawValue }
}

/// A piece of C and how tightly it binds.
struct CText {
  var text: String
  var precedence: Precedence
  /// The text as an operand that must bind this tightly.
  func within(_ least: Precedence) -> String { precedence < least ? "(\(text))" : text }
}

extension Infix {
  /// The runtime's function of integers that wraps.
  fileprivate var wrapping: String? {
    switch self {
    case .add: "add"
    case .subtract: "subtract"
    case .multiply: "multiply"
    case .divide, .remainder, .and, .or, .xor, .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual: nil
    }
  }
}

/// Names of what expressions speak of.
protocol CNaming {
  func name(ofVariable variable: Int) -> String
  func text(ofValue value: Int) -> CText
  func name(of storage: Storage) -> String
  /// Whether a local is a number, not an array.
  func isNumber(_ storage: Storage) -> Bool
}

extension CNaming {
  func c(_ x: Expression) -> String { text(x).text }

  func text(_ x: Expression) -> CText {
    switch x {
    case .literal(let scalar): return number(cLiteral(scalar))
    case .position(let affine): return text(affine)
    case .value(let value, _): return text(ofValue: value)
    case .load(let storage, let position, _): return CText(text: element(storage, position), precedence: .primary)
    case .array(let storage, let position, _): return array(storage, position)
    case .infix(let sign, let a, let b): return infix(sign, text(a), text(b))
    case .negated(let x): return CText(text: "-" + text(x).within(.primary), precedence: .bits)
    case .call(let function, let operands):
      return CText(text: "\(function.name)(\(operands.map(c).joined(separator: ", ")))", precedence: .primary)
    case .cast(let dtype, .infix(let sign, .unsigned(let a), .unsigned(let b)))
    where sign.wrapping != nil && a.dtype == dtype:
      return CText(text: "dsc_\(sign.wrapping!)_\(dtype.name)(\(c(a)), \(c(b)))", precedence: .primary)
    case .cast(let dtype, let x):
      if dtype == x.dtype, !x.isPromoted { return text(x) }
      return CText(text: "(\(dtype.cName))" + text(x).within(.unary), precedence: .unary)
    case .unsigned(let x):
      return CText(text: "(\(x.dtype == .i32 ? "uint32_t" : "uint64_t"))" + text(x).within(.unary), precedence: .unary)
    }
  }

  /// An element of an array, or a local number.
  func element(_ storage: Storage, _ position: Affine) -> String {
    isNumber(storage) ? name(of: storage) : "\(name(of: storage))[\(text(position).text)]"
  }
  /// What begins at a position of an array.
  func array(_ storage: Storage, _ position: Affine) -> CText {
    if isNumber(storage) { return CText(text: "&" + name(of: storage), precedence: .unary) }
    if position == Affine() { return CText(text: name(of: storage), precedence: .primary) }
    return CText(text: "\(name(of: storage)) + \(text(position).within(.product))", precedence: .sum)
  }

  func text(_ affine: Affine) -> CText {
    var text = ""
    for term in affine.terms {
      let name = name(ofVariable: term.variable), magnitude = abs(term.coefficient)
      let product = magnitude == 1 ? name : "\(name) * \(cLiteral(magnitude))"
      if text.isEmpty {
        text = term.coefficient < 0 ? "-\(product)" : product
      } else {
        text += (term.coefficient < 0 ? " - " : " + ") + product
      }
    }
    if text.isEmpty { return number(cLiteral(affine.constant)) }
    if affine.constant != 0 { text += (affine.constant < 0 ? " - " : " + ") + cLiteral(abs(affine.constant)) }
    let isOne = affine.terms.count == 1 && affine.constant == 0
    guard isOne else { return CText(text: text, precedence: .sum) }
    let coefficient = affine.terms[0].coefficient
    return CText(text: text, precedence: coefficient == 1 ? .primary : coefficient > 0 ? .product : .bits)
  }

  /// A literal; a negative one stands in parentheses beside any operator.
  private func number(_ text: String) -> CText { CText(text: text, precedence: text.hasPrefix("-") ? .bits : .primary) }

  private func infix(_ sign: Infix, _ a: CText, _ b: CText) -> CText {
    let precedence: Precedence
    switch sign {
    case .multiply, .divide, .remainder: precedence = .product
    case .add, .subtract: precedence = .sum
    case .less, .lessOrEqual, .greater, .greaterOrEqual: precedence = .relation
    case .equal, .notEqual: precedence = .equality
    case .and, .or, .xor: precedence = .bits
    }
    // Compilers warn of sums and comparisons beside bits, and a right operand groups as it stands.
    let (left, right): (Precedence, Precedence)
    switch precedence {
    case .bits: (left, right) = (.unary, .unary)
    case .equality, .relation: (left, right) = (.sum, .sum)
    case .sum: (left, right) = (.sum, .product)
    case .product, .unary, .primary: (left, right) = (.product, .unary)
    }
    return CText(text: "\(a.within(left)) \(sign.rawValue) \(b.within(right))", precedence: precedence)
  }
}

extension Expression {
  /// Whether C gives it another type than its own.
  /// Whether it is a comparison, or a conjunction of some: an `int` that compilers know to be 0 or 1.
  private var isTruth: Bool {
    guard case .infix(let sign, let a, let b) = self else { return false }
    return sign.isComparison || ([.and, .or].contains(sign) && a.isTruth && b.isTruth)
  }
  fileprivate var isPromoted: Bool {
    switch self {
    case .infix: !isTruth
    case .unsigned: true
    case .literal, .position, .value, .load, .array, .negated, .call, .cast: false
    }
  }
}

/// A number as a C literal of its type with exactly its value.
func cLiteral(_ scalar: Scalar) -> String {
  switch scalar.dtype {
  case .f32, .f64: cLiteral(scalar.double, scalar.dtype)
  case .i32: scalar.int == Int(Int32.min) ? "INT32_MIN" : "\(scalar.int)"
  case .i64: cLiteral(scalar.int)
  case .u8, .bool: "\(scalar.int)"
  }
}
