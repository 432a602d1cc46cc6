// Lines for the user that are said once per process.

import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Remembers what was said.
package final class Notices: Sendable {
  /// The notices of this process.
  package static let shared = Notices()
  private let said = Mutex<Set<String>>([])

  package init() {}

  /// True the first time it is asked for `text`.
  package func isNew(_ text: String) -> Bool { said.withLock { $0.insert(text).inserted } }

  /// Writes a line to stderr unless it was written before; nil says nothing.
  package func print(_ text: String?) {
    guard let text, isNew(text) else { return }
    try? writeAll(Array((text + "\n").utf8), to: STDERR_FILENO, path: "stderr")
  }
}
