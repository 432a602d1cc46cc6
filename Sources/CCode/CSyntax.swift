// Small pieces of C: numbers, comments, long lines. Text from a user never becomes code.

import DescentIR

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
  let harmless =
    !name.isEmpty
    && name.utf8.allSatisfy { c in
      (65...90).contains(c) || (97...122).contains(c) || (48...57).contains(c) || c == 95 || c == 46 || c == 47
        || c == 45
    }
  // `*/` would end the comment and `/*` warn.
  return harmless && !name.contains("//") ? name : other
}

extension SourceLocation {
  /// The place as it may stand in a C comment.
  var comment: String { commentName(file, "?") + ":\(line)" }
}

extension String {
  /// This text with every line indented by `levels` steps of two blanks.
  func indented(_ levels: Int) -> String { String(repeating: "  ", count: levels) + self }
}

/// A line of code cut at blanks so that no part is longer than 118 columns: within as few brackets as can be, and as late.
func wrapped(_ line: String) -> [String] {
  let most = 118
  let margin = String(line.prefix { $0 == " " })
  var rest = Array(line.utf8), lines: [String] = []
  while rest.count > most {
    let start = (lines.isEmpty ? margin : margin + "    ").utf8.count
    var depth = 0
    var best: (depth: Int, at: Int)?
    for (i, c) in rest.enumerated() {
      if i >= most, best != nil { break }
      switch c {
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: " ") where i > start + most / 3:
        if best == nil || depth <= best!.depth { best = (depth, i) }
      default: break
      }
    }
    guard let at = best?.at else { break }
    let end = rest[..<at].lastIndex { $0 != UInt8(ascii: " ") } ?? 0
    lines.append(String(decoding: rest[...end], as: UTF8.self))
    rest = Array((margin + "    ").utf8) + rest[(at + 1)...]
  }
  return lines + [String(decoding: rest, as: UTF8.self)]
}
