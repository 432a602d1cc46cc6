// The files of the repository, as the tests of its documents see them.

import Foundation

enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  static func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
  }

  /// The paths of all files below a folder, sorted; none of a build.
  static func files(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)").filter { path in
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: "\(root)/\(folder)/\(path)", isDirectory: &isFolder)
      return exists && !isFolder.boolValue && !path.contains(".build/") && !path.contains("__pycache__")
    }.map { "\(folder)/\($0)" }.sorted()
  }

  /// Everything that a person wrote.
  static func everything() throws -> [String] {
    let top = try FileManager.default.contentsOfDirectory(atPath: root)
    let files = top.filter {
      $0.hasSuffix(".md") || ["LICENSE", "Package.swift", ".gitignore", ".swift-format", ".clang-format"].contains($0)
    }
    return try files.sorted() + ["Sources", "Runtime", "Tests", "examples", ".ci"].flatMap(Self.files)
  }

  /// The lines of the fenced blocks of a language.
  static func blocks(_ language: String, in text: String) -> [String] {
    text.components(separatedBy: "\n```\(language)\n").dropFirst().map { $0.components(separatedBy: "\n```")[0] }
  }

  /// The section under a heading, up to the next of its level.
  static func section(_ heading: String, in text: String) -> String {
    let parts = text.components(separatedBy: "\n\(heading)\n")
    return parts.count < 2 ? "" : parts[1].components(separatedBy: "\n## ")[0]
  }
}
