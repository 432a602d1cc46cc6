// A graph divided into kernels, in the order in which they run.

import DescentIR

/// One loop nest: an anchor that is more than pointwise, or none, and the pointwise nodes computed in its loops.
package struct Kernel: Sendable {
  /// The reduction, contraction, … that shapes the loops; nil for a nest over the result's elements alone.
  package var anchor: NodeID?
  /// The pointwise nodes computed here, each at the index of the loops, in topological order.
  package var members: [NodeID]
  /// The nodes whose values are written to memory.
  package var stores: [NodeID]
  /// The index space of the results.
  package var domain: Shape
}

/// Kernels in order, over a graph whose other nodes are computed where they are used.
package struct Schedule: Sendable {
  package var graph: Graph
  package var kernels: [Kernel]
  /// For output `k` the input whose memory it takes over, if any.
  package var donations: [Int?]
  /// Inputs whose first axis has a length that only the run knows, with the input, a scalar i64, that says it. Rows are gathered
  /// from them and nothing else; in their types the length is that of one run among others, and the C does not depend on it.
  package var lengths: [Int: Int] = [:]
  /// The bodies of the loops, by their nodes; a body's carries take over the memory of those that went in.
  package var bodies: [NodeID: Schedule] = [:]

  /// The nodes that live in memory: stored by a kernel, or inputs.
  package var stored: [Bool] {
    var stored = [Bool](repeating: false, count: graph.nodes.count)
    for id in graph.inputs { stored[id.index] = true }
    for kernel in kernels { for id in kernel.stores { stored[id.index] = true } }
    return stored
  }

  /// Whether inputs of an unknown length are used by nothing but gathering along their first axis.
  package var gathersFromLengths: Bool {
    lengths.keys.allSatisfy { input in
      graph.ids.allSatisfy { id in
        graph[id].operands.enumerated().allSatisfy { position, operand in
          guard operand == graph.inputs[input] else { return true }
          if case .gather(axis: 0) = graph.lowering(of: id) { return position == 0 }
          return false
        }
      }
    } && !graph.outputs.contains { output in lengths.keys.contains { graph.inputs[$0] == output } }
  }

  /// The schedule as text for tests and for people: a kernel a line.
  package var text: String {
    kernels.enumerated().map { number, kernel -> String in
      if let anchor = kernel.anchor, let body = bodies[anchor] {
        return "k\(number): loop %\(anchor.index) stores " + kernel.stores.map { "%\($0.index)" }.joined(separator: " ")
          + "\n"
          + body.text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
      }
      let anchor = kernel.anchor.map { "\(graph[$0].op.name) %\($0.index)" } ?? "loops"
      let members =
        kernel.members.isEmpty
        ? "" : " then " + kernel.members.map { "\(graph[$0].op.name) %\($0.index)" }.joined(separator: ", ")
      return "k\(number): \(anchor)\(members) over \(kernel.domain) stores "
        + kernel.stores.map { "%\($0.index)" }.joined(separator: " ")
    }.joined(separator: "\n") + "\n"
  }
}
