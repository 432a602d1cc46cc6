// Finds the C compiler and says what it is.
// Takes the settings; gives the first candidate that can do OpenMP, or the first that works at all. What was found out
// about a candidate is remembered in the cache folder, so that a warm start runs no program.

import DescentIR
import Dispatch
import Synchronization

/// A C compiler, and all that decides what it makes of a source.
package struct Compiler: Sendable, Hashable {
  /// Its absolute path.
  package var path: String
  /// Size and time of the file, which change with an update that keeps the version.
  package var size: Int
  package var modified: Int64
  /// The first line of `--version`.
  package var version: String
  /// The triple it builds for, as `-dumpmachine` says.
  package var target: String
  /// Whether a program with `-fopenmp` compiles, links and runs.
  package var hasOpenMP: Bool
  /// Model and instruction sets of this machine's processor.
  package var processor: String

  /// One line for the user when OpenMP is missing; see `Notices`.
  package var notice: String? {
    hasOpenMP ? nil : "descent: \(path) has no OpenMP, so training runs on one thread; to use all cores \(advice)"
  }

  /// The package to install. Debian has one per version of clang, beside the clang it serves.
  private var advice: String {
    #if os(macOS)
      return "brew install llvm libomp"
    #else
      let folder = resolvedPath(path).flatMap(parentFolder).flatMap(parentFolder) ?? ""
      if folder.hasPrefix("/usr/lib/llvm-") { return "install libomp-\(folder.dropFirst("/usr/lib/llvm-".count))-dev" }
      return "install clang and libomp-dev (Debian, Ubuntu) or clang and libomp-devel (Fedora)"
    #endif
  }
  package static let installation =
    "install one (Debian, Ubuntu: apt install clang libomp-dev; Fedora: dnf install clang libomp-devel; "
    + "macOS: brew install llvm libomp) or set DESCENT_CC to the path of one"

  /// The compiler to use. Order: DESCENT_CC alone where it is set; else `clang` and `clang-22` to `clang-14` in the
  /// folders of PATH, then the Swift toolchain's clang, the first with OpenMP before the first without.
  /// Throws `.usage` for a DESCENT_CC that is not a compiler and `.compiler` where none is found.
  package static func find(settings: Settings, cache: Cache) throws -> Compiler {
    let processor = processorDescription()
    if let name = settings.compiler {
      let path = try named(name, settings.searchPath)
      let found = identify(path, processor, cache)
      try Interruption.check()
      switch found {
      case .success(let compiler): return compiler
      case .failure(let failure):
        throw DescentError(.usage, "DESCENT_CC is '\(name)': \(failure.reason): expected a C compiler such as clang")
      }
    }
    var first: Compiler?
    for path in candidates(settings.searchPath) {
      let found = identify(path, processor, cache)
      try Interruption.check()
      guard case .success(let compiler) = found else { continue }
      if compiler.hasOpenMP { return compiler }
      first = first ?? compiler
    }
    guard let first else { throw DescentError(.compiler, "no C compiler found on PATH: \(installation)") }
    return first
  }

  /// Where DESCENT_CC lies: a path, or a name in a folder of PATH.
  private static func named(_ name: String, _ folders: [String]) throws -> String {
    func failure(_ reason: String) -> DescentError {
      DescentError(
        .usage, "DESCENT_CC is '\(name)': \(reason): expected the path or name of one C compiler, without arguments")
    }
    if name.contains("/") {
      let path = absolutePath(name)
      guard let status = FileStatus(path) else { throw failure("there is no such file") }
      guard status.isRegular else { throw failure("this is not a file") }
      guard isExecutable(path) else { throw failure("this file is not executable") }
      return path
    }
    guard let path = folders.lazy.map({ "\($0)/\(name)" }).first(where: isProgram) else {
      throw failure("not found on PATH")
    }
    return path
  }

  private static func isProgram(_ path: String) -> Bool { FileStatus(path)?.isRegular == true && isExecutable(path) }

  /// Every clang there is, each file once, in the order of preference.
  package static func candidates(_ folders: [String]) -> [String] {
    var paths: [String] = []
    for name in ["clang"] + (14...22).reversed().map({ "clang-\($0)" }) { paths += folders.map { "\($0)/\(name)" } }
    #if os(macOS)
      paths += ["/opt/homebrew/opt/llvm/bin/clang", "/usr/local/opt/llvm/bin/clang"]
    #endif
    if let swift = folders.lazy.map({ $0 + "/swift" }).first(where: isProgram), let real = resolvedPath(swift),
      let folder = parentFolder(real)
    {
      paths.append(folder + "/clang")
    }
    var seen: Set<[UInt64]> = []
    return paths.filter { path in
      guard let status = FileStatus(path), status.isRegular, isExecutable(path) else { return false }
      return seen.insert([status.device, status.inode]).inserted
    }
  }

  // MARK: What a candidate is

  private static func identify(_ path: String, _ processor: String, _ cache: Cache) -> Result<Compiler, StartFailure> {
    guard let status = FileStatus(path) else { return .failure(StartFailure(reason: "there is no such file")) }
    let record = "\(cache.folder)/compilers/\(digest(Array(path.utf8))).txt"
    let key = """
      descent compiler 1
      path \(path.utf8.count) \(path)
      file \(status.size) \(status.modified)
      places \(surroundings(of: path))

      """
    var compiler = Compiler(
      path: path, size: status.size, modified: status.modified, version: "", target: "", hasOpenMP: false,
      processor: processor)
    if let bytes = readOwnFile(record), bytes.starts(with: key.utf8) {
      let lines = String(decoding: bytes.dropFirst(key.utf8.count), as: UTF8.self).split(
        separator: "\n", omittingEmptySubsequences: false)
      if lines.count == 4, ["openmp", "no openmp"].contains(lines[2]) {
        (compiler.version, compiler.target, compiler.hasOpenMP) = (
          String(lines[0]), String(lines[1]), lines[2] == "openmp"
        )
        return .success(compiler)
      }
    }
    // The program that tries OpenMP takes as long as all the rest: both at the same time.
    let names = Mutex<Result<(version: String, target: String), StartFailure>?>(nil)
    let openMP = Mutex(false)
    DispatchQueue.concurrentPerform(iterations: 2) { part in
      if part == 0 {
        let found = Result { () throws(StartFailure) in try versionAndTarget(path) }
        names.withLock { $0 = found }
      } else {
        let found = probeOpenMP(path, cache)
        openMP.withLock { $0 = found }
      }
    }
    switch names.withLock({ $0! }) {
    case .success(let names): (compiler.version, compiler.target) = names
    case .failure(let failure): return .failure(failure)
    }
    compiler.hasOpenMP = openMP.withLock { $0 }
    // What was found out by a program that was killed is not remembered.
    if Interruption.signal != nil { return .failure(StartFailure(reason: "it was interrupted")) }
    let found = "\(compiler.version)\n\(compiler.target)\n\(compiler.hasOpenMP ? "openmp" : "no openmp")\n"
    // A cache that cannot be written to is reported when a library is built; here it only costs time.
    try? replaceFile(record, Array((key + found).utf8))
    return .success(compiler)
  }

  /// What `--version` says first, and the target: clang says it there too, others when asked.
  private static func versionAndTarget(_ path: String) throws(StartFailure) -> (version: String, target: String) {
    let lines = try lines(path, "--version")
    let target = lines.lazy.compactMap { $0.hasPrefix("Target: ") ? String($0.dropFirst(8)) : nil }.first
    if let target { return (lines[0], target) }
    return (lines[0], try Self.lines(path, "-dumpmachine")[0])
  }

  /// What the compiler prints, at least a line.
  private static func lines(_ path: String, _ argument: String) throws(StartFailure) -> [String] {
    let result: ProgramResult
    do {
      result = try runProgram(path, [argument], timeLimit: 60)
    } catch {
      throw StartFailure(reason: "it does not start: \(error.reason)")
    }
    let lines = result.output.split(whereSeparator: \.isNewline).map(String.init)
    guard result.succeeded, !lines.isEmpty else {
      throw StartFailure(reason: "'\(argument)' \(result.succeeded ? "says nothing" : result.ending.phrase)")
    }
    return lines
  }

  /// Builds and runs a program with a parallel region. A program and not a library: two OpenMP runtimes in one process
  /// do not go together, so a probe must not load into this one.
  private static func probeOpenMP(_ path: String, _ cache: Cache) -> Bool {
    guard let work = try? cache.makeBuildFolder() else { return false }
    defer { removeAll(work) }
    let source = """
      #include <omp.h>
      int main(void) {
        int n = 0;
      #pragma omp parallel reduction(+ : n)
        n += omp_get_num_threads() > 0;
        return n > 0 ? 0 : 1;
      }

      """
    guard (try? writeNewFile(work + "/probe.c", Array(source.utf8))) != nil,
      let built = try? runProgram(
        path, ["-std=c11", "-O1", "-fopenmp", "-fPIC", "-o", "probe", "probe.c"], folder: work,
        environment: ["TMPDIR": "."], timeLimit: 60),
      built.succeeded,
      let ran = try? runProgram(work + "/probe", [], folder: work, environment: ["OMP_NUM_THREADS": "2"], timeLimit: 60)
    else { return false }
    return ran.succeeded
  }

  /// Times of the folders where an OpenMP runtime would be installed: when one changes, what was found is asked again.
  private static func surroundings(of path: String) -> String {
    var places = [
      "/usr/lib", "/usr/lib64", "/usr/include", "/usr/local/lib", "/usr/local/include", "/opt/homebrew/opt",
    ]
    places += ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
    if let real = resolvedPath(path), let bin = parentFolder(real), let root = parentFolder(bin) {
      places += [root + "/lib", root + "/include"]
    }
    return places.map { FileStatus($0).map { "\($0.modified)" } ?? "-" }.joined(separator: " ")
  }
}

