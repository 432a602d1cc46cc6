// train within this process: what it learns, what it writes, how it stops and goes on.

import ArgumentParser
import DescentCLI
import DescentData
import DescentIR
import DescentNN
import Foundation
import Testing

@Suite struct TrainTests {
  @Test func twoEpochsOfDigits() throws {
    try withFolder { folder in
      let lines = Lines()
      try command(FewDigits.self, Train<FewDigits>.self, "train", "--json", "--log", folder).run(on: lines.console)
      let start = try #require(try lines.events("start").first)
      #expect(start["parameters"] as? Int == 64 * 16 + 16 + 160 + 10 && start["rows"] as? Int == 512)
      let epochs = try lines.events("epoch")
      #expect(epochs.count == 2)
      let end = try #require(try lines.events("end").first)
      #expect(end["steps"] as? Int == 32 && end["interrupted"] as? Bool == false)
      let accuracy = try #require(end["validation_accuracy"] as? Double)
      #expect(accuracy > 0.7)
      let csv = try String(contentsOfFile: folder + "/metrics.csv", encoding: .utf8).split(separator: "\n")
      #expect(csv.count == 3)
      #expect(csv[0] == "epoch,step,loss,accuracy,validation_loss,validation_accuracy,seconds,us_per_step")
      #expect(csv[2].hasPrefix("2,32,"))
      let jsonl = try String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8).split(separator: "\n")
      #expect(jsonl.count == 2)
    }
  }

  @Test func plainLinesArePrintedForAPerson() throws {
    let lines = Lines()
    try command(FewDigits.self, Train<FewDigits>.self, "train", "--threads", "1").run(on: lines.console)
    #expect(lines.all.count == 4)
    #expect(
      lines.all[0].hasPrefix("few-digits: 1,210 parameters, 512 rows and 128 to validate, batches of 32; compiled by"))
    #expect(lines.all[1].hasPrefix("epoch 1/2  loss "))
    #expect(lines.all[3].hasPrefix("validation loss ") && lines.all[3].contains("32 steps"))
  }

  @Test func epochsOfAFullBatchAreAsLongAsTheProgramSays() throws {
    let lines = Lines()
    try command(Line.self, Train<Line>.self, "train", "--json").run(on: lines.console)
    #expect(try lines.events("epoch").map { $0["step"] as? Int } == [25, 50, 75, 100])
    let loss = try #require(try lines.events("end").first?["loss"] as? Double)
    #expect(loss < 1e-3)
  }

  /// The final parameters' numbers after three epochs, or `steps`.
  private func parameters(
    seed: Int = 4, threads: Int? = nil, steps: Int? = nil, checkpoint: String? = nil, resume: String? = nil
  ) throws -> [[Double]] {
    let program = try FewDigits.parse([])
    let data = try program.data()
    var options = TrainingOptions(epochs: 3, batch: 32, seed: seed, threads: threads)
    (options.steps, options.checkpoint, options.resume) = (steps, checkpoint, resume)
    let result = try program.trainer().fit(data.training, validation: data.validation, options: options)
    return try FlatTree(result.parameters).leaves.map { try $0.doubles }
  }

  @Test(arguments: [1, 16, 23, 48]) func resumedRunHasTheBitsOfAnUninterruptedOne(_ step: Int) throws {
    try withFolder { folder in
      let file = folder + "/run.safetensors"
      let whole = try parameters()
      _ = try parameters(steps: step, checkpoint: file)
      let resumed = try parameters(resume: file)
      #expect(resumed == whole)
    }
  }

  @Test func aRunThatEndedEarlySaysSoWhenItIsResumed() throws {
    try withFolder { folder in
      let (first, second) = (Lines(), Lines())
      try command(Settling.self, Train<Settling>.self, "train", "--checkpoint", folder + "/c").run(on: first.console)
      #expect(first.all.contains("ended early: the loss has settled"))
      try command(Settling.self, Train<Settling>.self, "train", "--resume", folder + "/c").run(on: second.console)
      let steps = try #require(
        first.all.last { $0.contains(" steps, ") }?.split(separator: ", ").first { $0.hasSuffix("steps") })
      #expect(second.all.contains("nothing left to do: the run had ended after \(steps)"), "\(second.all)")
      // Another file is written though no step is left.
      let third = Lines()
      try command(
        Settling.self, Train<Settling>.self, "train", "--resume", folder + "/c", "--checkpoint", folder + "/d"
      ).run(on: third.console)
      #expect(third.all.contains("checkpoint: \(folder)/d"))
      #expect(
        FileManager.default.contents(atPath: folder + "/d") == FileManager.default.contents(atPath: folder + "/c"))
      #expect(second.all.contains("ended early: the loss has settled"))
      #expect(!second.all.contains { $0.hasPrefix("epoch") })
    }
  }

  @Test func aCheckpointOfAnotherRunIsTakenWhereThatIsAskedFor() throws {
    try withFolder { folder in
      try command(Line.self, Train<Line>.self, "train", "--steps", "10", "--checkpoint", folder + "/c").run(
        on: Lines().console)
      let lines = Lines()
      #expect(throws: DescentError.self) {
        try command(Line.self, Train<Line>.self, "train", "--seed", "1", "--resume", folder + "/c").run(
          on: lines.console)
      }
      let anyway = [folder + "/c", "--resume-anyway"]
      try command(Line.self, Train<Line>.self, "train", "--seed", "1", "--resume", anyway[0], anyway[1]).run(
        on: lines.console)
      #expect(
        lines.all.contains("going on from another run, which was made with seed \"0\", this run has \"1\""),
        "\(lines.all)")
      #expect(lines.all.contains("going on after step 10"))
    }
  }

  @Test func checkpointOfAnotherSeedIsRefused() throws {
    try withFolder { folder in
      let file = folder + "/run.safetensors"
      _ = try parameters(steps: 2, checkpoint: file)
      #expect(throws: DescentError.self) { try parameters(seed: 5, resume: file) }
    }
  }

  /// Before the first step, and before anything is built.
  @Test(.timeLimit(.minutes(1))) func aCheckpointThatCannotBeWrittenOrReadIsAnErrorAtOnce() throws {
    try withFolder { folder in
      try #require(mkfifo(folder + "/fifo", 0o600) == 0)
      func refused(_ option: String, _ path: String, _ words: String) throws {
        let lines = Lines()
        let error = #expect(throws: DescentError.self, "\(option) \(path)") {
          try command(FewDigits.self, Train<FewDigits>.self, "train", option, path).run(on: lines.console)
        }
        #expect(
          error?.message.contains(words) == true && lines.all.isEmpty, "\(option) \(path): \(error?.message ?? "")")
      }
      for path in [folder, folder + "/fifo", "/dev/full"] {
        try refused("--checkpoint", path, "\(path): is not a regular file")
      }
      try refused("--checkpoint", folder + "/none/c", "No such file")
      try refused("--checkpoint", folder + "/fifo/c", "Not a directory")
      try refused("--checkpoint", folder + "/" + String(repeating: "n", count: 300), "File name too long")
      try refused("--resume", folder + "/fifo", "fifo: is a pipe; expected a file")
      try refused("--resume", "/dev/zero", "is a device or socket; expected a file")
      try refused("--resume", folder, "is a directory; expected a file")
    }
  }

  /// A disk that is full for the report, or a reader that has gone.
  @Test func aReportThatFailsDoesNotLoseTheRun() throws {
    struct Full: Error {}
    try withFolder { folder in
      let program = try FewDigits.parse([])
      let data = try program.data()
      var options = TrainingOptions(epochs: 3, batch: 32, seed: 4)
      options.checkpoint = folder + "/c"
      #expect(throws: Full.self) {
        try program.trainer().fit(data.training, validation: data.validation, options: options) { event in
          if case .epoch(let entry) = event, entry.epoch == 2 { throw Full() }
        }
      }
      let resumed = try parameters(resume: folder + "/c"), whole = try parameters()
      #expect(resumed == whole)
    }
  }

  @Test func threadsDoNotChangeTheBits() throws {
    let (one, three) = (try parameters(threads: 1), try parameters(threads: 3))
    #expect(one == three)
  }

  @Test func lossThatIsNotANumberIsAnErrorThatNamesTheStep() throws {
    let program = try FewDigits.parse([])
    let data = try program.data()
    let error = #expect(throws: DescentError.self) {
      try program.trainer(learningRate: .nan).fit(data.training, options: TrainingOptions(epochs: 1, batch: 32))
    }
    #expect(error?.message.contains("NaN in step 2") == true)
  }

  @Test func interruptEndsTheRunWithTheBestParameters() throws {
    let program = try FewDigits.parse([])
    let data = try program.data()
    let interrupt = Interrupt()
    let result = try program.trainer().fit(
      data.training, validation: data.validation, options: TrainingOptions(epochs: 1_000_000, batch: 32),
      interrupt: interrupt
    ) { event in
      if case .epoch(let entry) = event, entry.epoch == 3 { interrupt.set() }
    }
    #expect(result.wasInterrupted && result.steps == 48 && result.history.count == 3)
    #expect(result.validationLoss == result.history.compactMap(\.validationLoss).min())
  }

  @Test func logThatCannotBeWrittenIsAnError() throws {
    #expect(throws: DescentError.self) {
      try command(Line.self, Train<Line>.self, "train", "--log", "/dev/null/x").run(on: Lines().console)
    }
  }

  @Test func hugeNumbersOfEpochsDoNotOverflow() throws {
    let interrupt = Interrupt()
    interrupt.set()
    let program = try Line.parse([])
    var options = TrainingOptions(epochs: Int.max)
    options.stepsPerEpoch = 1000
    let result = try program.trainer().fit(program.data().training, options: options, interrupt: interrupt)
    #expect(result.steps == 0)
  }
}
