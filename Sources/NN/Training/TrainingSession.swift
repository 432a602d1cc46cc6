// A training run in progress: its arrays in memory, and the programs that work on them.

import DescentCCode
import DescentData
import DescentDriver
import DescentIR

/// The arrays and programs of one training run. Used by one task at a time.
package final class TrainingSession<P: ParameterTree> {
  package let graphs: TrainingGraphs
  /// What runs the graphs; nil for the interpreter.
  private let programs: Programs<StepProgram>?
  let parameterArrays: [MemoryArray]
  let stateArrays: [MemoryArray]
  private var best: [MemoryArray] = []
  let counters: Counters<MemoryArray>
  private let evaluationCounters: Counters<MemoryArray>
  /// Where rows are shuffled: their order in the epoch at hand, and its first step.
  private let order: MemoryArray?
  private let epochStart: MemoryArray
  private let seed: Int
  /// Steps of the runs before this one, whose optimizer's state it goes on with.
  let stepsBefore: Int
  private let initializeStage: Stage
  let stepStage: Stage
  /// Whether a number that is not finite is traced back to what made it.
  private let checksNumbers: Bool
  /// Whether targets are labels.
  let hasLabels: Bool
  private var evaluateStages: [(stage: Stage, steps: Int)] = []
  private let validationRows: Int
  private var shuffledEpoch = -1
  /// Steps in the sums of losses and metrics.
  private var summed = 0
  /// Bytes of the step's arena; 0 for the interpreter.
  package let arenaBytes: Int
  /// Threads that train.
  package let threads: Int
  /// What the C compiler says it is; nil for the interpreter.
  package let compiler: String?

  /// A run at its beginning: programs built, parameters drawn, or taken from `start`. With `profiled` its kernels' times are kept.
  package convenience init(
    _ trainer: Trainer<P>, _ data: Dataset, validation: Dataset?, options: TrainingOptions, profiled: Bool = false,
    start: StartingPoint<P>? = nil
  ) throws {
    try self.init(
      trainer, data, start, validation: validation, batch: options.batch, seed: options.seed, threads: options.threads,
      engine: options.engine, learningRate: options.learningRate, stepsPerEpoch: options.stepsPerEpoch,
      measuresGradient: options.stopping.gradientNorm != nil,
      profiled: profiled, checksNumbers: options.checksNumbers)
  }

  package init(
    _ trainer: Trainer<P>, _ data: Dataset, _ start: StartingPoint<P>? = nil, validation: Dataset?, batch: Int?,
    seed: Int, threads: Int?, engine: Engine, learningRate: Double? = nil, stepsPerEpoch: Int? = nil,
    measuresGradient: Bool = false, profiled: Bool = false,
    checksNumbers: Bool = false
  ) throws {
    let rate = try MemoryArray(HostArray([], [RunRate.value(learningRate, of: trainer.optimizer)]))
    self.checksNumbers = try checksNumbers || Settings.current().checks.contains(.numbers)
    hasLabels = !data.targets.dtype.isFloating
    let key = RunKey(
      inputs: data.inputs.type, targets: data.targets.type, validationInputs: validation?.inputs.type,
      validationTargets: validation?.targets.type, batch: batch, stepsPerEpoch: stepsPerEpoch,
      measuresGradient: measuresGradient, engine: engine, threads: threads, isProfiled: profiled,
      parameters: try start?.numbers(of: trainer), settings: try Settings.current())
    let built = try trainer.builds.run(key, of: trainer)
    let (graphs, executables) = (built.graphs, built.executables)
    self.graphs = graphs
    self.seed = seed
    stepsBefore = start?.state?.steps ?? 0
    programs = built.programs
    let compiler = executables?.step.compiler
    self.compiler = compiler?.version
    self.threads = compiler?.hasOpenMP == true ? executables!.step.threads : 1
    arenaBytes = executables?.step.arenaBytes ?? 0
    parameterArrays = try graphs.parameterTypes.map { try MemoryArray($0) }
    stateArrays = try graphs.stateTypes.map { try MemoryArray($0) }
    counters = try Counters { try MemoryArray($1) }
    evaluationCounters = try Counters { try MemoryArray($1) }
    order = graphs.isShuffled ? try MemoryArray(TensorType(.i32, [data.count])) : nil
    epochStart = try MemoryArray(TensorType(.i64, []))
    let (count, rows) = try Self.arrays(data)
    let batches = if let order { [epochStart, count, order] } else { [MemoryArray]() }
    initializeStage = Stage(
      graphs.initialize, executables?.initialize,
      [try MemoryArray(HostArray([], [Int64(seed)]))] + parameterArrays + stateArrays
    )
    stepStage = Stage(
      graphs.step, executables?.step,
      parameterArrays + stateArrays + counters.all + [rate] + batches + rows
        + (try graphs.step.numbers.map { try MemoryArray($0) }),
      profiled: profiled)
    validationRows = validation?.count ?? 0
    if let validation {
      let (count, rows) = try Self.arrays(validation)
      var left = validation.count
      for (index, part) in graphs.evaluate.enumerated() {
        let stage = Stage(
          part.state, executables?.evaluate[index],
          parameterArrays + evaluationCounters.all + [count] + rows
            + (try part.state.numbers.map { try MemoryArray($0) }))
        evaluateStages.append((stage, left / part.rows))
        left %= part.rows
      }
    }
    try initializeStage.run(steps: 1)
    counters.firstBadStep.load(HostArray([], [Int64(-1)]))
    if let start { try begin(at: start, trainer.optimizer) }
  }

  /// The number of rows of a data set, and the rows.
  private static func arrays(_ data: Dataset) throws -> (count: MemoryArray, rows: [MemoryArray]) {
    let rows = [try MemoryArray(data.inputs.value), try MemoryArray(data.targets.value)]
    return (try MemoryArray(HostArray([], [Int64(data.count)])), rows)
  }

  /// The step's program and the seconds that each of its calls has taken, in a profiled session.
  package var profile: (program: StepProgram, seconds: [Double])? {
    stepStage.seconds.isEmpty ? nil : programs.map { ($0.step, stepStage.seconds) }
  }

  /// Waits until the step is built at full effort, for whoever measures it.
  package func settle() { stepStage.settle() }

  /// Steps done since the start of the run.
  package var step: Int { counters.step.read().ints[0] - stepsBefore }
  package var epoch: Int { step / graphs.stepsPerEpoch }

  /// Runs steps, which must not cross the end of an epoch, and checks the losses.
  package func run(steps: Int) throws {
    let epoch = self.epoch
    if let order, epoch != shuffledEpoch {
      // A run that goes on goes on with the epochs: none has the order of one before it.
      let before = (stepsBefore + graphs.stepsPerEpoch - 1) / graphs.stepsPerEpoch
      let permutation = Permutation(count: order.type.shape[0], seed: UInt64(bitPattern: Int64(seed)))
      order.load(HostArray(order.type.shape, permutation.epoch(before + epoch)))
      epochStart.load(HostArray([], [Int64(stepsBefore + epoch * graphs.stepsPerEpoch)]))
      shuffledEpoch = epoch
    }
    // Without a shuffle an epoch is one step, and many may be run at once.
    precondition(
      order == nil || steps <= graphs.stepsPerEpoch - step % graphs.stepsPerEpoch, "steps across the end of an epoch")
    let before = checksNumbers ? Position(self) : nil
    try stepStage.run(steps: steps)
    summed += steps
    if let before { try check(since: before, steps) }
    let bad = counters.firstBadStep.read().ints[0]
    if bad >= 0 {
      throw DescentError(.usage, "the loss is infinite or NaN in step \(bad - stepsBefore + 1); \(adviceOnNumbers)")
    }
  }

  /// Sum of losses and of metrics since the last call, and of how many steps they are.
  package func takeSums() -> (loss: Double, metric: Double, steps: Int) {
    let sums = self.sums
    setSums(loss: 0, metric: 0, steps: 0)
    return sums
  }

  /// Loss and metric on the validation rows.
  package func evaluate() throws -> (loss: Double, metric: Double)? {
    guard !evaluateStages.isEmpty else { return nil }
    for counter in evaluationCounters.all { counter.load(HostArray(counter.type) { _ in 0 }) }
    evaluationCounters.firstBadStep.load(HostArray([], [Int64(-1)]))
    for (stage, steps) in evaluateStages { try stage.run(steps: steps) }
    let rows = Double(validationRows)
    return (evaluationCounters.lossSum.number / rows, evaluationCounters.metricSum.number / rows)
  }

  package var parameterValues: [HostArray] {
    get { parameterArrays.map { $0.read() } }
    set { for (array, value) in zip(parameterArrays, newValue) { array.load(value) } }
  }
  package var stateValues: [HostArray] {
    get { stateArrays.map { $0.read() } }
    set { for (array, value) in zip(stateArrays, newValue) { array.load(value) } }
  }
  /// Puts the counters where a checkpoint left them.
  func setPosition(_ step: Int, lossSum: Double, metricSum: Double, steps: Int) {
    counters.step.load(HostArray([], [Int64(stepsBefore + step)]))
    setSums(loss: lossSum, metric: metricSum, steps: steps)
  }
  private func setSums(loss: Double, metric: Double, steps: Int) {
    counters.lossSum.load(HostArray([], [loss]))
    counters.metricSum.load(HostArray([], [metric]))
    summed = steps
  }
  /// The sums since they were last taken, without taking them.
  package var sums: (loss: Double, metric: Double, steps: Int) {
    (counters.lossSum.number, counters.metricSum.number, summed)
  }
  /// Keeps the parameters as those of the best epoch.
  func keepBest() throws { for (best, array) in zip(try bestArrays(), parameterArrays) { best.load(array.read()) } }
  /// Puts the parameters of the best epoch in the place of the last ones.
  func restoreBest() throws { for (best, array) in zip(try bestArrays(), parameterArrays) { array.load(best.read()) } }
  /// The memory for the parameters of the best epoch, made when it is first asked for.
  func bestArrays() throws -> [MemoryArray] {
    if best.isEmpty { best = try graphs.parameterTypes.map { try MemoryArray($0) } }
    return best
  }

  /// The norm of the last step's gradient, in a run that measures it.
  package var gradientNorm: Double? {
    graphs.gradientNorm.map { stateArrays[$0].number }
  }

  package func model() throws -> Model<P> {
    try FlatTree.rebuild(Model<P>.self, graphs.structure, parameterValues.map { Tensor($0) })
  }

  /// What another run goes on with.
  package func state() throws -> TrainingState<P> {
    let places = graphs.optimizer.places
    return TrainingState(
      optimizer: try FlatTree.rebuild(
        OptimizerState<P>.self, graphs.optimizer.structure, places.map { Tensor(stateArrays[$0].read()) }),
      running: try model().running, steps: stepsBefore + step)
  }
}

extension MemoryArray {
  /// The element of a scalar.
  fileprivate var number: Double { read().doubles[0] }
}

extension Trainer {
  /// The program of a graph, whose names in C begin with `prefix`; it is given its large constants.
  func program(_ state: StateGraph, _ prefix: String) throws -> StepProgram {
    try prepare(
      state.graph, donations: state.donations, lengths: state.lengths, prefix: prefix, givesConstants: true)
  }

  /// The program of a training step alone.
  package func stepProgram(_ graphs: TrainingGraphs) throws -> StepProgram { try program(graphs.step, "train") }

  /// The programs of a training run.
  package func programs(_ graphs: TrainingGraphs) throws -> Programs<StepProgram> {
    Programs(
      initialize: try program(graphs.initialize, "initialize"), step: try stepProgram(graphs),
      evaluate: try graphs.evaluate.map { try program($0.state, "evaluate\($0.rows)") })
  }
}
