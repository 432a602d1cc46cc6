// The options that say how a run is set up: shared by the commands that run steps.

import ArgumentParser
import DescentDriver
import DescentNN

/// Rows of a batch, seed, threads.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Rows of a batch.", valueName: "rows"))
  var batch: Int?
  @Option(parsing: .unconditional, help: "Decides initial parameters and the order of rows.")
  var seed: Int?
  @Option(help: "Threads that train, at most 1024; results do not depend on them.")
  var threads: Int?

  func validate() throws {
    try atLeastOne(batch, "--batch")
    try atLeastOne(threads, "--threads")
    if let threads, threads > Threads.most { throw ValidationError("--threads is \(threads); at most \(Threads.most)") }
  }

  /// The settings of a run of a program, with its defaults where the command line has nothing.
  func options<P: TrainingProgram>(_ program: P.Type, engine: Engine = .compiled) -> TrainingOptions {
    let defaults = P.defaults
    var options = TrainingOptions(
      epochs: defaults.epochs, batch: batch ?? defaults.batch, seed: seed ?? defaults.seed, threads: threads,
      engine: engine)
    options.stepsPerEpoch = defaults.stepsPerEpoch
    options.stopping = defaults.stopping
    return options
  }
}

/// Throws a usage error that names the option, unless its value is absent or at least 1.
func atLeastOne(_ value: Int?, _ name: String) throws {
  if let value, value < 1 { throw ValidationError("\(name) is \(value); at least 1 is needed") }
}

extension Engine: ExpressibleByArgument {}
