// The code's form: Swift as swift-format leaves it, C as clang-format 14 does, functions that fit a screen.

import Foundation
import Testing

@Suite struct FormatTests {
  /// What a command prints, and how it ends; nil where there is none of its name.
  private static func output(_ arguments: [String]) throws -> (text: String, status: Int32)? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: Repository.root)
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    // 127: env found no such program.
    return process.terminationStatus == 127 ? nil : (String(decoding: data, as: UTF8.self), process.terminationStatus)
  }

  @Test func swiftIsFormatted() throws {
    let folders = ["Sources", "Tests", "examples", "Package.swift"]
    guard let (text, status) = try Self.output(["swift", "format", "lint", "--strict", "-p", "-r"] + folders) else {
      return
    }
    #expect(status == 0, "swift format -i -p -r \(folders.joined(separator: " ")) mends this:\n\(text.prefix(2000))")
  }

  /// Versions differ in what they make of the same settings, so one is asked.
  @Test func cIsFormatted() throws {
    guard let version = try Self.output(["clang-format", "--version"])?.text, version.contains("version 14.") else {
      return FormatTests.say("clang-format 14 is not here: the C is not looked at")
    }
    let files = try ["Runtime", "Tests"].flatMap(Repository.files).filter {
      ($0.hasSuffix(".c") || $0.hasSuffix(".h")) && !$0.contains("/fixtures/")
    }
    let (text, status) = try #require(try Self.output(["clang-format", "--dry-run", "--Werror"] + files))
    #expect(status == 0, "clang-format -i mends this:\n\(text.prefix(2000))")
  }
  private static func say(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

  @Test func functionsFitAScreen() throws {
    for path in try ["Sources", "examples"].flatMap(Repository.files) where path.hasSuffix(".swift") {
      for (name, count) in Self.functions(try Repository.text(path)) where count > 60 {
        Issue.record("\(path) \(name) has \(count) lines; 60 are the most")
      }
    }
  }

  /// The names of functions and initializers, and their lines up to the bracket that stands as they do.
  private static func functions(_ text: String) -> [(String, Int)] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.indices.compactMap { start -> (String, Int)? in
      let match = lines[start].firstMatch(of: /^( *)(?:@[^ ]+ )*(?:[a-z]+(?:\(set\))? )*(func [^ (<]+|init)[?(<]/)
      guard let match else { return nil }
      let margin = match.1
      let rest = lines[start...].dropFirst()
      guard
        let end = rest.firstIndex(where: { line in
          line.hasPrefix(margin)
            && line.dropFirst(margin.count).first.map { $0 != " " && $0 != ")" && $0 != "{" } == true
        }), lines[end] == margin + "}"
      else { return nil }
      return (String(match.2), end - start + 1)
    }
  }
}
