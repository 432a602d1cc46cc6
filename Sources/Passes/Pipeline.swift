// The passes from graph to graph, in order, and the loop that runs them until nothing changes.

import DescentIR

/// The graph passes, each with a phrase that says what it does.
private let passes: [(phrase: String, run: @Sendable (Graph) throws -> Graph)] = [
  ("drop what no output needs", { try removeDeadCode($0) }),
  ("simplify by algebraic identities", { try simplify($0) }),
  ("compute equal things once", { try mergeCommonSubexpressions($0) }),
  ("drop what no step of a loop needs", { try pruneLoops($0) }),
  ("do all that in the bodies of loops", { try optimizeBodies($0) }),
]

/// The same function as a smaller graph; a graph that this returned comes back unchanged.
///
/// With `check` the graph is verified after every pass. `trace` gets the phrase and the result of each pass that
/// changed anything.
package func optimize(
  _ graph: Graph, check: Bool = false, trace: ((String, Graph) -> Void)? = nil
) throws -> Graph {
  var graph = graph
  // Merging equal nodes can open a simplification, so the list is run again; two or three rounds are usual.
  for _ in 0..<maximumRounds {
    let before = graph
    for pass in passes {
      let result = try pass.run(graph)
      if check { try result.verify() }
      guard result != graph else { continue }
      graph = result
      trace?(pass.phrase, graph)
    }
    // A pass may make what the next one merges again: the round counts as a whole.
    if graph == before { return graph }
  }
  assertionFailure("passes still change the graph after \(maximumRounds) rounds")
  return graph
}

/// A bound on the rounds, far above what graphs need.
private let maximumRounds = 16
