// What the tests share: a folder that goes away, settings for a cache in it, small programs.

import DescentIR
import Foundation
import Testing

import DescentDriver

/// A temporary folder, removed at the end.
final class Scratch: Sendable {
  let path: String
  var cache: String { path + "/cache" }

  init(_ name: String = "plain") throws {
    path = FileManager.default.temporaryDirectory.path + "/descent-tests-\(uniqueName())/\(name)"
    try makeFolders(path)
  }
  deinit { removeAll(parentFolder(path)!) }

  /// Settings with the cache here and the PATH of the tests.
  var settings: Settings { get throws { try settings([:]) } }
  func settings(_ variables: [String: String]) throws -> Settings {
    var environment = ["DESCENT_CACHE": cache, "PATH": processEnvironment()["PATH"] ?? ""]
    environment.merge(variables) { $1 }
    return try Settings(environment: environment)
  }

  /// A file here; a script when `mode` says so.
  @discardableResult func file(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
    let file = "\(path)/\(name)"
    try writeNewFile(file, Array(text.utf8))
    chmod(file, mode)
    return file
  }
}

/// A library with `double f(double)`, its body an expression in `x`.
func library(_ expression: String, name: String = "test") -> LibraryRequest {
  LibraryRequest(name: name, source: "double f(double x) {\n  return \(expression);\n}\n")
}
func square() -> LibraryRequest { library("x * x") }

/// f(x) of such a library.
func call(_ library: Library, _ x: Double) throws -> Double {
  unsafeBitCast(try library.symbol("f"), to: (@convention(c) (Double) -> Double).self)(x)
}

/// The error that `body` throws; fails the test where there is none.
func failure(_ body: () throws -> some Any) -> DescentError {
  do {
    _ = try body()
  } catch let error as DescentError {
    return error
  } catch {
    Issue.record("not a DescentError: \(error)")
    return DescentError(.usage, "")
  }
  Issue.record("no error")
  return DescentError(.usage, "")
}
