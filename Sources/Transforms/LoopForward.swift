// Forward mode and batching of loops: the same loop with tangents beside its carries, and the same loop for a whole batch.

import DescentIR
import DescentOps

extension LoopForm {
  /// The tangents of a loop's results, from its operands and their tangents, nil where zero. The loop is run again with them.
  func pushForward(_ operands: [Tensor], _ dx: [Tensor?]) throws -> [Tensor?] {
    let moving = (0..<carries).filter { body[body.inputs[$0]].type.dtype.isFloating }
    let given = (carries..<operands.count).filter { dx[$0] != nil }
    let sequenceTangents = given.filter { $0 < carries + sequences },
      constantTangents = given.filter { $0 >= carries + sequences }
    let stepped = (carries..<resultTypes.count).filter { resultTypes[$0].dtype.isFloating }

    let trace = Trace()
    let outputs = try trace.record { () throws -> [Tensor] in
      func inputs(_ numbers: some Sequence<Int>) -> [Tensor] {
        numbers.map { trace.input("\($0)", body[body.inputs[$0]].type) }
      }
      let own = inputs(0..<carries), ownTangents = inputs(moving)
      let slices = inputs(carries..<carries + sequences), sliceTangents = inputs(sequenceTangents)
      let constants = inputs(carries + sequences..<operands.count), constantsTangents = inputs(constantTangents)
      let tensors = try body.replay(own + slices + constants)
      let tangentInputs: [Tensor] = ownTangents + sliceTangents + constantsTangents
      let variables = zip(moving + given, tangentInputs).map { (node: body.inputs[$0], tangent: $1) }
      let results = body.outputs.map { tensors[$0.index]! }
      let wanted = moving + stepped
      let tangents = try body.pushForward(variables, to: wanted.map { body.outputs[$0] }) { tensors[$0.index]! }
      let filled: [Tensor] = zip(wanted, tangents).map { $1 ?? zerosLike(results[$0]) }
      var all: [Tensor] = Array(results[..<carries])
      all += filled[..<moving.count]
      all += results[carries...]
      all += filled[moving.count...]
      return all
    }
    let wide = LoopForm(
      body: try trace.finish(outputs.map { ("", $0) }), carries: carries + moving.count,
      sequences: sequences + sequenceTangents.count,
      length: length, isReversed: isReversed)
    var all: [Tensor] = Array(operands[..<carries])
    all += moving.map { dx[$0] ?? zerosLike(operands[$0]) }
    all += operands[carries..<carries + sequences]
    all += sequenceTangents.map { dx[$0]! }
    all += operands[(carries + sequences)...]
    all += constantTangents.map { dx[$0]! }
    let results = Tensor.loop(wide, all)
    var tangents = [Tensor?](repeating: nil, count: resultTypes.count)
    for (place, number) in moving.enumerated() { tangents[number] = results[carries + place] }
    let firstStepped = resultTypes.count + moving.count
    for (place, number) in stepped.enumerated() { tangents[number] = results[firstStepped + place] }
    return tangents
  }

  /// The loop's results for a batch, and which of them carry the batch axis in front.
  func batched(_ operands: [Tensor], _ flags: [Bool], _ size: Int, at location: SourceLocation?) throws -> (
    results: [Tensor], flags: [Bool]
  ) {
    var flags = flags
    // A carry that becomes batched in a step is batched from the start; that may make others so.
    while true {
      let (form, results) = try batchedBody(flags, size)
      let more = (0..<carries).filter { results[$0] && !flags[$0] }
      for number in more { flags[number] = true }
      guard more.isEmpty else { continue }
      if length == nil, flags[0] {
        throw DescentError(
          .usage,
          "vmap of a whileLoop whose condition differs between the elements of the batch; use scan with a select",
          at: location)
      }
      let moved = operands.enumerated().map { number, operand -> Tensor in
        if number < carries {
          return flags[number] && operand.type != form.operandTypes[number]
            ? batchAll([operand], [false], size)[0] : operand
        }
        return flags[number] && number < carries + sequences ? moveAxis(operand, from: 0, to: 1) : operand
      }
      let tensors = Tensor.loop(form, moved, at: location)
      let outward = tensors.enumerated().map { number, tensor in
        number >= carries && results[number] ? moveAxis(tensor, from: 1, to: 0) : tensor
      }
      return (outward, (0..<results.count).map { $0 < carries ? flags[$0] : results[$0] })
    }
  }

  private func batchedBody(_ flags: [Bool], _ size: Int) throws -> (form: LoopForm, results: [Bool]) {
    let trace = Trace()
    var form = self
    var results: [Bool] = []
    let outputs = try trace.record { () throws -> [Tensor] in
      let inputs = body.inputs.enumerated().map { number, id in
        trace.input(body.label(ofInput: number), flags[number] ? body[id].type.batched(size) : body[id].type)
      }
      let (tensors, isBatched) = try body.replay(inputs, batched: flags, size: size)
      results = body.outputs.map { isBatched[$0.index] }
      return body.outputs.enumerated().map { number, id in
        number < carries && flags[number]
          ? batchAll([tensors[id.index]!], [isBatched[id.index]], size)[0] : tensors[id.index]!
      }
    }
    form.body = try trace.finish(zip(body.outputLabels, outputs).map { ($0, $1) })
    return (form, results)
  }
}
