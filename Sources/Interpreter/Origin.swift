// Where a number that is NaN or infinite came from: from an element of a result back, node by node, to the operation that made
// it of finite numbers, or to the input or constant that it always was. One element is followed, through views to where it
// lies, through sums to a term that is not finite, through choices to the arm that was chosen; so masks of -infinity and arms
// that were not taken lead nowhere. The interpreter evaluates the graph twice: to learn which values are not finite, and to
// keep those and what they were made of.

import DescentIR

/// What a number that is not finite came from.
package struct Origin: Sendable {
  package enum Maker: Sendable, Hashable { case operation, input, constant }
  package var maker: Maker
  /// What happened, in words.
  package var message: String
  /// The line of the user's program, where there is one.
  package var location: SourceLocation?
}

extension Graph {
  /// The origin of the first NaN of an output, or of its first infinity; nil where all its numbers are finite.
  package func origin(ofOutput number: Int, _ inputs: [HostArray]) throws -> Origin? {
    var walk = Walk()
    guard let end = try walk.follow(self, inputs, output: number, element: nil) else { return nil }
    switch end {
    case .origin(let origin): return walk.completed(origin)
    case .input(let index, let element):
      let value = inputs[index].number(element)
      let origin = Origin(
        maker: .input,
        message: "the input '\(label(ofInput: index))' holds \(value.word)\(inputs[index].shape.place(element))",
        location: nil)
      return walk.completed(origin)
    }
  }
}

/// One way back, through a graph and the bodies of its loops.
private struct Walk {
  enum End {
    case origin(Origin)
    /// An input of the graph and its element.
    case input(Int, element: Int)
  }
  /// The operation that made NaN of what was infinite.
  private var nanMaker: Node?
  /// The last operation on the way that was no view, by which a constant is told.
  private var taker: Node?
  /// Loops that were entered, the innermost first.
  private var steps: [String] = []

  /// The origin with what was met on the way.
  func completed(_ origin: Origin) -> Origin {
    var origin = origin
    origin.message += steps.map { ", \($0)" }.joined()
    if let nanMaker { origin.message += "; \(nanMaker.title)\(nanMaker.line) made NaN of that" }
    return origin
  }

  /// Follows an element of an output, the first that is not finite where none is given; nil where it is finite.
  mutating func follow(_ graph: Graph, _ inputs: [HostArray], output: Int, element: Int?) throws -> End? {
    var isFinite = [Bool](repeating: true, count: graph.nodes.count)
    let result = try graph.evaluate(inputs) { isFinite[$0.index] = $1.isFinite }[output]
    guard var element = element ?? result.firstBad, !result.number(element).isFinite else { return nil }
    var id = graph.outputs[output]
    let values = try graph.values(leadingTo: id, inputs, isFinite)
    while true {
      let node = graph[id]
      let value = values[id]!.number(element)
      var next: (operand: NodeID, element: Int)?
      switch graph.lowering(of: id) {
      case .input: return .input((node.op as! Input).index, element: element)
      case .constant: return .origin(constant(value, node))
      case .result(let number):
        let loop = graph[node.operands[0]]
        guard case .loop(let form) = graph.lowering(of: node.operands[0]) else { return nil }
        switch try enter(form, loop, loop.operands.map { values[$0]! }, result: number, element: element) {
        case .input(let operand, let inner): next = (loop.operands[operand], inner)
        case let end: return end
        }
      case .view, .reshape, .print: break
      case .iota, .pointwise, .pad, .concatenate, .fold, .reduction, .argmax, .contraction, .gather, .scatter, .loop,
        .matrices, .random:
        taker = node
      }
      if next == nil {
        let sources = node.sources(of: element, node.operands.map { values[$0]! }, graph.lowering(of: id))
        guard
          let source = node.cause(
            of: value, element, sources, node.operands.map { values[$0]! }, graph.lowering(of: id))
        else {
          return .origin(made(value, element, node, sources, node.operands.map { values[$0]! }))
        }
        next = (node.operands[source.operand], source.element)
        if value.isNaN, !values[node.operands[source.operand]]!.number(source.element).isNaN { nanMaker = node }
      }
      (id, element) = next!
    }
  }

