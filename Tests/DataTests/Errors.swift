// What a reader says about a file.

import DescentIR
import Foundation
import Testing

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
    Issue.record("\(error) is not a DescentError")
    return ""
  }
}