extension ProgramResult.Ending {
  /// "failed with exit status 1"
  package var phrase: String {
    switch self {
    case .exited(let code): "failed with exit status \(code)"
    case .signalled(let signal): "was ended by signal \(signal)"
    case .timedOut: "did not finish in time and was stopped"
    case .interrupted: "was interrupted"
    }
  }
}

/// Model and instruction sets of the first processor, so that a cache moved to another machine is not believed.
package func processorDescription() -> String {
  #if canImport(Darwin)
    return ["machdep.cpu.brand_string", "machdep.cpu.features", "machdep.cpu.leaf7_features", "hw.optional.arm.caps"]
      .map { systemControl($0) }.joined(separator: "; ")
  #else
    // The file has a paragraph per processor and making one takes time: the first is enough.
    let wanted = [
      "vendor_id", "cpu family", "model", "model name", "stepping", "flags", "Features", "CPU implementer",
      "CPU variant", "CPU part", "isa", "uarch",
    ]
    let text = String(decoding: readFile("/proc/cpuinfo", limit: 8192) ?? [], as: UTF8.self)
    var fields: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      guard let colon = line.firstIndex(of: ":") else {
        // ARM's first paragraph may be empty of these.
        if !fields.isEmpty { break }
        continue
      }
      let name = line[..<colon].split(whereSeparator: \.isWhitespace).joined(separator: " ")
      if wanted.contains(name) {
        fields.append("\(name) \(line[line.index(after: colon)...].drop(while: \.isWhitespace))")
      }
    }
    return fields.joined(separator: "; ")
  #endif
}
