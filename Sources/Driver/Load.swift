// From graphs to executables: passes, C text, and the library that the driver makes of it.

import DescentCCode
import DescentIR
import DescentLoops
import DescentPasses
import Dispatch
import Foundation
import Synchronization

/// Builds (or finds in the cache) a library for each program, side by side, and loads them, in the order of `DESCENT_BUILD`.
/// Throws where there is no compiler, it fails, or nothing can be written. `threads` nil: as the environment says. With
/// `profiled` the executables can also be profiled.
package func load(_ programs: [StepProgram], threads: Int? = nil, profiled: Bool = false) throws -> [Executable] {
  let settings = try Settings.current()
  // Before the compiler runs.
  try Threads.check(threads ?? settings.threads)
  BuildLog.current?.addLoaded(programs.map(\.prefix))
  let results = Mutex([Result<Executable, any Error>?](repeating: nil, count: programs.count))
  DispatchQueue.concurrentPerform(iterations: programs.count) { index in
    let result = Result { try load(programs[index], threads: threads, profiled: profiled, settings: settings) }
    results.withLock { $0[index] = result }
  }
  return try results.withLock { try $0.map { try $0!.get() } }
}

private func load(_ program: StepProgram, threads: Int?, profiled: Bool, settings: Settings) throws -> Executable {
  let source = librarySource([program]) + (profiled ? program.profileFunction(linkage: "DSC_EXPORT") : "")
  let full = LibraryRequest(name: program.prefix, source: source)
  settings.print(.code, source)
  var better: (@Sendable () throws -> Library)?
  let library: Library
  if settings.build == .full || profiled {
    library = try report(load(full, settings: settings), program, settings)
  } else if settings.build == .staged, let known = try Driver.shared.known(full, settings: settings) {
    library = report(known, program, settings)
  } else {
    library = try report(
      load(LibraryRequest(name: program.prefix, source: source, effort: .quick), settings: settings),
      program, settings)
    if settings.build == .staged {
      better = { try report(load(full, settings: settings), program, settings) }
    }
  }
  Notices.shared.print(library.origin.compiler.notice)
  if threads == nil { Notices.shared.print(settings.threadsNotice) }
  return try Executable(program, in: library, threads: threads ?? settings.threads, better: better)
}

/// The library, after a line under DESCENT_DEBUG.
private func report(_ library: Library, _ program: StepProgram, _ settings: Settings) -> Library {
  let origin = library.origin
  settings.print(
    .lines,
    "descent: \(program.prefix): \(origin.cacheHit ? "found in the cache" : "compiled in \(milliseconds(origin.compileSeconds))"), "
      + "\(milliseconds(origin.totalSeconds)) in all: \(origin.commandLine)")
  return library
}

/// The passes from a graph to a program, watched as the environment asks. `lengths` as in `Schedule`, `givesConstants` as in
/// `StepProgram`: for programs that are run here.
package func prepare(
  _ graph: Graph, donations: [Int?] = [], lengths: [Int: Int] = [:], prefix: String, isSmall: Bool = false,
  givesConstants: Bool = false
) throws -> StepProgram {
  let settings = try Settings.current()
  let start = ContinuousClock.now
  BuildLog.current?.addPrepared(prefix)
  settings.print(.graphs, "--- \(prefix): as traced\n" + graph.text)
  func report(_ phrase: String, _ graph: Graph) {
    settings.print(.passes, "--- \(prefix): \(phrase): \(graph.nodes.count) nodes")
    settings.print(.graphs, graph.text)
  }
  var optimized = try optimize(graph, check: settings.checks.contains(.graph), trace: report)
  if isSmall {
    optimized = try optimize(try sinkSequences(optimized), check: settings.checks.contains(.graph), trace: report)
  }
  optimized = try keepingLess(optimized)
  let explain: ((String) -> Void)? =
    settings.debug.contains(.schedule) ? { settings.print(.schedule, "--- \(prefix): " + $0) } : nil
  var schedule = try fuse(optimized, donations: donations, explain: explain)
  schedule.lengths = lengths
  if settings.checks.contains(.graph) { try schedule.graph.verify() }
  if !settings.debug.isDisjoint(with: [.passes, .schedule]) {
    settings.print(settings.debug, "--- \(prefix): kernels\n" + schedule.text)
  }
  let program = StepProgram(
    schedule, prefix: prefix, plan: isSmall ? .small : Plan(), givesConstants: givesConstants
  ) {
    settings.print(.nests, "--- \(prefix): " + $0)
  }
  settings.print(.nests, program.plan.text)
  settings.print(
    .memory,
    "--- \(prefix): memory\n" + program.plan.memoryRows.map { $0.joined(separator: "  ") }.joined(separator: "\n"))
  settings.print(
    .lines,
    "descent: \(prefix): \(graph.nodes.count) nodes traced, \(optimized.nodes.count) optimized, \(program.calls.count) calls, "
      + "\(program.barriers) barriers, in \(ContinuousClock.now - start)")
  return program
}

extension Settings {
  /// Writes to stderr what DESCENT_DEBUG asks for.
  package func print(_ kind: DebugOutput, _ text: @autoclosure () -> String) {
    if debug.contains(kind) { FileHandle.standardError.write(Data((text() + "\n").utf8)) }
  }
}

private func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1000).rounded())) ms" }
