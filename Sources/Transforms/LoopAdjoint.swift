// The adjoint of a loop is a loop in the other direction, made in four steps, a file each: one step of the loop is linearised
// (LoopLinearization.swift), what the way back reads of it is chosen (LoopResiduals.swift), the steps are taken from the last to
// the first (LoopTranspose.swift), and sums over all steps are hoisted out of the loop (LoopAccumulation.swift).

import DescentIR
import DescentInterpreter
import DescentOps

extension LoopForm {
  /// The cotangents of a loop's operands from those of its results, by number; nil where an operand is not `needed`. `result`
  /// is any of the loop's results: where it is a node, its loop is made to keep more, and where it is a value, the loop is run
  /// again.
  func pullBack(
    _ operands: [Tensor], _ dys: [Int: Tensor], of result: Tensor, needed: [Bool], at location: SourceLocation?
  ) throws -> [Tensor?] {
    guard length != nil else {
      throw DescentError(
        .gradient,
        "whileLoop has no backward pass, since how many steps it takes is not known when it is compiled; use scan",
        at: location)
    }
    let forward = ForwardLoop(self, operands, result)
    let step = try LinearizedStep(forward.form, given: Set(dys.keys), needed: needed)
    let sums = try Accumulations(of: step)
    let residuals = try Residuals(of: step, for: sums)
    let backward = try BackwardLoop(of: step, sums, residuals)
    let starts = backward.starts(dys)
    let kept = try forward.results(keeping: residuals, at: location)
    let results = backward.run(starts, kept, operands, dys)
    var parts = backward.cotangents(results, needed: needed)
    sums.hoist(backward.stacked(results, kept, operands), to: &parts)
    return parts
  }
}

/// The loop that is taken back.
private struct ForwardLoop {
  let form: LoopForm
  private let operands: [Tensor]
  /// Where it stands; nil where it is in no trace.
  private let home: (trace: Trace, id: NodeID)?

  init(_ form: LoopForm, _ operands: [Tensor], _ result: Tensor) {
    self.operands = operands
    guard case .node(let trace, let id) = result.storage, let loop = trace.graph[id].operands.first,
      case .loop(let now) = trace.graph[loop].op.kind
    else {
      (self.form, home) = (form, nil)
      return
    }
    // Another derivative may have made it keep something already.
    (self.form, home) = (now, (trace, loop))
  }

  /// All steps' residuals, which the loop is made to keep.
  func results(keeping residuals: Residuals, at location: SourceLocation?) throws -> [Tensor] {
    let (form, numbers) = residuals.kept(by: form)
    guard let home else {
      let results = Tensor.loop(form, operands)
      return numbers.map { results[$0] }
    }
    try home.trace.replace(home.id, by: Loop(form))
    return try numbers.map { home.trace.tensor(try home.trace.append(LoopResult($0), [home.id], at: location)) }
  }
}

extension Tensor {
  /// The results of a loop in the trace in force; where there is none, evaluated.
  static func loop(_ form: LoopForm, _ operands: [Tensor], at location: SourceLocation? = nil) -> [Tensor] {
    do {
      guard let trace = Trace.current else {
        return try form.evaluate(operands.map { try $0.value }).map { Tensor($0) }
      }
      let loop = try trace.append(Loop(form), try operands.map { try trace.lift($0) }, at: location)
      return try form.resultTypes.indices.map { trace.tensor(try trace.append(LoopResult($0), [loop], at: nil)) }
    } catch {
      let error = error as? DescentError ?? DescentError(.verification, "\(error)", at: location)
      return form.resultTypes.map { Tensor(failure: error, type: $0) }
    }
  }
}
