// Step 1 of a loop's adjoint: one step of the loop, and behind it what takes cotangents back through the step.

import DescentIR
import DescentOps

/// One step of a loop, node for node as in its body, and its vector-Jacobian product.
struct LinearizedStep {
  /// A node that belongs to an operand or a result of the loop, by its number.
  struct Numbered {
    var number: Int
    var node: NodeID
  }
  let form: LoopForm
  /// Where it is built: the body's nodes have the same numbers as there, and what follows is the adjoint.
  let trace: Trace
  /// The cotangents that come in, which are inputs: of the carries after the step, and of its results.
  let carriesIn, resultsIn: [Numbered]
  /// The cotangents that go out: of the carries before the step, of its slices, and of constants, for this step alone.
  let carriesOut, slicesOut, constantsOut: [Numbered]

  /// `given` are the results of the loop that have cotangents, `needed` says which operands' are wanted.
  init(_ form: LoopForm, given: Set<Int>, needed: [Bool]) throws {
    let body = form.body
    let trace = Trace(extending: body)
    func isReal(_ number: Int) -> Bool { body[body.inputs[number]].type.dtype.isFloating }
    func inputs(_ numbers: [Int]) throws -> [Numbered] {
      try numbers.map {
        Numbered(number: $0, node: try trace.lift(trace.input("d.\($0)", body[body.outputs[$0]].type)))
      }
    }
    // A carry has a cotangent where the first one's is wanted, or what depends on it reaches a result that has one.
    let carried = form.carries.filter(isReal)
    carriesIn = try inputs(carried)
    resultsIn = try inputs(form.stepResults.filter(given.contains))
    let wanted = carried + body.inputs.indices.dropFirst(form.carries.count).filter { needed[$0] && isReal($0) }

    let graph = trace.graph
    let roots = (carriesIn + resultsIn).map { (node: body.outputs[$0.number], cotangent: trace.tensor($0.node)) }
    let parts = try trace.record {
      try graph.pullBack(roots, to: wanted.map { body.inputs[$0] }, tensor: trace.tensor)
    }
    carriesOut = try trace.record {
      try zip(carried, parts).map { number, part in
        Numbered(number: number, node: try trace.lift(part ?? filled(0, body[body.inputs[number]].type)))
      }
    }
    func outputs(_ numbers: Range<Int>) throws -> [Numbered] {
      try zip(wanted, parts).compactMap { number, part in
        guard numbers.contains(number), let part else { return nil }
        return Numbered(number: number, node: try trace.lift(part))
      }
    }
    constantsOut = try outputs(form.constants)
    slicesOut = try outputs(form.sequences)
    (self.form, self.trace) = (form, trace)
  }

  /// The loop's operand that a node of the step stands for; nil where it is no input of the body.
  func operand(_ id: NodeID) -> Int? { form.body.inputs.firstIndex(of: id) }
}
