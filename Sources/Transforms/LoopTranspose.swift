// Step 3 of a loop's adjoint: the loop back, which takes cotangents through the steps from the last to the first.

import DescentIR
import DescentOps

extension LinearizedStep {
  /// Values that hoisted sums take and that go by steps in no other way: neither carries, which are kept, nor slices.
  private func stacked(for sums: Accumulations) -> [NodeID] {
    sums.values.filter { operand($0) == nil }
  }

  /// What a step back gives: cotangents of carries, sums so far, then by step cotangents of slices and what hoisted sums take.
  func outputs(with sums: Accumulations) -> [(label: String, node: NodeID)] {
    carriesOut.map { ("d.\($0.number)", $0.node) } + sums.carried.map { ("sum.\($0.number)", $0.after) }
      + slicesOut.map { ("d.\($0.number)", $0.node) } + stacked(for: sums).map { ("stack.\($0.index)", $0) }
  }
}

/// The loop back: its form, and which operand or result stands where.
struct BackwardLoop {
  /// Takes cotangents of the last carries and zeros that sums begin with; by steps residuals, sequences and cotangents of step
  /// results; constants.
  let form: LoopForm
  private let step: LinearizedStep
  private let sums: Accumulations
  private let residuals: Residuals

  init(of step: LinearizedStep, _ sums: Accumulations, _ residuals: Residuals) throws {
    let forward = step.form
    func inputs(_ numbers: [Int]) -> [NodeID] { numbers.map { forward.body.inputs[$0] } }
    let carries = step.carriesIn.map(\.node) + sums.carried.map(\.before)
    let slices = residuals.cut + inputs(residuals.sequences) + step.resultsIn.map(\.node)
    form = LoopForm(
      body: try step.trace.graph.function(
        of: carries + slices + inputs(residuals.constants), giving: step.outputs(with: sums)),
      carries: carries.count, sequences: slices.count, length: forward.length, isReversed: !forward.isReversed)
    (self.step, self.sums, self.residuals) = (step, sums, residuals)
  }

  /// What its carries begin as, given cotangents of the forward loop's results by number.
  func starts(_ dys: [Int: Tensor]) -> [Tensor] {
    step.carriesIn.map { dys[$0.number] ?? filled(0, step.form.resultTypes[$0.number]) }
      + sums.carried.map { filled(0, step.form.operandTypes[$0.number]) }
  }

  /// Runs it, and gives its results. `operands` are the forward loop's, `kept` all steps' residuals.
  func run(_ starts: [Tensor], _ kept: [Tensor], _ operands: [Tensor], _ dys: [Int: Tensor]) -> [Tensor] {
    let slices = kept + residuals.sequences.map { operands[$0] } + step.resultsIn.map { dys[$0.number]! }
    return Tensor.loop(form, starts + slices + residuals.constants.map { operands[$0] })
  }

  /// The cotangents of the forward loop's operands that its results are.
  func cotangents(_ results: [Tensor], needed: [Bool]) -> [Tensor?] {
    var parts = [Tensor?](repeating: nil, count: needed.count)
    let numbers = step.carriesOut.map(\.number) + sums.carried.map(\.number) + step.slicesOut.map(\.number)
    for (number, result) in zip(numbers, results) where needed[number] { parts[number] = result }
    return parts
  }

  /// All steps' values that hoisted sums take: residuals and sequences, which the forward loop has, or results of this one.
  func stacked(_ results: [Tensor], _ kept: [Tensor], _ operands: [Tensor]) -> [Tensor] {
    var own = results.dropFirst(form.carries.count + step.slicesOut.count)
    return sums.values.map { value in
      let whole = step.operand(value).map { operands[$0] } ?? own.removeFirst()
      return residuals.cut.firstIndex(of: value).map { kept[$0] } ?? whole
    }
  }
}
