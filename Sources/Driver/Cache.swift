// The folder of built libraries, the user's own.
//   libraries/DIGEST[-N]/{entry.txt, NAME.so}   a built library and, in full, what it was built from
//   compilers/DIGEST.txt                        what is known of a compiler
//   failed/NAME-DIGEST.c                        C that did not compile
//   building/PROCESS-RANDOM/                    work in progress
// The digest is only a name: an entry is believed when `entry.txt` holds, byte for byte, the source, flags, compiler and
// processor of the request, and the library has the size and digest noted at its end. Whatever is believed is this user's,
// and nobody else may write to it or to a folder above it. A folder of an entry is filled in building/ and renamed into
// place, so it is visible only when complete.

import DescentIR

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The folder of built libraries.
package struct Cache: Sendable {
  /// Its absolute path.
  package let folder: String
  /// Entries beyond these are evicted, those used longest ago first.
  package var maximumBytes = 512 << 20
  package var maximumEntries = 1000
  /// Names tried for one digest.
  private static let suffixes = 8

  /// Makes the folder (0700) where it is missing; throws `.usage` where others could put a library of theirs into it or in
  /// its place, `.file` where it cannot be made.
  package init(settings: Settings) throws {
    guard let folder = settings.cache else {
      throw DescentError(
        .usage, "no folder for built libraries: HOME is not set; set DESCENT_CACHE to a folder of yours")
    }
    self.folder = folder
    do {
      try makeFolders(folder)
    } catch {
      throw unusable("cannot be made: \(error.path == folder ? "" : "\(error.path): ")\(error.reason)")
    }
    for level in foldersAbove(folder) + foldersAbove(resolvedPath(folder) ?? folder) {
      try check(level, "the folder \(level), which holds the cache folder \(folder),", isAbove: true)
    }
    try check(folder, "the cache folder \(folder)")
    do {
      for name in Self.parts { try makeFolders("\(folder)/\(name)") }
    } catch {
      throw unwritable(error.reason)
    }
    for name in Self.parts { try check("\(folder)/\(name)", "the cache folder \(folder)/\(name)") }
  }

  private static let parts = ["libraries", "compilers", "failed", "building"]

  /// Throws unless nobody else can change what is in a folder. Those above the cache may belong to the system.
  private func check(_ path: String, _ what: String, isAbove: Bool = false) throws {
    guard let status = FileStatus(path) else { throw unusable("cannot be looked at") }
    let danger = "libraries in it would be run as you"
    guard status.isOwn || (isAbove && status.isSystems) else {
      throw DescentError(
        .usage,
        "\(what) belongs to user \(status.owner), and this is user \(geteuid()): \(danger); "
          + "set DESCENT_CACHE to a folder of yours")
    }
    guard isAbove ? !status.canBeEmptiedByOthers : !status.isWrittenByOthers else {
      throw DescentError(
        .usage,
        "others may write to \(what) (mode \(String(status.mode & 0o7777, radix: 8))): \(danger); "
          + "chmod go-w it, or set DESCENT_CACHE to a folder of yours")
    }
  }

  private func unusable(_ reason: String) -> DescentError {
    DescentError(.file, "the cache folder \(folder) \(reason); set DESCENT_CACHE to a folder that can be written to")
  }

  /// The one error for a full disk, a read-only cache and their like.
  package func unwritable(_ reason: String) -> DescentError {
    DescentError(
      .file,
      "cannot write to the cache folder \(folder): \(reason); set DESCENT_CACHE to a folder with room, or make some")
  }

  // MARK: Entries

  /// A complete entry of the cache.
  package struct Entry: Sendable, Hashable {
    package var folder: String
    var library: String
  }

  /// The entry whose text begins with `key` and whose library is undamaged; marks it as used now.
  package func entry(for key: [UInt8], digest name: String, library: String) -> Entry? {
    for suffix in 0..<Self.suffixes {
      if let entry = checked(path(name, suffix), key, library) {
        utimes(entry.folder, nil)
        return entry
      }
    }
    return nil
  }

  private func path(_ digest: String, _ suffix: Int) -> String {
    "\(folder)/libraries/\(digest)" + (suffix == 0 ? "" : "-\(suffix)")
  }

  private func checked(_ folder: String, _ key: [UInt8], _ library: String) -> Entry? {
    guard let status = FileStatus(folder), status.isOwn, !status.isWrittenByOthers,
      let text = readOwnFile(folder + "/entry.txt"), text.count > key.count, sameBytes(text[..<key.count], key),
      let built = readOwnFile("\(folder)/\(library)"), sameBytes(text[key.count...], Self.seal(built))
    else { return nil }
    return Entry(folder: folder, library: "\(folder)/\(library)")
  }

  private static func seal(_ library: [UInt8]) -> [UInt8] {
    Array("library \(library.count) bytes \(digest(library))\n".utf8)
  }

  /// A new folder to build in; the caller removes it.
  package func makeBuildFolder() throws -> String {
    sweep()
    let path = "\(folder)/building/\(uniqueName())"
    guard mkdir(path, 0o700) == 0 else { throw unwritable(String(cString: strerror(errno))) }
    return path
  }

  /// Moves the library built in `work` into the cache. Of processes that build the same at once the first one's stays
  /// and all get it.
  package func insert(_ work: String, for key: [UInt8], digest name: String, library: String) throws -> Entry {
    guard let built = readFile("\(work)/\(library)") else { throw unwritable("the library was not kept") }
    do {
      for file in namesInFolder(work) where file != library { removeAll("\(work)/\(file)") }
      // Whatever the user's mask lets the compiler give to others.
      chmod("\(work)/\(library)", 0o600)
      try writeNewFile(work + "/entry.txt", key + Self.seal(built))
    } catch {
      throw unwritable(error.reason)
    }
    // A taken name is either this very entry, made by another process meanwhile, or one that is not believed.
    for suffix in 0..<Self.suffixes {
      let target = path(name, suffix)
      if rename(work, target) == 0 { return Entry(folder: target, library: "\(target)/\(library)") }
      guard errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR else {
        throw unwritable(String(cString: strerror(errno)))
      }
      if let entry = checked(target, key, library) { return entry }
    }
    // All names are taken by damaged entries: the first one makes room.
    let target = path(name, 0)
    discard(target)
    guard rename(work, target) == 0 else { throw unwritable(String(cString: strerror(errno))) }
    return Entry(folder: target, library: "\(target)/\(library)")
  }

  /// Out of sight at once, so that no reader meets half an entry, then away.
  package func discard(_ entry: String) {
    let away = "\(folder)/building/\(uniqueName())"
    removeAll(rename(entry, away) == 0 ? away : entry)
  }

  /// Removes the entries used longest ago until the bounds hold, sparing the folders in `inUse`.
  package func evict(sparing inUse: Set<String>) {
    var total = 0
    var entries: [(folder: String, used: Int64, size: Int)] = []
    for name in namesInFolder("\(folder)/libraries") {
      let path = "\(folder)/libraries/\(name)"
      guard let status = FileStatus(path) else { continue }
      let size = namesInFolder(path).reduce(0) { $0 + (FileStatus("\(path)/\($1)")?.size ?? 0) }
      entries.append((path, status.modified, size))
      total += size
    }
    var count = entries.count
    guard count > maximumEntries || total > maximumBytes else { return }
    entries.sort { ($0.used, $0.folder) < ($1.used, $1.folder) }
    for entry in entries where !inUse.contains(entry.folder) {
      guard count > maximumEntries || total > maximumBytes else { break }
      discard(entry.folder)
      count -= 1
      total -= entry.size
    }
  }

  /// Removes what ended processes left: what is in building/, and files on their way into compilers/ (DIGEST.txt.PROCESS-RANDOM),
  /// untouched for a day.
  private func sweep() {
    let now = Int64(time(nil)) * 1_000_000_000
    let building = namesInFolder("\(folder)/building").map { "building/\($0)" }
    let records = namesInFolder("\(folder)/compilers").filter { !$0.hasSuffix(".txt") }.map { "compilers/\($0)" }
    for name in building + records {
      let path = "\(folder)/\(name)"
      if let status = FileStatus(path), now - status.modified > 86_400_000_000_000 { removeAll(path) }
    }
  }

  // MARK: Kept C

  /// Keeps C that did not compile; the 32 latest stay. Gives the path, nil where it could not be written.
  package func keepFailed(_ request: LibraryRequest) -> String? {
    let place = "\(folder)/failed"
    let kept = try? request.write(to: place)
    let all = namesInFolder(place).map { (path: "\(place)/\($0)", time: FileStatus("\(place)/\($0)")?.modified ?? 0) }
    for old in all.sorted(by: { ($0.time, $0.path) < ($1.time, $1.path) }).dropLast(32) where old.path != kept {
      removeAll(old.path)
    }
    return kept
  }

  // MARK: One builder at a time

  /// Runs `body` while no other process builds `digest`, so that ranks of one run compile once. Where locks do not work
  /// all go on at once, which is slower and as right. Throws `.interrupted` where a signal ends the wait.
  package func exclusively<T>(_ digest: String, _ body: () throws -> T) throws -> T {
    let path = "\(folder)/building/\(digest).lock"
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { return try body() }
    defer { close(file) }
    while flock(file, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK || errno == EINTR {
      try Interruption.check()
      usleep(20_000)
    }
    // Removed while held: one who comes later makes a new file and finds the entry in the cache.
    defer { unlink(path) }
    return try body()
  }
}
