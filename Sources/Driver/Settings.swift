// The environment variables of the system, all of them, read once into a value.
// Takes a dictionary of variables; gives settings or an error that names the variable. An empty value counts as unset.

import DescentIR

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What is printed to stderr for whoever works on the compiler.
package struct DebugOutput: OptionSet, Sendable, Hashable {
  package var rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }

  /// Letter `l`: the compiler's command lines, cache hits and times.
  package static let lines = DebugOutput(rawValue: 1)
  /// Letter `p`: passes that changed the graph.
  package static let passes = DebugOutput(rawValue: 2)
  /// Letter `c`: the emitted C.
  package static let code = DebugOutput(rawValue: 4)
  /// Letter `g`: the graph after every pass.
  package static let graphs = DebugOutput(rawValue: 8)

  /// Kinds in the order in which levels 1 to 4 add them.
  static let letters: [(letter: Character, kind: DebugOutput)] = [
    ("l", .lines), ("p", .passes), ("c", .code), ("g", .graphs),
  ]

  /// A level `0` to `4`, each adding one kind of output, or a choice of the letters `l`, `p`, `c`, `g`.
  init?(text: String) {
    self = []
    if let level = Int(text) {
      guard (0...4).contains(level) else { return nil }
      for entry in Self.letters.prefix(level) { insert(entry.kind) }
      return
    }
    for letter in text {
      guard let entry = Self.letters.first(where: { $0.letter == letter }) else { return nil }
      insert(entry.kind)
    }
  }
}

/// The environment of a run.
package struct Settings: Sendable, Hashable {
  /// `DESCENT_CC`: the C compiler, a path or a name on `PATH`; one file name, never a command line.
  package var compiler: String?
  /// `DESCENT_CACHE`: the folder of built libraries; else `$XDG_CACHE_HOME/descent`, else `~/.cache/descent`.
  package var cache: String?
  /// `DESCENT_THREADS`: how many threads train; default: the processors this process may run on.
  package var threads: Int
  /// `DESCENT_DEBUG`: what is printed to stderr: a level `0` to `4` or a choice of the letters `l`, `p`, `c`, `g`.
  package var debug: DebugOutput
  /// `DESCENT_KEEP_C`: a folder where every emitted C file is kept.
  package var keepC: String?
  /// `DESCENT_CHECK`: `1` runs the verifier between passes.
  package var check: Bool
  /// `RECORD`: `1` rewrites the recorded results of tests.
  package var record: Bool
  /// The folders of `PATH`, where compilers are looked for.
  package var searchPath: [String]

  /// Reads the variables; throws `.usage` naming the variable, its value and what was expected.
  package init(environment: [String: String]) throws {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    func parsed<T>(_ name: String, default fallback: @autoclosure () -> T, _ expected: String, _ parse: (String) -> T?)
      throws -> T
    {
      guard let text = value(name) else { return fallback() }
      guard let result = parse(text) else {
        throw DescentError(.usage, "\(name) is '\(text)': expected \(expected)")
      }
      return result
    }
    func flag(_ name: String) throws -> Bool {
      try parsed(name, default: false, "0 or 1") { ["0": false, "1": true][$0] }
    }
    compiler = value("DESCENT_CC")
    // The XDG base directory specification has relative paths ignored.
    cache =
      value("DESCENT_CACHE").map(absolutePath)
      ?? value("XDG_CACHE_HOME").flatMap { $0.hasPrefix("/") ? $0 + "/descent" : nil }
      ?? value("HOME").map { absolutePath($0) + "/.cache/descent" }
    threads = try parsed("DESCENT_THREADS", default: availableProcessors(), "an integer from 1 to 65536") {
      Int($0).flatMap { (1...65536).contains($0) ? $0 : nil }
    }
    debug = try parsed(
      "DESCENT_DEBUG", default: [], "a level from 0 to 4 or letters among l (lines), p (passes), c (code), g (graphs)"
    ) { DebugOutput(text: $0) }
    keepC = value("DESCENT_KEEP_C").map(absolutePath)
    check = try flag("DESCENT_CHECK")
    record = try flag("RECORD")
    searchPath = (value("PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map {
      absolutePath(String($0))
    }
  }

  /// The settings of this process, read at the first call.
  package static func current() throws -> Settings { try processSettings.get() }

  private static let processSettings = Result { try Settings(environment: processEnvironment()) }
}

/// The environment of this process.
package func processEnvironment() -> [String: String] {
  var result: [String: String] = [:]
  var entry = environ
  while let pointer = entry.pointee {
    let text = String(cString: pointer)
    if let separator = text.firstIndex(of: "=") {
      result[String(text[..<separator])] = String(text[text.index(after: separator)...])
    }
    entry += 1
  }
  return result
}

/// The number of processors this process may run on: its affinity mask on Linux, the processors online elsewhere.
package func availableProcessors() -> Int {
  // The mask as groups of hexadecimal digits: `sched_getaffinity` is hidden from Swift and ends at 1,024 processors.
  if let bytes = readFile("/proc/self/status") {
    let text = String(decoding: bytes, as: UTF8.self)
    if let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") }) {
      let count = line.dropFirst("Cpus_allowed:".count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
      if count > 0 { return count }
    }
  }
  return max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
}
