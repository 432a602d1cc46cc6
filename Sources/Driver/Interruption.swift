// Ctrl-C and its kin while programs run that this process has started: they are ended with all that they started, what
// was half made goes away, and then the signal does what it would have done.

import DescentIR
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The number of the signal that came; 0 for none. Written by the handler, which may do little else.
private let caught = Atomic<Int32>(0)

/// Signals that ask this process to end.
package enum Interruption {
  private struct State {
    /// How many callers are within `during`.
    var depth = 0
    /// What the signals did before.
    var before: [(signal: Int32, action: sigaction)] = []
  }
  private static let state = Mutex(State())

  /// The signal that came while programs ran, or ran last.
  package static var signal: Int32? {
    let signal = caught.load(ordering: .relaxed)
    return signal == 0 ? nil : signal
  }

  /// Throws `.interrupted` where a signal has come.
  package static func check() throws {
    if signal != nil { throw DescentError(.interrupted, "interrupted while the C compiler ran") }
  }

  /// Runs `body`, within which programs are started. A signal ends them; when the last caller has left and cleared up, it is
  /// sent again, to whatever waits for it: without a handler it ends the process.
  ///
  /// What was ignored stays ignored (nohup), but for Ctrl-C, which shells have their background programs ignore.
  package static func during<R>(_ body: () throws -> R) rethrows -> R {
    state.withLock { state in
      if state.depth == 0 { state.before = watch() }
      state.depth += 1
    }
    defer {
      let isLast = state.withLock { state in
        state.depth -= 1
        guard state.depth == 0 else { return false }
        for (signal, var action) in state.before { sigaction(signal, &action, nil) }
        return true
      }
      let signal = caught.load(ordering: .relaxed)
      if isLast, signal != 0 { kill(getpid(), signal) }
    }
    return try body()
  }

  private static func watch() -> [(signal: Int32, action: sigaction)] {
    caught.store(0, ordering: .relaxed)
    var action = sigaction()
    action.handler = { caught.store($0, ordering: .relaxed) }
    action.sa_flags = SA_RESTART
    var before: [(signal: Int32, action: sigaction)] = []
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
      var old = sigaction()
      sigaction(signal, nil, &old)
      guard signal == SIGINT || !old.isIgnored else { continue }
      sigaction(signal, &action, nil)
      before.append((signal, old))
    }
    return before
  }
}

extension sigaction {
  fileprivate typealias Handler = @convention(c) (Int32) -> Void

  fileprivate var handler: Handler? {
    get {
      #if canImport(Darwin)
        __sigaction_u.__sa_handler
      #elseif canImport(Musl)
        __sa_handler.sa_handler
      #else
        __sigaction_handler.sa_handler
      #endif
    }
    set {
      #if canImport(Darwin)
        __sigaction_u.__sa_handler = newValue
      #elseif canImport(Musl)
        __sa_handler.sa_handler = newValue
      #else
        __sigaction_handler.sa_handler = newValue
      #endif
    }
  }
  /// Functions are not compared; the number that stands for none of them is.
  fileprivate var isIgnored: Bool { unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) }
}
