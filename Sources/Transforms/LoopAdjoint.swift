// The adjoint of a loop is a loop in the other direction. What its body needs of the step that it takes back are the carries
// that went into it, which the forward loop is made to keep, and the results of its products, sums and other costly operations,
// which are kept as well; what is cheap is computed again.

import DescentIR
import DescentInterpreter
import DescentOps

extension LoopForm {
  /// The cotangents of a loop's operands from those of its results, by number; nil where an operand is not `needed`. `token` is
  /// the loop itself; where its trace is open, it is made to keep more, and where it is gone, the loop is run again.
  func pullBack(
    _ token: Tensor, _ operands: [Tensor], _ dys: [Int: Tensor], needed: [Bool], at location: SourceLocation?
  ) throws -> [Tensor?] {
    guard let length else {
      throw DescentError(
        .gradient,
        "whileLoop has no backward pass, since how many steps it takes is not known when it is compiled; use scan",
        at: location)
    }
    var form = self
    var home: (trace: Trace, id: NodeID)?
    if case .node(let trace, let id) = token.storage {
      home = (trace, id)
      // Another derivative may have made it keep something already.
      if case .loop(let now) = trace.graph.lowering(of: id) { form = now }
    }
    let back = try BackwardBody(form, given: Set(dys.keys), needed: needed)

    // The forward loop keeps what the backward body asks for.
    var forward = form
    forward.body = back.forward
    let kept = back.residuals.map { residual -> Int in
      if let number = forward.stepResults.first(where: { forward.body.outputs[$0] == residual }) {
        return number
      }
      forward.body.outputs.append(residual)
      forward.body.outputLabels.append("kept.\(residual.index)")
      return forward.body.outputs.count - 1
    }
    home?.trace.replace(home!.id, by: Loop(forward))
    let again = home == nil ? Tensor.loop(forward, operands) : []
    func result(_ number: Int) -> Tensor {
      guard let home else { return again[number] }
      let type = forward.resultTypes[number]
      return home.trace.append(LoopResult(number, type), [token], at: location, guess: type)
    }

    // In: cotangents of the last carries, zeros to add constants' cotangents to. Then what goes by steps, then constants.
    let types = form.operandTypes
    let starts =
      back.carried.map { dys[$0] ?? filled(0, form.resultTypes[$0]) } + back.accumulated.map { filled(0, types[$0]) }
    let sequences = kept.map(result) + back.sequences.map { operands[$0] } + back.givenSteps.map { dys[$0]! }
    let backward = LoopForm(
      body: back.body, carries: starts.count, sequences: sequences.count, length: length, isReversed: !form.isReversed)
    let results = Tensor.loop(backward, starts + sequences + back.constants.map { operands[$0] })

    var parts = [Tensor?](repeating: nil, count: operands.count)
    for (place, number) in back.carried.enumerated() where needed[number] { parts[number] = results[place] }
    for (place, number) in back.accumulated.enumerated() { parts[number] = results[back.carried.count + place] }
    for (place, number) in back.steppedParts.enumerated() { parts[number] = results[starts.count + place] }
    // Constants' cotangents that are products of what goes by steps are one product over all steps.
    let stacked = back.stackSources.map { source in
      switch source {
      case .residual(let place): result(kept[place])
      case .sequence(let number): operands[number]
      case .output(let place): results[starts.count + back.steppedParts.count + place]
      }
    }
    for stack in back.stacks {
      let part = try stack.contribution(stacked)
      parts[stack.operand] = parts[stack.operand].map { $0 + part } ?? part
    }
    return parts
  }
}

extension Tensor {
  /// The results of a loop in the trace in force; where there is none, evaluated.
  static func loop(_ form: LoopForm, _ operands: [Tensor], at location: SourceLocation? = nil) -> [Tensor] {
    if Trace.current == nil {
      do {
        return try form.evaluate(operands.map { try $0.value }).map { Tensor($0) }
      } catch {
        let error = error as? DescentError ?? DescentError(.verification, "\(error)", at: location)
        return form.resultTypes.map { Tensor(failure: error, type: $0) }
      }
    }
    let token = Tensor.apply(Loop(form), operands, at: location)
    if case .failure(let error) = token.storage { return form.resultTypes.map { Tensor(failure: error, type: $0) } }
    return form.resultTypes.enumerated().map { .apply(LoopResult($0.offset, $0.element), [token]) }
  }
}

