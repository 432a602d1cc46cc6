// All that a function of the library does stands at the line where the user called it: its operations, its operators, its errors.

import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Testing

@Suite struct PlaceTests {
  private struct Case: Sendable {
    var name: String
    var line: UInt
    var body: @Sendable (Tensor) -> Tensor
    init(_ name: String, line: UInt = #line, _ body: @escaping @Sendable (Tensor) -> Tensor) {
      (self.name, self.line, self.body) = (name, line, body)
    }
  }
  /// Compositions of each file of functions; layers have the line where they are made.
  private static let cases = [
    Case("variance") { variance($0, axes: [1]) }, Case("standardDeviation") { standardDeviation($0) },
    Case("softmax") { softmax($0, axis: 1) }, Case("logSumExp") { logSumExp($0, axis: 1) },
    Case("gelu") { gelu($0) }, Case("selu") { selu($0) }, Case("silu") { silu($0) },
    Case("huberLoss") { huberLoss($0, $0) },
    Case("softmaxCrossEntropy") { softmaxCrossEntropy($0, labels: Tensor([Int32(0), 1, 2])) },
    Case("dropout") { dropout($0, rate: 0.5, key: RandomKey(seed: 1)) },
    Case("scaledDotProductAttention") { attention($0, $0, $0, causal: true) },
  ]

  @Test func everyOperationStandsWhereTheCallDoes() throws {
    for item in Self.cases {
      let trace = Trace()
      let x = trace.input("x", TensorType(.f32, [3, 4]))
      let graph = try trace.finish([("y", trace.record { item.body(x) })])
      let lines = Set(graph.nodes.dropFirst().map { $0.location?.line ?? 0 })
      #expect(lines == [Int(item.line)], "\(item.name): \(lines.sorted())")
      let files = Set(graph.nodes.dropFirst().map { $0.location?.file ?? "" })
      #expect(files == ["NNTests/PlaceTests.swift"], "\(item.name): \(files)")
    }
  }

  /// Layers have the line where they are made.
  @Test func layersStandWhereTheyAreMade() throws {
    let type = TensorType(.f32, [3, 4])
    let (layer, made) = (LayerNorm(), #line)
    let weights = try layer.initialize(input: type, key: RandomKey(seed: 0))
    let trace = Trace()
    let x = trace.input("x", type)
    let graph = try trace.finish([("y", trace.record { layer(weights, x, Context()) })])
    #expect(Set(graph.nodes.dropFirst().map { $0.location?.line ?? 0 }) == [made])
  }

  /// Where there is no trace errors have that line as well, from however deep they come.
  @Test func errorsStandWhereTheCallDoes() {
    let x = Tensor([1.0, 2])
    let (results, line) = ([softmax(x, axis: 3), variance(x, axes: [2]), huberLoss(x, Tensor([1.0, 2, 3]))], #line)
    for result in results {
      guard case .failure(let error) = result.storage else {
        Issue.record("no error: \(result)")
        continue
      }
      #expect(error.location == SourceLocation(file: "NNTests/PlaceTests.swift", line: line), "\(error)")
    }
  }

  /// A function of the user's keeps its own lines in the middle of one of the library's.
  @Test func usersFunctionsKeepTheirs() throws {
    let (rate, own) = (Schedule { exp(-$0) }, #line)
    let (warm, made) = (Schedule.warmUp(steps: 3, into: rate), #line)
    let trace = Trace()
    let step = trace.input("step", TensorType(.i64, []))
    let graph = try trace.finish([("rate", trace.record { warm.rate(step: step) })])
    func lines(_ name: String) -> Set<Int> {
      Set(graph.nodes.filter { $0.op.name == name }.map { $0.location?.line ?? 0 })
    }
    #expect(lines("exp") == [own] && lines("maximum") == [made] && lines("select") == [made], "\(graph)")
  }
}
