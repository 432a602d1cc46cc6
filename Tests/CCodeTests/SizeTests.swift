// How programs grow with their graphs: kernels are bounded, so that compilers see functions of a bounded length; nothing recurses
// along a chain of operations, and nothing is done twice for each operation of one.

import DescentIR
import DescentLoops
import DescentOps
import DescentPasses
import DescentTransforms
import Testing

@Suite struct SizeTests {
  private static let type = TensorType(.f32, [64])

  /// Each kernel computes a bounded number of nodes, those that are written where they are used included.
  private func check(_ plan: StepPlan, _ name: String) {
    for function in plan.functions {
      var defined = 0
      function.body.forEachStatement { statement in
        for x in statement.expressions { x.forEach { if case .call = $0 { defined += 1 } } }
      }
      #expect(
        function.nodes.count <= 97 && defined <= 300,
        "\(name): \(function.nodes.count) nodes, \(defined) calls in a function")
    }
  }

  @Test(arguments: [500, 5_000]) func chains(_ length: Int) throws {
    let graph = try traced([Self.type]) { x in
      [sum((0..<length / 2).reduce(x[0]) { y, i in sin(y) + Float(i) * 0.001 })]
    }
    let schedule = try fuse(try optimize(graph))
    check(StepPlan(schedule), "chain of \(length)")
    #expect(schedule.kernels.count <= length / 48 + 2)
  }

  /// A value that each step uses twice, under a sum: twice as many paths with each step.
  @Test func repeatedUses() throws {
    let graph = try traced([Self.type]) { x in
      [sum((0..<400).reduce(x[0]) { y, _ in square(y) * 0.5 + 0.1 })]
    }
    check(StepPlan(try fuse(try optimize(graph))), "squares")
  }

  /// Deep enough to overflow a stack, were anything recursive.
  @Test func depth() throws {
    let length = 100_000
    let graph = try traced([Self.type]) { x in [(0..<length).reduce(x[0]) { y, _ in sin(y) }] }
    let schedule = try fuse(try optimize(graph))
    #expect(schedule.kernels.reduce(0) { $0 + $1.members.count } == length)
    #expect(StepPlan(schedule).calls.count == schedule.kernels.count)
    let gradient = try traced([Self.type]) { x in
      let y = sum((0..<length / 10).reduce(x[0]) { y, _ in sin(y) })
      return try Trace.current!.gradients(of: y, withRespectTo: [x[0]])
    }
    _ = StepPlan(try fuse(try optimize(gradient)))
  }
}