/// The body of the loop back, and what its inputs and outputs are.
private struct BackwardBody {
  /// Takes cotangents of carries, sums so far of constants' cotangents, residuals, slices, cotangents of step results, constants;
  /// gives cotangents of carries, sums, cotangents of slices, and what stacks ask for.
  var body = Graph()
  /// The carries that have cotangents.
  var carried: [Int] = []
  /// Constants whose cotangents are summed from step to step, by operand number.
  var accumulated: [Int] = []
  /// The forward body, whose own loops may keep more than before.
  var forward: Graph
  /// Its nodes that the forward loop is to keep.
  var residuals: [NodeID] = []
  /// Sequences of the forward loop that are read again, by operand number.
  var sequences: [Int] = []
  /// Results by step that have cotangents.
  var givenSteps: [Int] = []
  /// Sequences that get cotangents, by operand number.
  var steppedParts: [Int] = []
  /// Constants that are read again, by operand number.
  var constants: [Int] = []
  var stacks: [Stack] = []
  /// Where the values that stacks ask for are, all steps of them.
  var stackSources: [StackSource] = []

  enum StackSource {
    case residual(Int)
    case sequence(Int)
    case output(Int)
  }

  init(_ form: LoopForm, given: Set<Int>, needed: [Bool]) throws {
    self.forward = form.body
    let forward = form.body
    // The forward body once more, node for node, and its adjoint behind.
    let trace = Trace()
    for node in forward.nodes {
      if let input = node.op as? Input { _ = trace.input(input.label, node.type) } else { try trace.copy(node) }
    }
    let floating = forward.inputs.map { forward[$0].type.dtype.isFloating }
    // A carry has a cotangent where the first one's is wanted, or what depends on it reaches a result that has one.
    carried = form.carries.filter { floating[$0] }
    givenSteps = form.stepResults.filter(given.contains)
    let dCarries = carried.map { trace.input("d.\($0)", forward[forward.outputs[$0]].type) }
    let dSteps = givenSteps.map { trace.input("d.\($0)", forward[forward.outputs[$0]].type) }
    let roots = (zip(carried, dCarries).map { ($0, $1) } + zip(givenSteps, dSteps).map { ($0, $1) }).map {
      (node: forward.outputs[$0], cotangent: $1)
    }
    let wanted = carried + forward.inputs.indices.dropFirst(form.carries.count).filter { needed[$0] && floating[$0] }
    let whole = trace.graph
    let parts = try trace.record {
      try whole.pullBack(roots, to: wanted.map { forward.inputs[$0] }) {
        Tensor(node: $0, of: trace, type: whole[$0].type)
      }
    }
    var part: [Int: Tensor] = [:]
    for (number, tensor) in zip(wanted, parts) { if let tensor { part[number] = tensor } }

    var outputs: [(label: String, node: NodeID)] = []
    try trace.record {
      for number in carried {
        outputs.append(("d.\(number)", try trace.lift(part[number] ?? filled(0, forward[forward.inputs[number]].type))))
      }
    }
    // A constant's cotangent: what are products of values by step is left to one product over all steps; the rest is summed.
    var sums: [NodeID] = []
    var stackValues: [NodeID] = []
    let fixed = Set(forward.inputs[form.constants])
    for number in form.constants {
      guard let total = part[number] else { continue }
      var (terms, rest): ([Stack], [NodeID]) = ([], [])
      for term in trace.graph.terms(try trace.lift(total)) {
        if let stack = Stack(trace.graph, term, number, fixed, &stackValues) {
          terms.append(stack)
        } else {
          rest.append(term)
        }
      }
      stacks += terms
      guard let first = rest.first else { continue }
      let sum = try trace.record { () throws -> Tensor in
        let before = trace.input("sum.\(number)", total.type)
        sums.append(try trace.lift(before))
        let graph = trace.graph
        let step = rest.dropFirst().reduce(Tensor(node: first, of: trace, type: total.type)) {
          $0 + Tensor(node: $1, of: trace, type: graph[$1].type)
        }
        return before + step
      }
      accumulated.append(number)
      outputs.append(("sum.\(number)", try trace.lift(sum)))
    }
    for number in form.sequences {
      guard let slice = part[number] else { continue }
      steppedParts.append(number)
      outputs.append(("d.\(number)", try trace.lift(slice)))
    }
    // What already goes by steps is not stacked again.
    let stepped = forward.inputs[..<form.constants.lowerBound]
    let stackOutputs = stackValues.filter { !stepped.contains($0) }
    outputs += stackOutputs.map { ("stack.\($0.index)", $0) }

    // What of the forward body is kept: carries that went in, and what costs more than to read it.
    let graph = trace.graph
    let reach = graph.reach(
      outputs.map(\.node) + stackValues.filter { stepped[form.carries].contains($0) },
      keeping: forward.nodes.count)
    let cut = reach.filter { id in
      guard let number = forward.inputs.firstIndex(of: id) else { return true }
      return form.carries.contains(number)
    }
    for id in forward.ids where forward[id].op is Loop { self.forward.replace(id, by: graph[id].op) }
    residuals = try cut.map { id in
      // A result that a loop within was made to keep for its own way back.
      id.index < forward.nodes.count
        ? id : try self.forward.append(graph[id].op, graph[id].operands, at: graph[id].location)
    }
    sequences = form.sequences.filter { reach.contains(forward.inputs[$0]) }
    constants = form.constants.filter { reach.contains(forward.inputs[$0]) }
    stackSources = stackValues.map { value in
      if let place = cut.firstIndex(of: value) { return .residual(place) }
      if let number = stepped.firstIndex(of: value) { return .sequence(number) }
      return .output(stackOutputs.firstIndex(of: value)!)
    }
    let arguments =
      try dCarries.map { try trace.lift($0) } + sums + cut + sequences.map { forward.inputs[$0] }
      + dSteps.map { try trace.lift($0) } + constants.map { forward.inputs[$0] }
    body = try graph.function(of: arguments, giving: outputs)
  }
}

