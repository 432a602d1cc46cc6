// The C compiler: found, known by its version, and asked once whether it can do OpenMP.

import DescentIR
import Foundation

/// A C compiler and what is known of it.
package struct Compiler: Sendable, Codable, Equatable {
  package var path: String
  /// First line of `--version`.
  package var version: String
  /// Whether a library built with -fopenmp can be loaded.
  package var hasOpenMP: Bool

  /// The flags of every build. Results may not depend on what a compiler makes of floating point, so contraction is off.
  package var flags: [String] {
    ["-std=c11", "-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared"]
      + (hasOpenMP ? ["-fopenmp"] : [])
  }

  /// What a person should know where threads are missing.
  package var notice: String? {
    hasOpenMP ? nil : "descent: \(path) cannot build with OpenMP, so one thread trains; install clang and libomp-dev for more"
  }

  /// Finds the compiler: DESCENT_CC, else the first on PATH that can do OpenMP, else the first that works, the Swift toolchain's
  /// own among them. What was found out about a compiler is kept in the cache.
  package static func find(_ settings: Settings, _ cache: Cache) throws -> Compiler {
    if let name = settings.compiler {
      guard let path = executable(name, settings) else {
        throw DescentError(.compiler, "DESCENT_CC is '\(name)', which is no program\(name.contains("/") ? "" : " on PATH")")
      }
      guard let compiler = try examine(path, settings, cache) else {
        throw DescentError(.compiler, "DESCENT_CC is '\(name)', which does not answer --version as a C compiler does")
      }
      return compiler
    }
    var fallback: Compiler?
    for path in candidates(settings) {
      guard let compiler = try examine(path, settings, cache) else { continue }
      if compiler.hasOpenMP { return compiler }
      fallback = fallback ?? compiler
    }
    if let fallback { return fallback }
    throw DescentError(
      .compiler, "no C compiler: clang is not on PATH. Install it: 'apt-get install clang libomp-dev' (Debian, Ubuntu), "
        + "'dnf install clang libomp-devel' (Fedora), 'brew install llvm libomp' (macOS); or set DESCENT_CC")
  }

  /// The compiler that the environment of this process leads to.
  package static func current() throws -> Compiler {
    let settings = try Settings.current()
    return try find(settings, try Cache(settings.cache))
  }

  private static func candidates(_ settings: Settings) -> [String] {
    let names = ["clang"] + (14...22).reversed().map { "clang-\($0)" }
    var paths = names.flatMap { name in settings.path.map { "\($0)/\(name)" } }
    // Beside the Swift compiler.
    paths += settings.path.compactMap { executable("\($0)/swift", settings) }.map {
      URL(fileURLWithPath: $0).resolvingSymlinksInPath().deletingLastPathComponent().path + "/clang"
    }
    var seen: Set<String> = []
    return paths.filter { FileManager.default.isExecutableFile(atPath: $0) && seen.insert($0).inserted }
  }

  private static func executable(_ name: String, _ settings: Settings) -> String? {
    let paths = name.contains("/") ? [name] : settings.path.map { "\($0)/\(name)" }
    return paths.first { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
        && FileManager.default.isExecutableFile(atPath: path)
    }
  }

  /// Asks a program for its version and for OpenMP, unless the cache remembers the answer for this very file.
  private static func examine(_ path: String, _ settings: Settings, _ cache: Cache) throws -> Compiler? {
    let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let facts = try? FileManager.default.attributesOfItem(atPath: file)
    let stamp = "\(path)\n\(file)\n\(facts?[.size] ?? "")\n\((facts?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)\n"
    if let known: Compiler = cache.remembered(stamp) { return known }
    guard let answer = try? runCommand(path, ["--version"]), answer.succeeded,
      let version = answer.output.split(separator: "\n").first
    else { return nil }
    var compiler = Compiler(path: path, version: String(version), hasOpenMP: true)
    compiler.hasOpenMP = try cache.withTemporaryFolder { folder in
      let source = "#include <omp.h>\nint probe(void);\nint probe(void) { return omp_get_max_threads(); }\n"
      try Data(source.utf8).write(to: URL(fileURLWithPath: folder + "/probe.c"))
      let library = folder + "/probe.so"
      guard try runCommand(path, compiler.flags + ["-o", library, folder + "/probe.c"]).succeeded,
        let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL)
      else { return false }
      // Never closed: the OpenMP runtime does not like to be unloaded.
      return dlsym(handle, "probe") != nil
    }
    cache.remember(stamp, compiler)
    settings.note(1, "descent: \(path) is \(compiler.version)\(compiler.hasOpenMP ? "" : ", without OpenMP")")
    return compiler
  }

  /// The processor as far as -march=native looks at it; a cache may be carried to another machine.
  package static let processor: String = {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else {
      var name = utsname()
      uname(&name)
      return withUnsafeBytes(of: &name.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    let lines = text.split(separator: "\n")
    return ["model name", "flags", "Features", "CPU part"].compactMap { key in lines.first { $0.hasPrefix(key) } }.joined(separator: "\n")
  }()
}
