// What is told of the way from a graph to a step: why nodes are not one kernel, and what each step of lowering did.

import DescentIR
import DescentLoops
import DescentOps
import DescentPasses
import Testing

@Suite struct ExplanationTests {
  private static func graph(_ body: ([Tensor]) throws -> [Tensor]) throws -> Graph {
    try optimize(try traced([TensorType(.f32, [64, 100]), TensorType(.f32, [64])], body))
  }

  @Test func whyNotOneKernel() throws {
    var lines: [String] = []
    // The total is wanted at another index than its own; the maximum's position takes nothing after it.
    let graph = try Self.graph { x in
      let total = sum(x[0], axes: [1])
      return [exp(x[0]) / expandDims(total, axis: 1), argmax(x[0], axis: 1) + 1, total * x[1]]
    }
    _ = try fuse(graph) { lines.append($0) }
    #expect(lines.contains { $0.hasSuffix("it takes nothing after it") }, "\(lines)")
    _ = try fuse(graph)
  }

  @Test func whatEachStepDid() throws {
    var lines: [String] = []
    let graph = try Self.graph { [softmax($0[0])] }
    let plan = StepPlan(try fuse(graph)) { lines.append($0) }
    #expect(
      lines == [
        "make the nests of each kernel: 4 kernels, 4 functions",
        "take a small network's rows to the lanes, from input to gradient: unchanged",
        "join what goes over the same rows: 4 functions become 1",
        "take short loops to the lanes: unchanged",
        "call equal functions by one name: 1 calls of 1 functions",
        "give large constants beside the program: none",
        "place values whose lives do not meet in the same memory: 0 bytes in 0",
        "let threads wait where one reads what another wrote: 0 barriers",
      ])
    #expect(plan.calls.count == 1)
  }
}
