// The loop over epochs: Swift is called between slices of steps, for the report, for signals and for checkpoints. What is due
// when, and when training ends early, is decided by Runtime/include/descent_run.h, as in a standalone trainer.

import DescentData
import DescentDriver
import DescentIR
import DescentRuntime
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
  /// validation rows). Throws errors of the user's functions, of building, of a loss or a parameter that is not finite (what was
  /// kept in a checkpoint before then stays), and, before the first step, of a checkpoint that cannot be written.
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
    let rule = try options.stoppingRule()
    let perEpoch = session.graphs.stepsPerEpoch
    let schedule = dsc_schedule_of(
      Int64(perEpoch), Int64(options.epochs), Int64(options.steps ?? .max), Int64(options.every ?? 0))
    // Reading all data through is for those who keep a checkpoint.
    let isKept = options.checkpoint != nil || options.resume != nil
    let fingerprint = isKept ? try fingerprint(session.graphs, data, validation: validation, options) : nil
    var stopping = dsc_stopping_begin()
    var differences: String?
    if let path = options.resume, let fingerprint {
      (stopping, differences) = try session.restore(from: path, fingerprint, anyway: options.resumeAnyway)
    }
    var history: [EpochReport] = []
    var firstStep: Double?
    var slice = 1
    // Of the epoch at hand, and of the run.
    var (clock, total) = (StepClock(), StepClock())
    // Another file than the one that was resumed is written even where no step is left.
    var written = options.resume == options.checkpoint || options.resume == nil ? session.step : -1
    func save() throws {
      guard let path = options.checkpoint, let fingerprint, written < session.step else { return }
      try session.save(to: path, fingerprint, stopping)
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
    let facts = session.facts(data, validation, last: Int(schedule.last), options, differences)
    try report(.started(facts))

    while session.step < facts.lastStep, stopping.ended == DSC_ENDED_NOT, !interrupt.isSet {
      let steps = withUnsafePointer(to: schedule) { Int(dsc_schedule_next($0, Int64(session.step), Int64(slice))) }
      let began = Date()
      try session.run(steps: steps)
      let took = Date().timeIntervalSince(began)
      clock.add(steps, took)
      total.add(steps, took)
      firstStep = firstStep ?? Date().timeIntervalSince(start)
      // Slices of about a fifth of a second: often enough for a person, seldom enough not to be felt.
      slice = max(1, min(slice * 4, Int(0.2 / max(took / Double(steps), 1e-9))))
      let now = session.step
      let due = withUnsafePointer(to: schedule) { Int(dsc_schedule_due($0, Int64(now))) }
      if due & DSC_DUE_KEEP_WITHIN != 0 { try save() }
      guard due & DSC_DUE_REPORT != 0 else {
        let sums = session.sums
        try tell(
          .progress(
            epoch: now / perEpoch + 1, step: now % perEpoch, of: perEpoch, loss: sums.loss / Double(sums.steps),
            microsecondsPerStep: clock.microsecondsPerStep))
        continue
      }
      let entry = try epoch(session, clock)
      clock = StepClock()
      history.append(entry)
      let score = entry.validationLoss ?? entry.loss
      let isBest = withUnsafePointer(to: rule) {
        dsc_stopping_epoch(&stopping, $0, entry.loss, score, session.gradientNorm ?? .infinity) != 0
      }
      if isBest {
        try session.checkParameters()
        try session.keepBest()
      }
      try tell(.epoch(entry))
      if due & DSC_DUE_KEEP_BETWEEN != 0 { try save() }
    }
    try save()
    let earlyEnd = interrupt.isSet ? .interrupt : EarlyEnd(stopping.ended)
    let restoresBest = stopping.best_loss < .infinity && rule.keeps_best != 0
    if restoresBest { try session.restoreBest() }
    try session.checkParameters()
    let evaluation = try session.evaluate()
    let model = try session.model()
    return TrainingResult(
      parameters: model.parameters, running: model.running, history: history, earlyEnd: earlyEnd,
      signal: interrupt.signal, steps: session.step,
      isBest: restoresBest,
      validationLoss: evaluation?.loss, validationMetric: metric == nil ? nil : evaluation?.metric,
      firstStepSeconds: firstStep ?? 0, seconds: Date().timeIntervalSince(start),
      microsecondsPerStep: total.microsecondsPerStep)
  }

  /// The numbers of the epoch that ends here; their sums begin anew.
  private func epoch(_ session: TrainingSession<P>, _ clock: StepClock) throws -> EpochReport {
    let (now, perEpoch) = (session.step, session.graphs.stepsPerEpoch)
    let sums = session.takeSums()
    let evaluation = try session.evaluate()
    return EpochReport(
      epoch: (now + perEpoch - 1) / perEpoch, step: now, loss: sums.loss / Double(sums.steps),
      metric: metric == nil ? nil : sums.metric / Double(sums.steps), validationLoss: evaluation?.loss,
      validationMetric: metric == nil ? nil : evaluation?.metric, seconds: clock.seconds,
      microsecondsPerStep: clock.microsecondsPerStep)
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
  fileprivate func facts(
    _ data: Dataset, _ validation: Dataset?, last: Int, _ options: TrainingOptions, _ differences: String?
  ) -> RunFacts {
    RunFacts(
      parameterCount: graphs.parameterTypes.reduce(0) { $0 + $1.shape.count }, rows: data.count,
      validationRows: validation?.count ?? 0, batch: graphs.batch, stepsPerEpoch: graphs.stepsPerEpoch, step: step,
      differences: differences, lastStep: last, engine: options.engine, threads: threads, compiler: compiler,
      arenaBytes: arenaBytes)
  }
}
