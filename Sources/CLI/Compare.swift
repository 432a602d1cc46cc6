// compare: the same training twice, compiled and interpreted, step beside step.

import ArgumentParser
import DescentIR
import DescentInterpreter
import DescentNN
import Foundation

/// `PROGRAM compare`
package struct Compare<P: TrainingProgram>: ParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "compare", abstract: "Train compiled and interpreted side by side; exit 1 where they disagree.")
  }
  @OptionGroup(title: "Program options") var program: P
  @OptionGroup var batch: BatchOption
  @OptionGroup var settings: RunOptions
  @Option(help: "Steps of each.") var steps = 100
  @Flag(help: "One JSON object a line.") var json = false

  package init() {}
  package func validate() throws { try atLeastOne(steps, "--steps") }
  package func run() throws { try run(on: .standard) }

  /// Compares and reports on `console`; throws exit status 1 where the difference is more than rounding explains.
  package func run(on console: Console) throws {
    let data = try program.data()
    let trainer = try program.trainer()
    func session(_ engine: Engine) throws -> TrainingSession<P.Parameters> {
      try TrainingSession(
        trainer, data.training, validation: nil, options: settings.options(P.self, batch: batch.rows, engine: engine))
    }
    let (compiled, interpreted) = (try session(.compiled), try session(.interpreted))
    let tolerance = Tolerance(compiled.graphs.step.graph, steps: steps)
    if !json {
      try console.line(
        "\(P.name): compiled by \(compiled.compiler ?? "?"), \(compiled.threads) threads, beside the interpreter")
      try console.line("    step        compiled     interpreted   difference")
    }
    var times = (compiled: 0.0, interpreted: 0.0)
    var largest = 0.0
    for step in 1...steps {
      let a = try step_(compiled, &times.compiled), b = try step_(interpreted, &times.interpreted)
      let difference = Tolerance.difference(a, b)
      largest = max(largest, difference)
      if json {
        try console.line(
          JSON.line([
            "event": "step", "step": .int(step), "compiled": .double(a), "interpreted": .double(b),
            "difference": .double(difference),
          ]))
      } else if isShown(step) {
        try console.line(String(format: "%8d  %14.9g  %14.9g  %11.2g", step, a, b, difference))
      } else {
        try console.status("\(step)/\(steps)")
      }
    }
    let worst = worstParameter(compiled, interpreted)
    let agree = max(largest, worst.difference) <= tolerance.relative
    let speedup = times.interpreted / max(times.compiled, 1e-9)
    let (fast, slow) = (times.compiled / Double(steps) * 1e6, times.interpreted / Double(steps) * 1e6)
    if json {
      try console.line(
        JSON.line([
          "event": "end", "steps": .int(steps), "loss_difference": .double(largest),
          "parameter_difference": .double(worst.difference), "parameter": .string(worst.path),
          "tolerance": .double(tolerance.relative), "compiled_us_per_step": .double(fast),
          "interpreted_us_per_step": .double(slow), "speedup": .double(speedup), "agree": .bool(agree),
        ]))
    } else {
      try console.line(
        String(format: "largest relative difference: loss %.2g, parameters %.2g", largest, worst.difference)
          + " (\(worst.path)); " + String(format: "tolerance %.2g", tolerance.relative))
      try console.line(
        "compiled \(stepTime(fast)) a step, interpreted \(stepTime(slow)): \(short(speedup)) times as fast")
      try console.line(agree ? "they agree" : "they DISAGREE by more than rounding explains")
    }
    if !agree { throw ExitCode(1) }
  }

  /// One step: its loss; its time is added to `seconds`.
  private func step_(_ session: TrainingSession<P.Parameters>, _ seconds: inout Double) throws -> Double {
    let start = Date()
    try session.run(steps: 1)
    seconds += Date().timeIntervalSince(start)
    return session.takeSums().loss
  }

  /// 1, 2, 5, 10, 20, 50, … and the last.
  private func isShown(_ step: Int) -> Bool {
    var unit = 1
    while unit * 10 <= step { unit *= 10 }
    return step == steps || [1, 2, 5].contains { $0 * unit == step }
  }

  private func worstParameter(
    _ a: TrainingSession<P.Parameters>, _ b: TrainingSession<P.Parameters>
  ) -> (difference: Double, path: String) {
    zip(a.graphs.parameterPaths, zip(a.parameterValues, b.parameterValues))
      .map { (difference: Tolerance.difference($1.0.doubles, $1.1.doubles), path: $0) }
      .max { $0.difference < $1.difference } ?? (0, "no parameters")
  }
}
