// What the tests share: compilers, and programs that are run with their words caught.

import DescentData
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

struct Outcome {
  var status: Int32
  var output: String
  var errors: String
  var errorLines: Int { errors.split(separator: "\n").count }
}

/// Runs a program, found on PATH where its name has no slash; nil where there is none.
@discardableResult
func execute(_ program: String, _ arguments: [String], in folder: String, input: String? = nil) throws -> Outcome {
  let files = try Folder()
  for name in ["in", "out", "err"] {
    try Data((name == "in" ? input ?? "" : "").utf8).write(to: URL(fileURLWithPath: "\(files.path)/\(name)"))
  }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: try #require(find(program), "\(program) is not there"))
  process.arguments = arguments
  process.currentDirectoryURL = URL(fileURLWithPath: folder)
  process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: files.path + "/in"))
  process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: files.path + "/out"))
  process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: files.path + "/err"))
  try process.run()
  process.waitUntilExit()
  return Outcome(status: process.terminationStatus, output: try files.text("out"), errors: try files.text("err"))
}

/// The path of a program.
func find(_ program: String) -> String? {
  if program.contains("/") { return FileManager.default.isExecutableFile(atPath: program) ? program : nil }
  // The system's own first: a Swift toolchain brings a clang without the system's headers.
  let folders =
    ["/usr/bin"] + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
  return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
}

/// One way to build C.
struct Build: Sendable, CustomStringConvertible {
  var compiler: String
  var openMP: Bool
  var description: String { compiler + (openMP ? " with OpenMP" : "") }

  static let warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wcast-qual", "-Werror"]
  static let flags = ["-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
  /// Both compilers, with and without OpenMP; what is missing is told and left out.
  static let all: [Build] = ["gcc", "clang"].filter { name in
    if find(name) == nil { print("\(name) is missing: it is not tested with") }
    return find(name) != nil
  }.flatMap { [Build(compiler: $0, openMP: true), Build(compiler: $0, openMP: false)] }

  /// One build by each compiler: gcc with OpenMP, clang without.
  static let two: [Build] = all.filter { $0.openMP == ($0.compiler == "gcc") }

  /// Compiles and links as C11; a warning is an error.
  func program(_ sources: [String], _ output: String, in folder: String, extra: [String] = []) throws {
    let arguments = ["-std=c11"] + Self.warnings + Self.flags + (openMP ? ["-fopenmp"] : []) + extra
    let outcome = try execute(compiler, arguments + ["-o", output] + sources + ["-lz", "-lm"], in: folder)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(self): \(outcome.errors)")
  }
  /// Checks a file as C++17.
  func checkCxx(_ source: String, in folder: String) throws {
    let arguments =
      ["-x", "c++", "-std=c++17", "-fsyntax-only"] + Self.warnings + Self.flags + (openMP ? ["-fopenmp"] : [])
    let outcome = try execute(compiler, arguments + [source], in: folder)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(self) as C++: \(outcome.errors)")
  }
}

/// The error that `body` throws; fails the test where there is none.
func failure(_ body: () throws -> some Any) -> DescentError {
  do {
    _ = try body()
    Issue.record("no error")
  } catch let error as DescentError {
    return error
  } catch {
    Issue.record("not a DescentError: \(error)")
  }
  return DescentError(.usage, "")
}

/// Small things to train.
enum Sample {
  /// Three classes of points; 150 rows to train on, 50 to validate on.
  static func points() throws -> (training: Dataset, validation: Dataset) {
    func rows(_ count: Int, _ stream: Int) throws -> Dataset {
      let key = RandomKey(seed: 11).fold(stream)
      let x = normal([count, 5], key: key)
      let score = try matmul(x, normal([5, 3], key: RandomKey(seed: 12))).doubles
      let labels: [Int32] = (0..<count).map { row in
        let scores: [Double] = Array(score[row * 3..<row * 3 + 3])
        return Int32(scores.firstIndex(of: scores.max()!)!)
      }
      return try Dataset(inputs: x, targets: Tensor(labels), classes: 3)
    }
    return (try rows(150, 0), try rows(50, 1))
  }
  static func classifier(
    _ optimizer: any Optimizer = Adam(learningRate: 0.01), columns: Int = 5, metric: String = "accuracy"
  )
    -> Trainer<Weights>
  {
    let model = Sequential {
      Dense(40, activation: .relu)
      Dense(17, activation: .tanh)
      Dense(3)
    }
    return Trainer(
      model, input: TensorType(.f32, [1, columns]), optimizer: optimizer,
      metric: .init(metric) { accuracy($0, labels: $1) },
      loss: { softmaxCrossEntropy($0, labels: $1) })
  }
  /// A curve, all rows in a step.
  static func curve() throws -> Dataset {
    let x = uniform([200, 1], key: RandomKey(seed: 13), low: 0, high: 5)
    return try Dataset(inputs: x, targets: sqrt(x) + sin(x))
  }
  static func regression() -> Trainer<Weights> {
    let model = Sequential {
      Dense(10, activation: .tanh)
      Dense(10, activation: .sigmoid)
      Dense(1)
    }
    return Trainer(
      model, input: TensorType(.f32, [1, 1]), optimizer: SGD(learningRate: 0.05, momentum: 0.9),
      loss: { mean(square($0 - $1)) })
  }
}
