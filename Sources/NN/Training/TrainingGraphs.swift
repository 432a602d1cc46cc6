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
  package var gradientNorm: Int? { statePaths.firstIndex(of: "gradientNorm") }

  /// Rows that are measured at a time, as many as possible of each: any number of them is measured by three programs.
  package static let evaluationBlocks = [1_000, 32, 1]

  /// The counters between the optimizer's state and the data: steps done, the first step whose loss was not finite (or -1), and
  /// the sums of losses and metrics since they were last set to zero.
  package static let counters: [(label: String, type: TensorType)] = [
    ("step", TensorType(.i64, [])), ("firstBadStep", TensorType(.i64, [])),
    ("lossSum", TensorType(.f64, [])), ("metricSum", TensorType(.f64, [])),
  ]
}

extension Trainer {
  /// Builds the graphs for data of the given types; `stepsPerEpoch` as in `TrainingOptions`. Throws the first error in the user's functions.
  ///
  /// With `forAnyRows` the graphs are those that any number of validation rows needs, otherwise those that the given one does.
  package func graphs(
    inputs: TensorType, targets: TensorType, validation: (inputs: TensorType, targets: TensorType)?, batch: Int?,
    stepsPerEpoch: Int? = nil, measuresGradient: Bool = false, forAnyRows: Bool = false
  ) throws -> TrainingGraphs {
    let rows = inputs.shape[0]
    let batch = min(batch ?? rows, rows)
    guard batch > 0 else { throw DescentError(.usage, "a batch of \(batch) rows; at least 1 is needed") }

    func build(drawsRandomNumbers: Bool) throws -> TrainingGraphs {
      let start = Trace()
      let (model, state) = try start.record {
        let seed = start.input("seed", TensorType(.i64, []))
        let parameters = try initialize(RandomKey(seed: seed, stream: Tensor(Int64(0))))
        let state = RunState(
          optimizer: optimizer.initialState(parameters), seed: drawsRandomNumbers ? seed : nil,
          gradientNorm: measuresGradient ? Tensor(0.0) : nil)
        return (try FlatTree(Model(parameters, running: try initialState())), try FlatTree(state))
      }
      let beginning = try start.finish(model.labelled + state.labelled)
      var graphs = TrainingGraphs(
        initialize: StateGraph(graph: beginning, donations: beginning.outputs.map { _ in nil }),
        step: StateGraph(graph: Graph(), donations: []), evaluate: [],
        structure: model.structure, parameterPaths: model.paths, parameterTypes: model.leaves.map(\.type),
        stateStructure: state.structure, statePaths: state.paths, stateTypes: state.leaves.map(\.type),
        stepsPerEpoch: batch < rows ? rows / batch : max(1, stepsPerEpoch ?? 1), batch: batch, isShuffled: batch < rows)
      graphs.step = try step(graphs, inputs, targets)
      return graphs
    }
    var graphs = try build(drawsRandomNumbers: true)
    // The seed is kept only where a layer draws from it.
    let seed = graphs.step.graph.inputs[graphs.parameterPaths.count + graphs.statePaths.firstIndex(of: "seed")!]
    if graphs.step.graph.uses[seed.index].isEmpty { graphs = try build(drawsRandomNumbers: false) }
    if let validation {
      var left = validation.inputs.shape[0]
      for block in TrainingGraphs.evaluationBlocks {
        if forAnyRows || left >= block {
          graphs.evaluate.append((try evaluation(graphs, validation.inputs, validation.targets, block), block))
        }
        left %= block
      }
    }
    return graphs
  }

  func model(_ graphs: TrainingGraphs, in trace: Trace) throws -> Model<P> {
    try FlatTree.rebuild(
      Model<P>.self, graphs.structure, zip(graphs.parameterPaths, graphs.parameterTypes).map { trace.input($0, $1) })
  }

