// The data of a standalone trainer: in its folder, wherever that is, or named.

import DescentData
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

@Suite(.serialized) struct CarriedDataTests {
  /// A table of 60 rows with three features; classes 0, 1, 2.
  static func table(_ rows: Int, seed: Int = 5, columns: Int = 3) throws -> String {
    let x = try uniform([rows, columns], key: RandomKey(seed: seed), low: 0, high: 16).doubles
    return (0..<rows).map { row in
      "\(row % 3)," + x[row * columns..<(row + 1) * columns].map { String(format: "%.2f", $0) }.joined(separator: ",")
        + "\n"
    }.joined()
  }
  static func write(_ text: String, _ path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }

  /// Moved to another place, with its source gone, called by every kind of name, from elsewhere.
  @Test func aFolderThatIsMoved() throws {
    let folder = try Folder()
    try Self.write(try Self.table(60), folder.path + "/numbers.csv")
    let (data, heldOut) = try Dataset.csv(folder.path + "/numbers.csv", target: 0, classes: 3).split(0.25, seed: 1)
    let trainer = Sample.classifier(columns: 3)
    var options = TrainingOptions(epochs: 2, batch: 10, seed: 2)
    options.checkpoint = folder.path + "/swift"
    _ = try trainer.fit(data, validation: heldOut, options: options)
    try trainer.emitTrainer(data: data, validation: heldOut, options: options, to: folder.path + "/here")
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path + "/here")
    for name in Folder.files(folder.path + "/here") where !["data", "trainer"].contains(name) {
      #expect(try !folder.text("here/" + name).contains(folder.path), "\(name) names a path of this machine")
    }
    #expect(try folder.text("here/data/numbers.csv") == Self.table(60))
    let there = folder.path + "/the re"
    try FileManager.default.moveItem(atPath: folder.path + "/here", toPath: there)
    try FileManager.default.removeItem(atPath: folder.path + "/numbers.csv")
    func check(_ program: String, _ folderOfRun: String, _ note: String) throws {
      let outcome = try execute(
        "env",
        ["PATH=\(there):/usr/bin:/bin", program, "--checkpoint", folder.path + "/c", "--output", folder.path + "/p"],
        in: folderOfRun)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(note): \(outcome.errors)")
      #expect(try folder.bytes("c") == folder.bytes("swift"), "\(note)")
      try FileManager.default.removeItem(atPath: folder.path + "/c")
    }
    try check(there + "/trainer", "/", "by its whole path")
    try check("./trainer", there, "in its folder")
    try check("the re/trainer", folder.path, "by a relative path")
    try check("trainer", "/", "found on PATH")
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: there + "/trainer")
    try check("./link", folder.path, "by a link")
    // Without the folder `data`.
    try FileManager.default.removeItem(atPath: there + "/data")
    let outcome = try execute(there + "/trainer", [], in: folder.path)
    #expect(
      outcome.status == 1 && outcome.errorLines == 1
        && outcome.errors.contains(
          "the re/data/numbers.csv: is not there; this trainer reads it from the folder data beside the program: put it there, "
            + "or name another CSV table with --data (inputs f32[rows,3], targets labels 0...2 [rows])"),
      "\(outcome)")
    try Self.write(try Self.table(60), folder.path + "/elsewhere.csv")
    let named = try execute(there + "/trainer", ["--data", "elsewhere.csv", "--checkpoint", "c"], in: folder.path)
    #expect(named.status == 0)
    #expect(try folder.bytes("c") == folder.bytes("swift"))
  }

  /// Files that are too large to be carried are named with what they must hold, and no path.
  @Test func filesThatAreTooLarge() throws {
    let folder = try Folder()
    let (data, validation) = try Sample.points()
    for (name, set) in [("train", data), ("test", validation)] {
      try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
      try NPY.write(set.inputs, to: "\(folder.path)/\(name)/x.npy")
      try NPY.write(set.targets, to: "\(folder.path)/\(name)/y.npy")
    }
    func read(_ name: String) throws -> Dataset {
      try Dataset.npy(inputs: "\(folder.path)/\(name)/x.npy", targets: "\(folder.path)/\(name)/y.npy", classes: 3)
    }
    let (training, test) = (try read("train"), try read("test"))
    let trainer = Sample.classifier()
    var options = TrainingOptions(epochs: 1, batch: 30, seed: 2)
    options.checkpoint = folder.path + "/swift"
    _ = try trainer.fit(training, validation: test, options: options)
    let bytes = try ["train/x.npy", "train/y.npy", "test/x.npy", "test/y.npy"].reduce(0) {
      $0 + (try folder.bytes($1).count)
    }
    for (most, isCarried) in [(bytes, true), (bytes - 1, false)] {
      let c = folder.path + (isCarried ? "/carried" : "/named")
      try trainer.emitTrainer(data: training, validation: test, options: options, to: c, mostBytes: most)
      #expect(Folder.files(c) == ["Makefile", "README.md"] + (isCarried ? ["data"] : []) + ["trainer.c"])
      try #require(Build.all.first).program(["trainer.c"], "trainer", in: c, extra: ["-O1"])
      if !isCarried {
        for text in [try folder.text("named/trainer.c"), try folder.text("named/README.md")] {
          #expect(!text.contains(folder.path))
        }
        #expect(try folder.text("named/README.md").contains("- `data/validation_inputs-x.npy`, inputs f32[rows,5]"))
        for (path, name, words) in [
          ("train/x.npy", "x.npy", "NPY file with --inputs (inputs f32[rows,5])"),
          ("train/y.npy", "y.npy", "NPY file with --targets (targets labels 0...2 [rows])"),
          ("test/x.npy", "validation_inputs-x.npy", "NPY file with --validation-inputs (inputs f32[rows,5])"),
          (
            "test/y.npy", "validation_targets-y.npy", "NPY file with --validation-targets (targets labels 0...2 [rows])"
          ),
        ] {
          let outcome = try execute(c + "/trainer", [], in: "/")
          #expect(outcome.status == 1 && outcome.errorLines == 1, "\(outcome)")
          #expect(
            outcome.errors.contains(
              "named/data/\(name): is not there; it was too large to come with this trainer: put it there, or name another \(words)"
            ),
            "\(outcome)")
          try FileManager.default.createDirectory(atPath: c + "/data", withIntermediateDirectories: true)
          try FileManager.default.copyItem(atPath: folder.path + "/" + path, toPath: c + "/data/" + name)
        }
      } else {
        #expect(Folder.files(c + "/data") == ["validation_inputs-x.npy", "validation_targets-y.npy", "x.npy", "y.npy"])
      }
      let outcome = try execute(c + "/trainer", ["--checkpoint", folder.path + "/c"], in: folder.path)
      #expect(outcome.status == 0, "\(outcome)")
      #expect(try folder.bytes("c") == folder.bytes("swift"))
      let folderNamed = try execute(
        c + "/trainer", ["--data", c + "/data", "--checkpoint", folder.path + "/d"], in: folder.path)
      #expect(folderNamed.status == 0)
      #expect(try folder.bytes("d") == folder.bytes("swift"))
    }
  }

  /// Where the data's folder cannot be made nothing is left of it.
  @Test func aFileInPlaceOfTheFolder() throws {
    let folder = try Folder()
    try FileManager.default.createDirectory(atPath: folder.path + "/c", withIntermediateDirectories: true)
    try Self.write("mine", folder.path + "/c/data")
    let error = failure {
      try Sample.regression().emitTrainer(
        data: try Sample.curve(), validation: nil, options: TrainingOptions(epochs: 1), to: folder.path + "/c")
    }
    #expect(error.message.contains("c/data is not a folder"), "\(error)")
    #expect(Folder.files(folder.path + "/c") == ["data"])
    #expect(try folder.text("c/data") == "mine")
  }
}
