// The way from C to a loaded library: memory of this process, then the cache, then the compiler.

import DescentIR
import Synchronization

/// Loads libraries and remembers those of this process. One per process in use; tests make their own.
package final class Driver: Sendable {
  /// The driver of this process.
  package static let shared = Driver()

  /// A library being made or made; its lock lets one thread make it while others wait.
  private final class Slot: Sendable {
    let library = Mutex<Library?>(nil)
  }
  private struct CompilerChoice: Hashable {
    var name: String?
    var cache: String
    var folders: [String]
  }
  private let slots = Mutex<[[UInt8]: Slot]>([:])
  private let compilers = Mutex<[CompilerChoice: Compiler]>([:])
  private let entries = Mutex<Set<String>>([])

  package init() {}

  /// The compiler for `settings`, looked for once.
  package func compiler(settings: Settings, cache: Cache) throws -> Compiler {
    try compilers.withLock { known in
      let choice = CompilerChoice(name: settings.compiler, cache: cache.folder, folders: settings.searchPath)
      if let compiler = known[choice] { return compiler }
      let compiler = try Compiler.find(settings: settings, cache: cache)
      known[choice] = compiler
      return compiler
    }
  }

  /// Builds `request`, or finds it built, and loads it. The same request gives the same library, variables included.
  /// Blocks the caller; errors are `DescentError`s of kinds `.usage`, `.compiler`, `.file` and `.interrupted`.
  package func load(_ request: LibraryRequest, settings: Settings) throws -> Library {
    if Background.isCurrent { return try find(request, settings: settings, builds: true)! }
    return try Interruption.during { try find(request, settings: settings, builds: true)! }
  }

  /// The library of `request` where it has been built.
  package func known(_ request: LibraryRequest, settings: Settings) throws -> Library? {
    try Interruption.during { try find(request, settings: settings, builds: false) }
  }

  private func find(_ request: LibraryRequest, settings: Settings, builds: Bool) throws -> Library? {
    let start = ContinuousClock.now
    try request.validate()
    let cache = try Cache(settings: settings)
    let compiler = try compiler(settings: settings, cache: cache)
    let kept = try settings.keepC.map { try keep(request, $0) }
    let key = request.key(compiler, environment: processEnvironment())
    let slot = slots.withLock { slots in
      let slot = slots[key] ?? Slot()
      slots[key] = slot
      return slot
    }
    func library(_ known: inout Library?) throws -> Library? {
      if let known { return known }
      known = try make(
        request, key,
        Library.Origin(
          cacheHit: true, compileSeconds: 0, totalSeconds: 0, compiler: compiler,
          commandLine: ([compiler.path] + request.arguments(compiler)).joined(separator: " "), keptC: kept),
        cache, since: start, builds: builds)
      return known
    }
    if builds { return try slot.library.withLock { try library(&$0) } }
    // One that another thread makes is not waited for.
    return try slot.library.withLockIfAvailable { try library(&$0) } ?? nil
  }

  private func keep(_ request: LibraryRequest, _ folder: String) throws -> String {
    do {
      return try request.write(to: folder)
    } catch {
      throw DescentError(.file, "cannot keep C in \(folder), which DESCENT_KEEP_C names: \(error.reason)")
    }
  }

  private func make(
    _ request: LibraryRequest, _ key: [UInt8], _ origin: Library.Origin, _ cache: Cache,
    since start: ContinuousClock.Instant, builds: Bool
  ) throws -> Library? {
    let name = digest(key)
    func loaded(_ entry: Cache.Entry, _ compileSeconds: Double?) throws -> Library {
      var origin = origin
      origin.cacheHit = compileSeconds == nil
      origin.compileSeconds = compileSeconds ?? 0
      origin.totalSeconds = seconds(since: start)
      let library = try Library(path: entry.library, origin: origin)
      entries.withLock { _ = $0.insert(entry.folder) }
      return library
    }
    func found() -> Library? {
      guard let entry = cache.entry(for: key, digest: name, library: request.libraryName) else { return nil }
      if let library = try? loaded(entry, nil) { return library }
      // It does not load any more (evicted at this moment, a runtime uninstalled): away with it, and built anew.
      cache.discard(entry.folder)
      return nil
    }
    if let library = found() { return library }
    guard builds else { return nil }
    return try cache.exclusively(name) {
      if let library = found() { return library }
      let work = try cache.makeBuildFolder()
      defer { removeAll(work) }
      let began = ContinuousClock.now
      try request.build(in: work, with: origin.compiler, cache: cache, keptAt: origin.keptC)
      let compileSeconds = seconds(since: began)
      let entry = try cache.insert(work, for: key, digest: name, library: request.libraryName)
      let library = try loaded(entry, compileSeconds)
      cache.evict(sparing: entries.withLock { $0 })
      return library
    }
  }
}

private func seconds(since start: ContinuousClock.Instant) -> Double {
  let elapsed = (ContinuousClock.now - start).components
  return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
}

/// Builds `request`, or finds it built, and loads it, with the memory of this process.
package func load(_ request: LibraryRequest, settings: Settings) throws -> Library {
  try Driver.shared.load(request, settings: settings)
}
