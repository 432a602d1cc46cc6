// What the cache refuses, survives and throws away.

import DescentIR
import Foundation
import Testing

import DescentDriver

@Suite struct CacheTests {
  @Test func isMadePrivate() throws {
    let place = try Scratch()
    let cache = try Cache(settings: place.settings(["DESCENT_CACHE": place.path + "/a/b/c"]))
    #expect(FileStatus(cache.folder)?.mode == 0o040700)
  }

  @Test(arguments: [0o770, 0o702, 0o777])
  func othersMayWrite(mode: Int) throws {
    let place = try Scratch()
    try makeFolders(place.cache)
    chmod(place.cache, mode_t(mode))
    let error = failure { try Driver().load(square(), settings: place.settings) }
    #expect(error.kind == .usage)
    #expect(
      error.message.hasPrefix("others may write to the cache folder \(place.cache) (mode \(String(mode, radix: 8)))"))
    #expect(error.message.contains("DESCENT_CACHE"))
  }

  @Test func otherOwner() throws {
    let place = try Scratch()
    try makeFolders(place.cache)
    // Root alone can give a folder away; others look at one of root's.
    let folder = chown(place.cache, 12345, 12345) == 0 ? place.cache : "/usr"
    let error = failure { try Cache(settings: place.settings(["DESCENT_CACHE": folder])) }
    #expect(error.kind == .usage && error.message.hasPrefix("the cache folder \(folder) belongs to user "))
    #expect(error.message.contains("DESCENT_CACHE"))
  }

  /// Every level down to what is loaded, and every level up to the root.
  @Test(arguments: ["libraries", "compilers", "failed", "building"], [nil, 0o770, 0o702] as [Int?])
  func partsOfOthers(_ part: String, _ mode: Int?) throws {
    let place = try Scratch()
    let path = "\(place.cache)/\(part)"
    _ = try Cache(settings: place.settings)
    if let mode { chmod(path, mode_t(mode)) } else if chown(path, 12345, 12345) != 0 { return }
    let error = failure { try Driver().load(square(), settings: place.settings) }
    #expect(error.kind == .usage && error.message.contains("the cache folder \(path) "), "\(error)")
    #expect(
      error.message.hasPrefix(mode == nil ? "the cache folder" : "others may write to")
        && error.message.contains("DESCENT_CACHE"))
  }

  @Test(
    arguments: [
      (nil, nil, false), (0o777, nil, false), (0o1777, nil, true), (0o775, 0, true), (0o775, 1, false),
      (0o2755, 1, true),
    ] as [(Int?, Int?, Bool)]) func foldersAboveOfOthers(_ mode: Int?, _ group: Int?, _ isGood: Bool) throws
  {
    let place = try Scratch()
    let above = place.path + "/above"
    try makeFolders(above + "/between/cache")
    if mode == nil, chown(above, 12345, 12345) != 0 { return }
    if let group { chown(above, geteuid(), geteuid() + gid_t(group)) }
    if let mode { chmod(above, mode_t(mode)) }
    symlink(above + "/between/cache", place.path + "/link")
    for path in [above + "/between/cache", place.path + "/link"] {
      let settings = try place.settings(["DESCENT_CACHE": path])
      if isGood {
        _ = try Cache(settings: settings)
      } else {
        let error = failure { try Cache(settings: settings) }
        #expect(
          error.kind == .usage && error.message.contains("the folder \(above), which holds the cache folder \(path), "),
          "\(error)")
      }
    }
  }

  /// What somebody else has put, or may have changed, is not believed.
  @Test(arguments: ["", "/entry.txt", "/test.so"], [nil, 0o777] as [Int?])
  func entriesOfOthers(_ file: String, _ mode: Int?) throws {
    let place = try Scratch()
    let entry = try #require(parentFolder(try Driver().load(square(), settings: place.settings).path))
    if let mode { chmod(entry + file, mode_t(mode)) } else if chown(entry + file, 12345, 12345) != 0 { return }
    let again = try Driver().load(square(), settings: place.settings)
    #expect(!again.origin.cacheHit && again.path == entry + "-1/test.so")
  }

  /// Where the user's mask leaves everything to everybody.
  @Test func libraryIsPrivate() throws {
    let place = try Scratch()
    let compiler = try Driver().compiler(settings: place.settings, cache: Cache(settings: place.settings))
    let file = try place.file("cc", "#!/bin/sh\numask 0\nexec \(compiler.path) \"$@\"\n", mode: 0o700)
    let settings = try place.settings(["DESCENT_CC": file])
    let path = try Driver().load(square(), settings: settings).path
    #expect(FileStatus(path)?.mode == 0o100600)
    #expect(try Driver().load(square(), settings: settings).origin.cacheHit)
  }

  @Test func cannotBeMade() throws {
    let place = try Scratch()
    let file = try place.file("plain", "")
    for folder in [file, file + "/below", "/proc/none/below"] {
      let error = failure { try Driver().load(square(), settings: place.settings(["DESCENT_CACHE": folder])) }
      #expect(error.kind == .file)
      #expect(
        error.message.hasPrefix("the cache folder \(folder) cannot be made: ")
          && error.message.contains("DESCENT_CACHE"))
    }
    #expect(failure { try Cache(settings: Settings(environment: [:])) }.message.contains("DESCENT_CACHE"))
  }

  /// Damage of each kind is a miss: the library is built again, beside, and found the next time.
  @Test(arguments: ["text", "tail", "empty library", "library", "no library", "no text", "file"])
  func damage(kind: String) throws {
    let place = try Scratch()
    let entry = try #require(parentFolder(try Driver().load(square(), settings: place.settings).path))
    let (text, built) = (entry + "/entry.txt", entry + "/test.so")
    func change(_ path: String, _ edit: (inout [UInt8]) -> Void) throws {
      var bytes = try #require(readFile(path))
      edit(&bytes)
      try replaceFile(path, bytes)
    }
    switch kind {
    case "text": try change(text) { $0[100] ^= 1 }
    case "tail": try change(text) { $0.removeLast(3) }
    case "empty library": try change(built) { $0 = [] }
    case "library": try change(built) { $0[$0.count / 2] ^= 1 }
    case "no library": removeAll(built)
    case "no text": removeAll(text)
    default:
      removeAll(entry)
      try writeNewFile(entry, [1])
    }
    let again = try Driver().load(square(), settings: place.settings)
    #expect(!again.origin.cacheHit && again.path == entry + "-1/test.so")
    #expect(try call(again, 3) == 9)
    #expect(try Driver().load(square(), settings: place.settings).origin.cacheHit)
  }

  @Test func allNamesTaken() throws {
    let place = try Scratch()
    let entry = try #require(parentFolder(try Driver().load(square(), settings: place.settings).path))
    removeAll(entry)
    for suffix in ["", "-1", "-2", "-3", "-4", "-5", "-6", "-7"] {
      try makeFolders(entry + suffix)
      try writeNewFile(entry + suffix + "/entry.txt", [])
    }
    #expect(try Driver().load(square(), settings: place.settings).path == entry + "/test.so")
    #expect(namesInFolder(place.cache + "/building") == [])
  }

  /// An undamaged entry whose library cannot be loaded any more.
  @Test func unloadable() throws {
    let place = try Scratch()
    let driver = Driver()
    let cache = try Cache(settings: place.settings)
    let key = square().key(
      try driver.compiler(settings: place.settings, cache: cache), environment: processEnvironment())
    let work = try cache.makeBuildFolder()
    try writeNewFile(work + "/test.so", Array("no library".utf8))
    _ = try cache.insert(work, for: key, digest: digest(key), library: "test.so")
    let built = try driver.load(square(), settings: place.settings)
    #expect(try call(built, 3) == 9)
    #expect(try Driver().load(square(), settings: place.settings).origin.cacheHit)
  }

  @Test func compilerAndProcessorAreCompared() throws {
    let place = try Scratch()
    let compiler = try Driver().compiler(settings: place.settings, cache: Cache(settings: place.settings))
    let key = square().key(compiler, environment: [:])
    for change: (inout Compiler) -> Void in [
      { $0.version += "x" }, { $0.processor += " avx9" }, { $0.modified += 1 }, { $0.size += 1 }, { $0.path += "x" },
      { $0.target += "x" },
    ] {
      var other = compiler
      change(&other)
      #expect(square().key(other, environment: [:]) != key)
    }
    #expect(square().key(compiler, environment: ["CPATH": "/x"]) != key)
  }

  @Test func eviction() throws {
    let place = try Scratch()
    var cache = try Cache(settings: place.settings)
    func insert(_ index: Int) throws -> String {
      let work = try cache.makeBuildFolder()
      try writeNewFile(work + "/test.so", [UInt8](repeating: 0, count: 1000))
      let entry = try cache.insert(work, for: [UInt8(index)], digest: "entry\(index)", library: "test.so").folder
      var times = [timeval(tv_sec: 1000 + index, tv_usec: 0), timeval(tv_sec: 1000 + index, tv_usec: 0)]
      utimes(entry, &times)
      return entry
    }
    let folders = try (0..<6).map(insert)
    func left() -> [String] { namesInFolder(cache.folder + "/libraries").map { String($0.dropFirst(5)) } }
    cache.evict(sparing: [])
    #expect(left().count == 6)
    // Use makes young.
    #expect(cache.entry(for: [0], digest: "entry0", library: "test.so") != nil)
    cache.maximumEntries = 4
    cache.evict(sparing: [folders[1]])
    #expect(left() == ["0", "1", "4", "5"])
    cache.maximumBytes = 2500
    cache.evict(sparing: [folders[1]])
    #expect(left() == ["0", "1"])
    cache.maximumEntries = 0
    cache.evict(sparing: [])
    #expect(left() == [] && namesInFolder(cache.folder + "/building") == [])
  }

  /// What killed processes left, a day later: work in progress, and records on their way.
  @Test func leftoversOfKilledProcessesAreSwept() throws {
    let place = try Scratch()
    let cache = try Cache(settings: place.settings)
    let old = ["building/12-ab", "compilers/12ab.txt", "compilers/12ab.txt.999999998-0123456789abcdef"],
      new = "compilers/34cd.txt.999999998-0123456789abcdef"
    for name in old + [new] { try writeNewFile("\(cache.folder)/\(name)", [1]) }
    for name in old {
      utimes("\(cache.folder)/\(name)", [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)])
    }
    let work = try cache.makeBuildFolder()
    #expect(namesInFolder(cache.folder + "/compilers") == ["12ab.txt", "34cd.txt.999999998-0123456789abcdef"])
    #expect(namesInFolder(cache.folder + "/building").map { "\(cache.folder)/building/\($0)" } == [work])
  }

  @Test func failedSourcesAreBounded() throws {
    let place = try Scratch()
    let cache = try Cache(settings: place.settings)
    for index in 0..<40 { #expect(cache.keepFailed(library("\(index)")) != nil) }
    #expect(namesInFolder(cache.folder + "/failed").count == 32)
  }

  /// The compiler's own writes meet a limit on file size.
  @Test func noRoomForTheCompiler() throws {
    let place = try Scratch()
    let compiler = try Driver().compiler(settings: place.settings, cache: Cache(settings: place.settings))
    let file = try place.file("cc", "#!/bin/sh\ntrap '' XFSZ\nulimit -f 1\nexec \(compiler.path) \"$@\"\n", mode: 0o700)
    // Enough data for a library beyond the limit.
    let source = "double table[4096] = {1};\n" + square().source
    let error = failure {
      try Driver().load(LibraryRequest(name: "test", source: source), settings: place.settings(["DESCENT_CC": file]))
    }
    #expect(error.kind == .file && error.message.hasPrefix("cannot write to the cache folder \(place.cache): "))
    #expect(error.message.contains("DESCENT_CACHE"))
    #expect(namesInFolder(place.cache + "/libraries") == [] && namesInFolder(place.cache + "/building") == [])
  }

  #if os(Linux)
    @Test func fullDisk() throws {
      let file = open("/dev/full", O_WRONLY)
      defer { close(file) }
      #expect(throws: FileFailure.self) { try writeAll([1, 2, 3], to: file, path: "/dev/full") }
    }
  #endif

  @Test func wholeFiles() throws {
    let place = try Scratch()
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    try replaceFile(place.path + "/a", bytes)
    #expect(readFile(place.path + "/a") == bytes && readFile(place.path + "/a", limit: 10) == Array(bytes.prefix(10)))
    #expect(readFile(place.path + "/b") == nil && readFile(place.path) == nil)
    #expect(throws: FileFailure.self) { try writeNewFile(place.path + "/a", []) }
    #expect(namesInFolder(place.path) == ["a"])
    symlink("/usr", place.path + "/link")
    removeAll(place.path + "/link")
    #expect(FileStatus("/usr")?.isFolder == true && FileStatus(place.path + "/link") == nil)
    #expect(
      [parentFolder("/a/b/"), parentFolder("/a"), parentFolder("/"), parentFolder("a")] == ["/a", "/", nil, nil])
  }

  @Test func digests() {
    var seen: Set<String> = []
    for length in 0..<300 {
      for value: UInt8 in [0, 1, 255] { seen.insert(digest([UInt8](repeating: value, count: length))) }
    }
    #expect(seen.count == 3 * 299 + 1 && seen.allSatisfy { $0.count == 32 })
  }
}
