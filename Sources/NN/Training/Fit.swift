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
  /// `parameters` are what it begins with, in place of fresh ones, and `state` what an earlier run left beside them
  /// (`TrainingResult.state`): optimizer, running state, and how many steps there were, from which the learning rate's schedule
  /// and the order of rows go on. Without `state` the optimizer begins anew. Epochs and steps of `options` are those of this run.
  /// What was built for data of the same type is used again, also where numbers beside the parameters' tensors are others.
  ///
  /// Ctrl-C, SIGTERM and SIGHUP end it after the steps at hand, with the checkpoint written; a second one ends the process.
  /// The result then has the parameters with the least validation loss (the least training loss where there are no
  /// validation rows). Throws errors of the user's functions, of building, of parameters or a state that are not those of this
  /// trainer, of a loss or a parameter that is not finite (what was kept in a checkpoint before then stays), and, before the first
  /// step, of a checkpoint that cannot be written.
  public func fit(
    _ data: Dataset, from parameters: P? = nil, state: TrainingState<P>? = nil, validation: Dataset? = nil,
    options: TrainingOptions, report: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> TrainingResult<P> {
    try watchingSignals {
      try fit(
        data, from: try StartingPoint(parameters, state, options), validation: validation, options: options,
        interrupt: Interrupt(), report: report)
    }
  }

  /// The same for a loss that draws what it trains on.
  public func fit(
    from parameters: P? = nil, state: TrainingState<P>? = nil, options: TrainingOptions,
    report: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> TrainingResult<P> {
    try fit(.drawn, from: parameters, state: state, options: options, report: report)
  }

  /// The same with an interrupt of the caller's.
  package func fit(
    _ data: Dataset, from start: StartingPoint<P>? = nil, validation: Dataset? = nil, options: TrainingOptions,
    interrupt: Interrupt, report: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> TrainingResult<P> {
    var run = try TrainingRun(self, data, start, validation, options, interrupt)
    return try run.finish(report)
  }
}

/// A run from its first step to its result.
private struct TrainingRun<P: ParameterTree> {
  let start = Date()
  let trainer: Trainer<P>
  let session: TrainingSession<P>
  let options: TrainingOptions
  let interrupt: Interrupt
  let fingerprint: Fingerprint?
  let facts: RunFacts
  /// What decides what is due when.
  var course: dsc_course
  var history: [EpochReport] = []
  var firstStepSeconds: Double?
  /// Of the epoch at hand, and of the run.
  var clock = StepClock()
  var total = StepClock()

  /// Builds everything and takes up what a checkpoint left.
  init(
    _ trainer: Trainer<P>, _ data: Dataset, _ start: StartingPoint<P>?, _ validation: Dataset?,
    _ options: TrainingOptions, _ interrupt: Interrupt
  ) throws {
    if let path = options.checkpoint { try SafeTensors.probe(path) }
    self.trainer = trainer
    self.options = options
    self.interrupt = interrupt
    session = try TrainingSession(trainer, data, validation: validation, options: options, start: start)
    let rule = try options.stoppingRule()
    // Reading all data through is for those who keep a checkpoint.
    let isKept = options.checkpoint != nil || options.resume != nil
    fingerprint = isKept ? try trainer.fingerprint(session.graphs, data, validation: validation, options) : nil
    var stopping = dsc_stopping_begin()
    var differences: String?
    if let path = options.resume, let fingerprint {
      (stopping, differences) = try session.restore(from: path, fingerprint, anyway: options.resumeAnyway)
    }
    let schedule = dsc_schedule_of(
      Int64(session.graphs.stepsPerEpoch), Int64(options.epochs), Int64(options.steps ?? .max),
      Int64(options.every ?? 0))
    let hasFile = options.resume == nil || options.resume == options.checkpoint
    course = dsc_course_begin(schedule, rule, stopping, Int64(session.step), hasFile ? 1 : 0)
    facts = session.facts(data, validation, last: Int(schedule.last), options, differences)
  }

  /// Runs to the end; gives the result.
  mutating func finish(_ report: (TrainingEvent) throws -> Void) throws -> TrainingResult<P> {
    try report(.started(facts))
    while !interrupt.isSet, case let steps = Int(dsc_course_next(&course, Int64(session.step))), steps > 0 {
      try run(steps)
      let due = Int(dsc_schedule_due(&course.schedule, Int64(session.step)))
      if due & DSC_DUE_KEEP_WITHIN != 0 { try save(report) }
      try tell(due & DSC_DUE_REPORT != 0 ? .epoch(try endEpoch()) : progress, report)
      if due & DSC_DUE_KEEP_BETWEEN != 0 { try save(report) }
    }
    try save(report)
    return try result()
  }

  private mutating func run(_ steps: Int) throws {
    let began = Date()
    try session.run(steps: steps)
    let took = Date().timeIntervalSince(began)
    clock.add(steps, took)
    total.add(steps, took)
    firstStepSeconds = firstStepSeconds ?? Date().timeIntervalSince(start)
    dsc_course_ran(&course, Int64(steps), took)
  }

  /// Writes the checkpoint, unless it holds this step already.
  private mutating func save(_ report: (TrainingEvent) throws -> Void) throws {
    guard let path = options.checkpoint, let fingerprint, course.kept < session.step else { return }
    try session.save(to: path, fingerprint, course.stopping)
    course.kept = Int64(session.step)
    try report(.checkpoint(path: path, step: session.step))
  }

  /// A report that cannot be given (a full disk, a reader that has gone) ends the run as a signal does: nothing is lost.
  private mutating func tell(_ event: TrainingEvent, _ report: (TrainingEvent) throws -> Void) throws {
    do { try report(event) } catch {
      try? save(report)
      throw error
    }
  }

  private var progress: TrainingEvent {
    let (now, perEpoch, sums) = (session.step, session.graphs.stepsPerEpoch, session.sums)
    return .progress(
      epoch: now / perEpoch + 1, step: now % perEpoch, of: perEpoch, loss: sums.loss / Double(sums.steps),
      microsecondsPerStep: clock.microsecondsPerStep)
  }

  /// The numbers of the epoch that ends here; their sums begin anew. Keeps its parameters if it is the best.
  private mutating func endEpoch() throws -> EpochReport {
    let (now, perEpoch) = (session.step, session.graphs.stepsPerEpoch)
    let sums = session.takeSums()
    let evaluation = try session.evaluate()
    let hasMetric = trainer.metric != nil
    let entry = EpochReport(
      epoch: (now + perEpoch - 1) / perEpoch, step: now, loss: sums.loss / Double(sums.steps),
      metric: hasMetric ? sums.metric / Double(sums.steps) : nil, validationLoss: evaluation?.loss,
      validationMetric: hasMetric ? evaluation?.metric : nil, seconds: clock.seconds,
      microsecondsPerStep: clock.microsecondsPerStep)
    clock = StepClock()
    history.append(entry)
    let isBest = dsc_stopping_epoch(
      &course.stopping, &course.rule, entry.loss, entry.validationLoss ?? entry.loss, session.gradientNorm ?? .infinity)
    if isBest != 0 {
      try session.checkParameters()
      try session.keepBest()
    }
    return entry
  }

  private func result() throws -> TrainingResult<P> {
    let restoresBest = course.stopping.best_loss < .infinity && course.rule.keeps_best != 0
    if restoresBest { try session.restoreBest() }
    try session.checkParameters()
    let evaluation = try session.evaluate()
    let model = try session.model()
    return TrainingResult(
      parameters: model.parameters, running: model.running, history: history,
      earlyEnd: interrupt.isSet ? .interrupt : EarlyEnd(course.stopping.ended), signal: interrupt.signal,
      state: try session.state(), steps: session.stepsBefore + session.step, isBest: restoresBest,
      validationLoss: evaluation?.loss,
      validationMetric: trainer.metric == nil ? nil : evaluation?.metric, firstStepSeconds: firstStepSeconds ?? 0,
      seconds: Date().timeIntervalSince(start), microsecondsPerStep: total.microsecondsPerStep)
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
