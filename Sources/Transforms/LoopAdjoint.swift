// The adjoint of a loop is a loop in the other direction, made in four steps, a file each: one step of the loop is linearised
// (LoopLinearization.swift), what the way back reads of it is chosen (LoopResiduals.swift), the steps are taken from the last to
// the first (LoopTranspose.swift), and sums over all steps are hoisted out of the loop (LoopAccumulation.swift).

import DescentIR
import DescentInterpreter
import DescentOps

extension LoopForm {
  /// The cotangents of a loop's operands from those of its results, by number; nil where an operand is not `needed`. `token` is
  /// the loop itself; where its trace is open, it is made to keep more, and where it is gone, the loop is run again.
  func pullBack(
    _ token: Tensor, _ operands: [Tensor], _ dys: [Int: Tensor], needed: [Bool], at location: SourceLocation?
  ) throws -> [Tensor?] {
    guard length != nil else {
      throw DescentError(
        .gradient,
        "whileLoop has no backward pass, since how many steps it takes is not known when it is compiled; use scan",
        at: location)
    }
    let forward = ForwardLoop(self, token, operands)
    let step = try LinearizedStep(forward.form, given: Set(dys.keys), needed: needed)
    let sums = try Accumulations(of: step)
    let residuals = try Residuals(of: step, for: sums)
    let backward = try BackwardLoop(of: step, sums, residuals)
    let starts = backward.starts(dys)
    let kept = forward.results(keeping: residuals, at: location)
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
  /// Where it stands in a trace; nil where that is gone.
  private let home: (trace: Trace, token: Tensor, id: NodeID)?

  init(_ form: LoopForm, _ token: Tensor, _ operands: [Tensor]) {
    self.operands = operands
    guard case .node(let trace, let id) = token.storage else {
      (self.form, home) = (form, nil)
      return
    }
    home = (trace, token, id)
    // Another derivative may have made it keep something already.
    if case .loop(let now) = trace.graph.lowering(of: id) { self.form = now } else { self.form = form }
  }

  /// All steps' residuals, which the loop is made to keep.
  func results(keeping residuals: Residuals, at location: SourceLocation?) -> [Tensor] {
    let (form, numbers) = residuals.kept(by: form)
    guard let home else {
      let results = Tensor.loop(form, operands)
      return numbers.map { results[$0] }
    }
    home.trace.replace(home.id, by: Loop(form))
    return numbers.map {
      let type = form.resultTypes[$0]
      return home.trace.append(LoopResult($0, type), [home.token], at: location, guess: type)
    }
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
