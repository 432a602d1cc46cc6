// From C source text to a shared library in a folder: writes the files, starts the compiler, explains a failure.

import DescentIR

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// C to be built, and how.
package struct LibraryRequest: Sendable, Hashable {
  /// A file that the source includes by `#include "name"`.
  package struct Header: Sendable, Hashable {
    package var name: String
    package var text: String
    package init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }
  /// Names the files: made of `[A-Za-z0-9_]`, at most 64 characters.
  package var name: String
  /// The C, in full but for `headers`.
  package var source: String
  /// Headers that lie beside the source when it is compiled; part of what the cache compares.
  package var headers: [Header]
  /// Options beyond the usual ones, such as `-DNAME`.
  package var flags: [String]
  /// Whether `-fopenmp` is asked for where the compiler has it.
  package var usesOpenMP: Bool
  /// Seconds after which the compiler is stopped.
  package var timeLimit: Double
  /// How much of the compiler's time the code is worth.
  package var effort: Effort

  /// How much a compiler does. The same source gives the same results under each.
  package enum Effort: Sendable, Hashable {
    /// Vectors, but little else, and what is shared is compiled once: half to a third of the time to compile, code that takes
    /// 1.0 to 2 times as long.
    case quick
    case full

    package var flags: [String] { self == .full ? ["-O3"] : ["-O1", "-ftree-vectorize", "-DDSC_QUICK"] }
  }

  package init(
    name: String, source: String, headers: [Header] = [], flags: [String] = [], usesOpenMP: Bool = true,
    timeLimit: Double = 900, effort: Effort = .full
  ) {
    self.name = name
    self.source = source
    self.headers = headers
    self.flags = flags
    self.usesOpenMP = usesOpenMP
    self.timeLimit = timeLimit
    self.effort = effort
  }

  /// Throws `.usage` for names that are not safe as file names.
  package func validate() throws {
    func isPlain(_ text: String, _ others: String) -> Bool {
      !text.isEmpty && text.utf8.count <= 64
        && text.unicodeScalars.allSatisfy {
          $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0)) || others.unicodeScalars.contains($0)
        }
    }
    guard isPlain(name, "_") else {
      throw DescentError(.usage, "a library cannot be named '\(name)': expected letters, digits and _")
    }
    for header in headers where !isPlain(header.name, "_.") || header.name.hasPrefix(".") || header.name == fileName {
      throw DescentError(.usage, "a header cannot be named '\(header.name)': expected letters, digits, _ and .")
    }
  }

  package var fileName: String { name + ".c" }
  package var libraryName: String { name + ".so" }

  /// What the compiler is given, in the folder of the source.
  package func arguments(_ compiler: Compiler) -> [String] {
    #if arch(arm64)
      let machine = "-mcpu=native"
    #else
      let machine = "-march=native"
    #endif
    return ["-std=c11"] + effort.flags + [
      machine, "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared",
    ] + (usesOpenMP && compiler.hasOpenMP ? ["-fopenmp"] : []) + flags + ["-o", libraryName, fileName, "-lm"]
  }

  /// Variables of the environment by which a compiler finds headers and libraries, so part of what the cache compares.
  private static let variables = [
    "CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH", "GCC_EXEC_PREFIX", "CCC_OVERRIDE_OPTIONS", "SDKROOT",
    "MACOSX_DEPLOYMENT_TARGET", "NIX_CFLAGS_COMPILE", "NIX_LDFLAGS",
  ]

  /// All that decides what the library is, as bytes; lengths keep apart what stands side by side.
  package func key(_ compiler: Compiler, environment: [String: String]) -> [UInt8] {
    var text = "descent \(DescentIR.version)\n"
    func add(_ label: String, _ value: String) { text += "\(label) \(value.utf8.count)\n\(value)\n" }
    add("name", name)
    add("compiler", compiler.path)
    add("file", "\(compiler.size) \(compiler.modified)")
    add("version", compiler.version)
    add("target", compiler.target)
    add("processor", compiler.processor)
    for argument in arguments(compiler) { add("argument", argument) }
    for variable in Self.variables { if let value = environment[variable] { add(variable, value) } }
    for header in headers {
      add("header", header.name)
      add("text", header.text)
    }
    add("source", source)
    return Array(text.utf8)
  }

  /// Keeps the C in `folder` under a name made from its content: one file, or a folder where there are headers. Gives
  /// the path of the source.
  package func write(to folder: String) throws(FileFailure) -> String {
    let content = ([source] + headers.flatMap { [$0.name, $0.text] }).joined(separator: "\u{0}")
    let stem = "\(folder)/\(name)-\(digest(Array(content.utf8)).prefix(12))"
    try makeFolders(folder)
    if headers.isEmpty {
      let path = stem + ".c"
      if FileStatus(path)?.size != source.utf8.count { try replaceFile(path, Array(source.utf8)) }
      return path
    }
    try makeFolders(stem)
    for header in headers { try replaceFile("\(stem)/\(header.name)", Array(header.text.utf8)) }
    try replaceFile("\(stem)/\(fileName)", Array(source.utf8))
    return "\(stem)/\(fileName)"
  }

  /// Compiles in the empty folder `work`. Throws `.compiler` with the compiler's first lines and the path of the kept C,
  /// `.file` where the disk is full, `.interrupted` where the user stopped it.
  package func build(in work: String, with compiler: Compiler, cache: Cache, keptAt kept: String?) throws {
    do {
      for header in headers { try writeNewFile("\(work)/\(header.name)", Array(header.text.utf8)) }
      try writeNewFile("\(work)/\(fileName)", Array(source.utf8))
    } catch {
      throw cache.unwritable(error.reason)
    }
    func failure(_ what: String, _ said: String = "") -> DescentError {
      let place = (kept ?? cache.keepFailed(self)).map { "the C is kept in \($0)" } ?? "the C could not be kept"
      return DescentError(.compiler, "\(compiler.path) \(what)\n\(said)\(place)")
    }
    let result: ProgramResult
    do {
      // Temporary files of the compiler go with the folder, whatever happens. A relative path, for what clang makes of a
      // percent sign in one; and messages in English, for `diskFailures`.
      result = try runProgram(
        compiler.path, arguments(compiler), folder: work, environment: ["TMPDIR": ".", "LC_ALL": "C"],
        timeLimit: timeLimit)
    } catch {
      throw failure("does not start: \(error.reason)")
    }
    switch result.ending {
    case .exited(0): break
    case .timedOut: throw failure("did not finish '\(name)' within \(timeLimit) seconds and was stopped")
    case .interrupted, .signalled(SIGINT), .signalled(SIGTERM):
      throw DescentError(.interrupted, "interrupted while compiling '\(name)'")
    case .exited, .signalled:
      if let reason = Self.diskFailures.first(where: result.output.contains) { throw cache.unwritable(reason) }
      throw failure("cannot compile '\(name)' (\(result.ending.phrase)):", Self.excerpt(result.output))
    }
    guard FileStatus("\(work)/\(libraryName)")?.isRegular == true else {
      throw failure("made no library of '\(name)', though it reported success", Self.excerpt(result.output))
    }
  }

  /// What compilers and linkers print for errors that are the disk's and not the program's.
  private static let diskFailures = [
    "No space left on device", "Disk quota exceeded", "Read-only file system", "File too large",
  ]

  /// The first lines of what the compiler said, each with a line end.
  private static func excerpt(_ output: String) -> String {
    let lines = output.split(whereSeparator: \.isNewline)
    return lines.prefix(24).map { $0 + "\n" }.joined()
      + (lines.count > 24 ? "... \(lines.count - 24) more lines\n" : "")
  }
}