  /// Follows an element of a loop's result through its steps, from the one that gave it to the first.
  private mutating func enter(
    _ form: LoopForm, _ loop: Node, _ operands: [HostArray], result: Int, element: Int
  ) throws -> End? {
    var inputs: [[HostArray]] = []
    _ = try form.evaluate(operands) { inputs.append($0) }
    var (output, element, step) = (result, element, inputs.count - 1)
    // A carry that no step has touched.
    if step < 0 { return .input(output, element: element) }
    /// Where the slices and results of a step lie, which are taken from the last in a loop that runs backward.
    func position(_ step: Int) -> Int { form.isReversed ? inputs.count - 1 - step : step }
    if form.stepResults.contains(result) {
      let size = form.body[form.body.outputs[result]].type.shape.count
      (step, element) = (position(element / size), element % size)
    }
    while true {
      guard let end = try follow(form.body, inputs[step], output: output, element: element) else { return nil }
      guard case .input(let input, let inner) = end else {
        steps.append(
          "in step \(step + 1) of \(inputs.count) of the \(loop.adjointOf == nil ? "" : "backward ")loop\(loop.line)")
        return end
      }
      if !form.carries.contains(input) {
        let isSlice = form.sequences.contains(input)
        return .input(input, element: isSlice ? position(step) * inputs[step][input].count + inner : inner)
      }
      if step == 0 { return .input(input, element: inner) }
      (output, element, step) = (input, inner, step - 1)
    }
  }

  private func constant(_ value: Double, _ node: Node) -> Origin {
    let place = taker ?? node
    return Origin(
      maker: .constant, message: "\(taker.map { "\($0.title) took" } ?? "an output is") the constant \(value.word)",
      location: place.location)
  }

  private func made(_ value: Double, _ element: Int, _ node: Node, _ sources: [Source], _ operands: [HostArray])
    -> Origin
  {
    let reals = operands.indices.filter { operands[$0].dtype.isFloating }
    var numbers = "finite numbers"
    if reals.isEmpty || sources.isEmpty {
      numbers = "nothing"
    } else if sources.count <= reals.count {
      numbers = sources.map { operands[$0.operand].shown($0.element) }.joined(separator: " and ")
    }
    let ranges = reals.map { operands[$0].range }.joined(separator: " and ")
    var message = "\(node.title) made \(value.word)\(node.type.shape.place(element)) of \(numbers)"
    if !reals.isEmpty { message += "; its operand\(reals.count == 1 ? " is" : "s are") \(ranges)" }
    return Origin(maker: .operation, message: message, location: node.location)
  }
}

extension Graph {
  /// The values of a node that is not finite and of all that it came from, as far as that is not finite, with their operands.
  fileprivate func values(leadingTo id: NodeID, _ inputs: [HostArray], _ isFinite: [Bool]) throws -> [NodeID: HostArray]
  {
    var isKept = [Bool](repeating: false, count: nodes.count)
    isKept[id.index] = true
    for id in ids.reversed() where isKept[id.index] {
      // What gives several tensors has no value itself.
      var leads = !isFinite[id.index]
      if case .several = self[id].result { leads = true }
      if leads { for operand in self[id].operands { isKept[operand.index] = true } }
    }
    var values: [NodeID: HostArray] = [:]
    _ = try evaluate(inputs) { if isKept[$0.index] { values[$0] = $1 } }
    return values
  }
}

extension Node {
  /// `'log' in the adjoint of 'x'`
  fileprivate var title: String { "'\(op.name)'" + (adjointOf.map { " in the adjoint of '\($0)'" } ?? "") }
  fileprivate var line: String { location.map { " at \($0)" } ?? "" }
}

extension Double {
  fileprivate var word: String { isNaN ? "NaN" : self > 0 ? "infinity" : "-infinity" }
}

extension Shape {
  /// ` in element [3,7]`; nothing for a scalar.
  fileprivate func place(_ element: Int) -> String {
    rank == 0 ? "" : " in element [\(index(of: element).map(String.init).joined(separator: ","))]"
  }
}

extension HostArray {
  /// Whether no element is NaN or infinite.
  package var isFinite: Bool { firstBad == nil }
  /// The first NaN, or the first infinity where there is none; nil where all numbers are finite.
  fileprivate var firstBad: Int? {
    switch storage {
    case .f32(let v): v.allSatisfy(\.isFinite) ? nil : v.firstIndex(where: \.isNaN) ?? v.firstIndex { !$0.isFinite }
    case .f64(let v): v.allSatisfy(\.isFinite) ? nil : v.firstIndex(where: \.isNaN) ?? v.firstIndex { !$0.isFinite }
    case .i32, .i64, .u8, .bool: nil
    }
  }
  fileprivate func shown(_ element: Int) -> String {
    if case .f32(let v) = storage { "\(v[element])" } else { "\(number(element))" }
  }
  /// The least and the greatest of the finite numbers: `f32[10] in 0.0...3.5`.
  fileprivate var range: String {
    let finite = (0..<count).lazy.filter { number($0).isFinite }
    guard let least = finite.min(by: { number($0) < number($1) }),
      let greatest = finite.max(by: { number($0) < number($1) })
    else {
      return "\(type) without a finite number"
    }
    return "\(type) in \(shown(least))...\(shown(greatest))"
  }
}
