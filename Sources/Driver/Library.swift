// A loaded shared library.

import DescentIR

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A shared library of emitted C in this process.
///
/// It is never unloaded: threads of the OpenMP runtime may still stand in its code after a parallel region has ended, and
/// pointers to its functions carry no reference to it. A program compiles a handful of graphs, so this costs little.
package final class Library: Sendable {
  /// What it took to get a library.
  package struct Origin: Sendable {
    /// Whether it was found in the cache or in this process; no compiler was run.
    package var cacheHit: Bool
    /// Seconds in the compiler; zero for a hit.
    package var compileSeconds: Double
    /// Seconds of the whole call, from the settings to the loaded library.
    package var totalSeconds: Double
    package var compiler: Compiler
    /// The compiler and its arguments with spaces between, for `DESCENT_DEBUG`.
    package var commandLine: String
    /// Where the C is kept, under DESCENT_KEEP_C.
    package var keptC: String?
  }
  /// The path of the shared library.
  package let path: String
  package let origin: Origin
  /// The handle of `dlopen`, as a number because pointers are not sendable; the dynamic linker is thread-safe.
  private let handle: UInt

  /// Loads `path`, resolving every symbol now; throws `.compiler` with the dynamic linker's reason.
  package init(path: String, origin: Origin) throws {
    Threads.raiseStacks()
    dlerror()
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      let reason = dlerror().map { String(cString: $0) } ?? "no reason given"
      // What the dynamic linker says of a file system that is mounted without permission to run programs.
      let hint =
        reason.contains("failed to map segment") ? "; set DESCENT_CACHE to a folder that is not mounted noexec" : ""
      throw DescentError(.compiler, "cannot load the library \(path): \(reason)\(hint)")
    }
    self.path = path
    self.origin = origin
    self.handle = UInt(bitPattern: handle)
  }

  /// The address of a function or variable, valid as long as the process; throws `.compiler` where there is none.
  package func symbol(_ name: String) throws -> UnsafeMutableRawPointer {
    guard let address = dlsym(UnsafeMutableRawPointer(bitPattern: handle), name) else {
      throw DescentError(.compiler, "the library \(path) has no symbol '\(name)'")
    }
    return address
  }
}
