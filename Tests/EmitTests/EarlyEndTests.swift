// Runs that end early: interrupted and resumed they end where they would have ended, with the same bytes, in process and in
// C, from one to the other.

import DescentData
import DescentIR
import DescentNN
import Foundation
import Testing

@Suite(.serialized) struct EarlyEndTests {
  /// Patience, a settled loss, a small gradient, and no early end but the best parameters.
  static let rules: [(stopping: Stopping, restoresBest: Bool)] = [
    (Stopping(patience: 3), false), (Stopping(tolerance: 0.06), false), (Stopping(gradientNorm: 0.1), false),
    (Stopping(), true),
  ]

  @Test(arguments: rules.indices) func aResumedRunEndsWhereAnUninterruptedOneDoes(_ which: Int) throws {
    let folder = try Folder()
    let (data, validation) = try Sample.points()
    let trainer = Sample.classifier(Adam(learningRate: 0.05))
    var options = TrainingOptions(epochs: 30, batch: 30, seed: 4)
    (options.stopping, options.restoresBest) = Self.rules[which]
    func fit(_ checkpoint: String, steps: Int? = nil, from resume: String? = nil) throws -> TrainingResult<Weights> {
      var options = options
      options.steps = steps
      options.checkpoint = "\(folder.path)/\(checkpoint)"
      options.resume = resume.map { "\(folder.path)/\($0)" }
      return try trainer.fit(data, validation: validation, options: options)
    }
    let whole = try fit("whole")
    #expect((whole.earlyEnd == nil) == (which == 3))
    #expect(whole.steps > 12 && whole.steps % 5 == 0, "\(whole.steps) steps")
    try trainer.emitTrainer(data: data, validation: validation, options: options, to: folder.path)
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path)
    func run(_ arguments: String...) throws -> String {
      let outcome = try execute(folder.path + "/trainer", arguments + ["--output", "c.parameters"], in: folder.path)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      return outcome.output
    }
    func parameters() throws -> [[Double]] {
      try SafeTensors.read(folder.path + "/c.parameters").entries.map { try $0.tensor.doubles }
    }
    let best = try FlatTree(whole.parameters).leaves.map { try $0.doubles }
    _ = try run("--checkpoint", "c.whole")
    #expect(try folder.bytes("c.whole") == folder.bytes("whole"))
    #expect(try parameters() == best)
    // Amidst an epoch, between two, and in the midst of the last one.
    for steps in [8, 10, whole.steps - 2] {
      _ = try fit("part", steps: steps)
      _ = try run("--steps", "\(steps)", "--checkpoint", "c.part")
      #expect(try folder.bytes("c.part") == folder.bytes("part"), "\(steps) steps")
      let rest = try fit("rest", from: "c.part")
      #expect(rest.steps == whole.steps && rest.earlyEnd == whole.earlyEnd, "after \(steps): \(rest.steps)")
      #expect(try FlatTree(rest.parameters).leaves.map { try $0.doubles } == best)
      #expect(try folder.bytes("rest") == folder.bytes("whole"), "resumed after \(steps) steps")
      let output = try run("--resume", "part", "--checkpoint", "c.rest")
      #expect(try folder.bytes("c.rest") == folder.bytes("whole"), "resumed in C after \(steps) steps")
      #expect(try parameters() == best)
      #expect(output.contains("ended early") == (which != 3))
    }
    // A run that has ended says so, and is what it was.
    let again = try fit("again", from: "whole")
    #expect(again.history.isEmpty && again.earlyEnd == whole.earlyEnd && again.steps == whole.steps)
    #expect(try FlatTree(again.parameters).leaves.map { try $0.doubles } == best)
    let output = try run("--resume", "whole")
    #expect(try parameters() == best)
    let reasons = [
      "no better epoch for as long as patience lasts", "the loss has settled", "the gradient is small",
      "150 steps had been done",
    ]
    #expect(
      output.contains("nothing left to do") && output.contains(reasons[which]) && !output.contains("epoch 1"),
      "\(output)")
    // With more epochs to go it has ended all the same.
    let more = try run("--resume", "whole", "--epochs", "40")
    #expect(more.contains("nothing left to do") == (which != 3), "\(more)")
  }

  /// What `emit inference --weights` takes of a run that keeps the best is the best, and not the last.
  @Test func theModelInACheckpointIsTheBest() throws {
    let folder = try Folder()
    let (data, validation) = try Sample.points()
    let trainer = Sample.classifier(Adam(learningRate: 0.05))
    var options = TrainingOptions(epochs: 30, batch: 30, seed: 4)
    options.stopping = Stopping(patience: 3)
    options.checkpoint = folder.path + "/c"
    let result = try trainer.fit(data, validation: validation, options: options)
    let model = try trainer.load(checkpoint: folder.path + "/c")
    #expect(model.isBest && model.run["optimizer"]?.hasPrefix("Adam") == true && model.state?.steps == result.steps)
    let last = try #require(try SafeTensors.read(folder.path + "/c")["parameters.0.weight"]?.doubles)
    let (best, taken) = (try FlatTree(result.parameters), try FlatTree(model.parameters))
    #expect(try taken.leaves.map { try $0.doubles } == best.leaves.map { try $0.doubles })
    let weight = try #require(best.paths.firstIndex(of: "0.weight"))
    #expect(try best.leaves[weight].doubles != last)
  }

  @Test func aPatienceOfNoEpochsIsAnError() throws {
    var options = TrainingOptions(epochs: 3)
    options.stopping = Stopping(patience: 0)
    let data = try Sample.curve()
    let trainer = Sample.regression()
    #expect(failure { try trainer.fit(data, options: options) }.message.contains("a patience of 0 epochs"))
    let folder = try Folder()
    #expect(
      failure { try trainer.emitTrainer(data: data, validation: nil, options: options, to: folder.path) }.message
        .contains(
          "a patience of 0 epochs"))
    #expect(folder.names.isEmpty)
  }
}
