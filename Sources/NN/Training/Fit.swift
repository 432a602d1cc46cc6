// The loop over epochs: Swift is called between slices of steps, for the report, for signals and for checkpoints.

import DescentData
import DescentIR
import Foundation

/// What `fit` tells while it runs.
public enum TrainingEvent: Sendable {
  /// Once, when everything is built.
  case started(RunFacts)
  /// Within an epoch, a few times a second: epoch from 1, steps done in it, its steps, mean loss so far, mean time of a
  /// step.
  case progress(epoch: Int, step: Int, of: Int, loss: Double, microsecondsPerStep: Double)
  case epoch(EpochReport)
  /// A checkpoint was written after so many steps.
  case checkpoint(path: String, step: Int)
}

extension Trainer {
  /// Trains on `data`; with `validation` also measures on those rows after every epoch.
  ///
  /// Ctrl-C, SIGTERM and SIGHUP end it after the steps at hand, with the checkpoint written; a second one ends the process.
  /// The result then has the parameters with the least validation loss (the least training loss where there are no
  /// validation rows). Throws errors of the user's functions, of building, of a loss that is not a number, and, before the
  /// first step, of a checkpoint that cannot be written.
  public func fit(
    _ data: Dataset, validation: Dataset? = nil, options: TrainingOptions,
    report: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> TrainingResult<P> {
    try watchingSignals {
      try fit(data, validation: validation, options: options, interrupt: Interrupt(), report: report)
    }
  }

  /// The same with an interrupt of the caller's.
  package func fit(
    _ data: Dataset, validation: Dataset? = nil, options: TrainingOptions, interrupt: Interrupt,
    report: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> TrainingResult<P> {
    let start = Date()
    if let path = options.checkpoint { try SafeTensors.probe(path) }
    let session = try TrainingSession(self, data, validation: validation, options: options)
    if let path = options.resume { try session.restore(from: path, seed: options.seed) }
    let perEpoch = session.graphs.stepsPerEpoch
    let (wanted, tooMany) = options.epochs.multipliedReportingOverflow(by: perEpoch)
    let first = session.step
    let last = min(options.steps ?? Int.max, tooMany ? Int.max : wanted)
    var history: [EpochReport] = []
    var best: (loss: Double, parameters: [HostArray])?
    var sinceBest = 0
    var earlyEnd: EarlyEnd?
    var firstStep: Double?
    var slice = 1
    // Of the epoch at hand, and of the run.
    var (clock, total) = (StepClock(), StepClock())
    var written = first
    func save() throws {
      guard let path = options.checkpoint, written < session.step else { return }
      try session.save(to: path, seed: options.seed)
      written = session.step
      try report(.checkpoint(path: path, step: written))
    }
    /// A report that cannot be given (a full disk, a reader that has gone) ends the run as a signal does: nothing is lost.
    func tell(_ event: TrainingEvent) throws {
      do { try report(event) } catch {
        try? save()
        throw error
      }
    }
    try report(.started(session.facts(data, validation, last: last, options)))

    while session.step < last, earlyEnd == nil, !interrupt.isSet {
      let before = session.step
      var steps = min(slice, perEpoch - before % perEpoch, last - before)
      if let every = options.every { steps = min(steps, every - before % every) }
      let began = Date()
      try session.run(steps: steps)
      let took = Date().timeIntervalSince(began)
      clock.add(steps, took)
      total.add(steps, took)
      firstStep = firstStep ?? Date().timeIntervalSince(start)
      // Slices of about a fifth of a second: often enough for a person, seldom enough not to be felt.
      slice = max(1, min(slice * 4, Int(0.2 / max(took / Double(steps), 1e-9))))
      let now = session.step
      // Before the sums are taken for the report, so that a resumed run reports the whole epoch.
      if now >= last || options.every.map({ now % $0 == 0 }) == true { try save() }
      let done = now % perEpoch == 0 ? perEpoch : now % perEpoch
      if done < perEpoch, now < last {
        try tell(
          .progress(
            epoch: now / perEpoch + 1, step: done, of: perEpoch, loss: session.sums.loss / Double(done),
            microsecondsPerStep: clock.microsecondsPerStep))
        continue
      }
      let sums = session.takeSums()
      let evaluation = try session.evaluate()
      let entry = EpochReport(
        epoch: (now + perEpoch - 1) / perEpoch, step: now, loss: sums.loss / Double(done),
        metric: metric == nil ? nil : sums.metric / Double(done), validationLoss: evaluation?.loss,
        validationMetric: metric == nil ? nil : evaluation?.metric, seconds: clock.seconds,
        microsecondsPerStep: clock.microsecondsPerStep)
      history.append(entry)
      clock = StepClock()
      let score = entry.validationLoss ?? entry.loss
      sinceBest += 1
      if score < best?.loss ?? .infinity { (best, sinceBest) = ((score, session.parameterValues), 0) }
      try tell(.epoch(entry))
      earlyEnd = options.stopping.end(after: history, sinceBest: sinceBest, gradientNorm: session.gradientNorm)
    }
    try save()
    if interrupt.isSet { earlyEnd = .interrupt }
    if let best, earlyEnd == .interrupt || options.stopping.patience != nil || options.restoresBest { session.parameterValues = best.parameters }
    let evaluation = try session.evaluate()
    let model = try session.model()
    return TrainingResult(
      parameters: model.parameters, running: model.running, history: history, earlyEnd: earlyEnd, signal: interrupt.signal, steps: session.step,
      validationLoss: evaluation?.loss, validationMetric: metric == nil ? nil : evaluation?.metric,
      firstStepSeconds: firstStep ?? 0, seconds: Date().timeIntervalSince(start),
      microsecondsPerStep: total.microsecondsPerStep)
  }
}

extension Stopping {
  /// Whether training ends after these epochs, and why.
  fileprivate func end(after history: [EpochReport], sinceBest: Int, gradientNorm norm: Double?) -> EarlyEnd? {
    if let patience, sinceBest >= patience { return .patience }
    if let tolerance, history.count > 1 {
      let (before, now) = (history[history.count - 2].loss, history[history.count - 1].loss)
      if abs(now - before) <= tolerance * abs(before) { return .tolerance }
    }
    if let gradientNorm, let norm, norm <= gradientNorm { return .gradientNorm }
    return nil
  }
}

/// Time spent in steps.
private struct StepClock {
  var steps = 0
  var seconds = 0.0
  mutating func add(_ steps: Int, _ seconds: Double) {
    self.steps += steps
    self.seconds += seconds
  }
  var microsecondsPerStep: Double { seconds / Double(max(steps, 1)) * 1e6 }
}

extension TrainingSession {
  fileprivate func facts(_ data: Dataset, _ validation: Dataset?, last: Int, _ options: TrainingOptions) -> RunFacts {
    RunFacts(
      parameterCount: graphs.parameterTypes.reduce(0) { $0 + $1.shape.count }, rows: data.count,
      validationRows: validation?.count ?? 0, batch: graphs.batch, stepsPerEpoch: graphs.stepsPerEpoch, step: step,
      lastStep: last, engine: options.engine, threads: threads, compiler: compiler, arenaBytes: arenaBytes)
  }
}
