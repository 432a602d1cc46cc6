// What calls must do, told from their nodes: what `profile` shows, and what a step's time is compared with.

import DescentIR
import DescentPasses

extension StepPlan {
  /// What a call must do: floating-point operations (a multiply-add is two, a pointwise operation one an element), and
  /// bytes that it must read and write at least once. Of an array from which rows are picked only as many count as are
  /// picked. A loop does at each step what its body does.
  package func cost(ofCall index: Int) -> (operations: Double, bytes: Double) {
    let function = functions[calls[index].function]
    if let scan = function.scan {
      let steps = Double(scan.length ?? 1)
      let all = scan.body.calls.indices.map(scan.body.cost)
      return (steps * all.reduce(0) { $0 + $1.operations }, steps * all.reduce(0) { $0 + $1.bytes })
    }
    let graph = schedule.graph
    var operations = 0.0, space = 0
    // Where parts are joined the sum itself has been counted.
    let joins = function.parameters.contains { if case .partial = $0.buffer { !$0.isWritten } else { false } }
    for id in calls[index].nodes {
      let node = graph[id]
      if joins, case .anchor = graph.lowering(of: id).role { continue }
      let types = node.operands.map { graph[$0].type }
      var points = node.type.shape.count
      switch graph.lowering(of: id) {
      case .contraction(let axes):
        points *= axes.lhsContracting.reduce(1) { $0 * types[0].shape[$1] }
        operations += 2 * Double(points)
      case .reduction, .argmax, .fold:
        points = types[0].shape.count
        operations += Double(points)
      case .scatter:
        points = max(points, types[2].shape.count)
        operations += Double(types[2].shape.count)
      case .pointwise: if node.type.dtype.isFloating { operations += Double(points) }
      case .matrices(let kernel):
        points = max(points, types.reduce(0) { $0 + $1.shape.count })
        operations += 2 * Double(node.type.shape.count / max(kernel.result, 1) * kernel.work)
      case .input, .constant, .iota, .view, .reshape, .pad, .concatenate, .gather, .loop, .result, .random, .print:
        break
      }
      space = max(space, points)
    }
    let bytes = calls[index].arrays.reduce(0.0) { $0 + Double(min($1.shape.count, space) * $1.dtype.byteSize) }
    return (operations, bytes)
  }
}
