// A checkpoint knows its own run: what is of another one is refused by its name, or taken where that is asked for and its
// tensors fit; and bytes that have changed are refused always. In process, and by a standalone trainer.

import DescentData
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

@Suite(.serialized) struct OtherRunTests {
  /// Four columns, all rows in a step or batches of them.
  static func points(_ rows: Int, seed: Int = 1, labels: Int = 2) throws -> Dataset {
    let x = uniform([rows, 4], key: RandomKey(seed: seed))
    return try Dataset(
      inputs: x, targets: matmul(x, Tensor([Float](repeating: Float(labels), count: 4), shape: [4, 1])))
  }
  static func trainer(
    _ optimizer: any Optimizer = Adam(learningRate: 0.01), activation: Activation = .tanh
  ) -> Trainer<Weights> {
    Trainer(
      Sequential {
        Dense(6, activation: activation); Dense(1)
      }, input: TensorType(.f32, [1, 4]), optimizer: optimizer,
      loss: { meanSquaredError($0, $1) })
  }
  static var options: TrainingOptions { TrainingOptions(epochs: 4, batch: 10, seed: 3) }

  /// Something that differs, the words of its refusal, and whether its tensors fit all the same.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var words: [String]
    var fits = true
    var trainer = OtherRunTests.trainer()
    var rows = 40
    var seed = 1
    var labels = 2
    var validation = false
    var change: @Sendable (inout TrainingOptions) -> Void = { _ in }
    var testDescription: String { name }
  }
  static let cases: [Case] = [
    Case(
      name: "SGD for Adam",
      words: ["optimizer \"Adam(beta1: 0.9, beta2: 0.999,", "this run has \"SGD(momentum: 0.0,"], fits: false,
      trainer: trainer(SGD(learningRate: 0.01))),
    Case(name: "AdamW for Adam", words: ["this run has \"AdamW("], trainer: trainer(AdamW(learningRate: 0.01))),
    Case(name: "another beta", words: ["beta1: 0.8"], trainer: trainer(Adam(learningRate: 0.01, beta1: 0.8))),
    Case(
      name: "another rate", words: ["learning rate \"0.01\", this run has \"0.1\""],
      trainer: trainer(Adam(learningRate: 0.1))),
    Case(
      name: "a schedule", words: ["this run has \"cosine(0.01, steps: 9, minimum: 0.0)\""],
      trainer: trainer(Adam(learningRate: .cosine(0.01, steps: 9)))),
    Case(name: "another network", words: ["program \""], trainer: trainer(activation: .relu)),
    Case(name: "more rows", words: ["data \"40 rows of f32[4] and f32[1], ", "this run has \"50 rows"], rows: 50),
    Case(name: "other inputs", words: ["data \"40 rows"], seed: 2),
    Case(name: "other targets", words: ["data \"40 rows"], labels: 3),
    Case(name: "validation", words: ["validation \"none\", this run has \"40 rows"], validation: true),
    Case(name: "another batch", words: ["batch \"10\", this run has \"20\""], change: { $0.batch = 20 }),
    Case(
      name: "no batches", words: ["this run has \"all rows, 1 steps an epoch\""], change: { $0.batch = nil }),
    Case(name: "another seed", words: ["seed \"3\", this run has \"4\""], change: { $0.seed = 4 }),
    Case(
      name: "early stopping", words: ["stopping \"none\", this run has \"patience 2, keeps the best\""],
      change: { $0.stopping = Stopping(patience: 2) }),
    Case(name: "the interpreter", words: ["this run has \"interpreted\""], change: { $0.engine = .interpreted }),
  ]

  /// A checkpoint after six steps, and a run that differs from it.
  private static func check(
    _ one: Case, _ path: String, takenInC: (Case, Dataset, Dataset?, TrainingOptions) throws -> Void
  ) throws {
    var own = options
    (own.steps, own.checkpoint) = (6, path)
    _ = try trainer().fit(try points(40), options: own)
    let data = try points(one.rows, seed: one.seed, labels: one.labels)
    let validation = one.validation ? try points(40) : nil
    var other = options
    one.change(&other)
    try takenInC(one, data, validation, other)
    other.resume = path
    let error = failure { try one.trainer.fit(data, validation: validation, options: other) }
    for word in one.words + ["the checkpoint was made with"] { #expect(error.message.contains(word), "\(error)") }
    #expect(error.message.contains("--resume-anyway") == one.fits, "\(error)")
    other.resumeAnyway = true
    var told: String?
    func fit() throws -> TrainingResult<Weights> {
      try one.trainer.fit(data, validation: validation, options: other) {
        if case .started(let facts) = $0 { told = facts.differences }
      }
    }
    if one.fits {
      #expect(try fit().steps > 6 || other.batch == nil)
      for word in one.words { #expect(told?.contains(word) == true) }
    } else {
      #expect(
        failure { try fit() }.message.contains("has a tensor \"optimizer.m.0.weight\", which this run does not know"))
    }
  }

  @Test(arguments: cases) func areRefusedOrTaken(_ one: Case) throws {
    let folder = try Folder()
    try Self.check(one, folder.path + "/c") { _, _, _, _ in }
  }

  /// The same words by a trainer in C.
  @Test(arguments: [0, 3, 6, 9, 13]) func areRefusedOrTakenInC(_ index: Int) throws {
    let folder = try Folder()
    try Self.check(Self.cases[index], folder.path + "/c") { one, data, validation, options in
      try one.trainer.emitTrainer(data: data, validation: validation, options: options, to: folder.path)
      try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path, extra: ["-O1"])
      let refused = try execute(folder.path + "/trainer", ["--resume", "c"], in: folder.path)
      #expect(refused.status == 1 && refused.errorLines == 1)
      for word in one.words { #expect(refused.errors.contains(word), "\(refused.errors)") }
      #expect(refused.errors.contains("--resume-anyway") == one.fits)
      let taken = try execute(folder.path + "/trainer", ["--resume", "c", "--resume-anyway"], in: folder.path)
      #expect(
        taken.status == (one.fits ? 0 : 1) && taken.output.contains("going on from another run") == one.fits, "\(taken)"
      )
    }
  }

  /// The same program on other lines of another file, and one that differs in a number alone.
  @Test func programsAreKnownByWhatTheyCompute() throws {
    let data = try Self.points(40)
    func words(_ trainer: Trainer<Weights>, _ data: Dataset) throws -> String {
      let folder = try Folder()
      var options = Self.options
      (options.steps, options.checkpoint) = (1, folder.path + "/c")
      _ = try trainer.fit(data, options: options)
      return try #require(try SafeTensors.read(folder.path + "/c").metadata["program"])
    }
    func scaled(_ factor: Float) -> Trainer<Weights> {
      Trainer(
        Sequential {
          Dense(6, activation: .tanh); Dense(1)
        },
        input: TensorType(.f32, [1, 4]), optimizer: Adam(learningRate: 0.01),
        loss: { meanSquaredError($0, $1) * factor })
    }
    func elsewhere(_ factor: Float) -> Trainer<Weights> {
      Trainer(
        Sequential {
          Dense(6, activation: .tanh); Dense(1)
        }, input: TensorType(.f32, [1, 4]),
        optimizer: SGD(learningRate: 0.01), loss: { meanSquaredError($0, $1) * factor })
    }
    let program = try words(scaled(2), data)
    #expect(program.count == 16 && program.allSatisfy(\.isHexDigit))
    #expect(try words(elsewhere(2), data) == program)
    #expect(try words(scaled(2), try Self.points(50)) == program)
    #expect(try words(scaled(3), data) != program)
  }

  /// Steps that no run comes to, in a file whose checksums are right.
  @Test func aStepOutOfRangeIsRefused() throws {
    let folder = try Folder()
    var options = Self.options
    (options.steps, options.checkpoint) = (6, folder.path + "/c")
    let data = try Self.points(40)
    _ = try Self.trainer().fit(data, options: options)
    options.checkpoint = nil
    for step in [Int64(1) << 62, -1, Int64(1) << 53 + 1] {
      var file = try SafeTensors.read(folder.path + "/c")
      let index = try #require(file.entries.firstIndex { $0.name == "training.step" })
      file.entries[index].tensor = Tensor(step)
      try file.write(to: folder.path + "/d")
      options.resume = folder.path + "/d"
      #expect(
        failure { try Self.trainer().fit(data, options: options) }.message.contains("\"training.step\" is \(step)"))
    }
  }

  /// Every bit of a small checkpoint, turned over: refused with the name of what it is in. By a trainer in C, some of them.
  @Test func changedBitsAreRefused() throws {
    let folder = try Folder()
    let data = try Sample.curve()
    let trainer = Trainer(
      Dense(1), input: TensorType(.f32, [1, 1]), optimizer: SGD(learningRate: 0.1), loss: { mean(square($0 - $1)) })
    var options = TrainingOptions(epochs: 3)
    options.checkpoint = folder.path + "/c"
    _ = try trainer.fit(data, options: options)
    try trainer.emitTrainer(data: data, validation: nil, options: options, to: folder.path)
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path, extra: ["-O1"])
    let good = [UInt8](try folder.bytes("c"))
    let length = good[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let path = folder.path + "/d"
    for bit in 0..<good.count * 8 {
      var bytes = good
      bytes[bit / 8] ^= 1 << (bit % 8)
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let error = failure { try SafeTensors.read(path) }
      let isHeader = bit / 8 < 8 + length
      #expect(
        error.message.contains(isHeader ? "header" : "tensor \"") && error.message.contains(path),
        "bit \(bit): \(error)")
      guard bit % 997 == 0 else { continue }
      for arguments in [["--resume", "d"], ["--resume", "d", "--resume-anyway"]] {
        let outcome = try execute(folder.path + "/trainer", arguments, in: folder.path)
        #expect(outcome.status == 1 && outcome.errorLines == 1 && outcome.errors.contains("d: "), "\(outcome)")
      }
      #expect(failure { try trainer.load(checkpoint: path) }.kind == .file)
    }
  }
}
