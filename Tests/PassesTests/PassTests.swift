// The other passes and the pipeline: what they keep, what they merge, what they tell.

import DescentIR
import DescentOps
import DescentPasses
import Testing

struct PassTests {
  @Test func deadCodeGoesAndInputsStay() throws {
    let before = try graph(
      """
      %0 = input f32[3]
      %1 = tanh %0 : f32[3]
      %2 = input f32[2]
      %3 = tanh %1 : f32[3]
      return %1
      """)
    #expect(
      try removeDeadCode(before).short == """
        %0 = input f32[3]
        %1 = tanh %0 : f32[3]
        %2 = input f32[2]
        return %1
        """)
  }

  @Test func equalNodesMerge() throws {
    let before = try graph(
      """
      %0 = input f32[3]
      %1 = tanh %0 : f32[3]
      %2 = tanh %0 : f32[3]
      %3 = add %1 %2 : f32[3]
      %4 = add %2 %1 : f32[3]
      %5 = sum %3 {axes=[0]} : f32[]
      %6 = max %4 {axes=[0]} : f32[]
      return %5, %6
      """)
    #expect(
      try mergeCommonSubexpressions(before).short == """
        %0 = input f32[3]
        %1 = tanh %0 : f32[3]
        %2 = add %1 %1 : f32[3]
        %3 = sum %2 {axes=[0]} : f32[]
        %4 = max %2 {axes=[0]} : f32[]
        return %3, %4
        """)
  }

  @Test func operandsAreNotReordered() throws {
    let text = """
      %0 = input f32[3]
      %1 = input f32[3]
      %2 = add %0 %1 : f32[3]
      %3 = add %1 %0 : f32[3]
      %4 = sum %2 {axes=[0]} : f32[]
      %5 = max %2 {axes=[0]} : f32[]
      return %3, %4, %5
      """
    #expect(try mergeCommonSubexpressions(try graph(text)).short == text)
  }

  /// NaN equals itself, 0 and -0 differ, and so do arrays of one shape and other types.
  @Test func constantsMergeByTheirBits() throws {
    let before = try graph(
      """
      %0 = constant {value=array f32[2] (nan 1.0)} : f32[2]
      %1 = constant {value=array f32[2] (nan 1.0)} : f32[2]
      %2 = constant {value=array f32[1] (0.0)} : f32[1]
      %3 = constant {value=array f32[1] (-0.0)} : f32[1]
      %4 = constant {value=array i32[1] (0)} : i32[1]
      %5 = constant {value=array f32[1] (0.0)} : f32[1]
      return %0, %1, %2, %3, %4, %5
      """)
    #expect(
      try mergeCommonSubexpressions(before).short == """
        %0 = constant {value=array f32[2] (nan 1.0)} : f32[2]
        %1 = constant {value=array f32[1] (0.0)} : f32[1]
        %2 = constant {value=array f32[1] (-0.0)} : f32[1]
        %3 = constant {value=array i32[1] (0)} : i32[1]
        return %0, %0, %1, %2, %3, %1
        """)
  }

  /// Random numbers are a function of their key.
  @Test func randomNumbersOfOneKeyMerge() throws {
    let before = try graph(
      """
      %0 = input i64[2]
      %1 = input i64[2]
      %2 = random %0 {draw="uniform", dtype=f32, shape=[2]} : f32[2]
      %3 = random %0 {draw="uniform", dtype=f32, shape=[2]} : f32[2]
      %4 = random %0 {draw="normal", dtype=f32, shape=[2]} : f32[2]
      %5 = random %1 {draw="uniform", dtype=f32, shape=[2]} : f32[2]
      return %2, %3, %4, %5
      """)
    #expect(try mergeCommonSubexpressions(before).short.hasSuffix("return %2, %2, %3, %4"))
  }

  /// A rewritten node has the place, adjoint mark and output label of the node it comes from.
  @Test func placesAndLabelsStay() throws {
    var before = Graph()
    let x = before.addInput("x", TensorType(.f32, [2]))
    let y = before.addInput("y", TensorType(.f32, [2]))
    let at = SourceLocation(file: "Demo/main.swift", line: 7)
    let negative = try before.append(Negate(), [y], at: SourceLocation(file: "Demo/main.swift", line: 6))
    before.outputs = [try before.append(Add(), [x, negative], at: at, adjointOf: "tanh")]
    before.outputLabels = ["dx"]
    let after = try optimize(before)
    let node = after[after.outputs[0]]
    #expect(node.op is Subtract && node.location == at && node.adjointOf == "tanh")
    #expect(
      after.outputLabels == ["dx"] && after.inputs.map { after[$0].type } == before.inputs.map { before[$0].type })
  }

  /// The trace hears of the passes that changed something, and of the graph that comes out last.
  @Test func traceTellsChanges() throws {
    let before = try graph(
      """
      %0 = input f32[3]
      %1 = tanh %0 : f32[3]
      %2 = tanh %0 : f32[3]
      %3 = subtract %1 %2 : f32[3]
      return %3
      """)
    var told: [String] = []
    var last: Graph?
    let after = try optimize(before, check: true) { phrase, graph in
      told.append(phrase)
      last = graph
    }
    #expect(told == ["compute equal things once"])
    #expect(last == after)
    _ = try optimize(after) { phrase, _ in Issue.record("\(phrase) changed what was done") }
  }
}
