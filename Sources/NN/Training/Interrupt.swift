// Requests to end training in good order: by a signal, or by the program. What signals do is Runtime/include/descent_signals.h,
// of which an emitted trainer is made as well.

import DescentRuntime
import Synchronization

/// A request to end training after the steps at hand.
package final class Interrupt: Sendable {
  private let flag = Atomic<Bool>(false)
  package init() {}
  package func set() { flag.store(true, ordering: .relaxed) }
  package var isSet: Bool { flag.load(ordering: .relaxed) || signal != nil }
  /// The number of the first signal that came while signals are watched.
  package var signal: Int32? { dsc_runtime_signal() == 0 ? nil : dsc_runtime_signal() }
}

/// How many runs watch: one after another or at once, in one process.
private let watching = Mutex(0)

/// Takes over Ctrl-C, SIGTERM and SIGHUP while `body` runs: the first is remembered, a second ends the process.
func watchingSignals<T>(_ body: () throws -> T) rethrows -> T {
  watching.withLock { count in
    if count == 0 { dsc_runtime_watch_signals() }
    count += 1
  }
  defer {
    watching.withLock { count in
      count -= 1
      if count == 0 { dsc_runtime_leave_signals() }
    }
  }
  return try body()
}
