// What training changes: parameters and running state of a network, and what the optimizer and the random layers keep.

import DescentIR

/// The parameters of a network with the running state of its layers, such as the statistics of batch normalisation.
///
/// As a tree its paths begin with `parameters.` and `running.`; so tensors are named in checkpoints.
public struct Model<P: ParameterTree>: ParameterTree {
  public var parameters: P
  public var running: Weights

  public init(_ parameters: P, running: Weights = Weights()) {
    self.parameters = parameters
    self.running = running
  }
  /// The context for a call that uses the running state as it stands.
  public var context: Context { Context(state: RunningState(running)) }
}

/// What a run leaves beside its parameters: what another one goes on with, as the episodes of a simulation do. `save` and `load` keep
/// it as any tree.
public struct TrainingState<P: ParameterTree>: ParameterTree {
  /// The optimizer's state.
  public var optimizer: OptimizerState<P>
  /// The running state of the network's layers.
  public var running: Weights
  /// Steps since the start of training: where the learning rate's schedule and the optimizer's count of steps are.
  public var steps: Int

  public init(optimizer: OptimizerState<P>, running: Weights = Weights(), steps: Int) {
    self.optimizer = optimizer
    self.running = running
    self.steps = steps
  }
}

/// What a run keeps from step to step beside the model: the optimizer's state, and the seed where layers draw random
/// numbers.
package struct RunState<P: ParameterTree>: ParameterTree {
  package var optimizer: OptimizerState<P>
  package var seed: Tensor?
  /// The norm of the last gradient (f64), where it can end training.
  package var gradientNorm: Tensor?

  package enum CodingKeys: String, CodingKey { case optimizer, seed, gradientNorm }
  /// The place, among the tensors of a state with these paths, of one that is a tensor by itself; nil where it has none.
  static func place(of key: CodingKeys, in paths: [String]) -> Int? { paths.firstIndex(of: key.rawValue) }
}
