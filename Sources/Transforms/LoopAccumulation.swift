// Step 4 of a loop's adjoint, which begins before the others: a constant's cotangent is a sum over the steps. Terms that are
// products, or sums, of values by step are hoisted out of the loop: one product over all steps of them, after it. The rest is
// carried from step to step.

import DescentIR
import DescentOps

/// The sums over the steps of a loop that are its constants' cotangents.
struct Accumulations {
  /// A sum that the loop back carries, for the operand of this number: what it is before the step, and after it.
  struct Carried {
    var number: Int
    var before, after: NodeID
  }
  private(set) var carried: [Carried] = []
  private var hoisted: [HoistedSum] = []
  /// The values in a step of which hoisted sums take all steps'.
  private(set) var values: [NodeID] = []

  /// Divides the terms of the constants' cotangents; what is carried is added up in the step's trace.
  init(of step: LinearizedStep) throws {
    let fixed = Set(step.form.body.inputs[step.form.constants])
    for constant in step.constantsOut {
      let graph = step.trace.graph
      var rest: [NodeID] = []
      for term in graph.terms(constant.node) {
        if let sum = HoistedSum(graph, term, of: constant.number, fixed, &values) {
          hoisted.append(sum)
        } else {
          rest.append(term)
        }
      }
      if !rest.isEmpty { carried.append(try step.sum(rest, for: constant.number)) }
    }
  }

  /// Adds the hoisted sums to the cotangents of the loop's operands. `stacked` are all steps' values, as `values` are listed.
  func hoist(_ stacked: [Tensor], to cotangents: inout [Tensor?]) {
    for sum in hoisted {
      let part = sum.evaluated(stacked)
      cotangents[sum.number] = cotangents[sum.number].map { $0 + part } ?? part
    }
  }
}

extension LinearizedStep {
  /// Terms of a constant's cotangent added to a further input, the sum of the steps before.
  fileprivate func sum(_ terms: [NodeID], for number: Int) throws -> Accumulations.Carried {
    try trace.record {
      let before = trace.input("sum.\(number)", form.operandTypes[number])
      let tensors = terms.map(trace.tensor)
      let after = before + tensors.dropFirst().reduce(tensors[0], +)
      return Accumulations.Carried(number: number, before: try trace.lift(before), after: try trace.lift(after))
    }
  }
}

/// A term of a constant's cotangent that is linear in values by step: a sum over the steps, of them or of a product of two.
private struct HoistedSum {
  /// The operand of the loop.
  let number: Int
  /// What sums over the steps as well, taking a value of all steps, or both factors: numbers among the values asked for.
  private let op: any Op
  private let values: [Int]
  /// What is done to the whole: transposes and reshapes that the step did.
  private let views: [any Op]

  /// Nil where the term is none of these, or takes an input that is the same at each step.
  init?(_ graph: Graph, _ term: NodeID, of number: Int, _ fixed: Set<NodeID>, _ asked: inout [NodeID]) {
    var id = term
    var views: [any Op] = []
    while case .operation(let view) = graph[id].op.kind, view is Transpose || view is Reshape {
      views.append(view)
      id = graph[id].operands[0]
    }
    func shifted(_ axes: [Int]) -> [Int] { [0] + axes.map { $0 + 1 } }
    if case .contraction(let axes) = graph.lowering(of: id), axes.lhsBatch.isEmpty {
      op = Contract(
        ContractionAxes(lhsContracting: shifted(axes.lhsContracting), rhsContracting: shifted(axes.rhsContracting)))
    } else if case .reduction(.sum, let axes) = graph.lowering(of: id) {
      op = Sum(axes: shifted(axes))
    } else {
      return nil
    }
    guard !graph[id].operands.contains(where: fixed.contains) else { return nil }
    values = graph[id].operands.map { value in
      if let known = asked.firstIndex(of: value) { return known }
      asked.append(value)
      return asked.count - 1
    }
    self.number = number
    self.views = views.reversed()
  }

  func evaluated(_ stacked: [Tensor]) -> Tensor {
    views.reduce(.apply(op, values.map { stacked[$0] })) { .apply($1, [$0]) }
  }
}

extension Graph {
  /// The terms of a sum.
  fileprivate func terms(_ id: NodeID) -> [NodeID] {
    self[id].op is Add ? self[id].operands.flatMap { terms($0) } : [id]
  }
}
