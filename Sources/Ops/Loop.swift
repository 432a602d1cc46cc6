// A body run step after step, and the nodes that take its results apart. `scan` and `whileLoop` make them; differentiation
// and batching of a loop are made of those of its body, and stand with the transforms.

import DescentIR

/// A loop. Its value is a token of no elements; `LoopResult` nodes have the results.
package struct Loop: Op {
  package var form: LoopForm

  package init(_ form: LoopForm) { self.form = form }
  package static let name = "loop"
  package static let documentation = "carries and step results, again and again, of a body"
  package static let onnxName: String? = nil
  package static func samples(_ real: DType) -> [Sample] { [] }
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

  package static let token = TensorType(.f32, [0])

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
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
    return Self.token
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    preconditionFailure("a loop is differentiated by its body")
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    preconditionFailure("a loop is evaluated by its body")
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    preconditionFailure("a loop is batched by its body")
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .loop(form) }
}

/// One of a loop's results.
package struct LoopResult: Op {
  package var number: Int
  package var type: TensorType

  package init(_ number: Int, _ type: TensorType) {
    self.number = number
    self.type = type
  }
  package static let name = "result"
  package static let documentation = "Result `number` of a loop."
  package static let onnxName: String? = nil
  package static func samples(_ real: DType) -> [Sample] { [] }
  package init(_ a: Attributes) throws {
    self.init(try a.int("number"), TensorType(try a.dtype("dtype"), Shape(try a.ints("shape"))))
  }
  package var attributes: Attributes {
    ["number": .int(number), "dtype": .dtype(type.dtype), "shape": .ints(type.shape.dimensions)]
  }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    guard operands[0] == Loop.token else {
      throw DescentError(.verification, "a result of \(operands[0]), which is no loop")
    }
    return type
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    preconditionFailure("a loop is differentiated by its body")
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    preconditionFailure("a loop is evaluated by its body")
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    preconditionFailure("a loop is batched by its body")
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .result(number) }
}
