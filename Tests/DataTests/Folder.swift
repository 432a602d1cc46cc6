// A folder that lasts for one test, and what a reader says about a file in it.

import DescentIR
import Foundation
import Testing

/// A temporary folder, removed with its last reference.
final class Folder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("descent-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// Writes a file and gives its path.
  func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    try Data(bytes).write(to: url.appendingPathComponent(name))
    return path(name)
  }
}

/// Checks that `body` throws a file error whose message holds each of the parts; gives the message.
@discardableResult func expectFileError(_ parts: String..., from body: () throws -> Void) -> String {
  do {
    try body()
    Issue.record("no error; expected one with \(parts)")
    return ""
  } catch let error as DescentError {
    #expect(error.kind == .file)
    for part in parts { #expect(error.message.contains(part), "\(error.message)") }
    return error.message
  } catch {
    Issue.record("\(error) is no DescentError")
    return ""
  }
}
