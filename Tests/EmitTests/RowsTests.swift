// A standalone trainer with other data than it was emitted with, of any number of rows: the bits of a run in process on the same
// rows. Other learning rates and other batches, to the same bits.

import DescentCCode
import DescentData
import DescentDriver
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

@Suite(.serialized) struct RowsTests {
  /// Reads a table and holds a quarter of it out.
  static func read(_ path: String) throws -> (training: Dataset, heldOut: Dataset) {
    try Dataset.csv(path, target: 0, classes: 3).split(0.25, seed: 1)
  }
  static var options: TrainingOptions {
    var options = TrainingOptions(epochs: 3, batch: 20, seed: 2)
    // The steps' memory of an epoch is the validation loss.
    options.stopping = Stopping(patience: 2)
    return options
  }
  /// The checkpoint of a run in process.
  static func checkpoint(_ trainer: Trainer<Weights>, _ folder: Folder, _ table: String, _ options: TrainingOptions)
    throws -> Data
  {
    var options = options
    options.checkpoint = folder.path + "/swift"
    let (data, heldOut) = try read("\(folder.path)/\(table)")
    _ = try trainer.fit(data, validation: heldOut, options: options)
    return try folder.bytes("swift")
  }

  /// Fewer rows and more; as many as a batch; such that the held-out ones are few, hundreds, and more than a thousand.
  @Test func anyNumberOfRows() throws {
    let folder = try Folder()
    let counts = [120, 27, 28, 36, 333, 1300, 5201]
    for (seed, rows) in counts.enumerated() {
      try CarriedDataTests.write(try CarriedDataTests.table(rows, seed: seed), "\(folder.path)/\(rows).csv")
    }
    let trainer = Sample.classifier(columns: 3)
    var expected: [Int: Data] = [:]
    for rows in counts { expected[rows] = try Self.checkpoint(trainer, folder, "\(rows).csv", Self.options) }
    #expect(Set(expected.values).count == counts.count)
    let (data, heldOut) = try Self.read(folder.path + "/120.csv")
    try trainer.emitTrainer(data: data, validation: heldOut, options: Self.options, to: folder.path + "/c")
    for build in Build.all {
      try build.program(["trainer.c"], "trainer", in: folder.path + "/c")
      for rows in counts {
        let outcome = try execute(
          folder.path + "/c/trainer",
          ["--data", "\(rows).csv", "--checkpoint", "c.checkpoint"] + (build.openMP ? ["--threads", "2"] : []),
          in: folder.path)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(rows) rows: \(outcome.errors)")
        #expect(try folder.bytes("c.checkpoint") == expected[rows], "\(build), \(rows) rows")
      }
    }
    // The C is that of any number of rows: the same table under the same name, but longer.
    try FileManager.default.createDirectory(atPath: folder.path + "/long", withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: folder.path + "/5201.csv", toPath: folder.path + "/long/120.csv")
    let long = try Self.read(folder.path + "/long/120.csv")
    try trainer.emitTrainer(
      data: long.training, validation: long.heldOut, options: Self.options, to: folder.path + "/d")
    #expect(try folder.bytes("d/trainer.c") == folder.bytes("c/trainer.c"))
    // A checkpoint of other rows is another run's, unless one asks for it.
    try expected[333]!.write(to: URL(fileURLWithPath: folder.path + "/checkpoint"))
    func resume(_ arguments: String...) throws -> Outcome {
      try execute(folder.path + "/c/trainer", ["--resume", "checkpoint", "--epochs", "4"] + arguments, in: folder.path)
    }
    #expect(try resume("--data=333.csv").status == 0)
    let refused = try resume("--data=1300.csv")
    #expect(refused.status == 1 && refused.errors.contains("data \"250 rows of f32[3] and i32[], "), "\(refused)")
    #expect(refused.errors.contains("this run has \"975 rows of"), "\(refused)")
    #expect(try resume("--data=1300.csv", "--resume-anyway", "--epochs", "99").status == 0)
  }

