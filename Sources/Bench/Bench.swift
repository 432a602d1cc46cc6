// bench [WORKLOAD ...]: microseconds of a training step, beside which figures of peers in the same sitting mean something.

import ArgumentParser
import DescentDriver
import DescentIR
import DescentNN
import Foundation

@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Times whole training steps, each workload as the peers word it.",
    discussion: "Workloads: " + Workload.all.map(\.name).joined(separator: ", "))

  @Argument(help: "The workloads to time; all where none is named.") var workloads: [String] = []
  @Option(help: "Threads; results do not depend on it.") var threads: Int?
  @Option(help: "Rounds; the best and the median are reported.") var rounds = 7
  @Flag(help: "One JSON object a line.") var json = false

  func validate() throws {
    for name in workloads where !Workload.all.contains(where: { $0.name == name }) {
      throw ValidationError("no workload '\(name)'; there are \(Workload.all.map(\.name).joined(separator: ", "))")
    }
    guard rounds > 0 else { throw ValidationError("--rounds must be at least 1") }
    if let threads, !(1...Threads.most).contains(threads) {
      throw ValidationError("--threads must be in 1...\(Threads.most)")
    }
  }

  func run() throws {
    for workload in Workload.all where workloads.isEmpty || workloads.contains(workload.name) {
      let result = try time(workload)
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        print(String(decoding: try encoder.encode(result), as: UTF8.self))
      } else {
        print(result.line)
      }
    }
  }

  private struct Result: Codable {
    var workload: String
    var us_per_step_best: Double
    var us_per_step_median: Double
    var first_step_s: Double
    var arena_bytes: Int
    var loss: Double
    var threads: Int
    /// The first line of the C compiler's `--version`.
    var compiler: String

    var line: String {
      func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
      }
      func number(_ value: Double) -> String { String(format: "%.1f", value) }
      return workload + String(repeating: " ", count: max(1, 10 - workload.count))
        + "best \(pad(number(us_per_step_best), 10)) us/step  median "
        + "\(pad(number(us_per_step_median), 10))  first \(String(format: "%.3f", first_step_s)) s  arena \(arena_bytes) bytes  "
        + "loss \(String(format: "%.4f", loss))  threads \(threads)"
    }
  }

  private func time(_ workload: Workload) throws -> Result {
    let settings = try Settings.current()
    if threads == nil { Notices.shared.print(settings.threadsNotice) }
    let threads = threads ?? settings.threads
    let data = try workload.data()
    let start = Date()
    let session = try workload.session(data, threads)
    try session.run(steps: 1)
    let first = Date().timeIntervalSince(start)
    session.settle()
    func round() throws -> Double {
      let start = Date()
      try session.run(steps: workload.steps)
      return Date().timeIntervalSince(start) / Double(workload.steps) * 1e6
    }
    _ = try round()
    let times = try (0..<rounds).map { _ in try round() }.sorted()
    _ = session.takeSums()
    try session.run(steps: 1)
    let compiler = try Driver.shared.compiler(settings: settings, cache: try Cache(settings: settings))
    return Result(
      workload: workload.name, us_per_step_best: times[0], us_per_step_median: times[times.count / 2],
      first_step_s: first, arena_bytes: session.arenaBytes, loss: session.takeSums().loss, threads: threads,
      compiler: compiler.version)
  }
}
