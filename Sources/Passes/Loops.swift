// Loops as the passes see them: the same passes go over their bodies, and what nobody reads is not carried, kept or stacked.

import DescentIR
import DescentOps

/// The graph with the bodies of its loops optimized.
func optimizeBodies(_ graph: Graph) throws -> Graph {
  try Rewriter.rewrite(graph) { rewriter, id, operands in
    guard let loop = graph[id].op as? Loop else { return try rewriter.append(graph[id].op, operands) }
    var form = loop.form
    form.body = try optimize(form.body)
    return try rewriter.append(Loop(form), operands)
  }
}

/// The graph whose loops have only the carries, sequences, constants and results that something needs.
func pruneLoops(_ graph: Graph) throws -> Graph {
  var read: [Int: Set<Int>] = [:]
  for node in graph.nodes {
    if let result = node.op as? LoopResult { read[node.operands[0].index, default: []].insert(result.number) }
  }
  var kept: [Int: LoopForm.Pruned] = [:]
  return try Rewriter.rewrite(graph) { rewriter, id, operands in
    switch graph[id].op {
    case let loop as Loop:
      let pruned = try loop.form.pruned(read[id.index] ?? [])
      kept[id.index] = pruned
      return try rewriter.append(Loop(pruned.form), pruned.operands.map { operands[$0] })
    case let result as LoopResult:
      let number = kept[graph[id].operands[0].index]!.results[result.number]!
      return try rewriter.append(LoopResult(number), operands)
    default: return try rewriter.append(graph[id].op, operands)
    }
  }
}

extension LoopForm {
  struct Pruned {
    var form: LoopForm
    /// The operands that are left, by their old numbers.
    var operands: [Int]
    /// The new numbers of results by their old ones.
    var results: [Int: Int]
  }

  /// Without what none of the results that are read needs.
  fileprivate func pruned(_ read: Set<Int>) throws -> Pruned {
    // A carry is needed where its last value is read, or where its value is for what is needed.
    var results = read
    if length == nil { results.insert(0) }
    let effects = body.ids.filter { body[$0].op.hasEffect }
    var needed: [Bool] = []
    while true {
      needed = [Bool](repeating: false, count: body.nodes.count)
      for number in results { needed[body.outputs[number].index] = true }
      for id in effects { needed[id.index] = true }
      for id in body.ids.reversed() where needed[id.index] {
        for operand in body[id].operands { needed[operand.index] = true }
      }
      let more = carries.filter { needed[body.inputs[$0].index] && !results.contains($0) }
      if more.isEmpty { break }
      results.formUnion(more)
    }
    // A step result that is given twice is stacked once.
    var order: [Int] = [], numbers: [Int: Int] = [:]
    for number in body.outputs.indices where results.contains(number) {
      let isStacked = stepResults.contains(number)
      let twin = order.firstIndex { isStacked && stepResults.contains($0) && body.outputs[$0] == body.outputs[number] }
      numbers[number] = twin ?? order.count
      if twin == nil { order.append(number) }
    }
    let operands = body.inputs.indices.filter {
      carries.contains($0) ? results.contains($0) : needed[body.inputs[$0].index]
    }
    if order.count == body.outputs.count, operands.count == body.inputs.count {
      return Pruned(form: self, operands: operands, results: numbers)
    }
    let form = LoopForm(
      body: try body.function(
        of: operands.map { body.inputs[$0] }, giving: order.map { (body.outputLabels[$0], body.outputs[$0]) },
        keepsEffects: true),
      carries: operands.filter(carries.contains).count, sequences: operands.filter(sequences.contains).count,
      length: length, isReversed: isReversed)
    return Pruned(form: form, operands: operands, results: numbers)
  }
}
