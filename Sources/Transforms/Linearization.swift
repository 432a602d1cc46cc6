// A function traced once at its arguments, of which derivatives are then asked, forward or backward.

import DescentIR
import DescentOps

/// A traced function: its nodes with their tensors, its variables and its results.
struct Linearization: Sendable {
  var graph: Graph
  var variables: [NodeID]
  var results: [NodeID]
  /// The trace of the nodes, or their values where the trace is gone.
  private var trace: Trace
  private var values: [NodeID: Tensor]?

  /// Traces `f` in the trace in force. Each parameter passes through an identity, so that the derivative is with respect to this
  /// argument alone, even where the same tensor reaches `f` by another way as well. Gives `f`'s result, and the linearization or
  /// the error that keeps it from being made; throws for trees that cannot be encoded.
  static func trace<P: ParameterTree, R: ParameterTree>(
    _ parameters: FlatTree, _ f: (P) -> R
  ) throws -> (result: FlatTree, linearization: Result<Linearization, DescentError>) {
    let variables = parameters.leaves.map { Tensor.apply(Identity(), [$0]) }
    let result = try FlatTree(f(try parameters.with(variables).rebuilt()))
    do {
      return (result, .success(try Linearization(variables, result.leaves)))
    } catch let error as DescentError {
      return (result, .failure(error))
    }
  }

  private init(_ variables: [Tensor], _ results: [Tensor]) throws {
    let trace = Trace.current!
    self.trace = trace
    self.variables = try variables.map { try trace.lift($0) }
    self.results = try results.map { try trace.lift($0) }
    graph = trace.graph
  }

  private func tensor(_ id: NodeID) -> Tensor { values?[id] ?? Tensor(node: id, of: trace, type: graph[id].type) }

  /// With the values of all nodes, so that it can be used when the trace is gone.
  func evaluated() throws -> Linearization {
    var copy = self
    var all = graph
    all.outputs = all.ids.filter { if case .tensor = all[$0].result { true } else { false } }
    all.outputLabels = all.outputs.map { _ in "" }
    copy.values = [:]
    for (id, value) in zip(all.outputs, try all.evaluate([])) { copy.values![id] = Tensor(value) }
    return copy
  }
  /// The tensors of the results.
  var resultTensors: [Tensor] { results.map(tensor) }

  /// The cotangents of the variables, given those of the results.
  func pullBack(_ cotangents: [Tensor]) throws -> [Tensor] {
    let parts = try graph.pullBack(zip(results, cotangents).map { ($0, $1) }, to: variables, tensor: tensor)
    return zip(parts, variables).map { $0 ?? filled(0, graph[$1].type) }
  }
  /// The tangents of the results, given those of the variables.
  func pushForward(_ tangents: [Tensor]) throws -> [Tensor] {
    let parts = try graph.pushForward(zip(variables, tangents).map { ($0, $1) }, to: results, tensor: tensor)
    return zip(parts, results).map { $0 ?? filled(0, graph[$1].type) }
  }
}
