// The loop over epochs: Swift is called between slices of steps, for the report, for Ctrl-C and for checkpoints.

@preconcurrency import Dispatch
import DescentData
import DescentIR
import Foundation
import Synchronization

/// What `fit` tells while it runs.
public enum TrainingEvent: Sendable {
  /// Within an epoch, a few times a second: epoch from 1, steps done in it, its steps, mean loss so far.
  case progress(epoch: Int, step: Int, of: Int, loss: Double)
  case epoch(EpochReport)
}

extension Trainer {
  /// Trains on `data`; with `validation` also measures on those rows after every epoch.
  ///
  /// Ctrl-C ends it after the steps at hand; the result then has the parameters with the least validation loss (the least
  /// training loss where there are no validation rows). Throws errors of the user's functions, of building, and of a loss that
  /// is not a number.
  public func fit(
    _ data: Dataset, validation: Dataset? = nil, options: TrainingOptions,
    report: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> TrainingResult<P> {
    let start = Date()
    let session = try TrainingSession(
      self, data, validation: validation, batch: options.batch, seed: options.seed, threads: options.threads,
      engine: options.engine)
    let interrupt = InterruptWatch()
    if let path = options.resume { try session.restore(from: path, seed: options.seed) }
    let perEpoch = session.graphs.stepsPerEpoch
    let last = min(options.steps ?? Int.max, options.epochs * perEpoch)
    var history: [EpochReport] = []
    var best: (loss: Double, parameters: [HostArray])?
    var firstStep: Double?
    var slice = 1
    var seconds = 0.0
    var written = session.step

    while session.step < last, !interrupt.isSet {
      let before = session.step
      let inEpoch = before % perEpoch
      var steps = min(slice, perEpoch - inEpoch, last - before)
      if let every = options.every { steps = min(steps, every - before % every) }
      let began = Date()
      try session.run(steps: steps)
      let took = Date().timeIntervalSince(began)
      seconds += took
      firstStep = firstStep ?? Date().timeIntervalSince(start)
      // Slices of about a fifth of a second: often enough for a person, seldom enough not to be felt.
      slice = max(1, min(slice * 4, Int(0.2 / max(took / Double(steps), 1e-9))))
      let now = session.step
      // Before the sums are taken for the report, so that a resumed run reports the whole epoch.
      if let path = options.checkpoint, now >= last || options.every.map({ now % $0 == 0 }) == true {
        try session.save(to: path, seed: options.seed)
        written = now
      }
      let done = now - now / perEpoch * perEpoch == 0 ? perEpoch : now % perEpoch
      if done < perEpoch, now < last {
        try report(.progress(epoch: now / perEpoch + 1, step: done, of: perEpoch, loss: session.sums.loss / Double(done)))
        continue
      }
      let sums = session.takeSums()
      let evaluation = try session.evaluate()
      let entry = EpochReport(
        epoch: (now + perEpoch - 1) / perEpoch, step: now, loss: sums.loss / Double(done),
        metric: metric == nil ? nil : sums.metric / Double(done), validationLoss: evaluation?.loss,
        validationMetric: metric == nil ? nil : evaluation?.metric, seconds: seconds,
        microsecondsPerStep: seconds / Double(done) * 1e6)
      history.append(entry)
      seconds = 0
      let score = entry.validationLoss ?? entry.loss
      if score < best?.loss ?? .infinity { best = (score, session.parameterValues) }
      try report(.epoch(entry))
    }
    if let path = options.checkpoint, written < session.step {
      try session.save(to: path, seed: options.seed)
    }
    let wasInterrupted = interrupt.isSet
    if let best, wasInterrupted || options.restoresBest { session.parameterValues = best.parameters }
    return TrainingResult(
      parameters: try session.parameters(), history: history, wasInterrupted: wasInterrupted,
      firstStepSeconds: firstStep ?? 0)
  }
}

/// Notices Ctrl-C while it lives; a second one ends the process as usual.
final class InterruptWatch: Sendable {
  private let flag: Flag
  private let source: any DispatchSourceSignal

  private final class Flag: Sendable {
    let value = Atomic<Bool>(false)
  }

  init() {
    let flag = Flag()
    self.flag = flag
    signal(SIGINT, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: SIGINT, queue: DispatchQueue.global())
    source.setEventHandler {
      // The first asks for an orderly end; whoever asks again wants out.
      if flag.value.exchange(true, ordering: .relaxed) { exit(130) }
    }
    source.resume()
  }
  deinit {
    source.cancel()
    signal(SIGINT, SIG_DFL)
  }
  var isSet: Bool { flag.value.load(ordering: .relaxed) }
}
