// Small pieces of C: numbers, comments, index expressions. Text from a user never becomes code.

import DescentIR
import DescentPasses

/// A number as a C literal of the given type with exactly its value.
func cLiteral(_ value: Double, _ dtype: DType) -> String {
  switch dtype {
  case .f32, .f64:
    let suffix = dtype == .f32 ? "f" : ""
    let value = dtype == .f32 ? Double(Float(value)) : value
    if value.isNaN { return dtype == .f32 ? "NAN" : "(double)NAN" }
    if value.isInfinite { return (value < 0 ? "-" : "") + (dtype == .f32 ? "INFINITY" : "(double)INFINITY") }
    let text = dtype == .f32 ? "\(Float(value))" : "\(value)"
    return (text.contains(".") || text.contains("e") ? text : text + ".0") + suffix
  case .i32: return value == Double(Int32.min) ? "INT32_MIN" : "\(Int(value))"
  case .i64: return cLiteral(Int(value))
  case .u8, .bool: return "\(Int(value))"
  }
}

/// An integer as a C literal of type `int64_t` (or `int`, which converts to it).
func cLiteral(_ value: Int) -> String {
  if value == Int.min { return "INT64_MIN" }
  return abs(value) > Int(Int32.max) ? "INT64_C(\(value))" : "\(value)"
}

/// The elements of an array as C literals.
func cLiterals(_ array: HostArray) -> [String] {
  array.dtype.isFloating ? array.doubles.map { cLiteral($0, array.dtype) } : array.ints.map { cLiteral($0) }
}

/// A user's name where it is harmless in a comment, otherwise `other`.
func commentName(_ name: String, _ other: String) -> String {
  let harmless = !name.isEmpty && name.utf8.allSatisfy { c in
    (65...90).contains(c) || (97...122).contains(c) || (48...57).contains(c) || c == 95 || c == 46 || c == 47 || c == 45
  }
  // `*/` would end the comment and `/*` warn.
  return harmless && !name.contains("//") ? name : other
}

extension SourceLocation {
  /// The place as it may stand in a C comment.
  var comment: String { commentName(file, "?") + ":\(line)" }
}

/// A loop variable, or an index computed in the body.
struct LoopVariable {
  var name: String
  var extent: Int

  /// i0, i1, … over these extents.
  static func over(_ extents: some Sequence<Int>) -> [LoopVariable] {
    extents.enumerated().map { LoopVariable(name: "i\($0.offset)", extent: $0.element) }
  }
}

extension Affine {
  /// The expression in C over the given variables; `dropped` ones have been merged into their neighbours.
  func c(_ variables: [LoopVariable], dropped: Set<Int> = []) -> String {
    var text = ""
    for term in terms where !dropped.contains(term.variable) {
      let name = variables[term.variable].name
      let magnitude = abs(term.coefficient)
      let product = magnitude == 1 ? name : "\(name) * \(cLiteral(magnitude))"
      if text.isEmpty { text = term.coefficient < 0 ? "-\(product)" : product }
      else { text += (term.coefficient < 0 ? " - " : " + ") + product }
    }
    if text.isEmpty { return cLiteral(constant) }
    if constant != 0 { text += (constant < 0 ? " - " : " + ") + cLiteral(abs(constant)) }
    return text
  }
}
