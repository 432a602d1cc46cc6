// What a run is in words, as its checkpoint says it: program, optimizer, data. Runtime/include/descent_run_facts.h has the list;
// a standalone trainer has the same words in its tables, or makes them by the same C.
// Invariant: they depend on neither paths nor line numbers, nor on the number of rows but for those of the data.

import DescentData
import DescentIR
import DescentOps
import DescentRuntime
import DescentTransforms

/// 16 digits that are others where the text is another.
func checksum(of text: String) -> String {
  var text = text
  return string(text.withUTF8 { dsc_hash_show(dsc_hash_of($0.baseAddress, Int64($0.count))) }.text)
}

/// 16 digits that are others where the graph computes something else.
func checksum(of graph: Graph) -> String { checksum(of: graph.text(withPlaces: false)) }

/// A number in the fewest digits that say it, as C writes it.
func numberText(_ value: Double) -> String { string(dsc_show_number(value).text) }

/// The text in an array of C's.
func string<T>(_ array: T) -> String {
  withUnsafeBytes(of: array) { String(cString: $0.bindMemory(to: CChar.self).baseAddress!) }
}

/// Everything that a checkpoint says of its run.
package struct Fingerprint: Sendable {
  package var program: String
  package var optimizer: String
  package var learningRate: String
  package var engine: Engine
  package var data: String
  package var validation: String
  package var seed: Int
  package var batch: Int
  package var stepsPerEpoch: Int
  package var isShuffled: Bool
  package var stopping: dsc_stopping_rule
}

extension Trainer {
  /// The words for a run. All rows are read through for the checksums of the data.
  func fingerprint(
    _ graphs: TrainingGraphs, _ data: Dataset, validation: Dataset?, _ options: TrainingOptions
  ) throws -> Fingerprint {
    let (program, optimizer, learningRate) = try words(graphs, inputs: data.inputs.type, targets: data.targets.type)
    return Fingerprint(
      program: program, optimizer: optimizer,
      learningRate: try RunRate(options.learningRate, of: self.optimizer, own: learningRate).text,
      engine: options.engine, data: try text(data),
      validation: try validation.map(text) ?? "none", seed: options.seed, batch: graphs.batch,
      stepsPerEpoch: graphs.stepsPerEpoch, isShuffled: graphs.isShuffled, stopping: try options.stoppingRule())
  }

  /// Program, optimizer and its own learning rate in words.
  func words(
    _ graphs: TrainingGraphs, inputs: TensorType, targets: TensorType
  ) throws -> (program: String, optimizer: String, learningRate: String) {
    // Two rows for any number, so that more data or other batches are no other program; a network that cannot take two is
    // one for its number of rows.
    let graph = try? objectiveGraph(graphs, inputs, targets, rows: 2)
    let program = checksum(of: try graph ?? objectiveGraph(graphs, inputs, targets, rows: graphs.batch))
    let trace = Trace()
    let parameters = try trace.record { try model(graphs, in: trace).parameters }
    if let summary = optimizer.summary(of: parameters) {
      return (program, summary.text, summary.rates.joined(separator: "; "))
    }
    return (program, "\(type(of: optimizer)) \(checksum(of: try updateGraph(graphs)))", "within the optimizer")
  }

  /// `150 rows of f32[5] and i32[], 0123456789abcdef`
  private func text(_ data: Dataset) throws -> String {
    let (inputs, targets) = (try data.inputs.value, try data.targets.value)
    return try inputs.withDescription { x in try targets.withDescription { y in string(dsc_show_data(x, y).text) } }
  }

  /// What training minimises and measures, on so many rows.
  private func objectiveGraph(
    _ graphs: TrainingGraphs, _ inputs: TensorType, _ targets: TensorType, rows: Int
  ) throws -> Graph {
    func batch(_ type: TensorType) -> TensorType {
      TensorType(type.dtype, Shape([rows] + type.shape.dimensions.dropFirst()))
    }
    let trace = Trace()
    return try trace.finish(
      try trace.record {
        let model = try model(graphs, in: trace)
        let seed = trace.input("seed", TensorType(.i64, [])), running = RunningState(model.running)
        let result = measure(
          model.parameters, trace.input("inputs", batch(inputs)), trace.input("targets", batch(targets)),
          Context(isTraining: true, key: RandomKey(seed: seed, stream: Tensor(Int64(1))), state: running))
        let metric = result.metric.map { [(label: "metric", tensor: $0)] } ?? []
        return [(label: "loss", tensor: result.loss)] + metric + (try FlatTree(running.current).labelled)
      })
  }

  /// A step of the optimizer alone.
  private func updateGraph(_ graphs: TrainingGraphs) throws -> Graph {
    let trace = Trace()
    return try trace.finish(
      try trace.record {
        let (model, gradient) = (try model(graphs, in: trace), try model(graphs, in: trace))
        let state = try FlatTree.rebuild(
          RunState<P>.self, graphs.stateStructure, zip(graphs.statePaths, graphs.stateTypes).map { trace.input($0, $1) }
        )
        let (parameters, after) = optimizer.update(
          model.parameters, gradient: gradient.parameters, state: state.optimizer,
          step: trace.input("step", TensorType(.i64, [])))
        return try FlatTree(parameters).labelled + FlatTree(after).labelled
      })
  }
}
