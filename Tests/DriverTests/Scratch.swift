// A folder of a test's own.

import DescentDriver
import DescentIR
import Foundation
import Testing

/// A folder that is gone with the last reference.
final class Scratch {
  let path: String
  init(_ name: String = "place") throws {
    path = FileManager.default.temporaryDirectory.path + "/descent-\(UUID().uuidString)-\(name)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}
