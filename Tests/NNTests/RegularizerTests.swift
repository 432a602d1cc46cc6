// Penalties against their formulas, and which parameters they reach.

import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Testing

@Suite struct RegularizerTests {
  private struct Parameters: ParameterTree { var weight, bias: Tensor }
  private let p = Parameters(weight: Tensor([1.0, -2, 0, 4], shape: [2, 2]), bias: Tensor([-8.0, 0.5]))

  @Test func areTheFormulas() throws {
    #expect(try l1(p).scalar == 15.5)
    #expect(try l2(p).scalar == 85.25)
    #expect(try elasticNet(p, l1: 0.5, l2: 2).scalar == 0.5 * 15.5 + 2 * 85.25)
    #expect(try l1(p) { $0 == "weight" }.scalar == 7)
    #expect(try l2(p, where: { !$0.hasSuffix("bias") }).scalar == 21)
    #expect(try elasticNet(p, l1: 1, l2: 1) { $0 == "bias" }.scalar == 8.5 + 64.25)
  }

  @Test func gradientsReachTheChosen() throws {
    let gradient = grad { @Sendable (p: Parameters) in elasticNet(p, l1: 3, l2: 0.5) { $0 == "weight" } }(p)
    #expect(try gradient.weight.doubles == [4, -5, 0, 7])
    #expect(try gradient.bias.doubles == [0, 0])
  }

  @Test func typesMayBeMixed() throws {
    let mixed = [convert(p.weight, to: .f32), p.bias]
    #expect(l2(mixed).type == TensorType(.f32, []))
    #expect(try l2(mixed).scalar == 85.25)
  }

  @Test func weightsOfLayers() throws {
    let model = Sequential {
      Dense(2)
      LayerNorm()
    }
    let w = try model.initialize(input: TensorType(.f64, [1, 3]), seed: 1)
    let weight: Tensor = w[0].weight
    #expect(try l2(w) { $0 == "0.weight" }.scalar == sum(square(weight)).scalar)
    #expect(try l1(w) { $0.hasPrefix("1.") }.scalar == 2)
  }

  @Test func nothingToPenaliseIsAnError() {
    let line = #line + 1
    let none = l2(p) { $0 == "wieght" }
    let error = #expect(throws: DescentError.self) { try none.scalar }
    #expect(error?.location?.line == line && error?.message.contains("'weight', 'bias'") == true)
    let integers = #expect(throws: DescentError.self) { try l1([Tensor([Int32(1)])]).scalar }
    #expect(integers?.message.contains("i32[1]") == true)
  }
}
