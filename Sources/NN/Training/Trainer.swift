// What a training run is: how parameters begin, what is minimised, and the rule that minimises it.

import DescentIR
import DescentOps
import DescentRuntime

/// A network, a loss and an optimizer: everything about a training run but its data.
///
/// ```swift
/// let trainer = Trainer(model, input: TensorType(.f32, [1, 784]), optimizer: Adam(), loss: { softmaxCrossEntropy($0, labels: $1) })
/// let result = try trainer.fit(data, options: TrainingOptions(epochs: 10, batch: 128))
/// ```
public struct Trainer<P: ParameterTree>: Sendable {
  /// A number reported beside the loss: a mean over the rows of a batch. Validation rows are measured in blocks of 1,000, then 32,
  /// then 1, and the mean of the blocks is taken, so that a number which is no mean over rows comes out as something else there.
  public struct Metric: Sendable {
    public var name: String
    /// Takes predictions and targets, gives a scalar.
    public var body: @Sendable (Tensor, Tensor) -> Tensor
    public init(_ name: String, _ body: @escaping @Sendable (Tensor, Tensor) -> Tensor) {
      self.name = name
      self.body = body
    }
    /// The fraction of rows whose greatest output is that of the label.
    public static var accuracy: Metric { Metric("accuracy") { DescentNN.accuracy($0, labels: $1) } }
  }

  /// Fresh parameters, made of operations on the key.
  public var initialize: @Sendable (RandomKey) throws -> P { didSet { builds = TrainingBuilds() } }
  /// The running state that training starts with.
  public var initialState: @Sendable () throws -> Weights = { Weights() } { didSet { builds = TrainingBuilds() } }
  /// The network's output for a batch of rows as they are in the data set.
  public var predict: @Sendable (P, Tensor, Context) -> Tensor { didSet { builds = TrainingBuilds() } }
  /// The scalar to minimise, from parameters, rows and targets: a mean over the rows. With it what the network predicted on the
  /// way, if that can be told.
  package var objective: @Sendable (P, Tensor, Tensor, Context) -> (loss: Tensor, predictions: Tensor?) {
    didSet { builds = TrainingBuilds() }
  }
  public var metric: Metric? { didSet { builds = TrainingBuilds() } }
  public var optimizer: any Optimizer { didSet { builds = TrainingBuilds() } }
  /// What its runs have built; a trainer that is changed begins anew.
  private(set) var builds = TrainingBuilds<P>()

  /// Training of parameters of any kind with functions written out.
  public init(
    optimizer: any Optimizer, metric: Metric? = nil, initialize: @escaping @Sendable (RandomKey) throws -> P,
    predict: @escaping @Sendable (P, Tensor) -> Tensor, loss: @escaping @Sendable (P, Tensor, Tensor) -> Tensor
  ) {
    self.optimizer = optimizer
    self.metric = metric
    self.initialize = initialize
    self.predict = { p, x, _ in predict(p, x) }
    objective = { p, x, y, _ in (loss(p, x, y), nil) }
  }

  /// The same for functions that ask whether they train, draw random numbers from the key of the step, or keep running state,
  /// which begins as `state`.
  public init(
    optimizer: any Optimizer, metric: Metric? = nil, initialize: @escaping @Sendable (RandomKey) throws -> P,
    state: @escaping @Sendable () throws -> Weights = { Weights() },
    predict: @escaping @Sendable (P, Tensor, Context) -> Tensor,
    loss: @escaping @Sendable (P, Tensor, Tensor, Context) -> Tensor
  ) {
    self.optimizer = optimizer
    self.metric = metric
    self.initialize = initialize
    self.predict = predict
    initialState = state
    objective = { p, x, y, context in (loss(p, x, y, context), nil) }
  }

  /// Training on what the loss draws itself from the key, another one in each step: the states of a simulation, points of a domain.
  /// There are no rows: `fit(from:state:options:)` takes no data set, and a training program's is `Dataset.drawn`. Where nothing
  /// trains the key is a fixed one. `predict` is what `predict` and `emit inference` compute of rows; without it they are errors.
  public init(
    optimizer: any Optimizer, initialize: @escaping @Sendable (RandomKey) throws -> P,
    predict: (@Sendable (P, Tensor) -> Tensor)? = nil, loss: @escaping @Sendable (P, RandomKey) -> Tensor
  ) {
    self.optimizer = optimizer
    self.initialize = initialize
    self.predict = { p, x, _ in
      let error = DescentError(.usage, "this trainer was made without predict:, which says what it makes of rows")
      return predict?(p, x) ?? Tensor(failure: error, type: x.type)
    }
    objective = { p, _, _, context in (loss(p, context.key ?? RandomKey(seed: 0)), nil) }
  }

