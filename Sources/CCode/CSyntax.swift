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

/// Lines of twelve numbers; none ends in a comma that C does not need, after which formatters give each number a line.
func cTable(_ numbers: [String]) -> String {
  stride(from: 0, to: numbers.count, by: 12).map { start in
    let end = min(start + 12, numbers.count)
    return "    " + numbers[start..<end].joined(separator: ", ") + (end < numbers.count ? ",\n" : "};\n")
  }.joined()
}

/// A user's name where it is harmless in a comment, otherwise `other`.
func commentName(_ name: String, _ other: String) -> String {
  // Beside those of names: - . and /
  let harmless = !name.isEmpty && name.utf8.allSatisfy { $0.isNameCharacter || (45...47).contains($0) }
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

/// A line of code cut at blanks so that no part is longer than 120 columns, in the way that clang-format leaves as it is: an
/// expression at its operators, or else a call between its arguments, each level four columns further in; what is
/// cut again within begins a line.
func wrapped(_ line: String) -> [String] {
  let margin = line.prefix { $0 == " " }.count
  let text = Array(line.utf8.dropFirst(margin))
  guard margin + text.count > LineBreaks.most else { return [line] }
  if text.starts(with: "/*".utf8) || text.starts(with: "* ".utf8) { return wrappedComment(line) }
  var breaks = LineBreaks(text, margin: margin)
  breaks.cut()
  return breaks.lines.map { String(repeating: " ", count: $0.indent) + String(decoding: text[$0.range], as: UTF8.self) }
}

/// A comment cut at blanks, as late as can be.
private func wrappedComment(_ line: String) -> [String] {
  let start = line.firstIndex(of: "*")!
  let margin = String(repeating: " ", count: line.distance(from: line.startIndex, to: start)) + "*     "
  var lines: [String] = [], rest = Substring(line)
  while rest.count > LineBreaks.most, let cut = rest.prefix(LineBreaks.most).lastIndex(of: " "),
    rest.distance(from: rest.startIndex, to: cut) > margin.count + 20
  {
    lines.append(String(rest[..<cut]))
    rest = margin[...] + rest[rest.index(after: cut)...]
  }
  return lines + [String(rest)]
}

private struct LineBreaks {
  static let most = 120
  let text: [UInt8]
  var lines: [(indent: Int, range: Range<Int>)] = []
  /// The last line's end is where the next line begins, but for a blank.
  private var open: (indent: Int, lower: Int)?
  private let margin: Int

  init(_ text: [UInt8], margin: Int) {
    self.text = text
    self.margin = margin
  }

  mutating func cut() {
    open = (margin, 0)
    fill(0..<text.count, margin, end: text.count)
    close(text.count)
  }
  private mutating func close(_ end: Int) {
    guard let (indent, lower) = open, lower < end else { return }
    lines.append((indent, lower..<end))
    open = nil
  }
  private mutating func newLine(_ at: Int, indent: Int) {
    close(text[..<at].lastIndex { $0 != UInt8(ascii: " ") }.map { $0 + 1 } ?? 0)
    open = (indent, at)
  }
  /// Whether the open line would be too long with all up to here.
  private func isTooLong(_ end: Int) -> Bool { open!.indent + end - open!.lower > Self.most }

  /// Puts an expression on the open line and those after it, which stand four columns further in than `indent`. What follows
  /// it up to `end` stays with its last part.
  private mutating func fill(_ range: Range<Int>, _ indent: Int, end: Int) {
    guard isTooLong(end) else { return }
    let pieces = pieces(range)
    guard pieces.count > 1 else { return enter(range, indent, end: end) }
    var count = lines.count
    for (number, piece) in pieces.enumerated() {
      let end = number == pieces.count - 1 ? end : piece.upperBound
      // What is cut within begins a line, and so does what comes after it.
      var within = indent + 4
      if number == 0, isTooLong(end), self.pieces(piece).count == 1 {
        if let after = assigned(piece) { newLine(after, indent: margin + 4) }
        // No line is a bracket alone; what is within stands as far in as it begins.
        let before = text[..<piece.lowerBound].dropFirst(open!.lower)
        if before.contains(where: { $0 != UInt8(ascii: "(") }) {
          newLine(piece.lowerBound, indent: indent + 4)
          within = open!.indent
        } else {
          within = open!.indent + before.count
        }
      } else if number > 0, isTooLong(end) || lines.count > count {
        newLine(piece.lowerBound, indent: indent + 4)
      }
      count = lines.count
      fill(piece, within, end: end)
    }
  }
  /// Cuts a call, or an expression in brackets, between its arguments or at its operators.
  private mutating func enter(_ range: Range<Int>, _ indent: Int, end: Int) {
    guard let (first, last) = brackets(range) else { return }
    let inner = (first + 1)..<last
    let arguments = arguments(inner)
    guard arguments.count > 1 else { return fill(inner, indent, end: end) }
    var count = lines.count
    for (number, argument) in arguments.enumerated() {
      let end = number == arguments.count - 1 ? end : argument.upperBound
      // After an argument of several lines comes a new one.
      if isTooLong(end) || lines.count > count { newLine(argument.lowerBound, indent: indent + 4) }
      count = lines.count
      fill(argument, indent + 4, end: end)
    }
  }

  /// The parts of an expression between its outermost operators, each with the operator after it; an assignment's left side
  /// goes with the first part of the right.
  private func pieces(_ range: Range<Int>) -> [Range<Int>] {
    var cuts: [Int] = [], depth = 0
    var assignment = range.lowerBound, loosest = Self.levels.count
    for i in range {
      switch text[i] {
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: " ") where depth == 0 && i > range.lowerBound + 1:
        guard let level = Self.levels.firstIndex(where: { $0.utf8.contains(text[i - 1]) }) else { break }
        if text[i - 1] == UInt8(ascii: "="), !"=<>!".utf8.contains(text[i - 2]) {
          assignment = i
        } else if level <= loosest {
          cuts = level < loosest ? [i] : cuts + [i]
          loosest = level
        }
      default: break
      }
    }
    cuts.removeAll { $0 <= assignment }
    var parts: [Range<Int>] = [], lower = range.lowerBound
    for cut in cuts {
      parts.append(lower..<cut)
      lower = cut + 1
    }
    return parts + [lower..<range.upperBound]
  }
  /// Operators by their last character, the loosest first.
  private static let levels = [";", "?:", "|", "^", "&", "<>=", "+-", "*/%"]

  /// Where the right side of an assignment begins.
  private func assigned(_ range: Range<Int>) -> Int? {
    let equals = range.first { i in
      text[i] == UInt8(ascii: "=") && i > 1 && i + 1 < range.upperBound && text[i + 1] == UInt8(ascii: " ")
        && !"=<>!".utf8.contains(text[i - 1])
    }
    return equals.map { $0 + 2 }
  }

  private func arguments(_ range: Range<Int>) -> [Range<Int>] {
    var parts: [Range<Int>] = [], depth = 0, lower = range.lowerBound
    for i in range {
      switch text[i] {
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: ",") where depth == 0:
        parts.append(lower..<i + 1)
        lower = i + 2
      default: break
      }
    }
    if lower < range.upperBound { parts.append(lower..<range.upperBound) }
    return parts
  }
  /// The first outermost brackets of a piece, round or curly; of a cast's those after it.
  private func brackets(_ range: Range<Int>) -> (Int, Int)? {
    var depth = 0, first: Int?
    var pairs: [(Int, Int)] = []
    for i in range {
      if text[i] == UInt8(ascii: "(") || text[i] == UInt8(ascii: "{") {
        if depth == 0 { first = i }
        depth += 1
      } else if text[i] == UInt8(ascii: ")") || text[i] == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0, let first { pairs.append((first, i)) }
      }
    }
    return pairs.first { $0.1 - $0.0 > 24 } ?? pairs.first
  }
}
