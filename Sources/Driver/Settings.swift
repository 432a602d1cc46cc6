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
  /// Letter `s`: kernels, and why pointwise nodes are not part of the kernel before.
  package static let schedule = DebugOutput(rawValue: 16)
  /// Letter `n`: the steps from kernels to loop nests, and the nests.
  package static let nests = DebugOutput(rawValue: 32)
  /// Letter `m`: where values lie in memory, and when.
  package static let memory = DebugOutput(rawValue: 64)
  /// Letter `b`: what is built for which arguments, and why an earlier build does not serve.
  package static let builds = DebugOutput(rawValue: 128)

  /// Kinds in the order in which levels 1 to 8 add them.
  static let letters: [(letter: Character, kind: DebugOutput)] = [
    ("l", .lines), ("p", .passes), ("c", .code), ("g", .graphs), ("s", .schedule), ("n", .nests), ("m", .memory),
    ("b", .builds),
  ]

  /// A level `0` to `8`, each adding one kind of output, or a choice of the letters `l`, `p`, `c`, `g`, `s`, `n`, `m`, `b`.
  init?(text: String) {
    self = []
    if let level = Int(text) {
      guard (0...Self.letters.count).contains(level) else { return nil }
      for entry in Self.letters.prefix(level) { insert(entry.kind) }
      return
    }
    for letter in text {
      guard let entry = Self.letters.first(where: { $0.letter == letter }) else { return nil }
      insert(entry.kind)
    }
  }
}

/// What is checked while programs are made and run.
package struct Checks: OptionSet, Sendable, Hashable {
  package var rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }

  /// `graph`: the graph, after every pass.
  package static let graph = Checks(rawValue: 1)
  /// `nan`: results; one that is not finite is an error that names the operation which made it so.
  package static let numbers = Checks(rawValue: 2)

  static let names: [String: Checks] = ["0": [], "1": [.graph, .numbers], "graph": .graph, "nan": .numbers]
}

/// How the C compiler's time is spent.
package enum BuildOrder: String, Sendable, CaseIterable {
  /// At little effort first; where the program runs on, at full effort beside it, to take over when it is ready.
  case staged
  /// At full effort, waited for.
  case full
  /// At little effort alone.
  case quick
}

/// The environment of a run.
package struct Settings: Sendable, Hashable {
  /// `DESCENT_CC`: the C compiler, a path or a name on `PATH`; one file name, never a command line.
  package var compiler: String?
  /// `DESCENT_CACHE`: the folder of built libraries; else `$XDG_CACHE_HOME/descent`, else `~/.cache/descent`.
  package var cache: String?
  /// `DESCENT_THREADS`: how many threads train, at most and by default one for each processor that this process may use.
  package var threads: Int
  /// A line for the user where `DESCENT_THREADS` asks for more.
  package var threadsNotice: String?
  /// `DESCENT_DEBUG`: what is printed to stderr: a level `0` to `8` or letters among `lpcgsnmb`.
  package var debug: DebugOutput
  /// `DESCENT_KEEP_C`: a folder where every emitted C file is kept.
  package var keepC: String?
  /// `DESCENT_CHECK`: what is checked: `graph`, `nan`, or `1` for both.
  package var checks: Checks
  /// `DESCENT_BUILD`: how programs are built.
  package var build: BuildOrder
  /// `RECORD`: `1` rewrites the recorded results of tests.
  package var record: Bool
  /// The folders of `PATH`, where compilers are looked for.
  package var searchPath: [String]

  /// Reads the variables; throws `.usage` naming the variable, its value and what was expected. `processors`: those that
  /// this process may use.
  package init(environment: [String: String], processors: Int = availableProcessors()) throws {
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
    compiler = value("DESCENT_CC")
    // The XDG base directory specification has relative paths ignored.
    cache =
      value("DESCENT_CACHE").map(absolutePath)
      ?? value("XDG_CACHE_HOME").flatMap { $0.hasPrefix("/") ? $0 + "/descent" : nil }
      ?? value("HOME").map { absolutePath($0) + "/.cache/descent" }
    let wanted = try parsed("DESCENT_THREADS", default: processors, "a whole number of at least 1") { text in
      text.allSatisfy { ("0"..."9").contains($0) } ? Int(text).flatMap { $0 > 0 ? $0 : nil } : nil
    }
    threads = min(wanted, processors, Threads.most)
    if wanted > threads {
      threadsNotice =
        "descent: DESCENT_THREADS is \(wanted), and this process may use \(processors) "
        + "processor\(processors == 1 ? "" : "s"): \(threads) thread\(threads == 1 ? " trains" : "s train"); "
        + "the option --threads may ask for more"
    }
    debug = try parsed(
      "DESCENT_DEBUG", default: [],
      "a level from 0 to 8 or letters among l (lines), p (passes), c (code), g (graphs), s (schedule), n (nests), m (memory), "
        + "b (builds)"
    ) { DebugOutput(text: $0) }
    keepC = value("DESCENT_KEEP_C").map(absolutePath)
    checks = try parsed("DESCENT_CHECK", default: [], "0, 1, graph or nan") { Checks.names[$0] }
    build = try parsed("DESCENT_BUILD", default: .staged, "staged, full or quick") { BuildOrder(rawValue: $0) }
    record = try parsed("RECORD", default: false, "0 or 1") { ["0": false, "1": true][$0] }
    searchPath = (value("PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map {
      absolutePath(String($0))
    }
  }

  /// The settings of this process, read at the first call.
  package static func current() throws -> Settings { try substitute ?? processSettings.get() }

  /// Other settings for a task, as tests want them.
  @TaskLocal package static var substitute: Settings?

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
