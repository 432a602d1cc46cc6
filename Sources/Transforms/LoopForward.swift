// Forward mode and batching of loops: the same loop with tangents beside its carries, and the same loop for a whole batch.

import DescentIR
import DescentOps

extension LoopForm {
  /// The tangents of a loop's results, from its operands and their tangents, nil where zero. The loop is run again with them.
  func pushForward(_ operands: [Tensor], _ dx: [Tensor?]) throws -> [Tensor?] {
    let moving = carries.filter { body[body.inputs[$0]].type.dtype.isFloating }
    let sequenceTangents = sequences.filter { dx[$0] != nil }, constantTangents = constants.filter { dx[$0] != nil }
    let given = sequenceTangents + constantTangents
    let stepped = stepResults.filter { resultTypes[$0].dtype.isFloating }

    let trace = Trace()
    let outputs = try trace.record { () throws -> [Tensor] in
      func inputs(_ numbers: some Sequence<Int>) -> [Tensor] {
        numbers.map { trace.input("\($0)", body[body.inputs[$0]].type) }
      }
      let own = inputs(carries), ownTangents = inputs(moving)
      let slices = inputs(sequences), sliceTangents = inputs(sequenceTangents)
      let fixed = inputs(constants), fixedTangents = inputs(constantTangents)
      let tensors = try body.replay(own + slices + fixed)
      let tangentInputs: [Tensor] = ownTangents + sliceTangents + fixedTangents
      let variables = zip(moving + given, tangentInputs).map { (node: body.inputs[$0], tangent: $1) }
      let results = body.outputs.map { tensors[$0.index]! }
      let wanted = moving + stepped
      let tangents = try body.pushForward(variables, to: wanted.map { body.outputs[$0] }) { tensors[$0.index]! }
      let filled: [Tensor] = zip(wanted, tangents).map { $1 ?? zerosLike(results[$0]) }
      var all: [Tensor] = Array(results[carryResults])
      all += filled[..<moving.count]
      all += results[stepResults]
      all += filled[moving.count...]
      return all
    }
    let wide = LoopForm(
      body: try trace.finish(outputs.map { ("", $0) }), carries: carries.count + moving.count,
      sequences: sequences.count + sequenceTangents.count,
      length: length, isReversed: isReversed)
    var all: [Tensor] = Array(operands[carries])
    all += moving.map { dx[$0] ?? zerosLike(operands[$0]) }
    all += operands[sequences]
    all += sequenceTangents.map { dx[$0]! }
    all += operands[constants]
    all += constantTangents.map { dx[$0]! }
    let results = Tensor.loop(wide, all)
    var tangents = [Tensor?](repeating: nil, count: resultTypes.count)
    for (place, number) in moving.enumerated() { tangents[number] = results[carries.count + place] }
    let firstStepped = resultTypes.count + moving.count
    for (place, number) in stepped.enumerated() { tangents[number] = results[firstStepped + place] }
    return tangents
  }

  /// The loop's results again, of operands of which some carry a batch axis in front, and which of them carry it.
  func replay(_ operands: [Tensor], batched: [Bool], size: Int, at location: SourceLocation?) throws -> (
    results: [Tensor], flags: [Bool]
  ) {
    let (results, flags) =
      batched.contains(true)
      ? try self.batched(operands, batched, size, at: location)
      : (Tensor.loop(self, operands), resultTypes.map { _ in false })
    for result in results {
      if case .failure(var error) = result.storage {
        error.location = location ?? error.location
        throw error
      }
    }
    return (results, flags)
  }

  private func batched(_ operands: [Tensor], _ flags: [Bool], _ size: Int, at location: SourceLocation?) throws -> (
    results: [Tensor], flags: [Bool]
  ) {
    var flags = flags
    // A carry that becomes batched in a step is batched from the start; that may make others so.
    while true {
      let (form, results) = try batchedBody(flags, size)
      let more = carries.filter { results[$0] && !flags[$0] }
      for number in more { flags[number] = true }
      guard more.isEmpty else { continue }
      if length == nil, flags[0] { return try batchedWhile(operands, flags, size, at: location) }
      let moved = operands.enumerated().map { number, operand -> Tensor in
        if carries.contains(number) {
          return flags[number] && operand.type != form.operandTypes[number]
            ? batchAll([operand], [false], size)[0] : operand
        }
        return flags[number] && sequences.contains(number) ? moveAxis(operand, from: 0, to: 1) : operand
      }
      let tensors = Tensor.loop(form, moved, at: location)
      let outward = tensors.enumerated().map { number, tensor in
        stepResults.contains(number) && results[number] ? moveAxis(tensor, from: 1, to: 0) : tensor
      }
      return (outward, results.indices.map { carries.contains($0) ? flags[$0] : results[$0] })
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
        carries.contains(number) && flags[number]
          ? batchAll([tensors[id.index]!], [isBatched[id.index]], size)[0] : tensors[id.index]!
      }
    }
    form.body = try trace.finish(zip(body.outputLabels, outputs).map { ($0, $1) })
    return (form, results)
  }

  /// A loop whose condition differs between the elements of a batch goes on as long as one of them does; those that have ended keep
  /// what they have.
  private func batchedWhile(
    _ operands: [Tensor], _ flags: [Bool], _ size: Int, at location: SourceLocation?
  ) throws -> (results: [Tensor], flags: [Bool]) {
    var flags = flags
    for number in carries { flags[number] = true }
    let (form, _) = try batchedBody(flags, size)
    let trace = Trace()
    let outputs = try trace.record { () throws -> [Tensor] in
      _ = trace.input("goesOn", TensorType(.bool, []))
      let inputs = form.body.inputs.enumerated().map { trace.input("\($0)", form.body[$1].type) }
      let tensors = try form.body.replay(inputs)
      let goesOn = inputs[0]
      let next = form.body.outputs.enumerated().map { number, id -> Tensor in
        let new = tensors[id.index]!
        if number == 0 { return goesOn .& new }
        let wide = reshape(goesOn, Shape([size] + [Int](repeating: 1, count: new.rank - 1)))
        return `where`(wide, new, inputs[number])
      }
      return [any(next[0])] + next
    }
    let wide = LoopForm(
      body: try trace.finish(outputs.map { ("", $0) }), carries: carries.count + 1, sequences: 0, length: nil)
    let moved = operands.enumerated().map { number, operand in
      carries.contains(number) && operand.type != form.operandTypes[number]
        ? batchAll([operand], [false], size)[0] : operand
    }
    let results = Tensor.loop(wide, [any(moved[0])] + moved, at: location)
    return (Array(results.dropFirst()), resultTypes.map { _ in true })
  }
}
