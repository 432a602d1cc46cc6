// Emitted C compiles without warnings, so a value that nothing reads says so.

import Foundation

/// Lines of a C function with `(void)name;` after each definition of a constant that no other line names.
func markingUnused(_ lines: [String]) -> [String] {
  var uses: [Substring: Int] = [:]
  for line in lines { for word in words(line) { uses[word, default: 0] += 1 } }
  return lines.flatMap { line -> [String] in
    let trimmed = line.drop { $0 == " " }
    guard trimmed.hasPrefix("const "), let equals = trimmed.range(of: " = "), trimmed.hasSuffix(";") else {
      return [line]
    }
    guard let name = words(trimmed[..<equals.lowerBound]).last, uses[name] == 1 else { return [line] }
    return [line, String(repeating: " ", count: line.count - trimmed.count) + "(void)\(name);"]
  }
}

/// The identifiers, keywords and numbers in a line of C.
private func words(_ line: some StringProtocol) -> [Substring] {
  var found: [Substring] = []
  let text = Substring(line), utf8 = text.utf8
  var start: String.Index?
  func isWord(_ c: UInt8) -> Bool {
    (97...122).contains(c) || (65...90).contains(c) || (48...57).contains(c) || c == 95
  }
  for index in utf8.indices {
    if isWord(utf8[index]) {
      start = start ?? index
    } else if let begin = start {
      found.append(text[begin..<index])
      start = nil
    }
  }
  if let start { found.append(text[start...]) }
  return found
}