  /// No index reaches beyond the rows that the run says there are, and the C does not depend on how many it was made with.
  @Test func rowsStayWithinTheirLength() throws {
    func program(_ rows: Int) throws -> StepProgram {
      let trace = Trace()
      let output = try trace.record {
        _ = trace.input("rows", TensorType(.i64, []))
        let places = trace.input("places", TensorType(.i32, [64])), x = trace.input("x", TensorType(.f32, [rows, 3]))
        return gather(x, places) * 2
      }
      return try prepare(try trace.finish([("y", output)]), lengths: [2: 0], prefix: "pick")
    }
    let built = try program(50)
    #expect(try librarySource([built]) == librarySource([program(3)]))
    #expect(built.text.contains("x f32[rows,3]") && !built.text.contains("50"))
    let executable = try #require(try load([built]).first)
    let places = (0..<64).map { Int32($0 * 37 % 120 - 30) }
    let x = (0..<150).map { Float($0) }
    for rows in [1, 5, 50] {
      let result = try MemoryArray(TensorType(.f32, [64, 3]))
      let inputs = [HostArray([], [Int64(rows)]), HostArray([64], places), HostArray([50, 3], x)]
      executable.run(try inputs.map { try MemoryArray($0) } + [result])
      let expected = places.flatMap { place in (0..<3).map { Double(x[min(max(Int(place), 0), rows - 1) * 3 + $0]) * 2 }
      }
      #expect(result.read().doubles == expected, "\(rows) rows")
    }
  }

