// What is built, for whoever counts it: programs made from graphs, and libraries loaded.

import Synchronization

/// The programs that were made and loaded in the course of a task.
package final class BuildLog: Sendable {
  private let programs = Mutex<[String]>([])
  private let libraries = Mutex<[String]>([])
  private let texts = Mutex<[String]>([])

  /// The log of the task at hand; nil where nobody counts.
  @TaskLocal package static var current: BuildLog?

  package init() {}

  /// The names of programs that graphs were made into, in order.
  package var prepared: [String] { programs.withLock { $0 } }
  /// The names of programs whose libraries were built, or found built, and loaded.
  package var loaded: [String] { libraries.withLock { $0 } }

  /// Why each of them was built, as `DESCENT_DEBUG=b` prints it.
  package var reasons: [String] { texts.withLock { $0 } }

  func addPrepared(_ name: String) { programs.withLock { $0.append(name) } }
  func addLoaded(_ names: [String]) { libraries.withLock { $0 += names } }

  /// Keeps why something is built, and prints it where the environment asks for it.
  package static func explain(_ reason: @autoclosure () -> String, _ settings: Settings) {
    guard current != nil || settings.debug.contains(.builds) else { return }
    let text = "descent: " + reason()
    current?.texts.withLock { $0.append(text) }
    settings.print(.builds, text)
  }

  /// Runs `body`; gives what it gives, and what it built.
  package static func of<R>(_ body: () throws -> R) rethrows -> (result: R, log: BuildLog) {
    let log = BuildLog()
    return (try BuildLog.$current.withValue(log, operation: body), log)
  }
}
