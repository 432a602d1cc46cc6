// What goes wrong: one clear line, the stated exit status, and no file that is half-written.

import DescentData
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

@Suite(.serialized) struct FailureTests {
  private static func built() throws -> Folder {
    let folder = try Folder()
    let (data, validation) = try Sample.points()
    try Sample.classifier().emitTrainer(
      data: data, validation: validation, options: TrainingOptions(epochs: 1, batch: 50), to: folder.path)
    let build = try #require(Build.all.first)
    try build.program(["trainer.c"], "trainer", in: folder.path, extra: ["-O1"])
    return folder
  }

  @Test func commandLinesAndFiles() throws {
    let folder = try Self.built()
    let before = folder.names
    func run(_ arguments: [String], _ status: Int32, _ words: String) throws {
      let outcome = try execute(folder.path + "/trainer", arguments, in: folder.path)
      #expect(
        outcome.status == status && outcome.errorLines == 1 && outcome.errors.contains(words),
        "\(arguments): \(outcome)")
      #expect(folder.names == before, "\(arguments) left files")
    }
    for value in ["x", "", "0", "-1", "1.5", "99999999999999999999", "1 ", "0x10", "+3"] {
      try run(["--epochs", value], 64, "--epochs")
    }
    try run(["--threads", "1025"], 64, "1...1024")
    try run(["--seed=9223372036854775808"], 64, "--seed")
    try run(["--epochs"], 64, "needs a value")
    try run(["--nonsense"], 64, "--nonsense")
    try run(["extra\n\u{1B}"], 64, "\\x0a\\x1b")
    try run(["--epochs", "1", "--steps", "1"], 64, "exclude")
    try run(["--every", "3"], 64, "--checkpoint")
    try run(["--resume-anyway"], 64, "--resume-anyway needs --resume")
    try run(["--resume-anyway=1", "--resume", "x"], 64, "--resume-anyway takes no value")
    try run(["--output", "no/such/folder/x"], 1, "no/such/folder/x")
    try run(["--output", "."], 1, ".:")
    try run(["--checkpoint", "/dev/null/x"], 1, "/dev/null/x")
    try run(["--resume", "missing"], 1, "missing")
    try run(["--resume", "trainer.c"], 1, "trainer.c")
    try run(["--inputs", "missing.npy"], 1, "missing.npy")
    try run(["--inputs", "trainer.c"], 1, "trainer.c")
    try run(
      ["--inputs", "data/targets.npy"], 1, "targets.npy: inputs are i32[150]; this trainer was built for f32[rows,5]")
    try run(["--inputs", "data/validation_inputs.npy"], 1, "f32[50,5]")
    try run(["--data", "/nowhere"], 1, "/nowhere/inputs.npy")
    let help = try execute(folder.path + "/trainer", ["--help"], in: folder.path)
    #expect(help.status == 0 && help.errors.isEmpty && help.output.contains("--validation-targets FILE"))
  }

  @Test func wrongContents() throws {
    let folder = try Self.built()
    func run(_ arguments: [String], _ words: String) throws {
      let before = folder.names
      let outcome = try execute(folder.path + "/trainer", arguments, in: folder.path)
      #expect(
        outcome.status == 1 && outcome.errorLines == 1 && outcome.errors.contains(words), "\(arguments): \(outcome)")
      #expect(folder.names == before)
    }
    try NPY.write(Tensor((0..<150).map { Int32($0 == 77 ? 3 : 0) }), to: folder.path + "/labels.npy")
    try run(["--targets", "labels.npy"], "row 77")
    try NPY.write(Tensor((0..<150).map { Float($0) / 2 }), to: folder.path + "/halves.npy")
    try run(["--targets", "halves.npy"], "whole number")
    try folder.bytes("data/inputs.npy").dropLast(3).write(to: URL(fileURLWithPath: folder.path + "/short.npy"))
    try run(["--inputs", "short.npy"], "short.npy: ends at byte")
    // Checkpoints of other runs.
    #expect(try execute(folder.path + "/trainer", ["--checkpoint", "c"], in: folder.path).status == 0)
    try run(["--resume", "c", "--seed", "1"], "seed")
    try run(["--resume", "parameters.safetensors"], "no checkpoint")
    var file = try SafeTensors.read(folder.path + "/c")
    file.entries[0].name = "parameters.other"
    try file.write(to: folder.path + "/d")
    try run(["--resume", "d"], "has no tensor")
    file.entries[0] = .init("parameters.0.weight", Tensor(Float(1)))
    try file.write(to: folder.path + "/d")
    try run(["--resume", "d"], "expected f32[5,40]")
    try folder.bytes("c").dropLast(1).write(to: URL(fileURLWithPath: folder.path + "/e"))
    try run(["--resume", "e"], "e:")
  }

  @Test func aLossThatIsNoNumber() throws {
    let folder = try Folder()
    try Sample.regression().emitTrainer(
      data: try Sample.curve(), validation: nil, options: TrainingOptions(epochs: 5), to: folder.path)
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path, extra: ["-O1"])
    for value in [Float.nan, .infinity] {
      try NPY.write(
        Tensor([Float](repeating: value, count: 200), shape: [200, 1]), to: folder.path + "/data/targets.npy")
      let before = folder.names
      let outcome = try execute(folder.path + "/trainer", ["--checkpoint", "c"], in: folder.path)
      #expect(
        outcome.status == 1 && outcome.errorLines == 1 && outcome.errors.contains("infinite or NaN in step 1;")
          && outcome.errors.contains("--check-nan") && !outcome.errors.contains("label"),
        "\(outcome)")
      #expect(folder.names == before)
    }
  }

  /// A run whose parameters are NaN or infinite from a step on, whose loss is still a number: the file stays the last good one.
  @Test(arguments: [(Double.nan, 0, "NaN"), (1e200, 0, "infinite"), (Double.nan, 1, "NaN")])
  func parametersThatAreNoNumbers(_ rate: Double, _ every: Int, _ word: String) throws {
    let folder = try Folder()
    let data = try Sample.curve()
    let trainer = Trainer(
      Dense(1), input: TensorType(.f32, [1, 1]),
      optimizer: SGD(learningRate: Schedule { step in `where`(step .< 6, Tensor(1e-3), Tensor(rate)) }),
      loss: { mean(square($0 - $1)) })
    var options = TrainingOptions(epochs: 6)
    options.checkpoint = folder.path + "/swift"
    _ = try trainer.fit(data, options: options)
    let good = try folder.bytes("swift")
    try good.write(to: URL(fileURLWithPath: folder.path + "/c"))
    try trainer.emitTrainer(data: data, validation: nil, options: options, to: folder.path)
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path, extra: ["-O1"])
    // One step more, or several, with a checkpoint after each.
    options.epochs = every == 0 ? 7 : 9
    options.every = every == 0 ? nil : every
    options.resume = options.checkpoint
    let error = failure { try trainer.fit(data, options: options) }
    #expect(error.message.contains(" is \(word) after step 7") || error.message.contains("-\(word)"), "\(error)")
    #expect(try folder.bytes("swift") == good)
    let arguments =
      ["--resume", "c", "--checkpoint", "c", "--epochs", "\(options.epochs)"] + (every == 0 ? [] : ["--every", "1"])
    let before = folder.names
    let outcome = try execute(folder.path + "/trainer", arguments, in: folder.path)
    #expect(
      outcome.status == 1 && outcome.errorLines == 1 && outcome.errors.contains("c: kept as it was: element 0 of"),
      "\(outcome)")
    #expect(outcome.errors.contains("\(word) after step 7; try a smaller learning rate"), "\(outcome.errors)")
    #expect(try folder.bytes("c") == good && folder.names == before)
    // Without a checkpoint the run fails all the same, and leaves no parameters.
    options.checkpoint = nil
    #expect(failure { try trainer.fit(data, options: options) }.message.contains("after step"))
  }

  @Test func emission() throws {
    let folder = try Folder()
    let trainer = Sample.regression()
    let data = try Sample.curve()
    let options = TrainingOptions(epochs: 1)
    func emit(_ directory: String, _ prefix: String = "p") -> DescentError {
      failure { try trainer.emitTrainer(data: data, validation: nil, options: options, to: directory, prefix: prefix) }
    }
    for prefix in [
      "", "1a", "a-b", "int", "class", "é", "a b", "dsc", "a;b", "_Bool", String(repeating: "x", count: 65),
    ] {
      #expect(emit(folder.path + "/new", prefix).kind == .usage)
    }
    #expect(folder.names.isEmpty)
    // What a killed emission left is swept; what may be in use is not.
    let old = ["999999998-1", "\(getpid())-2"].map { "\(folder.path)/swept/.emitting-\($0)" }
    for path in old {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try Data("part".utf8).write(to: URL(fileURLWithPath: path + "/trainer.c"))
      try FileManager.default.setAttributes([.modificationDate: Date() - 3600], ofItemAtPath: path)
    }
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/swept/.emitting-999999998-3", withIntermediateDirectories: true)
    try trainer.emitTrainer(data: data, validation: nil, options: options, to: folder.path + "/swept")
    #expect(
      Folder.files(folder.path + "/swept").filter { $0.hasPrefix(".") }
        == [".emitting-\(getpid())-2", ".emitting-999999998-3"].sorted())
    try FileManager.default.removeItem(atPath: folder.path + "/swept")
    // A file stands where the folder should be made, or where a file should be.
    try Data("here".utf8).write(to: URL(fileURLWithPath: folder.path + "/file"))
    #expect(emit(folder.path + "/file/x").message.contains("/file is not a folder"))
    try FileManager.default.createDirectory(
      atPath: folder.path + "/in/trainer.c/full", withIntermediateDirectories: true)
    #expect(emit(folder.path + "/in").message.contains("trainer.c"))
    #expect(!Folder.files(folder.path + "/in").contains { $0.hasPrefix(".") })
    #expect(emit("/proc/descent/x").kind == .file)
    #expect(folder.names == ["file", "in"])
    let weights = try Sequential { Dense(1) }.initialize(input: TensorType(.f32, [1, 1]), seed: 0)
    for prefix in ["string", "example", "while"] {
      #expect(
        failure {
          try trainer.emitInference(parameters: weights, inputs: data.inputs.type, to: folder.path, prefix: prefix)
        }.kind == .usage)
    }
  }
}