/// A term of a constant's cotangent that is linear in values by step: Σ over steps of a sum or a product of them.
private struct Stack {
  /// The operand of the loop.
  var operand: Int
  /// The body's value that is stacked, or both factors, as numbers among those that are stacked.
  var values: [Int]
  var op: any Op
  /// What is done to the whole: transposes and reshapes that the step did.
  var after: [any Op] = []

  /// Nil where the term is none of these.
  init?(_ graph: Graph, _ term: NodeID, _ operand: Int, _ fixed: Set<NodeID>, _ outputs: inout [NodeID]) {
    self.operand = operand
    var id = term
    var views: [any Op] = []
    while graph[id].op is Transpose || graph[id].op is Reshape {
      views.append(graph[id].op)
      id = graph[id].operands[0]
    }
    after = views.reversed()
    if case .contraction(let axes) = graph.lowering(of: id), axes.lhsBatch.isEmpty {
      func shifted(_ axes: [Int]) -> [Int] { [0] + axes.map { $0 + 1 } }
      op = Contract(
        ContractionAxes(lhsContracting: shifted(axes.lhsContracting), rhsContracting: shifted(axes.rhsContracting)))
    } else if case .reduction(.sum, let axes) = graph.lowering(of: id) {
      op = Sum(axes: [0] + axes.map { $0 + 1 })
    } else {
      return nil
    }
    guard !graph[id].operands.contains(where: { fixed.contains($0) }) else { return nil }
    values = graph[id].operands.map { value in
      if let known = outputs.firstIndex(of: value) { return known }
      outputs.append(value)
      return outputs.count - 1
    }
  }

  func contribution(_ stacked: [Tensor]) throws -> Tensor {
    after.reduce(.apply(op, values.map { stacked[$0] })) { .apply($1, [$0]) }
  }
}

extension Trace {
  /// Appends a copy of a node of another graph whose operands have the same numbers here.
  fileprivate func copy(_ node: Node) throws {
    let operands = node.operands.map { Tensor(node: $0, of: self, type: graph[$0].type) }
    let tensor = record { pinned(to: node.location, adjointOf: node.adjointOf) { Tensor.apply(node.op, operands) } }
    if case .failure(let error) = tensor.storage { throw error }
  }
}

extension Graph {
  /// The terms of a sum.
  fileprivate func terms(_ id: NodeID) -> [NodeID] {
    self[id].op is Add ? self[id].operands.flatMap { terms($0) } : [id]
  }

  /// The nodes among the first `count` at which to cut so that `results` can be computed from there on: inputs, and values that
  /// cost more than to read them. What lies between is cheap.
  fileprivate func reach(_ results: [NodeID], keeping count: Int) -> [NodeID] {
    var seen = [Bool](repeating: false, count: nodes.count)
    var cut: [NodeID] = []
    var stack = results
    while let id = stack.popLast() {
      guard !seen[id.index] else { continue }
      seen[id.index] = true
      let isCheap = lowering(of: id).isCheap
      let source = if case .result = lowering(of: id) { self[id].operands[0] } else { id }
      if source.index < count, !isCheap { cut.append(id) } else { stack += self[id].operands }
    }
    return cut.sorted()
  }
}
