// Laws that hold for every operation, tried on its samples.

import DescentIR
import DescentInterpreter
import DescentOps
import Testing

@Suite struct Laws {
  @Test(arguments: Case.all(.f32) + Case.all(.f64))
  func resultTypeIsTheEvaluatedType(_ item: Case) throws {
    let type = try item.resultType()
    #expect(item.op.evaluate(item.values, type).type == type)
  }

  @Test(arguments: Case.all(.f32) + Case.all(.f64))
  func textReadsBack(_ item: Case) throws {
    var graph = Graph()
    let inputs = item.sample.operands.enumerated().map { graph.addInput("x\($0.offset)", $0.element.type) }
    graph.outputs = [
      try graph.append(item.op, inputs, at: SourceLocation(file: "A \"b\"/c.swift", line: 3), adjointOf: "add")
    ]
    graph.outputLabels = ["y"]
    let again = try Graph.parse(graph.text, operations: registry)
    #expect(again.text == graph.text && again == graph)
    let (a, b) = (try graph.evaluate(item.values), try again.evaluate(item.values))
    #expect(zip(a, b).allSatisfy { equal($0, $1) })
  }

  @Test(arguments: Case.all(.f32) + Case.all(.f64))
  func batchingIsALoop(_ item: Case) throws {
    let size = 3
    let count = item.sample.operands.count
    let slices = (0..<size).map { item.sample.draw(seed: Int64(item.number * 10 + $0 + 1)) }
    let type = try item.resultType()
    for mask in (count == 0 ? 0 : 1)..<(1 << count) {
      let batched = (0..<count).map { mask >> $0 & 1 == 1 }
      let operands = (0..<count).map { k in
        batched[k] ? stack(slices.map { Tensor($0[k]) }) : Tensor(slices[0][k])
      }
      let together = try item.op.batch(operands, batched, size).value
      let apart = (0..<size).map { i in
        Tensor(item.op.evaluate((0..<count).map { batched[$0] ? slices[i][$0] : slices[0][$0] }, type))
      }
      let expected = try stack(apart).value
      #expect(together.type == expected.type, "batched: \(batched)")
      #expect(equal(together, expected), "batched: \(batched)")
    }
  }

  @Test(arguments: registry.map { $0.name })
  func everyOperationIsDocumentedAndSampled(_ name: String) throws {
    let kind = try #require(registry.first { $0.name == name })
    #expect(!kind.documentation.isEmpty)
    #expect(!kind.samples(.f32).isEmpty)
    #expect(kind.samples(.f64).count == kind.samples(.f32).count)
  }

  @Test func namesAreUniqueAndInOrder() {
    let types = registry.map { "\($0)" }
    #expect(types == types.sorted())
    #expect(Set(registry.map { $0.name }).count == registry.count)
  }
}
