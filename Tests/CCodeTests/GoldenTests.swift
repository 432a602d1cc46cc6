// The C of a few small programs, as recorded; and that the same program gives the same text whenever and wherever it is emitted.
// RECORD=1 rewrites the records and then fails once, so that no record is made unseen.

import DescentCCode
import DescentIR
import DescentOps
import DescentPasses
import DescentTransforms
import Foundation
import Testing

@Suite struct GoldenTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

  @Test(arguments: GoldenPrograms.names)
  func isAsRecorded(_ name: String) throws {
    let text = try Self.text(name)
    #expect(try Self.text(name) == text, "emitted twice")
    let file = Self.folder.appendingPathComponent(name + ".c")
    if ProcessInfo.processInfo.environment["RECORD"] == "1" {
      try Data(text.utf8).write(to: file)
      Issue.record("recorded \(file.lastPathComponent): look at what changed, and run the test again without RECORD")
      return
    }
    let recorded = try String(contentsOf: file, encoding: .utf8)
    let difference = zip(text.split(separator: "\n"), recorded.split(separator: "\n")).first { $0 != $1 }
    #expect(
      text == recorded,
      "first difference: \(difference.map { "\($0.0)\nrecorded: \($0.1)" } ?? "length"); RECORD=1 rewrites")
  }

  /// Without the runtime's headers, which have tests of their own. The records were made by another process.
  private static func text(_ name: String) throws -> String {
    let (graph, donations) = try GoldenPrograms.graph(name)
    let program = StepProgram(try fuse(try optimize(graph, check: true), donations: donations), prefix: name)
    return program.banner + program.text + program.runFunction(linkage: "DSC_EXPORT")
  }
}
