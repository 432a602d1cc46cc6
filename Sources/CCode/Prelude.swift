// The runtime's headers as text: what an emitted program is built from, pasted in front of it.

import DescentRuntime

/// Pastes headers, each once and with those it includes in their places.
package enum Prelude {
  /// The text of a header of the runtime.
  package static func header(_ name: String) -> String {
    guard let text = dsc_header_text(name) else { preconditionFailure("no header \(name) is embedded") }
    return String(cString: text)
  }

  /// What a program needs in front: the ground rules, `first`, and these headers.
  package static func text(_ headers: Set<String>, first: [String] = []) -> String {
    var pasted: Set<String> = []
    var text = "#define _POSIX_C_SOURCE 200809L\n#define _DEFAULT_SOURCE\n"
    for name in ["descent_base.h", "descent_kernel.h"] + first + headers.sorted() where !pasted.contains(name) {
      paste(name, &pasted, &text)
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
}
