// What runs of one trainer have in common: graphs, programs, loaded libraries. They are made once for data of each type, so that
// episode after episode runs what the first one built.

import DescentCCode
import DescentDriver
import DescentIR
import Synchronization

/// Everything of a run but its arrays.
package struct BuiltRun: Sendable {
  package var graphs: TrainingGraphs
  /// What runs the graphs; nil for the interpreter.
  package var programs: Programs<StepProgram>?
  package var executables: Programs<Executable>?
  /// Which constants of the step and of the evaluations are inputs, and which there are.
  fileprivate var arguments: [ConstantArguments] = []
}

/// What decides whether an earlier build serves a run.
package struct RunKey: Hashable, Sendable {
  var inputs: TensorType
  var targets: TensorType
  var validationInputs: TensorType?
  var validationTargets: TensorType?
  var batch: Int?
  var stepsPerEpoch: Int?
  var measuresGradient: Bool
  var engine: Engine
  var threads: Int?
  var isProfiled: Bool
  /// Of parameters whose numbers are not those of the trainer's own; else nil.
  var parameters: TreeStructure?
  var settings: Settings

  /// The same whatever numbers stand beside the parameters' tensors; nil for the trainer's own.
  fileprivate var form: RunKey? {
    guard let parameters else { return nil }
    var form = self
    form.parameters = parameters.form
    return form
  }

  /// What is another here than at an earlier build.
  fileprivate func reason(_ known: RunKey?) -> String {
    guard let known else { return "built, for inputs \(inputs) and targets \(targets)" }
    func words<T>(_ what: String, _ new: T, _ old: T) -> String { "built again: \(what) \(new), the last time \(old)" }
    if inputs != known.inputs { return words("inputs are", inputs, known.inputs) }
    if targets != known.targets { return words("targets are", targets, known.targets) }
    if batch != known.batch { return words("a batch has", batch ?? inputs.shape[0], known.batch ?? inputs.shape[0]) }
    if parameters != known.parameters { return "built again: numbers beside the parameters are others" }
    return "built again: validation rows, threads or options are others"
  }
}

/// The builds of a trainer, kept as long as it is.
final class TrainingBuilds<P: ParameterTree>: Sendable {
  private struct State {
    var runs: [RunKey: BuiltRun] = [:]
    var keys: [RunKey] = []
  }
  private let state = Mutex(State())

  /// The build for a key: a kept one, one whose graphs are the same but for numbers, or a new one.
  func run(_ key: RunKey, of trainer: Trainer<P>) throws -> BuiltRun {
    if let known = state.withLock({ $0.runs[key] }) { return known }
    let (keys, runs) = state.withLock { ($0.keys, $0.runs) }
    let alike = key.form.map { form in keys.filter { $0.form == form }.map { runs[$0]! } } ?? []
    let run = try earlier(key, alike, trainer) ?? build(key, alike, keys.last, trainer)
    state.withLock { state in
      state.runs[key] = run
      state.keys.append(key)
    }
    return run
  }

  /// An earlier build with the numbers of this run.
  private func earlier(_ key: RunKey, _ alike: [BuiltRun], _ trainer: Trainer<P>) throws -> BuiltRun? {
    for arguments in Set(alike.map(\.arguments)) {
      let trace = try trainer.graphs(key, arguments)
      if trace.ledgers.contains(where: \.conflicts) { continue }
      guard var run = alike.first(where: { $0.arguments == arguments && $0.graphs.isIdentical(to: trace.graphs) })
      else { continue }
      run.graphs = trace.graphs
      return run
    }
    return nil
  }

  private func build(
    _ key: RunKey, _ alike: [BuiltRun], _ last: RunKey?, _ trainer: Trainer<P>
  ) throws -> BuiltRun {
    BuildLog.explain("training of \(P.self): \(key.reason(last))", key.settings)
    var run = BuiltRun(graphs: try trainer.graphs(key, nil).graphs)
    if let parameters = key.parameters {
      run.arguments = try arguments(key, parameters, run.graphs, trainer)
      run.graphs = try trainer.graphs(key, run.arguments).graphs
    }
    guard key.engine == .compiled else { return run }
    let programs = try trainer.programs(run.graphs)
    run.programs = programs
    run.executables = try programs.together { try load($0, threads: key.threads, profiled: key.isProfiled) }
    return run
  }

  /// The constants that change with the numbers beside the parameters: what differs from the traces with the trainer's own numbers
  /// and with numbers close by.
  private func arguments(
    _ key: RunKey, _ parameters: TreeStructure, _ graphs: TrainingGraphs, _ trainer: Trainer<P>
  ) throws -> [ConstantArguments] {
    func constants(_ structure: TreeStructure?) throws -> [[HostArray]] {
      var key = key
      key.parameters = structure
      return try trainer.graphs(key, [ConstantArguments](repeating: .init(), count: 1 + graphs.evaluate.count)).ledgers
        .map(\.constants)
    }
    let plain = try constants(parameters)
    let others = [try? constants(nil), try? constants(parameters.nearby)].compactMap { $0 }
    return plain.indices.map { place in
      ConstantArguments(
        differing: [plain[place]]
          + others.map { $0[place] }.filter { $0.map(\.type) == plain[place].map(\.type) })
    }
  }
}

extension Trainer {
  /// The graphs of a run, and the ledgers of its step and its evaluations, in which these constants are inputs.
  fileprivate func graphs(
    _ key: RunKey, _ arguments: [ConstantArguments]?
  ) throws -> (graphs: TrainingGraphs, ledgers: [ConstantLedger]) {
    let ledgers = (arguments ?? []).map { ConstantLedger($0) }
    let validation = key.validationInputs.flatMap { x in key.validationTargets.map { (inputs: x, targets: $0) } }
    let graphs = try graphs(
      inputs: key.inputs, targets: key.targets, validation: validation, batch: key.batch,
      stepsPerEpoch: key.stepsPerEpoch, measuresGradient: key.measuresGradient, parameters: key.parameters,
      ledgers: ledgers)
    return (graphs, ledgers)
  }
}

extension TrainingGraphs {
  /// Whether the graphs that run are the same, node for node, whatever numbers they are given.
  fileprivate func isIdentical(to other: TrainingGraphs) -> Bool {
    initialize.graph == other.initialize.graph && step.graph == other.step.graph
      && evaluate.map(\.state.graph) == other.evaluate.map(\.state.graph)
  }
}