  private func step(_ graphs: TrainingGraphs, _ inputs: TensorType, _ targets: TensorType) throws -> StateGraph {
    let trace = Trace()
    let outputs = try trace.record {
      let model = try model(graphs, in: trace)
      let state = try FlatTree.rebuild(
        RunState<P>.self, graphs.stateStructure, zip(graphs.statePaths, graphs.stateTypes).map { trace.input($0, $1) })
      let counters = TrainingGraphs.counters.map { trace.input($0.label, $0.type) }
      let rate = trace.input("learningRate", TensorType(.f64, []))
      var (x, y): (Tensor, Tensor)
      if graphs.isShuffled {
        let epochStart = trace.input("epochStart", TensorType(.i64, []))
        _ = trace.input("rows", TensorType(.i64, []))
        let order = trace.input("order", TensorType(.i32, [inputs.shape[0]]))
        (x, y) = (trace.input("inputs", inputs), trace.input("targets", targets))
        let first = (counters[0] - epochStart) * graphs.batch
        let places = broadcast(first, [graphs.batch]) + iota([graphs.batch], axis: 0, dtype: .i64)
        let rows = gather(order, places)
        (x, y) = (gather(x, rows), gather(y, rows))
      } else {
        (x, y) = (trace.input("inputs", inputs), trace.input("targets", targets))
      }
      let batchX = x, batchY = y
      // Stream 0 is that of the first parameters; each step draws from one of its own.
      let key = state.seed.map { RandomKey(seed: $0, stream: Tensor(Int64(1))).fold(counters[0]) }
      let (value, extra, gradient) = valueAndGrad { (p: P) -> (Tensor, Measured) in
        let running = RunningState(model.running)
        let result = self.measure(p, batchX, batchY, Context(isTraining: true, key: key, state: running))
        return (result.loss, Measured(metric: result.metric, running: running.current))
      }(model.parameters)
      let (newP, newState) = optimizer.with(rate: rate).update(
        model.parameters, gradient: gradient, state: state.optimizer, step: counters[0])
      let isBad = isFirstBad(value, counters)
      let newCounters = [
        counters[0] + 1, `where`(isBad, counters[0], counters[1]),
        counters[2] + convert(reshape(value, []), to: .f64),
        counters[3] + (extra.metric.map { convert($0, to: .f64) } ?? Tensor(0.0)),
      ]
      let (flat, flatState) = (
        try FlatTree(Model(newP, running: extra.running)),
        try FlatTree(
          RunState(
            optimizer: newState, seed: state.seed,
            gradientNorm: try state.gradientNorm.map { _ in try norm(of: gradient) }))
      )
      return flat.labelled + flatState.labelled
        + zip(TrainingGraphs.counters, newCounters).map { (label: $0.label, tensor: $1) }
    }
    let graph = try trace.finish(outputs)
    return StateGraph(
      graph: graph, donations: graph.outputs.indices.map { $0 },
      lengths: graphs.isShuffled ? lengths(graph, last: 3) : [:])
  }

  /// The last inputs of a graph have as many rows as the one before them says.
  private func lengths(_ graph: Graph, last count: Int) -> [Int: Int] {
    let end = graph.inputs.count
    return Dictionary(uniqueKeysWithValues: (end - count..<end).map { ($0, end - count - 1) })
  }

  /// √Σ g² over all elements, in f64.
  private func norm(of gradient: P) throws -> Tensor {
    try sqrt(FlatTree(gradient).leaves.reduce(Tensor(0.0)) { $0 + sum(square(convert($1, to: .f64))) })
  }

  /// Measures a block of rows: those from the place on that the first counter says, which then moves on.
  private func evaluation(
    _ graphs: TrainingGraphs, _ inputs: TensorType, _ targets: TensorType, _ block: Int
  ) throws -> StateGraph {
    let trace = Trace()
    let outputs = try trace.record {
      let model = try model(graphs, in: trace)
      let counters = TrainingGraphs.counters.map { trace.input($0.label, $0.type) }
      _ = trace.input("rows", TensorType(.i64, []))
      let (allX, allY) = (trace.input("inputs", inputs), trace.input("targets", targets))
      let places = broadcast(counters[0], [block]) + iota([block], axis: 0, dtype: .i64)
      let (value, metric) = measure(model.parameters, gather(allX, places), gather(allY, places), model.context)
      let isBad = isFirstBad(value, counters)
      let new = [
        counters[0] + block, `where`(isBad, counters[0], counters[1]),
        counters[2] + convert(reshape(value, []), to: .f64) * Double(block),
        counters[3] + (metric.map { convert($0, to: .f64) * Double(block) } ?? Tensor(0.0)),
      ]
      return zip(TrainingGraphs.counters, new).map { (label: $0.label, tensor: $1) }
    }
    let graph = try trace.finish(outputs)
    let base = graphs.parameterPaths.count
    return StateGraph(
      graph: graph, donations: graph.outputs.indices.map { base + $0 }, lengths: lengths(graph, last: 2))
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

/// Whether a loss is the first that is NaN or infinite.
private func isFirstBad(_ loss: Tensor, _ counters: [Tensor]) -> Tensor {
  .!(abs(loss) .< Double.infinity) .& (counters[1] .< 0)
}

/// What a step measures beside the loss.
private struct Measured: ParameterTree {
  var metric: Tensor?
  var running: Weights
}
