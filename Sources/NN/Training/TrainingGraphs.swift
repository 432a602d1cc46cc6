// The graphs of a training run. All that changes is state in memory that a step reads and replaces: parameters, the optimizer's
// state, the counter of steps, sums for the report. Rows are picked inside the graph, so the loop over steps needs nothing else.

import DescentIR
import DescentOps
import DescentTransforms

/// A graph, and for each output the input whose memory it takes over.
package struct StateGraph: Sendable {
  package var graph: Graph
  package var donations: [Int?]
  /// Inputs of any number of rows, with the input that says how many there are; see `Schedule`.
  package var lengths: [Int: Int] = [:]
  /// Inputs that stay as they are for the whole run: the rows of the data.
  package var fixedInputs: Set<Int> = []
  /// The values of the last inputs: numbers that stand beside the parameters' tensors, as far as they are inputs.
  package var numbers: [HostArray] = []
}

/// All graphs of a training run.
package struct TrainingGraphs: Sendable {
  /// seed -> parameters and running state, state of the run.
  package var initialize: StateGraph
  /// parameters and running state, state of the run, counters, rate, [epoch's first step, rows, order,] inputs, targets -> the same up
  /// to the counters.
  package var step: StateGraph
  /// parameters and running state, counters, rows, inputs, targets -> counters, of which the first counts rows here. Blocks of
  /// rows, each less than the one before.
  package var evaluate: [(state: StateGraph, rows: Int)]
  /// Of the model: parameters, then running state. Paths are the names in files.
  package var structure: TreeStructure
  package var parameterPaths: [String]
  package var parameterTypes: [TensorType]
  package var stateStructure: TreeStructure
  package var statePaths: [String]
  package var stateTypes: [TensorType]
  package var stepsPerEpoch: Int
  package var batch: Int
  package var isShuffled: Bool
  /// The place of the gradient's norm in the state of a run that measures it.
  package var gradientNorm: Int?

  /// Rows that are measured at a time, as many as possible of each: any number of them is measured by three programs.
  package static let evaluationBlocks = [1_000, 32, 1]

  /// Of the state, which tensors are the optimizer's, and their structure.
  var optimizer: (places: [Int], structure: TreeStructure) {
    let field = RunState<Weights>.CodingKeys.optimizer.rawValue
    guard case .keyed(let fields) = stateStructure, let own = fields.first(where: { $0.name == field }) else {
      preconditionFailure("a state without an optimizer's")
    }
    return (statePaths.indices.filter { Self.isOfOptimizer(statePaths[$0]) }, own.structure)
  }
  /// Whether a tensor of a state is the optimizer's, by its path.
  static func isOfOptimizer(_ path: String) -> Bool {
    let field = RunState<Weights>.CodingKeys.optimizer.rawValue
    return path == field || path.hasPrefix(field + ".")
  }

  /// The graphs by their programs.
  package var programs: Programs<StateGraph> {
    Programs(initialize: initialize, step: step, evaluate: evaluate.map(\.state))
  }
}

extension Trainer {
  /// Builds the graphs for data of the given types; `stepsPerEpoch` as in `TrainingOptions`. Throws the first error in the user's functions.
  ///
  /// With `forAnyRows` the graphs are those that any number of validation rows needs, otherwise those that the given one does.
  /// `parameters` is the structure of parameters with other numbers beside their tensors than `initialize` gives them. `ledgers`
  /// are those of the step and then of each evaluation; none where nobody asks for the constants.
  package func graphs(
    inputs: TensorType, targets: TensorType, validation: (inputs: TensorType, targets: TensorType)?, batch: Int?,
    stepsPerEpoch: Int? = nil, measuresGradient: Bool = false, forAnyRows: Bool = false,
    parameters: TreeStructure? = nil, ledgers: [ConstantLedger] = []
  ) throws -> TrainingGraphs {
    let rows = inputs.shape[0]
    let batch = min(batch ?? rows, rows)
    guard batch > 0 else { throw DescentError(.usage, "a batch of \(batch) rows; at least 1 is needed") }
    let isShuffled = batch < rows
    var graphs = try beginning(measuresGradient: measuresGradient, parameters: parameters)
    graphs.stepsPerEpoch = isShuffled ? rows / batch : max(1, stepsPerEpoch ?? 1)
    graphs.batch = batch
    graphs.isShuffled = isShuffled
    graphs.step = try step(graphs, inputs, targets, ledgers.first)
    try dropUnusedSeed(&graphs)
    graphs.gradientNorm = RunState<P>.place(of: .gradientNorm, in: graphs.statePaths)
    if let validation {
      var left = validation.inputs.shape[0]
      for block in TrainingGraphs.evaluationBlocks {
        if forAnyRows || left >= block {
          let ledger = ledgers.dropFirst(1 + graphs.evaluate.count).first
          graphs.evaluate.append((try evaluation(graphs, validation.inputs, validation.targets, block, ledger), block))
        }
        left %= block
      }
    }
    return graphs
  }

