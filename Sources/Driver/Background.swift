// Builds beside the program's own work: threads of their own, whose compilers end with the process.

import Foundation
import Synchronization

/// Work that nobody waits for. What it starts by `runProgram` is killed when the process exits, and it clears up before.
package enum Background {
  private struct State {
    var processes: Set<pid_t> = []
    var jobs = 0
    var isOver = false
  }
  private static let state = Mutex(State())
  /// Whether this thread does such work. No signal is waited for within it: the program's own handlers stay.
  @TaskLocal package static var isCurrent = false

  private static let ends: Void = {
    _ = atexit { Background.end() }
  }()

  /// Runs `body` on a thread of its own.
  package static func start(_ body: @escaping @Sendable () -> Void) {
    _ = ends
    guard
      state.withLock({ state in
        if !state.isOver { state.jobs += 1 }
        return !state.isOver
      })
    else { return }
    Thread.detachNewThread {
      $isCurrent.withValue(true, operation: body)
      state.withLock { $0.jobs -= 1 }
    }
  }

  /// Whether the process exits and what runs in the background has to end.
  static var isOver: Bool { isCurrent && state.withLock { $0.isOver } }

  /// Runs `body` while `process`, the head of a process group, is among those that end with this one.
  static func watching<R, E: Error>(_ process: pid_t, _ body: () throws(E) -> R) throws(E) -> R {
    guard isCurrent else { return try body() }
    state.withLock { _ = $0.processes.insert(process) }
    defer { state.withLock { _ = $0.processes.remove(process) } }
    return try body()
  }

  /// Kills what runs and waits until its files are gone, a second at most.
  private static func end() {
    state.withLock { state in
      state.isOver = true
      for process in state.processes { kill(-process, SIGKILL) }
    }
    for _ in 0..<1000 where state.withLock({ $0.jobs > 0 }) { usleep(1000) }
  }
}
