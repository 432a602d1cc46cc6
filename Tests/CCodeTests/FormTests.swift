// The form of emitted C: lines of at most 120 columns, and such that clang-format 14 with the project's settings leaves all as it is.

import DescentCCode
import Foundation
import Testing

@Suite struct FormTests {
  /// Random programs, which have all kinds of nests; those that are recorded are looked at with the project's own C.
  private static let seeds = 1...60

  private static func texts() throws -> [(name: String, text: String)] {
    try seeds.map { seed in
      let program = try RandomProgram(seed: seed).trial().program(seed)
      return ("\(seed).c", program.banner + program.text + program.runFunction(linkage: "DSC_EXPORT"))
    }
  }

  @Test func linesAreShort() throws {
    for (name, text) in try Self.texts() {
      for line in text.split(separator: "\n") where line.count > 120 { Issue.record("\(name): \(line)") }
    }
  }

  @Test func clangFormatLeavesItAsItIs() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("descent-form-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let style = GoldenTests.folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent(".clang-format")
    try FileManager.default.copyItem(at: style, to: folder.appendingPathComponent(".clang-format"))
    let texts = try Self.texts()
    for (name, text) in texts { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
    guard let version = try Self.run(["--version"], in: folder), version.contains("version 14.") else { return }
    _ = try Self.run(["-i"] + texts.map(\.name), in: folder)
    for (name, text) in texts {
      let formatted = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
      let difference = zip(text.split(separator: "\n"), formatted.split(separator: "\n")).first { $0 != $1 }
      #expect(text == formatted, "\(name): \(difference.map { "\($0.0)\nbecomes\n\($0.1)" } ?? "length")")
    }
  }
  /// What clang-format prints; nil where it is not there.
  private static func run(_ arguments: [String], in folder: URL) throws -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["clang-format"] + arguments
    process.currentDirectoryURL = folder
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }
}
