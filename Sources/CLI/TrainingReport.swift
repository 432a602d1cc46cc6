// What a person or a program reads while a network trains.

import DescentIR
import DescentNN
import Foundation

/// Turns the events of a run into lines.
struct TrainingReport {
  private let console: Console
  private let program: String
  private let metric: String?
  private let json: Bool
  private var facts: RunFacts?

  init(_ console: Console, program: String, metric: String?, json: Bool) {
    self.console = console
    self.program = program
    self.metric = metric
    self.json = json
  }

  mutating func tell(_ event: TrainingEvent) throws {
    switch event {
    case .started(let facts):
      self.facts = facts
      try start(facts)
    case .progress(let epoch, let step, let of, let loss, let microseconds):
      if !json { try console.status(bar(epoch, step, of, loss, microseconds)) }
    case .epoch(let entry): try console.line(json ? entry.json(metric) : entry.text(metric, of: facts))
    case .checkpoint(let path, let step):
      if json { try console.line(JSON.line(["event": "checkpoint", "path": .string(path), "step": .int(step)])) }
    }
  }

  private func start(_ facts: RunFacts) throws {
    if json {
      return try console.line(
        JSON.line([
          "event": "start", "program": .string(program), "engine": .string(facts.engine.rawValue),
          "threads": .int(facts.threads), "compiler": facts.compiler.map { .string($0) } ?? .null,
          "parameters": .int(facts.parameterCount), "rows": .int(facts.rows),
          "validation_rows": .int(facts.validationRows),
          "batch": .int(facts.batch), "steps_per_epoch": .int(facts.stepsPerEpoch), "step": .int(facts.step),
          "differences": facts.differences.map { .string($0) } ?? .null,
          "last_step": .int(facts.lastStep), "arena_bytes": .int(facts.arenaBytes),
        ]))
    }
    let how = facts.compiler.map { "compiled by \($0), \(facts.threads) thread\(facts.threads == 1 ? "" : "s")" }
    try console.line(
      "\(program): \(grouped(facts.parameterCount)) parameters, \(grouped(facts.rows)) rows"
        + (facts.validationRows > 0 ? " and \(grouped(facts.validationRows)) to validate" : "")
        + (facts.batch < facts.rows ? ", batches of \(facts.batch)" : ", all in each step") + "; "
        + (how ?? "interpreted"))
    if let other = facts.differences { try console.line("going on from another run, which was made with \(other)") }
    if facts.step > 0 { try console.line("going on after step \(grouped(facts.step))") }
  }

  /// `epoch  3/10 ━━━━━━────── 300/468  loss 0.2831  412 µs/step  2.1 s left`
  private func bar(_ epoch: Int, _ step: Int, _ of: Int, _ loss: Double, _ microseconds: Double) -> String {
    guard let facts else { return "" }
    let left = Double(facts.lastStep - (epoch - 1) * of - step) * microseconds / 1e6
    let cells = 20
    let full = step * cells / max(of, 1)
    return "epoch \(padded(epoch, facts)) " + String(repeating: "━", count: full)
      + String(repeating: "─", count: cells - full)
      + " \(step)/\(of)  loss \(lossText(loss))  \(stepTime(microseconds))/step  \(duration(left)) left"
  }

  /// The summary of a run.
  func end<T>(_ result: TrainingResult<T>, checkpoint: String?) throws {
    let last = result.history.last
    if json {
      var fields: [(String, JSON)] = [
        ("event", "end"), ("steps", .int(result.steps)), ("loss", JSON(last?.loss)),
        ("validation_loss", JSON(result.validationLoss)),
      ]
      if let metric {
        fields += [(metric, JSON(last?.metric)), ("validation_\(metric)", JSON(result.validationMetric))]
      }
      fields += [
        ("seconds", .double(result.seconds)), ("us_per_step", .double(result.microsecondsPerStep)),
        ("first_step_s", .double(result.firstStepSeconds)), ("interrupted", .bool(result.wasInterrupted)),
        ("early_end", result.earlyEnd.map { .string($0.rawValue) } ?? .null),
      ]
      return try console.line(JSON.line(fields))
    }
    if result.wasInterrupted {
      try console.line(
        "interrupted after step \(grouped(result.steps))" + (result.isBest ? "; what follows is of the best epoch" : "")
          + (result.steps == 0 ? "" : checkpoint.map { "; \($0) goes on from here" } ?? ""))
    } else if last == nil {
      let steps = "\(grouped(result.steps)) steps"
      try console.line(
        "nothing left to do: "
          + (result.earlyEnd == nil ? "\(steps) had been done" : "the run had ended after \(steps)"))
    }
    switch result.earlyEnd {
    case .patience:
      try console.line("ended early: no better epoch for as long as patience lasts; what follows is of the best epoch")
    case .tolerance: try console.line("ended early: the loss has settled")
    case .gradientNorm: try console.line("ended early: the gradient is small")
    case .interrupt, nil: break
    }
    var parts =
      result.validationLoss.map { ["validation loss \(lossText($0))"] } ?? last.map { ["loss \(lossText($0.loss))"] }
      ?? []
    if let metric, let value = result.validationLoss == nil ? last?.metric : result.validationMetric {
      parts.append(metricText(metric, value))
    }
    parts += ["\(grouped(result.steps)) steps", duration(result.seconds)]
    if last != nil {
      parts += [
        "\(stepTime(result.microsecondsPerStep)) a step", "first step after \(duration(result.firstStepSeconds))",
      ]
    }
    try console.line(parts.map { $0.replacing("loss  ", with: "loss ") }.joined(separator: ", "))
    if let checkpoint, !result.wasInterrupted { try console.line("checkpoint: \(checkpoint)") }
  }
}

/// `3/10`, as wide as `10/10`; the number alone where the epochs were not counted.
private func padded(_ epoch: Int, _ facts: RunFacts?) -> String {
  guard let facts, facts.lastStep < Int.max else { return "\(epoch)" }
  let all = "\((facts.lastStep + facts.stepsPerEpoch - 1) / facts.stepsPerEpoch)"
  return String(repeating: " ", count: max(0, all.count - "\(epoch)".count)) + "\(epoch)/\(all)"
}

extension EpochReport {
  fileprivate func text(_ metric: String?, of facts: RunFacts?) -> String {
    var line = "epoch \(padded(epoch, facts))  loss \(lossText(loss))"
    if let metric, let value = self.metric { line += " \(metricText(metric, value))" }
    if let validationLoss {
      line += "  validation loss \(lossText(validationLoss))"
      if let metric, let value = validationMetric { line += " \(metricText(metric, value))" }
    }
    return line + "  \(stepTime(microsecondsPerStep))/step  \(duration(seconds))"
  }

  /// The numbers with their names, in the order of the log's columns.
  func fields(_ metric: String?) -> [(String, JSON)] {
    let values: [JSON] = [
      .int(epoch), .int(step), .double(loss), JSON(self.metric), JSON(validationLoss), JSON(validationMetric),
      .double(seconds),
      .double(microsecondsPerStep),
    ]
    return zip(EpochReport.columns(metric), values).compactMap { name, value in name.map { ($0, value) } }
  }
  /// The names of `fields`, nil for what a run without a metric has not.
  static func columns(_ metric: String?) -> [String?] {
    ["epoch", "step", "loss", metric, "validation_loss", metric.map { "validation_\($0)" }, "seconds", "us_per_step"]
  }
  fileprivate func json(_ metric: String?) -> String { JSON.line([("event", "epoch")] + fields(metric)) }
}