  /// Fresh parameters and state, with what a step is told of them; the step is still to be built. `structure` as in `graphs`.
  func beginning(measuresGradient: Bool, parameters structure: TreeStructure? = nil) throws -> TrainingGraphs {
    let trace = Trace()
    let (model, state) = try trace.record {
      let seed = trace.input("seed", TensorType(.i64, []))
      var parameters = try initialize(RandomKey(seed: seed, stream: Tensor(Int64(0))))
      if let structure {
        parameters = try FlatTree.rebuild(P.self, structure, try FlatTree(parameters).leaves)
      }
      let state = RunState(
        optimizer: optimizer.initialState(parameters), seed: seed, gradientNorm: measuresGradient ? Tensor(0.0) : nil)
      return (try FlatTree(Model(parameters, running: try initialState())), try FlatTree(state))
    }
    let graph = try trace.finish(model.labelled + state.labelled)
    return TrainingGraphs(
      initialize: StateGraph(graph: graph, donations: graph.outputs.map { _ in nil }),
      step: StateGraph(graph: Graph(), donations: []), evaluate: [],
      structure: model.structure, parameterPaths: model.paths, parameterTypes: model.leaves.map(\.type),
      stateStructure: state.structure, statePaths: state.paths, stateTypes: state.leaves.map(\.type), stepsPerEpoch: 1,
      batch: 1, isShuffled: false)
  }

  /// The seed is kept in the state only where a layer draws from it.
  private func dropUnusedSeed(_ graphs: inout TrainingGraphs) throws {
    let place = RunState<P>.place(of: .seed, in: graphs.statePaths)!
    let number = graphs.parameterPaths.count + place
    guard graphs.step.graph.uses[graphs.step.graph.inputs[number].index].isEmpty else { return }
    graphs.initialize = try graphs.initialize.removing(output: number)
    graphs.step = try graphs.step.removing(output: number).removing(input: number)
    graphs.statePaths.remove(at: place)
    graphs.stateTypes.remove(at: place)
    graphs.stateStructure = graphs.stateStructure.removing(RunState<P>.CodingKeys.seed.rawValue)
  }

  func model(_ graphs: TrainingGraphs, in trace: Trace) throws -> Model<P> {
    try FlatTree.rebuild(
      Model<P>.self, graphs.structure, zip(graphs.parameterPaths, graphs.parameterTypes).map { trace.input($0, $1) })
  }
  private func model(_ graphs: TrainingGraphs, in list: inout InputList) throws -> Model<P> {
    try list.add(Model<P>.self, graphs.structure, graphs.parameterPaths, graphs.parameterTypes)
  }

  private func step(
    _ graphs: TrainingGraphs, _ inputs: TensorType, _ targets: TensorType, _ ledger: ConstantLedger?
  ) throws -> StateGraph {
    var list = InputList(ledger)
    let model = try list.trace.record { try self.model(graphs, in: &list) }
    let state = try list.add(RunState<P>.self, graphs.stateStructure, graphs.statePaths, graphs.stateTypes)
    let counters = Counters { list.add($0, $1) }
    let rate = list.add("learningRate", TensorType(.f64, []))
    let outputs = try list.trace.record {
      let (x, y) = batch(graphs, inputs, targets, step: counters.step, &list)
      // Stream 0 is that of the first parameters; each step draws from one of its own.
      let key = state.seed.map { RandomKey(seed: $0, stream: Tensor(Int64(1))).fold(counters.step) }
      let (value, extra, gradient) = valueAndGrad { (p: P) -> (Tensor, Measured) in
        let running = RunningState(model.running)
        let result = self.measure(p, x, y, Context(isTraining: true, key: key, state: running))
        return (result.loss, Measured(metric: result.metric, running: running.current))
      }(model.parameters)
      let (parameters, optimizerState) = optimizer.with(rate: rate).update(
        model.parameters, gradient: gradient, state: state.optimizer, step: counters.step)
      let new = Model(parameters, running: extra.running)
      let newCounters = counters.after(1, loss: value, metric: extra.metric)
      let newState = RunState(
        optimizer: optimizerState, seed: state.seed,
        gradientNorm: try state.gradientNorm.map { _ in try norm(of: gradient) })
      return try FlatTree(new).labelled + FlatTree(newState).labelled + newCounters.labelled
    }
    return try list.finish(outputs, donatingFrom: 0)
  }

