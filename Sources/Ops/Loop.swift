// A body run step after step, and the nodes that take its results out. `scan` and `whileLoop` make them. They have no rules of
// their own: a loop is evaluated, differentiated and batched by its body, where a graph is (Interpreter, Transforms).

import DescentIR

/// A loop. It gives several tensors, which `LoopResult` nodes take out.
package struct Loop: NodeOp {
  package var form: LoopForm

  package init(_ form: LoopForm) { self.form = form }
  package static let name = "loop"
  package static let documentation = "carries and step results, again and again, of a body"
  package init(_ a: Attributes) throws {
    let (body, carries, sequences) = (try a.graph("body"), try a.int("carries"), try a.int("sequences"))
    let length = try a.optionalInt("length")
    guard carries >= 0, sequences >= 0, carries <= body.inputs.count, sequences <= body.inputs.count - carries,
      carries <= body.outputs.count, length ?? 0 >= 0
    else {
      throw DescentError(
        .verification,
        "a loop of \(carries) carries, \(sequences) sequences\(length.map { " and \($0) steps" } ?? "") over another body"
      )
    }
    form = LoopForm(
      body: body, carries: carries, sequences: sequences, length: length, isReversed: try a.bool("reversed"))
  }
  package var attributes: Attributes {
    var all: Attributes = ["carries": .int(form.carries.count), "sequences": .int(form.sequences.count)]
    if let length = form.length { all.entries.append(("length", .int(length))) }
    all.entries += [("reversed", .bool(form.isReversed)), ("body", .graph(form.body))]
    return all
  }

  package var kind: NodeKind { .loop(form) }

  package func result(_ operands: [NodeResult]) throws -> NodeResult {
    let operands = try tensors(operands)
    guard operands == form.operandTypes else {
      throw DescentError(.type, "a loop over \(form.operandTypes) was given \(operands)")
    }
    for (number, (input, output)) in zip(form.body.inputs, form.body.outputs).prefix(form.carries.count).enumerated()
    where form.body[input].type != form.body[output].type {
      throw DescentError(
        .type,
        "carry \(number) (\(form.body.label(ofInput: number))) goes into a step as \(form.body[input].type) and comes out as"
          + " \(form.body[output].type); it must keep its type", at: form.body[output].location)
    }
    if form.length == nil {
      guard !form.carries.isEmpty, form.sequences.isEmpty, form.stepResults.isEmpty,
        operands[0] == TensorType(.bool, [])
      else {
        throw DescentError(
          .type,
          "a loop without a length goes on while its first carry, a bool scalar, is true, and has no step results")
      }
    }
    return .several(try form.resultTypes.map(checked))
  }
}

/// One of a loop's results.
package struct LoopResult: NodeOp {
  package var number: Int

  package init(_ number: Int) { self.number = number }
  package static let name = "result"
  package static let documentation = "Result `number` of a loop."
  package init(_ a: Attributes) throws { self.init(try a.int("number")) }
  package var attributes: Attributes { ["number": .int(number)] }
  package var kind: NodeKind { .result(number) }

  package func result(_ operands: [NodeResult]) throws -> NodeResult {
    guard operands.count == 1, case .several(let types) = operands[0], types.indices.contains(number) else {
      throw DescentError(
        .verification, "result \(number) of \(operands.map(\.description).joined(separator: ", ")), which has no such")
    }
    return .tensor(types[number])
  }
}
