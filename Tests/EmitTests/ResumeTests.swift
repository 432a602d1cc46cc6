// Checkpoints pass between a process and its standalone trainer, both ways, in the midst of an epoch.

import DescentData
import DescentIR
import DescentNN
import Foundation
import Testing

@Suite(.serialized) struct ResumeTests {
  /// Adam, and optimizers within optimizers, whose state has slots, scalars and groups.
  static let optimizers: [any Optimizer] = [
    Adam(learningRate: 0.01),
    GradientAccumulation(
      steps: 4,
      ParameterAveraging(
        decay: 0.9,
        GradientClipping(
          norm: 1,
          Muon(
            learningRate: .warmUp(steps: 2, into: .cosine(0.02, steps: 5)), others: NAdam(learningRate: 0.01))))),
  ]

  @Test(arguments: optimizers.indices) func bothWays(_ index: Int) throws {
    let folder = try Folder()
    let (data, validation) = try Sample.points()
    let trainer = Sample.classifier(Self.optimizers[index])
    var options = TrainingOptions(epochs: 3, batch: 20, seed: 4)
    options.checkpoint = folder.path + "/whole"
    let whole = try trainer.fit(data, validation: validation, options: options)
    try trainer.emitTrainer(data: data, validation: validation, options: options, to: folder.path)
    let build = try #require(Build.all.first)
    try build.program(["trainer.c"], "trainer", in: folder.path)
    func run(_ arguments: [String]) throws -> Outcome {
      let outcome = try execute(folder.path + "/trainer", arguments, in: folder.path)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      return outcome
    }
    // 7 steps an epoch: 10 is amidst the second, 14 between two.
    for steps in [10, 14] {
      _ = try run(["--steps", "\(steps)", "--checkpoint", "c.part"])
      options.checkpoint = folder.path + "/swift.part"
      options.steps = steps
      _ = try trainer.fit(data, validation: validation, options: options)
      #expect(try folder.bytes("c.part") == folder.bytes("swift.part"))

      options.steps = nil
      options.checkpoint = folder.path + "/swift.rest"
      options.resume = folder.path + "/c.part"
      let rest = try trainer.fit(data, validation: validation, options: options)
      options.resume = nil
      #expect(try folder.bytes("swift.rest") == folder.bytes("whole"))
      #expect(rest.history.last?.loss == whole.history.last?.loss)

      let outcome = try run(["--resume", "swift.part", "--checkpoint", "c.rest"])
      #expect(try folder.bytes("c.rest") == folder.bytes("whole"))
      let loss = String(format: "%.6g", try #require(whole.history.last?.loss))
      #expect(outcome.output.contains("epoch 3/3  loss \(loss) "), "\(outcome.output)")
    }
    // A checkpoint within the run, and nothing left to do.
    _ = try run(["--every", "5", "--checkpoint", "c.every"])
    #expect(try folder.bytes("c.every") == folder.bytes("whole"))
    #expect(try run(["--resume", "whole"]).output.contains("nothing left to do: 21 steps"))
    // Into another file the run is written all the same; into its own nothing is.
    _ = try run(["--resume", "whole", "--checkpoint", "another"])
    #expect(try folder.bytes("another") == folder.bytes("whole"))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: folder.path + "/another")
    _ = try run(["--resume", "another", "--checkpoint", "another"])
    let facts = try FileManager.default.attributesOfItem(atPath: folder.path + "/another")
    #expect(facts[.modificationDate] as? Date == Date(timeIntervalSince1970: 1e9))
    #expect(try SafeTensors.read(folder.path + "/whole").metadata["version"] == DescentIR.version)
  }

  /// A tensor of another type that could be read by conversion is none of a run that has the same bits.
  @Test func convertedTensorsAreRefused() throws {
    let folder = try Folder()
    let (data, trainer) = (try Sample.curve(), Sample.regression())
    var options = TrainingOptions(epochs: 2)
    options.checkpoint = folder.path + "/checkpoint"
    _ = try trainer.fit(data, options: options)
    try trainer.emitTrainer(data: data, validation: nil, options: options, to: folder.path)
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path)
    var bytes = try folder.bytes("checkpoint")
    let type = try #require(bytes.range(of: Data("\"I64\"".utf8)))
    bytes.replaceSubrange(type, with: Data("\"U64\"".utf8))
    try bytes.write(to: URL(fileURLWithPath: folder.path + "/converted"))
    options.resume = folder.path + "/converted"
    #expect(failure { try trainer.fit(data, options: options) }.message.hasPrefix(folder.path + "/converted: "))
    let outcome = try execute(folder.path + "/trainer", ["--resume", "converted"], in: folder.path)
    #expect(outcome.status == 1 && outcome.errorLines == 1 && outcome.errors.contains("converted: "), "\(outcome)")
  }
}
