// Rules for every file: it is described, it opens with what it is, it is short, and it speaks of nothing but the project.

import Foundation
import Testing

@Suite struct FileTests {
  @Test func everyFileHasItsSentence() throws {
    var described: [String] = []
    var folder = ""
    let list = Repository.section("## Every file", in: try Repository.text("Sources/README.md"))
    for line in list.split(separator: "\n") {
      if line.hasPrefix("### ") { folder = String(line.dropFirst(4)) }
      if line.hasPrefix("- ") {
        let match = try #require(line.wholeMatch(of: /- `([^`]+)`: (.+\.)/), "\(line)")
        described.append("\(folder)/\(match.1)")
      }
    }
    let files = try (Repository.files("Sources") + Repository.files("Runtime")).filter { $0 != "Sources/README.md" }
    for path in described where !files.contains(path) {
      Issue.record("Sources/README.md describes \(path), which is gone")
    }
    for path in files where !described.contains(path) { Issue.record("Sources/README.md has no line for \(path)") }
    #expect(Set(described).count == described.count)
  }

  /// Files of more than 500 lines, with the reason; generated files and tables of data aside.
  private static let long: [String: String] = [:]
  @Test func filesAreShort() throws {
    for path in try Repository.everything()
    where [".swift", ".h", ".c", ".sh", ".py"].contains(where: { path.hasSuffix($0) }) {
      let lines = try Repository.text(path).split(separator: "\n", omittingEmptySubsequences: false).count - 1
      if lines > 500, Self.long[path] == nil { Issue.record("\(path) has \(lines) lines; 500 are the most") }
      if lines <= 500, Self.long[path] != nil { Issue.record("\(path) is no longer long") }
    }
  }

  /// A file opens with a comment, or imports and goes on with the documentation of its first declaration.
  @Test func filesSayWhatTheyAre() throws {
    for path in try Repository.files("Sources") where path.hasSuffix(".swift") {
      let lines = try Repository.text(path).split(separator: "\n")
      if lines[0].hasPrefix("//") { continue }
      let first = lines.first { !$0.contains("import ") && !$0.hasPrefix("#") }
      #expect(lines[0].hasPrefix("import ") && first?.hasPrefix("///") == true, "\(path)")
    }
  }

  @Test func figuresHaveTheirForm() throws {
    let lines = try Repository.text("Tests/bench/figures.csv").split(separator: "\n")
    #expect(lines.first == "date,commit,machine,compiler,threads,workload,microseconds")
    for line in lines.dropFirst() {
      let form = /\d{4}-\d\d-\d\d,[0-9a-z-]+,[^,"]+,[^,"]+,\d+,[a-z0-9_-]+,\d+\.\d/
      #expect(try form.wholeMatch(in: line) != nil, "\(line)")
    }
  }

  /// Words that are cut here, so that this file does not find itself.
  private static let foreign = [
    "clau" + "de", "anthro" + "pic", "assis" + "tant", "/wo" + "rk/", "py" + "pi.org", "npm" + "js.",
  ]
  @Test func filesSpeakOfTheProjectAlone() throws {
    // The plays have the words that they have.
    for path in try Repository.everything() where path != "examples/data/shakespeare.txt" {
      // Fixtures with bytes that are no text have no words.
      guard let text = try? Repository.text(path).lowercased() else { continue }
      for word in Self.foreign where text.contains(word) || path.lowercased().contains(word) {
        Issue.record("\(path) contains '\(word)'")
      }
    }
  }
}
