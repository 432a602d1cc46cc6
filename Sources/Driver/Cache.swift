// Built libraries on disk. An entry is a folder with the library and everything it was built from, compared byte for byte before
// the library is loaded; it is made beside and renamed, so that it is whole or absent.

import DescentIR
import Foundation

/// The cache folder: the user's own, mode 0700.
package struct Cache: Sendable {
  package let folder: String
  /// Above this many entries the oldest are removed.
  static let most = 1_000

  /// Opens or makes the folder. Refuses one that others could write to: what lies there is loaded as code.
  package init(_ folder: String) throws {
    self.folder = folder
    let manager = FileManager.default
    do {
      try manager.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      let facts = try manager.attributesOfItem(atPath: folder)
      let mode = (facts[.posixPermissions] as? NSNumber)?.intValue ?? 0
      let owner = (facts[.ownerAccountID] as? NSNumber)?.uint32Value
      guard owner == geteuid(), mode & 0o022 == 0 else {
        throw DescentError(
          .file, "the cache \(folder) belongs to another user or can be written by others (mode \(String(mode, radix: 8))); "
            + "'chmod 700' it, or set DESCENT_CACHE to a folder of your own")
      }
    } catch let error as DescentError {
      throw error
    } catch {
      throw DescentError(.file, "the cache \(folder) cannot be used: \(reason(error)); set DESCENT_CACHE to another folder")
    }
  }

  /// A folder that is gone when `body` ends.
  func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
    let path = folder + "/building-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
      return try body(path)
    } catch let error as DescentError {
      throw error
    } catch {
      throw DescentError(.file, "nothing can be written to the cache \(folder): \(reason(error)); set DESCENT_CACHE to another folder")
    }
  }

  /// The library built from `key`, if there is one.
  func library(_ key: Data) -> String? {
    for entry in names(key) {
      guard let stored = FileManager.default.contents(atPath: entry + "/key.txt") else { return nil }
      if stored == key {
        // The time of last use decides what is removed first.
        try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: entry)
        return entry + "/library.so"
      }
    }
    return nil
  }

  /// Keeps what `build` puts into a folder (`library.so`) under `key`; gives the library's path.
  func keep(_ key: Data, build: (String) throws -> Void) throws -> String {
    try withTemporaryFolder { folder in
      try build(folder)
      try key.write(to: URL(fileURLWithPath: folder + "/key.txt"))
      for entry in names(key) {
        if rename(folder, entry) == 0 { break }
        // Another process was faster, or another key has this name.
        if FileManager.default.contents(atPath: entry + "/key.txt") == key { break }
      }
      guard let library = library(key) else {
        throw DescentError(.file, "the cache \(self.folder) did not keep a library; set DESCENT_CACHE to another folder")
      }
      evict()
      return library
    }
  }

  /// Where an entry may lie. The hash only names it.
  private func names(_ key: Data) -> [String] {
    let name = hexHash(key)
    return (0..<4).map { "\(folder)/\(name)-\($0)" }
  }

  private func evict() {
    let manager = FileManager.default
    guard let all = try? manager.contentsOfDirectory(atPath: folder), all.count > Cache.most else { return }
    let dated = all.map { name -> (String, Date) in
      let path = folder + "/" + name
      return (path, (try? manager.attributesOfItem(atPath: path))?[.modificationDate] as? Date ?? .distantPast)
    }.sorted { $0.1 < $1.1 }
    // A library that a process has loaded stays valid after its file is gone.
    for (path, _) in dated.prefix(all.count - Cache.most * 9 / 10) { try? manager.removeItem(atPath: path) }
  }

  // MARK: Small facts

  /// What was remembered under a stamp.
  func remembered<T: Codable>(_ stamp: String) -> T? {
    guard let data = FileManager.default.contents(atPath: fact(stamp)),
      let entry = try? JSONDecoder().decode(Fact<T>.self, from: data), entry.stamp == stamp
    else { return nil }
    return entry.value
  }
  func remember<T: Codable>(_ stamp: String, _ value: T) {
    guard let data = try? JSONEncoder().encode(Fact(stamp: stamp, value: value)) else { return }
    // It saves time and nothing else, so a failure is none.
    try? data.write(to: URL(fileURLWithPath: fact(stamp)), options: .atomic)
  }
  private func fact(_ stamp: String) -> String { "\(folder)/fact-\(hexHash(Data(stamp.utf8))).json" }
  private struct Fact<T: Codable>: Codable {
    var stamp: String
    var value: T
  }
}

/// FNV-1a in two 64-bit halves: a name, not a proof.
private func hexHash(_ data: Data) -> String {
  var (a, b): (UInt64, UInt64) = (0xcbf2_9ce4_8422_2325, 0x6c62_272e_07bb_0142)
  for byte in data {
    a = (a ^ UInt64(byte)) &* 0x100_0000_01b3
    b = (b &+ UInt64(byte)) &* 0x9e37_79b9_7f4a_7c15
  }
  return String(a, radix: 16) + String(b, radix: 16)
}

/// What the system says of a failure.
func reason(_ error: any Error) -> String {
  let error = error as NSError
  let under = (error.userInfo[NSUnderlyingErrorKey] as? NSError) ?? error
  if under.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(under.code))) }
  return under.localizedDescription
}
