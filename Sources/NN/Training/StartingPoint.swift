// What a run begins with in place of fresh parameters: those of an earlier one, and the state that it left.

import DescentData
import DescentIR

/// Parameters, and what an earlier run kept beside them.
package struct StartingPoint<P: ParameterTree>: Sendable {
  package var parameters: P
  package var state: TrainingState<P>?

  /// Nil where nothing is given; throws where that cannot be.
  init?(_ parameters: P?, _ state: TrainingState<P>?, _ options: TrainingOptions) throws {
    guard let parameters else {
      if state != nil {
        throw DescentError(.usage, "fit(state:) needs the parameters that the state belongs to, from:")
      }
      return nil
    }
    if options.resume != nil {
      throw DescentError(.usage, "a run goes on from a checkpoint (resume) or from parameters (from:), not from both")
    }
    if options.checkpoint != nil, state?.steps ?? 0 > 0 {
      throw DescentError(
        .usage,
        "a checkpoint is of a run from its first step, and this one goes on from step \(state!.steps) of another; "
          + "keep parameters and state with save(_:to:)")
    }
    (self.parameters, self.state) = (parameters, state)
  }

  /// The structure of the parameters, where numbers beside their tensors are not the trainer's own; nil where all are. Throws
  /// where they are parameters of another kind.
  func numbers(of trainer: Trainer<P>) throws -> TreeStructure? {
    let own = try trainer.beginning(measuresGradient: false)
    let given = try FlatTree(Model(parameters, running: state?.running ?? trainer.initialState()))
    try given.check("tree of parameters to begin with", own.structure, own.parameterPaths, own.parameterTypes)
    return given.structure == own.structure ? nil : try FlatTree(parameters).structure
  }
}

extension TrainingSession {
  /// Puts everything where a starting point has it.
  func begin(at start: StartingPoint<P>, _ optimizer: any Optimizer) throws {
    let running = try start.state?.running ?? model().running
    parameterValues = try FlatTree(Model(start.parameters, running: running)).leaves.map { try $0.value }
    let (places, structure) = graphs.optimizer
    let state = try FlatTree(start.state?.optimizer ?? optimizer.initialState(start.parameters))
    try state.check(
      "state to begin with", structure, places.map { String(graphs.statePaths[$0].drop { $0 != "." }.dropFirst()) },
      places.map { graphs.stateTypes[$0] })
    for (place, leaf) in zip(places, state.leaves) { stateArrays[place].load(try leaf.value) }
    setPosition(0, lossSum: 0, metricSum: 0, steps: 0)
  }
}

extension FlatTree {
  /// Throws unless this tree has such tensors, whatever numbers stand beside them.
  fileprivate func check(
    _ what: String, _ structure: TreeStructure, _ paths: [String], _ types: [TensorType]
  ) throws {
    for leaf in leaves { if case .failure(let error) = leaf.storage { throw error } }
    guard self.paths == paths else {
      throw DescentError(
        .usage,
        "the \(what) has the tensors \(self.paths.joined(separator: ", ")); expected \(paths.joined(separator: ", "))")
    }
    for (path, (leaf, type)) in zip(paths, zip(leaves, types)) where leaf.type != type {
      throw DescentError(.usage, "'\(path)' of the \(what) is \(leaf.type); expected \(type)")
    }
    guard self.structure.form == structure.form else {
      throw DescentError(.usage, "the \(what) has other parts beside their tensors than those of this trainer")
    }
  }
}
