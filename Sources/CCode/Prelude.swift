// The runtime's headers as text: what an emitted program is built from, pasted in front of it.

import DescentRuntime

/// Pastes headers, each once and after those it includes.
package enum Prelude {
  /// The headers that may be pasted, in the order in which they are looked through for what a program uses.
  private static let headers = [
    "descent_kernel.h", "descent_convert.h", "descent_math.h", "descent_math_f64.h", "descent_random.h", "descent_gemm.h",
  ]

  /// The text of a header of the runtime.
  package static func header(_ name: String) -> String {
    guard let text = dsc_header_text(name) else { preconditionFailure("no header \(name) is embedded") }
    return String(cString: text)
  }

  /// What a program needs in front: the ground rules, and the headers that define a function it uses.
  package static func text(for program: String, extra: [String] = []) -> String {
    let used = Set(program.matches(of: /(dsc|DSC)_[A-Za-z0-9_]+/).map { String($0.output.0) })
    var pasted: [String] = []
    var text = "#define _POSIX_C_SOURCE 200809L\n"
    paste("descent_base.h", &pasted, &text)
    paste("descent_kernel.h", &pasted, &text)
    for name in extra { paste(name, &pasted, &text) }
    for name in headers where !pasted.contains(name) {
      let defined = Set(header(name).matches(of: /(dsc|DSC)_[A-Za-z0-9_]+/).map { String($0.output.0) })
      // Functions made by macros are named by their prefix in the header.
      let isUsed = used.contains { defined.contains($0) } || (name == "descent_gemm.h" && used.contains { $0.hasPrefix("dsc_gemm_") })
      let known = pasted.contains { other in used.isSubset(of: Set(header(other).matches(of: /(dsc|DSC)_[A-Za-z0-9_]+/).map { String($0.output.0) })) }
      if isUsed && !known { paste(name, &pasted, &text) }
    }
    return text
  }

  private static func paste(_ name: String, _ pasted: inout [String], _ text: inout String) {
    guard !pasted.contains(name) else { return }
    pasted.append(name)
    for line in header(name).split(separator: "\n", omittingEmptySubsequences: false) {
      if let match = line.firstMatch(of: /^#include "(descent_[a-z0-9_]+\.h)"/) {
        paste(String(match.output.1), &pasted, &text)
      } else {
        text += line + "\n"
      }
    }
  }
}