  /// Files in place of files: arrays with other numbers of rows to train on and to validate on.
  @Test func arraysOfOtherRows() throws {
    let folder = try Folder()
    let (data, validation) = try Sample.points()
    let trainer = Sample.classifier()
    var options = TrainingOptions(epochs: 2, batch: 32, seed: 5)
    try trainer.emitTrainer(data: data, validation: validation, options: options, to: folder.path + "/c")
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path + "/c")
    options.checkpoint = folder.path + "/swift"
    for (rows, tests) in [(32, 1), (33, 31), (64, 32), (140, 49)] {
      let (some, few) = (try data.prefix(rows), try validation.prefix(tests))
      _ = try trainer.fit(some, validation: few, options: options)
      var arguments: [String] = []
      for (option, tensor) in [
        ("inputs", some.inputs), ("targets", some.targets), ("validation-inputs", few.inputs),
        ("validation-targets", few.targets),
      ] {
        try NPY.write(tensor, to: "\(folder.path)/\(option).npy")
        arguments += ["--\(option)", "\(option).npy"]
      }
      let outcome = try execute(
        folder.path + "/c/trainer", arguments + ["--checkpoint", "c.checkpoint"], in: folder.path)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
      #expect(try folder.bytes("c.checkpoint") == folder.bytes("swift"), "\(rows) and \(tests) rows")
    }
  }

  @Test func rowsThatDoNotFit() throws {
    let folder = try Folder()
    func write(_ name: String, _ text: String) throws { try CarriedDataTests.write(text, "\(folder.path)/\(name).csv") }
    try write("own", try CarriedDataTests.table(120))
    try write("few", try CarriedDataTests.table(26))
    try write("one", try CarriedDataTests.table(1))
    try write("wide", try CarriedDataTests.table(120, columns: 4))
    try write("narrow", try CarriedDataTests.table(120, columns: 2))
    try write("empty", "")
    try write("header", "label,a,b,c\n")
    try write("classes", try CarriedDataTests.table(120).replacingOccurrences(of: "\n2,", with: "\n7,"))
    try write("text", try CarriedDataTests.table(120).replacingOccurrences(of: "\n2,", with: "\ntwo,"))
    let (data, heldOut) = try Self.read(folder.path + "/own.csv")
    try Sample.classifier(columns: 3).emitTrainer(
      data: data, validation: heldOut, options: Self.options, batches: [25, 10], to: folder.path + "/c")
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path + "/c", extra: ["-O1"])
    func refused(
      _ table: String, _ words: String..., arguments: [String] = [], program: String = "c/trainer",
      option: String = "--data"
    ) throws {
      let before = folder.names
      let outcome = try execute("\(folder.path)/\(program)", [option, table] + arguments, in: folder.path)
      #expect(outcome.status == 1 && outcome.errorLines == 1 && outcome.output.isEmpty, "\(table): \(outcome)")
      for word in words + [table] { #expect(outcome.errors.contains(word), "\(table): \(outcome.errors)") }
      #expect(folder.names == before)
    }
    try refused("few.csv", "19 rows are less than a batch of 20; --batch 10 would do")
    try refused("few.csv", "19 rows are less than a batch of 25; --batch 10 would do", arguments: ["--batch", "25"])
    try refused("one.csv", "a split of 1 rows by 0.25 leaves a part without rows")
    try refused("wide.csv", "inputs are f32[90,4]; this trainer was built for f32[rows,3]")
    try refused("narrow.csv", "inputs are f32[90,2]; this trainer was built for f32[rows,3]")
    try refused("empty.csv")
    try refused("header.csv")
    try refused("classes.csv", "the label is 7; expected 0...2, as there are 3 classes")
    try refused("text.csv", "line 3")
    try refused("missing.csv", "No such file")
    // Arrays: of another type, of rows of another shape, of other rows than their targets; too few even for one batch.
    let (points, _) = try Sample.points()
    try Sample.classifier().emitTrainer(data: points, validation: nil, options: Self.options, to: folder.path + "/n")
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path + "/n", extra: ["-O1"])
    for (name, tensor) in [
      ("double", convert(points.inputs, to: .f64)), ("cube", reshape(points.inputs, [150, 5, 1])),
      ("short", points.inputs[0..<149]),
      ("scalar", Tensor(Float(1))), ("none", points.inputs[0..<0]),
    ] { try NPY.write(tensor, to: "\(folder.path)/\(name).npy") }
    func array(_ name: String, _ words: String) throws {
      try refused("\(name).npy", words, program: "n/trainer", option: "--inputs")
    }
    try array("double", "inputs are f64[150,5]; this trainer was built for f32[rows,5]")
    try array("cube", "inputs are f32[150,5,1]; this trainer was built for f32[rows,5]")
    for (name, type) in [("short", "f32[149,5]"), ("scalar", "f32[]"), ("none", "f32[0,5]")] {
      let outcome = try execute(folder.path + "/n/trainer", ["--inputs", "\(name).npy"], in: folder.path)
      #expect(
        outcome.status == 1 && outcome.errorLines == 1
          && outcome.errors.contains("inputs of type \(type) and targets of type i32[150]"), "\(outcome)")
    }
    try NPY.write(points.inputs[0..<7], to: folder.path + "/seven.npy")
    try NPY.write(points.targets[0..<7], to: folder.path + "/labels.npy")
    try refused(
      "seven.npy", "7 rows are less than a batch of 20; at least as many are needed",
      arguments: ["--targets", "labels.npy"], program: "n/trainer",
      option: "--inputs")
    // All rows at once: so many and no others.
    try Sample.regression().emitTrainer(
      data: try Sample.curve(), validation: nil, options: TrainingOptions(epochs: 1), to: folder.path + "/a")
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path + "/a", extra: ["-O1"])
    for rows in [100, 201] {
      let x = uniform([rows, 1], key: RandomKey(seed: 1))
      try NPY.write(x, to: folder.path + "/x.npy")
      try refused(
        "x.npy", "\(rows) rows; this step takes all rows at once and was built for 200 of them",
        arguments: ["--targets", "x.npy"],
        program: "a/trainer", option: "--inputs")
    }
  }

  /// Rates, and what is scaled with them: in process, in C, and the optimizer made with that rate give the same.
  static let rates: [(optimizer: any Optimizer, own: Double, other: Double, made: (any Optimizer)?)] = [
    (Adam(learningRate: 0.01), 0.01, 0.003, Adam(learningRate: 0.003)),
    (SGD(learningRate: Float(0.25), momentum: 0.9), 0.25, 0.1, SGD(learningRate: 0.1, momentum: 0.9)),
    (
      GradientClipping(norm: 1, AdamW(learningRate: 0.02, weightDecay: 0.1)), 0.02, 0.07,
      GradientClipping(norm: 1, AdamW(learningRate: 0.07, weightDecay: 0.1))
    ),
    (SGD(learningRate: .cosine(0.3, steps: 9, minimum: 0.01)), 0.3, 0.11, nil),
    (
      ParameterGroups(
        [ParameterGroup("weights", SGD(learningRate: 0.3)) { $1.shape.rank == 2 }],
        others: Adam(learningRate: .warmUp(steps: 4, into: 0.02))),
      0.3, 0.2, nil
    ),
  ]

  @Test(arguments: rates.indices) func learningRates(_ which: Int) throws {
    let folder = try Folder()
    let (optimizer, own, other, made) = Self.rates[which]
    let (data, validation) = try Sample.points()
    let trainer = Sample.classifier(optimizer)
    var options = TrainingOptions(epochs: 3, batch: 32, seed: 5)
    options.checkpoint = folder.path + "/swift"
    func fit(_ rate: Double?, _ trainer: Trainer<Weights>? = nil, engine: Engine = .compiled) throws -> Data {
      options.learningRate = rate
      options.engine = engine
      _ = try (trainer ?? Sample.classifier(optimizer)).fit(data, validation: validation, options: options)
      return try folder.bytes("swift")
    }
    let plain = try fit(nil), changed = try fit(other)
    #expect(try fit(own) == plain)
    #expect(changed != plain)
    if which == 0 { #expect(try fit(other, engine: .interpreted) != fit(nil, engine: .interpreted)) }
    if let made { #expect(try fit(nil, Sample.classifier(made)) == changed) }
    options.engine = .compiled
    options.learningRate = nil
    try trainer.emitTrainer(data: data, validation: validation, options: options, to: folder.path + "/c")
    // Another default: its own rate is then that of the option.
    options.learningRate = other
    try trainer.emitTrainer(data: data, validation: validation, options: options, to: folder.path + "/d")
    for build in which == 3 ? Build.two : Array(Build.two.prefix(1)) {
      try build.program(["trainer.c"], "trainer", in: folder.path + "/c")
      try build.program(["trainer.c"], "trainer", in: folder.path + "/d")
      func check(_ program: String, _ arguments: [String], _ expected: Data) throws {
        let outcome = try execute(
          "\(folder.path)/\(program)/trainer", arguments + ["--checkpoint", "out"], in: folder.path)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try folder.bytes("out") == expected, "\(build): \(program) \(arguments)")
      }
      try check("c", [], plain)
      try check("c", ["--lr", "\(own)"], plain)
      try check("c", ["--lr=\(other)"], changed)
      try check("d", [], changed)
      try check("d", ["--lr", "\(own)"], plain)
    }
    #expect(try execute(folder.path + "/d/trainer", ["--help"], in: "/").output.contains("learning rate \(other),"))
    // A run with another rate is another run.
    try plain.write(to: URL(fileURLWithPath: folder.path + "/plain"))
    let refused = try execute(folder.path + "/c/trainer", ["--lr", "\(other)", "--resume", "plain"], in: folder.path)
    let words = which < 3 ? "learning rate \"\(own)\", this run has \"\(other)\"" : "learning rate "
    #expect(
      refused.status == 1 && refused.errors.contains(words)
        && refused.errors.contains(which < 3 ? "\(other)" : "scaled to \(other)"), "\(refused)")
    options.resume = folder.path + "/plain"
    let error = failure { try trainer.fit(data, validation: validation, options: options) }
    #expect(
      error.message.contains(words) && error.message.contains(which < 3 ? "\(other)" : "scaled to \(other)"), "\(error)"
    )
  }

  /// The rate of a schedule is its own times X / base.
  @Test func aScheduleIsScaled() throws {
    let (data, _) = try Sample.points()
    func parameters(_ rate: some LearningRate, _ asked: Double?) throws -> [[Double]] {
      var options = TrainingOptions(epochs: 3, batch: 32, seed: 5)
      options.learningRate = asked
      let result = try Sample.classifier(SGD(learningRate: rate)).fit(data, options: options)
      return try FlatTree(result.parameters).leaves.map { try $0.doubles }
    }
    // Halves are exact.
    #expect(try parameters(.cosine(0.5, steps: 9), 0.25) == parameters(.cosine(0.25, steps: 9), nil))
    #expect(try parameters(.exponential(0.5, factor: 0.9), 0.125) == parameters(.exponential(0.125, factor: 0.9), nil))
    #expect(try parameters(Schedule(base: 1) { 1 / (1 + $0) }, 0.5) == parameters(Schedule { 0.5 / (1 + $0) }, nil))
  }

  @Test func ratesThatCannotBeSet() throws {
    let folder = try Folder()
    let (data, _) = try Sample.points()
    var options = TrainingOptions(epochs: 1, batch: 32)
    func emit(_ optimizer: any Optimizer) throws {
      try Sample.classifier(optimizer).emitTrainer(data: data, validation: nil, options: options, to: folder.path)
    }
    for rate in [0, -1, Double.nan, .infinity] {
      options.learningRate = rate
      #expect(
        failure { try Sample.classifier().fit(data, options: options) }.message.contains("a number above 0 is needed"))
      #expect(failure { try emit(Adam()) }.kind == .usage)
    }
    options.learningRate = 0.1
    for optimizer in [
      SGD(learningRate: Schedule { 0.1 / (1 + $0) }), SGD(learningRate: 0),
      GradientClipping(norm: 1, SGD(learningRate: -0.1)),
    ] as [any Optimizer] {
      #expect(
        failure { try Sample.classifier(optimizer).fit(data, options: options) }.message.contains("cannot be set"))
    }
    #expect(folder.names.isEmpty)
    options.learningRate = nil
    func refused(_ words: String, _ arguments: String...) throws {
      let outcome = try execute(folder.path + "/trainer", arguments, in: folder.path)
      #expect(
        outcome.status == 64 && outcome.errorLines == 1 && outcome.errors.contains(words), "\(arguments): \(outcome)")
    }
    try emit(SGD(learningRate: Schedule { 0.1 / (1 + $0) }))
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path, extra: ["-O1"])
    try refused("--lr cannot be taken", "--lr", "0.1")
    try emit(Adam())
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path, extra: ["-O1"])
    for value in ["0", "-1", "nan", "inf", "x", "", " 1", "1 ", "0x1p-3", "1e", "1e999", "1e-999", "0,5"] {
      try refused("--lr", "--lr", value)
    }
    try refused("--lr needs a value", "--lr")
  }

  /// Step programs for several batches: each gives the bits of a run in process with that batch.
  @Test func batches() throws {
    let folder = try Folder()
    let (data, validation) = try Sample.points()
    let trainer = Sample.classifier()
    var options = TrainingOptions(epochs: 2, batch: 32, seed: 5)
    options.stepsPerEpoch = 7
    try trainer.emitTrainer(
      data: data, validation: validation, options: options, batches: [10, 64, 150], to: folder.path)
    options.checkpoint = folder.path + "/swift"
    var expected: [Int?: Data] = [:]
    for batch in [nil, 32, 10, 64, 150] {
      options.batch = batch ?? 32
      _ = try trainer.fit(data, validation: validation, options: options)
      expected[batch] = try folder.bytes("swift")
    }
    #expect(Set(expected.values).count == 4)
    for build in Build.two {
      try build.program(["trainer.c"], "trainer", in: folder.path)
      for (batch, checkpoint) in expected {
        let outcome = try execute(
          folder.path + "/trainer", (batch.map { ["--batch", "\($0)"] } ?? []) + ["--checkpoint", "c"], in: folder.path)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try folder.bytes("c") == checkpoint, "\(build), batch \(batch ?? 0)")
      }
    }
    for batch in ["33", "151", "0", "x"] {
      let outcome = try execute(folder.path + "/trainer", ["--batch", batch], in: folder.path)
      #expect(outcome.status == 64 && outcome.errorLines == 1 && outcome.errors.contains("--batch is "), "\(outcome)")
      if batch == "33" {
        #expect(outcome.errors.contains("this trainer was emitted for batches of 32, 10, 64 or all 150 rows"))
      }
    }
    #expect(
      try execute(folder.path + "/trainer", ["--help"], in: "/").output.contains(
        "Batches have 32, 10, 64 or all 150 rows."))
    // A checkpoint of another batch is another run's.
    try expected[32]!.write(to: URL(fileURLWithPath: folder.path + "/32"))
    let refused = try execute(folder.path + "/trainer", ["--batch", "10", "--resume", "32"], in: folder.path)
    #expect(refused.status == 1 && refused.errors.contains("batch \"32\", this run has \"10\""), "\(refused)")
    options.batch = 32
    for twice in [[32], [10, 10], [200, 150]] {
      let error = failure {
        try trainer.emitTrainer(
          data: data, validation: nil, options: options, batches: twice, to: folder.path + "/never")
      }
      #expect(error.kind == .usage && error.message.contains("two of the batches"), "\(error)")
    }
    #expect(!folder.names.contains("never"))
  }
}