  /// Training of a network of layers. `prepare` turns rows as they are in the data set (bytes, say) into what the
  /// network takes, of type `input` with any number of rows; `loss` takes the network's output and the targets; `penalty`, a
  /// function of the weights, is added to it in training.
  public init(
    _ model: some Layer, input: TensorType, optimizer: any Optimizer, metric: Metric? = nil,
    prepare: @escaping @Sendable (Tensor) -> Tensor = { $0 }, penalty: (@Sendable (Weights) -> Tensor)? = nil,
    loss: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) where P == Weights {
    self.optimizer = optimizer
    self.metric = metric
    initialize = { try model.initialize(input: input, key: $0) }
    initialState = { try model.initialState(input: input) }
    predict = { model($0, prepare($1), $2) }
    objective = { weights, x, y, context in
      let predictions = model(weights, prepare(x), context)
      let value = loss(predictions, y)
      return (context.isTraining ? penalty.map { value + $0(weights) } ?? value : value, predictions)
    }
  }
}

extension Trainer {
  /// Loss, and the metric if there is one, on a batch.
  package func measure(_ p: P, _ x: Tensor, _ y: Tensor, _ context: Context) -> (loss: Tensor, metric: Tensor?) {
    let result = objective(p, x, y, context)
    return (result.loss, metric.map { $0.body(result.predictions ?? predict(p, x, context), y) })
  }
}

/// How parameters are trained: by emitted C, or by the interpreter for comparison.
public enum Engine: String, Sendable, CaseIterable { case compiled, interpreted }

/// The settings of one run.
public struct TrainingOptions: Sendable {
  public var epochs: Int
  /// Rows of a batch; nil for all rows at once. Rows that do not fill the last batch of an epoch wait for the next
  /// shuffle.
  public var batch: Int?
  /// Decides initial parameters and the order of rows.
  public var seed: Int
  /// The learning rate in place of the optimizer's own: of a schedule its base, as `LearningRate` says it, with the whole schedule
  /// scaled; of several groups of parameters that of the first, with the others scaled alike. The optimizer's own rate gives the
  /// same bits as nil.
  public var learningRate: Double?
  /// nil: DESCENT_THREADS, or the processors at hand. Results do not depend on it.
  public var threads: Int?
  public var engine: Engine
  /// Stop after so many steps, in the midst of an epoch if need be.
  public var steps: Int?
  /// Where a batch is all rows, how many steps count as an epoch, after which there is a report: 1 unless set. Where
  /// rows are shuffled into batches an epoch is what it always is, and this is ignored.
  public var stepsPerEpoch: Int?
  /// Where parameters, optimizer state and position are kept, every `every` steps and at the end.
  public var checkpoint: String?
  public var every: Int?
  /// A checkpoint to go on from; it must be of the same program, optimizer, options and data.
  public var resume: String?
  /// Whether `resume` may be of another run, as long as its tensors are those of this one: with another learning rate, say, or
  /// more data.
  public var resumeAnyway = false
  /// Whether the result's parameters are those of the epoch with the least validation loss instead of the last.
  public var restoresBest = false
  /// When training ends before its last epoch.
  public var stopping = Stopping()
  /// Whether a loss or a parameter that becomes NaN or infinite is traced back to the operation that made it, which the error then
  /// names. Also where `DESCENT_CHECK` says so. Steps keep their bits; what they change is kept twice.
  public var checksNumbers = false

  public init(epochs: Int, batch: Int? = nil, seed: Int = 0, threads: Int? = nil, engine: Engine = .compiled) {
    self.epochs = epochs
    self.batch = batch
    self.seed = seed
    self.threads = threads
    self.engine = engine
  }
}

