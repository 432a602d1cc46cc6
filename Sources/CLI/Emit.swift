// emit: training or inference as C that stands alone.

import ArgumentParser
import DescentIR
import DescentNN
import Foundation

/// `PROGRAM emit`
package struct Emit<P: TrainingProgram>: ParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "emit", abstract: "Write a standalone C trainer, or C inference code for a device without a heap.",
      subcommands: [EmitTrainer<P>.self, EmitInference<P>.self])
  }
  package init() {}
}

/// Where the C goes, and what its names begin with.
struct EmitOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The folder to write.", valueName: "dir")) var output: String
  @Option(help: ArgumentHelp("What every exported name begins with.", valueName: "name")) var prefix = "descent"

  func validate() throws {
    if output.isEmpty { throw ValidationError("--output is empty") }
    let letters = prefix.utf8.allSatisfy { c in
      (65...90).contains(c) || (97...122).contains(c) || (48...57).contains(c) || c == 95
    }
    guard letters, let first = prefix.utf8.first, !(48...57).contains(first) else {
      throw ValidationError("--prefix is '\(prefix)'; a C name of letters, digits and _ is needed")
    }
  }
}

/// `PROGRAM emit trainer`
package struct EmitTrainer<P: TrainingProgram>: ParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "trainer", abstract: "A C program that trains as `train` does, bit for bit.")
  }
  @OptionGroup(title: "Program options") var program: P
  @OptionGroup var emit: EmitOptions
  @Option(
    help: ArgumentHelp(
      "Rows of a batch; several, as in 32,64,128, for a trainer whose --batch takes one of them, the first where it is not given.",
      valueName: "rows"))
  var batch: BatchList?
  @OptionGroup var settings: RunOptions
  @Option(help: "Rounds over all rows.") var epochs: Int?

  package init() {}
  package func validate() throws { try atLeastOne(epochs, "--epochs") }

  package func run() throws {
    let data = try program.data()
    var options = settings.options(P.self, batch: batch?.sizes[0])
    if let epochs { options.epochs = epochs }
    try program.trainer().emitTrainer(
      data: data.training, validation: data.validation, options: options,
      batches: (batch?.sizes ?? []).dropFirst().map { $0 },
      to: emit.output, prefix: emit.prefix)
    try Console.standard.line("trainer: \(emit.output)")
  }
}

/// `PROGRAM emit inference`
package struct EmitInference<P: TrainingProgram>: ParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "inference", abstract: "C that predicts: no heap, no output, no dependency.")
  }
  @OptionGroup(title: "Program options") var program: P
  @OptionGroup var emit: EmitOptions
  @Option(
    help: ArgumentHelp("A checkpoint with the parameters; without one the program is trained first.", valueName: "file")
  )
  var weights: String?
  @Option(help: ArgumentHelp("Rows of one call.", valueName: "rows")) var batch = 1

  package init() {}
  package func validate() throws { try atLeastOne(batch, "--batch") }

  package func run() throws {
    let console = Console.standard
    let data = try program.data()
    let trainer = try program.trainer()
    let model: Model<P.Parameters>
    if let weights {
      model = try trainer.load(checkpoint: weights).model
    } else {
      var report = TrainingReport(console, program: P.name, metric: trainer.metric?.name, json: false)
      let options = try RunOptions.parse([]).options(P.self)
      let result = try trainer.fit(data.training, validation: data.validation, options: options) { try report.tell($0) }
      try report.end(result, checkpoint: nil)
      if let signal = result.signal { throw ExitCode(128 + signal) }
      model = Model(result.parameters, running: result.running)
    }
    var inputs = data.training.inputs.type
    inputs.shape.dimensions[0] = batch
    try trainer.emitInference(
      parameters: model.parameters, running: model.running, inputs: inputs, to: emit.output, prefix: emit.prefix)
    try console.line("inference: \(emit.output)")
  }
}
