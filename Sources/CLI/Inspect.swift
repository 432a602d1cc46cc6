// inspect: what the compiler makes of the program, at each of its stages.

import ArgumentParser
import DescentCCode
import DescentIR
import DescentLoops
import DescentNN
import DescentPasses

/// `PROGRAM inspect`
package struct Inspect<P: TrainingProgram>: ParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "inspect", abstract: "Show a stage of compilation.")
  }
  /// The stages.
  package enum Stage: String, ExpressibleByArgument, CaseIterable { case graph, backward, schedule, memory, c, dot }

  @OptionGroup(title: "Program options") var program: P
  @OptionGroup var batch: BatchOption
  @OptionGroup var settings: RunOptions
  @Argument(
    help: """
      graph: prediction and loss; backward: the whole training step; schedule: its kernels; memory: its temporaries in \
      the arena; c: the emitted C; dot: the training step for Graphviz.
      """) var stage: Stage

  package init() {}
  package func run() throws { try run(on: .standard) }

  /// Shows the stage on `console`.
  package func run(on console: Console) throws {
    let data = try program.data()
    let trainer = try program.trainer()
    let options = settings.options(P.self, batch: batch.rows)
    let (inputs, targets) = (data.training.inputs.type, data.training.targets.type)
    let graphs = try trainer.graphs(
      inputs: inputs, targets: targets, validation: nil, batch: options.batch, stepsPerEpoch: options.stepsPerEpoch)
    func step() throws -> StepProgram { try trainer.stepProgram(graphs) }
    let text =
      switch stage {
      case .graph: try optimize(trainer.lossGraph(graphs, inputs: inputs, targets: targets)).text
      case .backward: try optimize(graphs.step.graph).text
      case .schedule: try step().schedule.text
      case .memory: memory(try step())
      case .c: librarySource([try step()])
      case .dot: try optimize(graphs.step.graph).dot
      }
    try console.line(text.hasSuffix("\n") ? String(text.dropLast()) : text)
  }

  private func memory(_ program: StepProgram) -> String {
    let state = program.externals.filter(\.isWritten).reduce(0) { $0 + $1.type.byteCount }
    let given = program.externals.reduce(0) { $0 + $1.type.byteCount } - state
    return
      (table([["offset", "bytes", "alive in", "what"]] + program.plan.memoryRows, right: [0, 1]) + [
        "",
        "arena \(byteText(program.arenaBytes)) for \(byteText(program.temporaries.reduce(0) { $0 + $1.life.bytes })) of temporaries, "
          + "without the threads' scratch memory",
        "parameters, optimizer and counters \(byteText(state)), data \(byteText(given))",
      ]).joined(separator: "\n")
  }
}
