// profile: where the time of a training step goes, a row for each kernel.

import ArgumentParser
import DescentCCode
import DescentIR
import DescentLoops
import DescentNN
import Foundation

/// `PROGRAM profile`
package struct Profile<P: TrainingProgram>: ParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "profile", abstract: "Time each kernel of the training step.")
  }
  @OptionGroup(title: "Program options") var program: P
  @OptionGroup var batch: BatchOption
  @OptionGroup var settings: RunOptions
  @Option(help: "Steps to time.") var steps = 100
  @Flag(help: "One JSON object a line.") var json = false

  package init() {}
  package func validate() throws { try atLeastOne(steps, "--steps") }
  package func run() throws { try run(on: .standard) }

  /// Times the kernels and reports on `console`.
  package func run(on console: Console) throws {
    let data = try program.data()
    let trainer = try program.trainer()
    let options = settings.options(P.self, batch: batch.rows)
    func time(_ session: TrainingSession<P.Parameters>) throws -> Double {
      let start = Date()
      var left = steps
      while left > 0 {
        let room = session.graphs.stepsPerEpoch - session.step % session.graphs.stepsPerEpoch
        try session.run(steps: min(left, room))
        left -= min(left, room)
      }
      return Date().timeIntervalSince(start)
    }
    let whole = try TrainingSession(trainer, data.training, validation: nil, options: options)
    whole.settle()
    let plain = try time(whole)
    let session = try TrainingSession(trainer, data.training, validation: nil, options: options, profiled: true)
    _ = try time(session)
    guard let (program, seconds) = session.profile else { return try console.line("the step has no kernels") }
    let rows = seconds.indices.map { Row(program, call: $0, seconds: seconds[$0], steps: steps) }
    let total = seconds.reduce(0, +)
    if json {
      for row in rows { try console.line(row.json(total)) }
      return try console.line(
        JSON.line([
          "event": "end", "steps": .int(steps), "us_per_step": .double(plain / Double(steps) * 1e6),
          "us_in_kernels": .double(total / Double(steps) * 1e6), "threads": .int(session.threads),
        ]))
    }
    let head = ["kernel", "calls", "µs", "share", "GFLOP/s", "GB/s", "where", "operations"]
    // The longest first; of equal ones the earlier, as sorting keeps no order by itself.
    let sorted = rows.sorted { ($0.seconds, $1.call) > ($1.seconds, $0.call) }
    for line in table([head] + sorted.map { $0.cells(total) }, right: [1, 2, 3, 4, 5]) { try console.line(line) }
    try console.line()
    let (step, parts) = (stepTime(plain / Double(steps) * 1e6), stepTime(total / Double(steps) * 1e6))
    try console.line(
      "\(step) a step; its kernels take \(parts) when each is timed by itself "
        + "(\(steps) steps, \(session.threads) threads)")
  }
}

/// One call of the step.
private struct Row {
  var call: Int
  var name: String
  var seconds: Double
  var steps: Int
  var operations: Double
  var bytes: Double
  var place: String
  var text: String

  init(_ program: StepProgram, call: Int, seconds: Double, steps: Int) {
    let entry = program.calls[call]
    let graph = program.schedule.graph
    (self.call, self.seconds, self.steps) = (call, seconds, steps)
    name = String(program.functionNames[call].dropFirst(program.prefix.count + 1))
    (operations, bytes) = program.plan.cost(ofCall: call)
    let nodes = entry.nodes.map { graph[$0] }
    place = nodes.compactMap(\.location).first?.description ?? ""
    let adjoint = nodes[0].adjointOf.map { "adjoint of \($0): " } ?? ""
    let names = nodes.map(\.op.name)
    text = adjoint + names.prefix(6).joined(separator: ", ") + (names.count > 6 ? ", … \(names.count - 6) more" : "")
  }

  private var each: Double { seconds / Double(steps) }
  private func rate(_ amount: Double) -> Double { each > 0 ? amount / each / 1e9 : 0 }

  func cells(_ total: Double) -> [String] {
    [
      name, "\(steps)", String(format: "%.1f", each * 1e6), String(format: "%.1f%%", seconds / max(total, 1e-12) * 100),
      String(format: "%.1f", rate(operations)), String(format: "%.1f", rate(bytes)), place, text,
    ]
  }
  func json(_ total: Double) -> String {
    JSON.line([
      "event": "kernel", "kernel": .string(name), "call": .int(call), "calls": .int(steps), "us": .double(each * 1e6),
      "share": .double(seconds / max(total, 1e-12)), "gflops": .double(rate(operations)), "gbps": .double(rate(bytes)),
      "where": .string(place), "operations": .string(text),
    ])
  }
}
