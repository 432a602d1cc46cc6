// Lines to the standard output. A reader that goes away ends the program quietly; a full disk is an error.

import DescentIR
import Foundation

/// Where a command writes its lines.
package struct Console: Sendable {
  /// Whether a person looks on: lines may be rewritten, and pictures drawn.
  package var isTerminal: Bool
  /// Characters in a line.
  package var width: Int
  private let write: @Sendable (String) throws -> Void

  package init(isTerminal: Bool = false, width: Int = 80, write: @escaping @Sendable (String) throws -> Void) {
    self.isTerminal = isTerminal
    self.width = width
    self.write = write
  }

  /// The standard output of this process.
  package static var standard: Console {
    // Told by an error of `write` instead of a signal, so that a file being written is not cut short.
    signal(SIGPIPE, SIG_IGN)
    let isTerminal = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    var size = winsize()
    let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return Console(isTerminal: isTerminal, width: known ? Int(size.ws_col) : 80) { try writeAll($0, to: STDOUT_FILENO) }
  }

  /// Whether colours are wanted (no-color.org).
  package var hasColor: Bool { isTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty }

  /// Writes a line.
  package func line(_ text: String = "") throws { try write(isTerminal ? "\r\u{1B}[K\(text)\n" : text + "\n") }
  /// Writes a line that the next one replaces; nothing where that cannot be.
  package func status(_ text: String) throws {
    if isTerminal { try write("\r\u{1B}[K\(text.prefix(max(width - 1, 0)))") }
  }

  /// Writes a line to the standard error, whatever becomes of it.
  package static func complain(_ text: String) { try? writeAll(text + "\n", to: STDERR_FILENO) }
}

/// The reader of the standard output has gone.
struct ClosedOutput: Error {}

private func writeAll(_ text: String, to descriptor: Int32) throws {
  var bytes = Array(text.utf8)[...]
  while !bytes.isEmpty {
    let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if written >= 0 {
      bytes = bytes.dropFirst(written)
    } else if errno == EPIPE {
      throw ClosedOutput()
    } else if errno != EINTR && errno != EAGAIN {
      throw DescentError(.file, "the standard output cannot be written: \(String(cString: strerror(errno)))")
    }
  }
}
