// From step programs to executables: C text, clang, cache, dlopen.

import DescentCCode
import DescentIR
import DescentPasses
import Foundation
import Synchronization

/// Builds (or finds in the cache) one library of several programs and loads it. Throws where there is no compiler, it fails, or
/// nothing can be written. `threads` nil: as the environment says.
package func load(_ programs: [StepProgram], threads: Int? = nil) throws -> [Executable] {
  let settings = try Settings.current()
  let library = try build(librarySource(programs), name: programs.first?.prefix ?? "empty", settings)
  return try programs.map { try Executable($0, in: library, threads: threads ?? settings.threads) }
}

/// The graph passes, watched as the environment asks.
package func prepare(_ graph: Graph, donations: [Int?] = [], prefix: String) throws -> StepProgram {
  let settings = try Settings.current()
  settings.note(2, "--- \(prefix): as traced\n" + graph.text)
  let optimized = try optimize(graph, check: settings.check) { phrase, graph in
    settings.note(2, "--- \(prefix): \(phrase)\n" + graph.text)
  }
  let schedule = try fuse(optimized, donations: donations)
  if settings.check { try schedule.graph.verify() }
  settings.note(2, "--- \(prefix): kernels\n" + schedule.text)
  return StepProgram(schedule, prefix: prefix)
}

/// Builds a library from C text.
package func build(_ source: String, name: String, _ settings: Settings) throws -> Library {
  let cache = try Cache(settings.cache)
  let compiler = try Compiler.find(settings, cache)
  if let notice = compiler.notice, Notice.first() { settings.note(0, notice) }
  settings.note(3, source)
  if let folder = settings.keepC { try keep(source, name, in: folder) }
  let key = Data([compiler.path, compiler.version, compiler.flags.joined(separator: " "), Compiler.processor, source].joined(separator: "\n").utf8)
  let start = Date()
  if let path = cache.library(key) {
    defer { settings.note(1, "descent: \(name) loaded from the cache in \(elapsed(start))") }
    return try Library(path: path)
  }
  let path = try cache.keep(key) { folder in
    let file = folder + "/program.c"
    try Data(source.utf8).write(to: URL(fileURLWithPath: file))
    let result = try runCommand(compiler.path, compiler.flags + ["-o", folder + "/library.so", file])
    guard result.succeeded, FileManager.default.fileExists(atPath: folder + "/library.so") else {
      let kept = cache.folder + "/failed-\(name).c"
      try? Data(source.utf8).write(to: URL(fileURLWithPath: kept), options: .atomic)
      let message = result.errors.split(separator: "\n").prefix(12).joined(separator: "\n")
      throw DescentError(.compiler, "\(compiler.path) failed (\(result.status)) on emitted C, which is kept as \(kept):\n\(message)")
    }
    try FileManager.default.removeItem(atPath: file)
  }
  settings.note(1, "descent: \(name) built by \(compiler.path) in \(elapsed(start))")
  return try Library(path: path)
}

private func elapsed(_ start: Date) -> String { "\((Date().timeIntervalSince(start) * 1000).rounded() / 1000) s" }

/// Text is written beside and renamed, so that a reader never sees half of it.
private func keep(_ source: String, _ name: String, in folder: String) throws {
  do {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(source.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).c"), options: .atomic)
  } catch {
    throw DescentError(.file, "DESCENT_KEEP_C: \(folder)/\(name).c cannot be written: \(reason(error))")
  }
}

/// A notice is given once in a process.
private enum Notice {
  private static let given = Atomic<Bool>(false)
  static func first() -> Bool { !given.exchange(true, ordering: .relaxed) }
}
