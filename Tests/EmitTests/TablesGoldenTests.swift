// The tables of two standalone trainers, as recorded. RECORD=1 rewrites the records and then fails once, so that no record is
// made unseen.

import DescentData
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

@Suite struct TablesGoldenTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden")

  @Test(arguments: ["curve", "table"])
  func isAsRecorded(_ name: String) throws {
    let text = try Self.text(name)
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

  /// What stands behind the programs, with the checksum of the network masked: that depends on operations, not on tables.
  private static func text(_ name: String) throws -> String {
    let folder = try Folder()
    if name == "curve" { try emitCurve(folder) } else { try emitTable(folder) }
    let text = try folder.text("c/trainer.c")
    let start = try #require(text.range(of: "/* ---- tables ---- */"))
    return String(text[start.lowerBound...]).replacing(
      /\.checksum = "[0-9a-f]{16}"/, with: #".checksum = "0123456789abcdef""#)
  }

  /// All rows in a step, from arrays of the program, with large constants.
  private static func emitCurve(_ folder: Folder) throws {
    let bump = try Tensor(sin(reshape(arange(200), [200, 1]) * 0.25).value)
    var trainer = Sample.regression()
    let objective = trainer.objective
    trainer.objective = { p, x, y, context in objective(p, x, y + bump, context) }
    var options = TrainingOptions(epochs: 50, seed: -3, threads: 2)
    options.stepsPerEpoch = 10
    options.stopping.gradientNorm = 1e-3
    try trainer.emitTrainer(data: try Sample.curve(), validation: nil, options: options, to: folder.path + "/c")
  }

  /// Batches of rows of a table with all that one may have.
  private static func emitTable(_ folder: Folder) throws {
    let lines = (0..<60).map { row in
      "\(row % 7),\(row % 5);\(["Bern", "\"Zürich\""][row % 2]);note \(row);\(["low", "middle", "high"][row % 3])"
    }
    let path = folder.path + "/table.csv"
    try Data((["size;city;note;class"] + lines).joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
    let data = try Dataset.csv(
      path, target: "class", separator: ";", decimal: ",", missing: .dropped, skipped: [2],
      categories: ["city", .init("class", labels: ["low", "middle", "high"])])
    let (training, heldOut) = try data.prefix(50).split(0.2, seed: 3)
    var options = TrainingOptions(epochs: 5, batch: 15, seed: 2)
    options.steps = 40
    options.stopping = Stopping(patience: 3, tolerance: 0.001)
    try Sample.classifier(columns: 2).emitTrainer(
      data: training, validation: heldOut, options: options, batches: [10], to: folder.path + "/c", prefix: "towns")
  }
}
