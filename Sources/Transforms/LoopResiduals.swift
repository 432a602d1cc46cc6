// Step 2 of a loop's adjoint: what a step back reads of the step that it takes back. The forward loop is made to keep the carries
// that went into the step, and the results of its products, sums and other costly operations; what is cheap is computed again.

import DescentIR
import DescentOps

/// The values of a loop's steps that are kept for the way back, and what else of the loop is read again.
struct Residuals {
  /// The values that are kept, as nodes of the linearised step.
  let cut: [NodeID]
  /// The sequences and constants of the forward loop that are read again, by operand number.
  let sequences, constants: [Int]
  /// The forward body, whose own loops may keep more than before, and the values in it.
  private let body: Graph
  private let kept: [NodeID]

  /// What a step back with these sums reads.
  init(of step: LinearizedStep, for sums: Accumulations) throws {
    let form = step.form
    let graph = step.trace.graph
    // Carries that hoisted sums take are kept, since no step back gives them.
    let carries = sums.values.filter { step.operand($0).map(form.carries.contains) ?? false }
    let reached = graph.reach(step.outputs(with: sums).map(\.node) + carries, keeping: form.body.nodes.count)
    cut = reached.filter { step.operand($0).map(form.carries.contains) ?? true }
    sequences = form.sequences.filter { reached.contains(form.body.inputs[$0]) }
    constants = form.constants.filter { reached.contains(form.body.inputs[$0]) }

    var body = form.body
    for id in body.ids where body[id].op is Loop { try body.replace(id, by: graph[id].op) }
    kept = try cut.map { id in
      // A result that a loop within was made to keep for its own way back stands behind the body's nodes.
      id.index < form.body.nodes.count ? id : try body.append(graph[id].op, graph[id].operands, at: graph[id].location)
    }
    self.body = body
  }

  /// The forward loop that keeps them, and the numbers of its results that they are.
  func kept(by form: LoopForm) -> (form: LoopForm, numbers: [Int]) {
    var form = form
    form.body = body
    let numbers = kept.map { value -> Int in
      if let number = form.stepResults.first(where: { form.body.outputs[$0] == value }) { return number }
      form.body.outputs.append(value)
      form.body.outputLabels.append("kept.\(value.index)")
      return form.body.outputs.count - 1
    }
    return (form, numbers)
  }
}

extension Graph {
  /// The nodes among the first `count` at which to cut so that `results` can be computed from there on: inputs, and values that
  /// cost more than to read them. What lies between is cheap. Where all that is wanted of a costly value is one that is computed
  /// of it and is no larger, that one is cut instead: what it takes beside is not read again.
  fileprivate func reach(_ results: [NodeID], keeping count: Int) -> [NodeID] {
    var dear = Set<NodeID>()
    while true {
      let (cut, readers) = cut(results, keeping: count, dear)
      let further = cut.compactMap { id -> NodeID? in
        guard let all = readers[id], all.count == 1, let reader = all.first, reader.index < count,
          !results.contains(id), !(self[id].op is Input), case .pointwise = lowering(of: reader),
          self[reader].type.byteCount <= self[id].type.byteCount
        else { return nil }
        return reader
      }
      if further.isEmpty { return cut }
      dear.formUnion(further)
    }
  }

  /// The cut that takes `dear` values for costly as well, in order, and what reads each value on the way from there to the results.
  private func cut(_ results: [NodeID], keeping count: Int, _ dear: Set<NodeID>) -> (
    cut: [NodeID], readers: [NodeID: Set<NodeID>]
  ) {
    var seen = [Bool](repeating: false, count: nodes.count)
    var cut: [NodeID] = []
    var readers: [NodeID: Set<NodeID>] = [:]
    var stack = results
    while let id = stack.popLast() {
      guard !seen[id.index] else { continue }
      seen[id.index] = true
      let source = lowering(of: id).role == .part ? self[id].operands[0] : id
      if source.index < count, !lowering(of: id).isCheap || dear.contains(id) {
        cut.append(id)
      } else {
        for operand in self[id].operands { readers[operand, default: []].insert(id) }
        stack += self[id].operands
      }
    }
    return (cut.sorted(), readers)
  }
}
