// The environment variables of the system, all of them, read into a value.

import DescentIR
import Foundation

/// What the environment asks for. The README has a table of these variables.
package struct Settings: Sendable {
  /// DESCENT_CC: the C compiler, a name on PATH or a path. nil: looked for.
  package var compiler: String?
  /// DESCENT_CACHE: the folder of built libraries.
  package var cache: String
  /// DESCENT_THREADS: how many threads train. Results do not depend on it.
  package var threads: Int
  /// DESCENT_DEBUG: 1 tells what is built and how long it takes, 2 also prints the passes, 3 the emitted C.
  package var debug: Int
  /// DESCENT_KEEP_C: a folder where emitted C is kept.
  package var keepC: String?
  /// DESCENT_CHECK=1: the verifier runs between passes.
  package var check: Bool
  /// The folders of PATH.
  package var path: [String]

  /// Reads variables; a malformed one is an error that names it.
  package init(environment: [String: String]) throws {
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    func integer(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
      guard let text = variable(name) else { return nil }
      guard let value = Int(text), range.contains(value) else {
        throw DescentError(.usage, "\(name) is '\(text)'; expected a whole number in \(range.lowerBound)...\(range.upperBound)")
      }
      return value
    }
    compiler = variable("DESCENT_CC")
    let home = variable("HOME") ?? "/tmp"
    cache = variable("DESCENT_CACHE") ?? (variable("XDG_CACHE_HOME") ?? home + "/.cache") + "/descent"
    threads = try integer("DESCENT_THREADS", 1...1024) ?? ProcessInfo.processInfo.activeProcessorCount
    debug = try integer("DESCENT_DEBUG", 0...4) ?? 0
    keepC = variable("DESCENT_KEEP_C")
    check = try integer("DESCENT_CHECK", 0...1) == 1
    path = (variable("PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map(String.init)
  }

  /// The settings of this process.
  package static func current() throws -> Settings { try Settings(environment: ProcessInfo.processInfo.environment) }

  /// Writes a line to the standard error where DESCENT_DEBUG is at least `level`.
  package func note(_ level: Int, _ text: @autoclosure () -> String) {
    if debug >= level { FileHandle.standardError.write(Data((text() + "\n").utf8)) }
  }
}
