// train: the run itself, with progress for a person or lines for a program.

import ArgumentParser
import DescentIR
import DescentNN
import Foundation

/// `PROGRAM train`
package struct Train<P: TrainingProgram>: ParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "train", abstract: "Train, and tell how it goes.")
  }
  @OptionGroup(title: "Program options") var program: P
  @OptionGroup var batch: BatchOption
  @OptionGroup var settings: RunOptions
  @Option(help: "Rounds over all rows.") var epochs: Int?
  @Option(help: "Steps in place of epochs.") var steps: Int?
  @Option(help: "Who runs the steps: compiled or interpreted.") var engine = Engine.compiled
  @Option(help: ArgumentHelp("Keep parameters, optimizer and position in FILE.", valueName: "file")) var checkpoint:
    String?
  @Option(help: ArgumentHelp("Steps between checkpoints, not only at the end.", valueName: "steps"))
  var every: Int?
  @Option(help: ArgumentHelp("Go on from a checkpoint.", valueName: "file")) var resume: String?
  @Flag(help: "Go on also from a checkpoint of another run, as long as its tensors fit.") var resumeAnyway = false
  @Option(help: ArgumentHelp("Write metrics.csv, metrics.jsonl and pictures into a folder.", valueName: "dir")) var log:
    String?
  @Flag(help: "Where a loss or a parameter becomes NaN or infinite, name the operation that made it.") var checkNan =
    false
  @Flag(help: "One JSON object a line.") var json = false
  @Flag(help: "Draw pictures as text even where the output is no terminal.") var plot = false

  package init() {}

  package func validate() throws {
    try atLeastOne(epochs, "--epochs")
    try atLeastOne(steps, "--steps")
    try atLeastOne(every, "--every")
    if epochs != nil && steps != nil { throw ValidationError("--epochs and --steps exclude each other") }
    if resumeAnyway && resume == nil { throw ValidationError("--resume-anyway needs --resume") }
    if every != nil && checkpoint == nil { throw ValidationError("--every needs --checkpoint") }
  }

  /// The settings that the command line asks for.
  package var options: TrainingOptions {
    var options = settings.options(P.self, batch: batch.rows, engine: engine)
    if let epochs { options.epochs = epochs }
    if let steps { (options.steps, options.epochs) = (steps, Int.max) }
    options.checkpoint = checkpoint
    options.every = every
    options.resume = resume
    options.resumeAnyway = resumeAnyway
    options.checksNumbers = checkNan
    return options
  }

  package func run() throws { try run(on: .standard) }

  /// Trains and reports on `console`; throws exit status 128 and the signal's number after a signal.
  package func run(on console: Console) throws {
    let data = try program.data()
    let trainer = try program.trainer()
    let log = try log.map { try MetricsLog($0, metric: trainer.metric?.name, continues: resume != nil) }
    var firstStep = 0
    var report = TrainingReport(console, program: P.name, metric: trainer.metric?.name, json: json)
    let result = try trainer.fit(data.training, validation: data.validation, options: options) { event in
      try report.tell(event)
      if case .started(let facts) = event { firstStep = facts.step }
      if case .epoch(let entry) = event { try log?.add(entry) }
    }
    try report.end(result, checkpoint: checkpoint)
    if let resume, checkpoint == nil, !json, result.steps > firstStep {
      try console.line("\(resume) stays as it was; with --checkpoint what was trained since is kept")
    }
    // Where nothing was trained, pictures of an earlier run stay.
    if result.steps > firstStep {
      try program.finish(
        FinishedRun(
          result: result, training: data.training, validation: data.validation, trainer: trainer, console: console,
          folder: self.log, name: P.name, json: json, plot: plot || (console.isTerminal && !json)))
    }
    if let signal = result.signal { throw ExitCode(128 + signal) }
  }
}
