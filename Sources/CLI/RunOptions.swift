// The options that say how a run is set up: shared by the commands that run steps.

import ArgumentParser
import DescentDriver
import DescentNN

/// Learning rate, seed, threads.
struct RunOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The learning rate in place of the program's: of a schedule its greatest rate, with the whole schedule scaled.",
      valueName: "rate"))
  var lr: Double?
  @Option(parsing: .unconditional, help: "Decides initial parameters and the order of rows.")
  var seed: Int?
  @Option(help: "Threads that train, at most 1024; results do not depend on them.")
  var threads: Int?

  func validate() throws {
    if let lr, !(lr > 0 && lr < .infinity) { throw ValidationError("--lr is \(lr); a number above 0 is needed") }
    try atLeastOne(threads, "--threads")
    if let threads, threads > Threads.most { throw ValidationError("--threads is \(threads); at most \(Threads.most)") }
  }

  /// The settings of a run of a program, with its defaults where the command line has nothing.
  func options<P: TrainingProgram>(_ program: P.Type, batch: Int? = nil, engine: Engine = .compiled) -> TrainingOptions
  {
    let defaults = P.defaults
    var options = TrainingOptions(
      epochs: defaults.epochs, batch: batch ?? defaults.batch, seed: seed ?? defaults.seed, threads: threads,
      engine: engine)
    options.learningRate = lr
    options.stepsPerEpoch = defaults.stepsPerEpoch
    options.stopping = defaults.stopping
    return options
  }
}

/// Rows of a batch.
struct BatchOption: ParsableArguments {
  @Option(name: .customLong("batch"), help: ArgumentHelp("Rows of a batch.", valueName: "rows"))
  var rows: Int?

  func validate() throws { try atLeastOne(rows, "--batch") }
}

/// Sizes of batches, the first of which is taken where nothing is said.
struct BatchList: ExpressibleByArgument {
  var sizes: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.allSatisfy({ $0 ?? 0 > 0 }), Set(parts).count == parts.count else { return nil }
    sizes = parts.map { $0! }
  }
}

/// Throws a usage error that names the option, unless its value is absent or at least 1.
func atLeastOne(_ value: Int?, _ name: String) throws {
  if let value, value < 1 { throw ValidationError("\(name) is \(value); at least 1 is needed") }
}

extension Engine: ExpressibleByArgument {}