/// Conditions that end training after an epoch, before the last one. A checkpoint keeps what they depend on, so a resumed run
/// ends where an uninterrupted one does.
public struct Stopping: Sendable, Hashable {
  /// So many epochs in a row without a lower validation loss (training loss where there are no validation rows). The result then
  /// has the parameters of the best epoch.
  public var patience: Int?
  /// A change of the epoch's loss from the one before of at most this fraction of it.
  public var tolerance: Double?
  /// A norm of the gradient, at the epoch's last step, of at most this.
  public var gradientNorm: Double?

  public init(patience: Int? = nil, tolerance: Double? = nil, gradientNorm: Double? = nil) {
    self.patience = patience
    self.tolerance = tolerance
    self.gradientNorm = gradientNorm
  }
}

/// Why training ended before its last epoch.
public enum EarlyEnd: String, Sendable, Codable { case interrupt, patience, tolerance, gradientNorm }

extension EarlyEnd {
  /// The reason by its number in C; nil for none.
  init?(_ ended: Int64) {
    switch Int(ended) {
    case DSC_ENDED_PATIENCE: self = .patience
    case DSC_ENDED_TOLERANCE: self = .tolerance
    case DSC_ENDED_GRADIENT: self = .gradientNorm
    default: return nil
    }
  }
}

extension TrainingOptions {
  /// The rule of early stopping as C has it.
  package func stoppingRule() throws -> dsc_stopping_rule {
    if let patience = stopping.patience, patience < 1 {
      throw DescentError(.usage, "a patience of \(patience) epochs; at least 1 is needed")
    }
    return dsc_stopping_rule(
      patience: Int64(stopping.patience ?? 0), tolerance: stopping.tolerance ?? -1,
      gradient_norm: stopping.gradientNorm ?? -1,
      keeps_best: restoresBest || stopping.patience != nil ? 1 : 0)
  }
}

/// One epoch in numbers.
public struct EpochReport: Sendable, Codable {
  /// Counted from 1.
  public var epoch: Int
  /// Steps since the start of the run, those before a checkpoint included.
  public var step: Int
  /// Mean over the epoch's batches.
  public var loss: Double
  public var metric: Double?
  public var validationLoss: Double?
  public var validationMetric: Double?
  /// Time of the epoch's steps, without validation.
  public var seconds: Double
  public var microsecondsPerStep: Double
}

/// What training came to.
public struct TrainingResult<P: ParameterTree>: Sendable {
  public var parameters: P
  /// The running state of the network's layers, which belongs to the parameters.
  public var running: Weights
  public var history: [EpochReport]
  /// Why it ended before the last epoch, if it did.
  public var earlyEnd: EarlyEnd?
  /// The signal that ended it: SIGINT (Ctrl-C), SIGTERM or SIGHUP.
  public var signal: Int32?
  /// True where a signal ended it.
  public var wasInterrupted: Bool { earlyEnd == .interrupt }
  /// What another run goes on with from these parameters: `fit(_:from:state:)`. It is that of the last step, also where the
  /// parameters are the best.
  public var state: TrainingState<P>
  /// Steps since the start of training, those before a checkpoint, or before the state that it began with, included.
  public var steps: Int
  /// Whether the parameters are those of the best epoch and not those of the last step: with patience, or as `restoresBest` asks.
  public var isBest: Bool
  /// Loss and metric of the parameters here on the validation rows.
  public var validationLoss: Double?
  public var validationMetric: Double?
  /// Seconds from the start of tracing to the end of the first step.
  public var firstStepSeconds: Double
  /// Seconds of this run, with building and validation.
  public var seconds: Double
  /// Mean time of this run's steps.
  public var microsecondsPerStep: Double
}

/// What is known of a run before its first step.
public struct RunFacts: Sendable {
  /// Elements of all parameters.
  public var parameterCount: Int
  public var rows: Int
  public var validationRows: Int
  /// Rows of a batch.
  public var batch: Int
  public var stepsPerEpoch: Int
  /// The step before the first: not 0 where a checkpoint is resumed.
  public var step: Int
  /// In what the checkpoint is of another run, where it was taken anyway.
  public var differences: String?
  /// The step after the last.
  public var lastStep: Int
  public var engine: Engine
  /// Threads that train.
  public var threads: Int
  /// The C compiler's first words about itself; nil for the interpreter.
  public var compiler: String?
  /// Bytes of the step's arena; 0 for the interpreter.
  public var arenaBytes: Int
}
