// Parameters come back: the model of a checkpoint as trees, with what the file says of its run.

import DescentData
import DescentIR

/// What a checkpoint holds.
public struct Checkpoint<P: ParameterTree>: Sendable {
  /// The parameters: of a run that keeps those of its best epoch these, else the last ones.
  public var parameters: P
  /// The running state of the network's layers, which belongs to the parameters.
  public var running: Weights
  /// What `fit(_:from:state:)` goes on with. Nil where the file has none that fits: it was written by `save`, or by a run with
  /// another optimizer.
  public var state: TrainingState<P>?
  /// Whether the parameters are those of the best epoch.
  public var isBest: Bool
  /// What the file says of its run: `program`, `optimizer`, `learning rate`, `batch`, `seed`, `engine`, `stopping`, `data`,
  /// `validation`, `version`. A file that `save` wrote says its version alone.
  public var run: [String: String]

  /// Parameters and running state as one tree.
  public var model: Model<P> { Model(parameters, running: running) }
}

extension Trainer {
  /// The model in a checkpoint of `train`, of `fit` or of a standalone trainer; also in a file that `save` wrote of the parameters,
  /// or of a `Model` of them, or that names its tensors by the parameters' paths.
  ///
  /// A name that is missing, one that is none of this network's, another shape or type: one error says all of it.
  public func load(
    checkpoint path: String, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Checkpoint<P> {
    let graphs = try beginning(measuresGradient: false)
    let contents = try SafeTensors.read(path)
    let format = contents.metadata["format"] ?? ""
    let isCheckpoint = format.hasPrefix(SafeTensors.checkpointFormats)
    let isBest = try isCheckpoint && contents["training.losses"]?.value.doubles.first?.isFinite ?? false
    let names = Set(contents.names)
    // A file of the parameters alone names them without `parameters.`.
    let isPlain = !graphs.parameterPaths.contains { names.contains($0) }
    let wanted = zip(graphs.parameterPaths, graphs.parameterTypes).map { path, type in
      (name: isBest ? "best.\(path)" : isPlain ? plainName(path) : path, type: type)
    }
    var faults: [String] = []
    // The first format of checkpoints did not tell the model's tensors from others.
    let leaves = contents.tensors(wanted, &faults) { name in
      isCheckpoint && (format == "descent-checkpoint-1" || !isOfModel(name) || graphs.parameterPaths.contains(name))
    }
    try SafeTensors.throwing(faults, path, SourceLocation(file, line))
    let model = try FlatTree.rebuild(Model<P>.self, graphs.structure, leaves)
    return Checkpoint(
      parameters: model.parameters, running: model.running,
      state: isCheckpoint ? try state(contents, graphs, running: model.running) : nil, isBest: isBest,
      run: contents.metadata.filter { $0.key != "format" && !$0.key.hasPrefix("descent.checksum") })
  }

  /// What a checkpoint's run kept; nil where it is not that of this optimizer.
  private func state(
    _ contents: SafeTensors, _ graphs: TrainingGraphs, running: Weights
  ) throws -> TrainingState<P>? {
    let (places, structure) = graphs.optimizer
    var faults: [String] = []
    let leaves = contents.tensors(places.map { (graphs.statePaths[$0], graphs.stateTypes[$0]) }, &faults) { name in
      !TrainingGraphs.isOfOptimizer(name)
    }
    guard faults.isEmpty, let steps = try contents["training.step"]?.integers.first else { return nil }
    return TrainingState(
      optimizer: try FlatTree.rebuild(OptimizerState<P>.self, structure, leaves), running: running, steps: steps)
  }
}

/// Whether a tensor of a checkpoint is one of its model, by its path.
private func isOfModel(_ name: String) -> Bool {
  let path = name.hasPrefix("best.") ? name.dropFirst(5) : name[...]
  return ["parameters", "running"].contains { path == $0 || path.hasPrefix($0 + ".") }
}

/// The path of a model's tensor within its part, which is the name that a file of the parameters alone has for it.
private func plainName(_ path: String) -> String {
  path.firstIndex(of: ".").map { String(path[path.index(after: $0)...]) } ?? "tensor"
}
