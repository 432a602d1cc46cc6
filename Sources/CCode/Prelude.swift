// The runtime's headers as text: what an emitted program is built from, pasted in front of it.

import DescentRuntime

/// Pastes headers, each once and with those it includes in their places.
package enum Prelude {
  /// The headers that may be pasted, in the order in which they are looked through for what a program uses.
  private static let headers = [
    "descent_convert.h", "descent_integer.h", "descent_math.h", "descent_math_f64.h", "descent_random.h",
    "descent_gemm_f32.h", "descent_gemm_f64.h",
  ].map { Header($0) }

  private struct Header: Sendable {
    let name: String
    let names: Set<Substring>
    init(_ name: String) {
      self.name = name
      names = identifiers(in: header(name))
    }
  }

  /// The text of a header of the runtime.
  package static func header(_ name: String) -> String {
    guard let text = dsc_header_text(name) else { preconditionFailure("no header \(name) is embedded") }
    return String(cString: text)
  }

  /// What a program needs in front: the ground rules, and the headers that define a function it uses.
  package static func text(for program: String, extra: [String] = []) -> String {
    let used = identifiers(in: program)
    var pasted: Set<String> = []
    var text = "#define _POSIX_C_SOURCE 200809L\n"
    for name in ["descent_base.h", "descent_kernel.h"] + extra { paste(name, &pasted, &text) }
    var defined = identifiers(in: text)
    for header in headers where !pasted.contains(header.name) {
      // The functions of an include template are known by their prefix.
      let product = header.name.hasPrefix("descent_gemm_") ? "dsc_gemm_\(header.name.dropFirst(13).dropLast(2))" : nil
      let isUsed = used.contains { word in
        product.map { word.hasPrefix($0) } ?? (header.names.contains(word) && !defined.contains(word))
      }
      guard isUsed else { continue }
      paste(header.name, &pasted, &text)
      defined = identifiers(in: text)
    }
    return text
  }

  private static func paste(_ name: String, _ pasted: inout Set<String>, _ text: inout String) {
    // An include template has no guard of its own: each instance is pasted.
    guard pasted.insert(name).inserted || name.hasSuffix("_body.h") else { return }
    let include = "#include \"descent_"
    for line in header(name).split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix(include) {
        paste("descent_" + line.dropFirst(include.count).prefix { $0 != "\"" }, &pasted, &text)
      } else {
        text += line
        text += "\n"
      }
    }
  }

  /// All words of a text that begin with `dsc_` or `DSC_`.
  private static func identifiers(in text: String) -> Set<Substring> {
    func isWord(_ c: UInt8) -> Bool { (97...122).contains(c) || (65...90).contains(c) || (48...57).contains(c) || c == 95 }
    var found: Set<Substring> = []
    let utf8 = text.utf8
    var start: String.Index?
    for index in utf8.indices {
      if isWord(utf8[index]) {
        start = start ?? index
      } else if let begin = start {
        let first = utf8[begin]
        if first == 100 || first == 68 {
          let word = text[begin..<index]
          if word.hasPrefix("dsc_") || word.hasPrefix("DSC_") { found.insert(word) }
        }
        start = nil
      }
    }
    return found
  }
}
