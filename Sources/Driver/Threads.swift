// How many threads train, and whether they can be made. The rule is Runtime/include/descent_limits.h and
// descent_threads.h, the same for emitted trainers: at most one for each processor that this process may use, unless a
// program is asked for more by name, and at most 1,024.

import DescentIR
import DescentRuntime
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The processors that this process may use at the same time: those online within its affinity mask and the quotas of its
/// control groups; at least 1. `root` is the root of the file system, elsewhere in tests alone.
package func availableProcessors(root: String = "") -> Int { Int(dsc_processors(root)) }

/// The threads of OpenMP in this process.
package enum Threads {
  /// The most that may be asked for.
  package static let most = Int(DSC_MOST_THREADS)

  /// Throws `.usage` for a number of threads outside 1...1024.
  package static func check(_ threads: Int) throws {
    guard (1...most).contains(threads) else {
      throw DescentError(.usage, "\(threads) threads were asked for; expected 1...\(most)")
    }
  }

  /// Throws unless this many threads can be created now; OpenMP would end the process.
  package static func prepare(_ threads: Int) throws {
    try check(threads)
    raiseStacks()
    try tried.withLock { most in
      guard threads > most else { return }
      var error = dsc_error()
      dsc_error_clear(&error)
      guard dsc_threads_check(Int64(threads), &error) == 0 else {
        throw DescentError(.usage, withUnsafePointer(to: &error) { String(cString: dsc_error_message($0)) })
      }
      most = threads
    }
  }
  /// The greatest number that was made.
  private static let tried = Mutex(0)

  /// Has OpenMP give its threads the stack that emitted code needs, where the environment asks for a smaller one. To be
  /// called before its library is loaded, which reads the environment then or at the first parallel region.
  package static func raiseStacks() { _ = raisedStacks }

  private static let raisedStacks: Void = {
    var (index, unit) = (Int32(0), Int64(0))
    while let name = dsc_stack_variable(index, &unit) {
      if let text = getenv(name), (1..<Int64(DSC_STACK_BYTES)).contains(dsc_stack_size(text, unit)) {
        setenv(name, "4M", 1)
      }
      index += 1
    }
  }()
}
