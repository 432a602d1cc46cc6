// Standalone trainers: they build without warnings everywhere and train to the bits of the process that emitted them.

import DescentData
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

@Suite(.serialized) struct TrainerTests {
  /// Trains in process, emits, and compares every build of the C with that: parameters, checkpoint, and the printed
  /// numbers.
  private func check(
    _ trainer: Trainer<Weights>, _ data: Dataset, _ validation: Dataset?, _ options: TrainingOptions, prefix: String,
    builds: [Build] = Build.all
  ) throws {
    let folder = try Folder()
    var options = options
    options.checkpoint = folder.path + "/swift.checkpoint"
    let result = try trainer.fit(data, validation: validation, options: options)
    try trainer.emitTrainer(data: data, validation: validation, options: options, to: folder.path, prefix: prefix)
    // With patience the result is that of the best epoch, and no longer what the checkpoint goes on from.
    let model = try FlatTree(Model(result.parameters, running: result.running))
    for build in builds {
      try build.program(["trainer.c"], "trainer", in: folder.path)
      for threads in build.openMP ? [1, 2, 3] : [1] {
        let outcome = try execute(
          folder.path + "/trainer",
          ["--threads", "\(threads)", "--checkpoint=c.checkpoint", "--output", "c.parameters"],
          in: folder.path)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(build), \(threads) threads: \(outcome.errors)")
        #expect(
          try folder.bytes("c.checkpoint") == folder.bytes("swift.checkpoint"),
          "\(build), \(threads) threads: checkpoints differ")
        let written = try SafeTensors.read(folder.path + "/c.parameters").entries
        #expect(written.map(\.name).sorted() == model.paths.sorted())
        for (path, leaf) in zip(model.paths, model.leaves) {
          let tensor = try #require(written.first { $0.name == path }?.tensor)
          #expect(try tensor.doubles == leaf.doubles, "\(build): \(path)")
        }
        compare(outcome.output, result.history, of: options.epochs, metric: trainer.metric?.name)
        #expect(outcome.output.contains("ended early") == (result.earlyEnd != nil))
      }
    }
  }

  private func compare(_ output: String, _ history: [EpochReport], of epochs: Int, metric: String?) {
    let lines = output.split(separator: "\n").filter { $0.hasPrefix("epoch") }
    #expect(lines.count == history.count)
    func number(_ value: Double) -> String { String(format: "%.6g", value) }
    for (line, entry) in zip(lines, history) {
      var expected = "epoch \(entry.epoch)/\(epochs)  loss \(number(entry.loss))"
      if let metric, let value = entry.metric { expected += " \(metric) \(number(value))" }
      if let loss = entry.validationLoss { expected += "  validation loss \(number(loss))" }
      if let metric, let value = entry.validationMetric { expected += " \(metric) \(number(value))" }
      #expect(line.hasPrefix(expected + "  "), "\(line)")
    }
  }

  /// A trainer prints what the program does, in each step; inference code has nothing to print to.
  @Test func debugPrints() throws {
    let folder = try Folder()
    let model = Sequential {
      Dense(4, activation: .tanh)
      Lambda { debugPrint($0, "hidden") }
      Dense(1)
    }
    let trainer = Trainer(
      model, input: TensorType(.f32, [1, 1]), optimizer: SGD(learningRate: 0.05), loss: { mean(square($0 - $1)) })
    try trainer.emitTrainer(
      data: try Sample.curve(), validation: nil, options: TrainingOptions(epochs: 3), to: folder.path, prefix: "noisy")
    for build in Build.two {
      try build.program(["trainer.c"], "trainer", in: folder.path)
      let outcome = try execute(folder.path + "/trainer", [], in: folder.path)
      #expect(outcome.status == 0)
      #expect(
        outcome.errors.split(separator: "\n").filter { $0 == "hidden: f32[200,4]" }.count == 3, "\(outcome.errors)")
    }
    let parameters = try trainer.initialize(RandomKey(seed: 1))
    try trainer.emitInference(
      parameters: parameters, inputs: TensorType(.f32, [1, 1]), to: folder.path + "/net", prefix: "net")
    #expect(try !folder.text("net/net.c").contains("print"))
  }

  @Test func shuffledBatches() throws {
    let (data, validation) = try Sample.points()
    try check(
      Sample.classifier(), data, validation, TrainingOptions(epochs: 3, batch: 32, seed: -5, threads: 2),
      prefix: "points")
  }

  /// Random layers, running statistics, a loop, and each way to end early.
  @Test(arguments: [Stopping(patience: 2), Stopping(tolerance: 0.05), Stopping(gradientNorm: 0.35)])
  func stateAndEarlyEnds(_ stopping: Stopping) throws {
    let (data, validation) = try Sample.points()
    let model = Sequential {
      Dense(24, activation: .relu)
      BatchNorm()
      Dropout(0.3)
      Lambda { reshape($0, [$0.shape[0], 4, 6]) }
      GRU(5, isLastOnly: true)
      Dense(3)
    }
    let trainer = Trainer(
      model, input: TensorType(.f32, [1, 5]), optimizer: Adam(learningRate: 0.03), metric: .accuracy,
      penalty: { l2($0) * 1e-4 }, loss: { softmaxCrossEntropy($0, labels: $1) })
    var options = TrainingOptions(epochs: 60, batch: 30, seed: 4)
    options.stopping = stopping
    let result = try trainer.fit(data, validation: validation, options: options)
    #expect(result.earlyEnd != nil && result.history.count < 60 && result.history.count > 2, "\(result.history.count)")
    try check(trainer, data, validation, options, prefix: "state", builds: Build.two)
  }

  @Test func allRowsAtOnce() throws {
    var options = TrainingOptions(epochs: 4, seed: 3)
    options.stepsPerEpoch = 25
    try check(Sample.regression(), try Sample.curve(), nil, options, prefix: "_curve_2", builds: Build.two)
  }

  /// Rows from a table whose path and columns have every character that could end a literal or a comment.
  @Test func tableAndHeldOutRows() throws {
    let folder = try Folder("we\"ird ??/ \\ ü */ //\n%s")
    var csv = "label,\"a ??' \"\"b\"\" \\\",c,d\n"
    let noise = try uniform([120, 3], key: RandomKey(seed: 5), low: 0, high: 16).doubles
    for row in 0..<120 {
      let x = noise[row * 3..<row * 3 + 3].map { String(format: "%.2f", $0) }
      csv += "\(row % 3)," + x.joined(separator: ",") + "\n"
    }
    try Data(csv.utf8).write(to: URL(fileURLWithPath: folder.path + "/digits.csv"))
    let (training, heldOut) = try Dataset.csv(folder.path + "/digits.csv", target: "label", classes: 3).split(
      0.25, seed: 1)
    var options = TrainingOptions(epochs: 2, batch: 20, seed: 2)
    options.restoresBest = false
    try check(
      Sample.classifier(columns: 3, metric: "a \"metric\" ??/ \\ */ ü"), training, heldOut, options, prefix: "Table",
      builds: Build.two)
  }

  /// NPY files, the first rows of them, and gzipped IDX would be read alike.
  @Test func filesAndFirstRows() throws {
    let folder = try Folder()
    let (data, validation) = try Sample.points()
    for (name, set) in [("train", data), ("test", validation)] {
      try NPY.write(set.inputs, to: "\(folder.path)/\(name)-x.npy")
      try NPY.write(set.targets, to: "\(folder.path)/\(name)-y.npy")
    }
    func read(_ name: String) throws -> Dataset {
      try Dataset.npy(inputs: "\(folder.path)/\(name)-x.npy", targets: "\(folder.path)/\(name)-y.npy", classes: 3)
    }
    var options = TrainingOptions(epochs: 3, batch: 30, seed: 9)
    options.restoresBest = true
    let trainer = Sample.classifier(SGD(learningRate: 0.1))
    let (training, rest) = (try read("train").prefix(100), try read("test"))
    let best = try trainer.fit(training, validation: rest, options: options).parameters
    try trainer.emitTrainer(data: training, validation: rest, options: options, to: folder.path + "/c")
    let build = try #require(Build.all.first)
    try build.program(["trainer.c"], "trainer", in: folder.path + "/c")
    #expect(Folder.files(folder.path + "/c/data") == ["test-x.npy", "test-y.npy", "train-x.npy", "train-y.npy"])
    // The same files elsewhere give the same parameters.
    let other = try Folder()
    for name in folder.names where name.hasSuffix(".npy") {
      try FileManager.default.moveItem(atPath: "\(folder.path)/\(name)", toPath: "\(other.path)/\(name)")
    }
    for arguments in [["--data", other.path], []] {
      let outcome = try execute(folder.path + "/c/trainer", arguments, in: other.path)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let written = try SafeTensors.read(other.path + "/parameters.safetensors")
      for (a, b) in zip(written.entries, try best.flattened().leaves) { #expect(try a.tensor.doubles == b.doubles) }
      try FileManager.default.removeItem(atPath: other.path + "/parameters.safetensors")
    }
  }

  /// gcc contracts products and sums unless it is told otherwise, and no pragma of its own stops it.
  @Test func contractionIsRefused() throws {
    let folder = try Folder()
    try Sample.regression().emitTrainer(
      data: try Sample.curve(), validation: nil, options: TrainingOptions(epochs: 2), to: folder.path)
    for compiler in ["gcc", "clang"] where find(compiler) != nil {
      // Exits 1 where the host has no fused multiply-add to contract to.
      let probe =
        "printf '#include \"trainer.c\"\\n' | \(compiler) -march=native -dM -E -x c - | grep -q 'define __FP_FAST_FMAF\\|define __FMA__\\|define __aarch64__'"
      guard try execute("sh", ["-c", probe], in: folder.path).status == 0 else { continue }
      for (contract, status) in [("fast", Int32(1)), ("off", 0)] {
        let built = try execute(
          compiler, ["-O2", "-march=native", "-ffp-contract=\(contract)", "-o", "trainer", "trainer.c", "-lz", "-lm"],
          in: folder.path)
        #expect(built.status == 0, "\(built.errors)")
        let run = try execute(folder.path + "/trainer", [], in: folder.path)
        #expect(
          run.status == status && run.errors.contains("-ffp-contract=off") == (status == 1),
          "\(compiler) \(contract): \(run)")
      }
    }
  }

  @Test func theMakefileBuilds() throws {
    let folder = try Folder()
    try Sample.regression().emitTrainer(
      data: try Sample.curve(), validation: nil, options: TrainingOptions(epochs: 2), to: folder.path + "/a/b")
    #expect(Folder.files(folder.path + "/a/b") == ["Makefile", "README.md", "data", "trainer.c"])
    #expect(Folder.files(folder.path + "/a/b/data") == ["inputs.npy", "targets.npy"])
    for arguments in [["CC=gcc"], ["CC=clang", "OPENMP=", "ZLIB=-DDSC_HAVE_ZLIB=0"]]
    where find(String(arguments[0].dropFirst(3))) != nil {
      let built = try execute("make", ["-B"] + arguments, in: folder.path + "/a/b")
      #expect(built.status == 0, "\(built.errors)")
      #expect(try execute(folder.path + "/a/b/trainer", [], in: folder.path + "/a/b").status == 0)
    }
  }
}

extension Folder {
  static func files(_ path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }
}