  /// The rows of a step and their targets: of an epoch in its order, or all.
  private func batch(
    _ graphs: TrainingGraphs, _ inputs: TensorType, _ targets: TensorType, step: Tensor, _ list: inout InputList
  ) -> (Tensor, Tensor) {
    guard graphs.isShuffled else { return list.addRows(inputs, targets) }
    let epochStart = list.add("epochStart", TensorType(.i64, []))
    let count = list.addCount()
    let order = list.add("order", TensorType(.i32, [inputs.shape[0]]), length: count)
    let (x, y) = list.addRows(inputs, targets, length: count)
    let first = (step - epochStart) * graphs.batch
    let places = broadcast(first, [graphs.batch]) + iota([graphs.batch], axis: 0, dtype: .i64)
    let rows = gather(order, places)
    return (gather(x, rows), gather(y, rows))
  }

  /// √Σ g² over all elements, in f64.
  private func norm(of gradient: P) throws -> Tensor {
    try sqrt(FlatTree(gradient).leaves.reduce(Tensor(0.0)) { $0 + sum(square(convert($1, to: .f64))) })
  }

  /// Measures a block of rows: those from the place on that the first counter says, which then moves on.
  private func evaluation(
    _ graphs: TrainingGraphs, _ inputs: TensorType, _ targets: TensorType, _ block: Int, _ ledger: ConstantLedger?
  ) throws -> StateGraph {
    var list = InputList(ledger)
    let model = try list.trace.record { try self.model(graphs, in: &list) }
    let counters = Counters { list.add($0, $1) }
    let count = list.addCount()
    let (allX, allY) = list.addRows(inputs, targets, length: count)
    let outputs = list.trace.record {
      let places = broadcast(counters.step, [block]) + iota([block], axis: 0, dtype: .i64)
      let (value, metric) = measure(model.parameters, gather(allX, places), gather(allY, places), model.context)
      return counters.after(block, loss: value, metric: metric).labelled
    }
    return try list.finish(outputs, donatingFrom: graphs.parameterPaths.count)
  }

  /// The graph of the network alone, for rows of the given type: parameters and running state, inputs -> predictions.
  package func predictionGraph(_ graphs: TrainingGraphs, inputs: TensorType) throws -> Graph {
    let trace = Trace()
    let output = try trace.record {
      let model = try model(graphs, in: trace)
      return predict(model.parameters, trace.input("inputs", inputs), model.context)
    }
    return try trace.finish([("predictions", output)])
  }
}

extension Trainer {
  /// Prediction and loss for one batch: parameters, inputs, targets -> predictions, loss. For people to look at.
  package func lossGraph(_ graphs: TrainingGraphs, inputs: TensorType, targets: TensorType) throws -> Graph {
    func batch(_ type: TensorType) -> TensorType {
      TensorType(type.dtype, Shape([graphs.batch] + type.shape.dimensions.dropFirst()))
    }
    let trace = Trace()
    let outputs = try trace.record {
      let model = try model(graphs, in: trace)
      let (x, y) = (trace.input("inputs", batch(inputs)), trace.input("targets", batch(targets)))
      let result = objective(model.parameters, x, y, model.context)
      return [
        ("predictions", result.predictions ?? predict(model.parameters, x, model.context)), ("loss", result.loss),
      ]
    }
    return try trace.finish(outputs)
  }
}

extension Counters<Tensor> {
  /// The counters after `steps` steps or `rows` rows with this mean loss and metric.
  fileprivate func after(_ count: Int, loss: Tensor, metric: Tensor?) -> Counters {
    let isFirstBad = .!(abs(loss) .< Double.infinity) .& (firstBadStep .< 0)
    func weighed(_ mean: Tensor) -> Tensor { count == 1 ? mean : mean * Double(count) }
    return Counters(
      step: step + count, firstBadStep: `where`(isFirstBad, step, firstBadStep),
      lossSum: lossSum + weighed(convert(reshape(loss, []), to: .f64)),
      metricSum: metricSum + (metric.map { weighed(convert($0, to: .f64)) } ?? Tensor(0.0)))
  }
}

/// What a step measures beside the loss.
private struct Measured: ParameterTree {
  var metric: Tensor?
  var running: Weights
}
