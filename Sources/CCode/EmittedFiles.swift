// Files that leave for a folder of the user's: each is there whole or not at all, and none where one cannot be made.

import DescentIR
import DescentRuntime
import Foundation

/// Files to be written together.
package struct EmittedFiles {
  /// A file's name, with the folder that it is in within the user's (`data/x.npy`), and what writes it to a path.
  private var files: [(name: String, write: (String) throws -> Void)] = []

  package init() {}

  /// Adds a text.
  package mutating func add(_ name: String, _ text: String) {
    add(name) { path in
      try EmittedFiles.calling { error in
        var text = text
        return text.withUTF8 { dsc_write_file(path, $0.baseAddress, Int64($0.count), error) }
      }
    }
  }
  /// Adds a copy of a file.
  package mutating func add(_ name: String, copyOf original: String) {
    add(name) { path in
      let bytes: Data
      do { bytes = try Data(contentsOf: URL(fileURLWithPath: original), options: .mappedIfSafe) } catch {
        throw DescentError(.file, "\(original) cannot be copied: \(error.localizedDescription)")
      }
      try EmittedFiles.calling { error in
        bytes.withUnsafeBytes { dsc_write_file(path, $0.baseAddress, Int64($0.count), error) }
      }
    }
  }
  /// Adds a file that `write` makes at the path it is given.
  package mutating func add(_ name: String, writing write: @escaping (String) throws -> Void) {
    files.append((name, write))
  }

  /// Writes all to a folder beside their places, then renames each. The folder is made where there is none; on
  /// failure it is as it was before, and the error names it.
  package func write(to directory: String) throws {
    guard !directory.isEmpty, !directory.utf8.contains(0) else {
      throw DescentError(.usage, "\(directory.debugDescription) is not a directory name")
    }
    // A folder that holds the first of the files holds an emission, which this one replaces; others may be a user's own.
    func exists(_ name: String) -> Bool {
      var facts = stat()
      return lstat("\(directory)/\(name)", &facts) == 0
    }
    if let first = files.first?.name, !exists(first), let other = files.first(where: { exists($0.name) })?.name {
      throw DescentError(
        .file,
        "\(directory)/\(other) is there already, and no \(first) beside it: it is not replaced; choose another folder")
    }
    var made = try EmittedFiles.makeFolders(directory)
    let folders = Set(files.compactMap { name, _ in name.lastIndex(of: "/").map { String(name[..<$0]) } }).sorted()
    EmittedFiles.sweep(directory)
    let temporary = "\(directory)/.emitting-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    do {
      guard mkdir(temporary, 0o777) == 0 else {
        throw DescentError(.file, "\(directory): nothing can be written there: \(String(cString: strerror(errno)))")
      }
      defer { try? FileManager.default.removeItem(atPath: temporary) }
      for folder in folders { _ = try EmittedFiles.makeFolders("\(temporary)/\(folder)") }
      for (name, write) in files {
        do { try write("\(temporary)/\(name)") } catch let error as DescentError {
          // The temporary place means nothing to a reader.
          throw DescentError(error.kind, error.message.replacing(temporary, with: directory))
        }
      }
      for (name, _) in files {
        var facts = stat()
        guard lstat("\(directory)/\(name)", &facts) != 0 || facts.st_mode & S_IFMT != S_IFDIR else {
          throw DescentError(.file, "\(directory)/\(name) is a folder and is not replaced")
        }
      }
      for folder in folders { made += try EmittedFiles.makeFolders("\(directory)/\(folder)") }
      for (name, _) in files {
        guard rename("\(temporary)/\(name)", "\(directory)/\(name)") == 0 else {
          throw DescentError(.file, "\(directory)/\(name) cannot be replaced: \(String(cString: strerror(errno)))")
        }
      }
    } catch {
      for folder in made.reversed() { rmdir(folder) }
      throw error
    }
  }

  /// Removes the temporary folders of emissions that were killed: of this user, of a process that lives no more, and
  /// untouched for a minute, as a process of another machine or container is not seen from here.
  private static func sweep(_ directory: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    where name.hasPrefix(".emitting-") {
      let path = "\(directory)/\(name)"
      guard let process = pid_t(name.dropFirst(10).prefix { $0 != "-" }), process > 0, process != getpid(),
        kill(process, 0) != 0, errno == ESRCH, let facts = try? FileManager.default.attributesOfItem(atPath: path),
        facts[.ownerAccountID] as? NSNumber == NSNumber(value: geteuid()),
        let changed = facts[.modificationDate] as? Date, changed.timeIntervalSinceNow < -60
      else { continue }
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  /// Makes a folder and those above it; returns the ones that were not there.
  private static func makeFolders(_ path: String) throws -> [String] {
    do { return try DescentIR.makeFolders(path, mode: 0o777, above: 0o777) } catch {
      let reason = error.code == ENOTDIR ? "is not a folder" : "cannot be made: \(error.reason)"
      throw DescentError(.file, "\(path) cannot be written: \(error.path) \(reason)")
    }
  }

  private static func calling(_ body: (UnsafeMutablePointer<dsc_error>) -> Int32) throws {
    var error = dsc_error()
    dsc_error_clear(&error)
    guard body(&error) != 0 else { return }
    throw DescentError(.file, withUnsafePointer(to: &error) { String(cString: dsc_error_message($0)) })
  }
}
