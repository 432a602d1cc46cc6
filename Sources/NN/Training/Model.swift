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
