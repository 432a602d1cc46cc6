// Composite functions: values from their definitions in double precision, overflow, and gradients against differences.

import DescentIR
import DescentOps
import DescentTransforms
import Foundation
import Testing

private typealias Function = @Sendable (Tensor) -> Tensor

private func close(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-12) -> Bool {
  a.count == b.count
    && zip(a, b).allSatisfy { Swift.abs($0 - $1) <= tolerance * Swift.max(1, Swift.abs($1)) || $0 == $1 }
}

/// A pointwise composite with its definition.
private struct Pointwise: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var function: Function
  var definition: @Sendable (Double) -> Double
  init(_ name: String, _ function: @escaping Function, _ definition: @escaping @Sendable (Double) -> Double) {
    (testDescription, self.function, self.definition) = (name, function, definition)
  }
  static let all = [
    Pointwise("square", { square($0) }) { $0 * $0 },
    Pointwise("reciprocal", { reciprocal($0) }) { 1 / $0 },
    Pointwise("clamp", { clamp($0, -1, 1.25) }) { Swift.min(Swift.max($0, -1), 1.25) },
    Pointwise("relu", { relu($0) }) { Swift.max($0, 0) },
    Pointwise("leakyRelu", { leakyRelu($0, slope: 0.1) }) { $0 > 0 ? $0 : 0.1 * $0 },
    Pointwise("elu", { elu($0, alpha: 0.7) }) { $0 > 0 ? $0 : 0.7 * Foundation.expm1($0) },
    Pointwise("selu", { selu($0) }) { 1.0507009873554805 * ($0 > 0 ? $0 : 1.6732632423543772 * Foundation.expm1($0)) },
    Pointwise("softplus", { softplus($0) }) { Foundation.log1p(Foundation.exp($0)) },
    Pointwise("silu", { silu($0) }) { $0 / (1 + Foundation.exp(-$0)) },
    Pointwise("gelu", { gelu($0) }) { $0 * 0.5 * Foundation.erfc(-$0 / 2.0.squareRoot()) },
    Pointwise("gelu tanh", { gelu($0, approximate: .tanh) }) {
      0.5 * $0 * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
    },
  ]
}

@Suite struct Functions {
  private let points = [-3.1, -1.3, -0.6, -0.1, 0.2, 0.9, 1.7, 4.2]

  @Test(arguments: Pointwise.all)
  private func pointwiseMeetsItsDefinition(_ item: Pointwise) throws {
    #expect(close(try item.function(Tensor(points)).doubles, points.map(item.definition)))
    let f = item.function
    func derivative(_ x: Double) -> Double {
      func quotient(_ h: Double) -> Double { (item.definition(x + h) - item.definition(x - h)) / (2 * h) }
      return (4 * quotient(5e-4) - quotient(1e-3)) / 3
    }
    let gradient = try grad { (x: Tensor) in sum(f(x)) }(Tensor(points)).doubles
    #expect(close(gradient, points.map(derivative), 1e-8))
  }

  /// What is not a number is not hidden by a comparison with 0.
  @Test(arguments: Pointwise.all) private func notANumberStaysOne(_ item: Pointwise) throws {
    #expect(try item.function(Tensor([Double.nan])).scalar.isNaN)
  }

  @Test func nothingOverflows() throws {
    let far = Tensor([-1000.0, -100, 0, 100, 1000])
    for function in [{ softplus($0) }, { silu($0) }, { elu($0) }, { gelu($0) }, { selu($0) }] as [Function] {
      let (values, slopes) = (try function(far).doubles, try grad { (x: Tensor) in sum(function(x)) }(far).doubles)
      #expect((values + slopes).allSatisfy { $0.isFinite })
    }
    #expect(try softplus(Tensor([Double.infinity, -.infinity])).doubles == [.infinity, 0])
    #expect(try softplus(Tensor([-40.0])).doubles[0] == Foundation.exp(-40))
    let x = Tensor([1000.0, 999, -1000])
    let e = Foundation.exp(-1.0)
    #expect(close(try softmax(x).doubles, [1 / (1 + e), e / (1 + e), 0]))
    #expect(
      close(try logSoftmax(x).doubles, [-Foundation.log1p(e), -1 - Foundation.log1p(e), -2000 - Foundation.log1p(e)]))
    #expect(close([try logSumExp(x).scalar], [1000 + Foundation.log1p(e)]))
    #expect(try logSumExp(Tensor([-Double.infinity, -.infinity])).scalar == -.infinity)
    #expect(close(try grad { (x: Tensor) in logSumExp(x) }(x).doubles, try softmax(x).doubles))
  }

  /// The derivatives at 0 of the smooth functions of max and abs are those of their formula, not of a kink.
  @Test func softplusIsSmoothAtZero() throws {
    let first: Function = { sum(grad { (x: Tensor) in sum(softplus(x)) }($0)) }
    #expect(try first(Tensor([0.0])).scalar == 0.5)
    #expect(try grad(first)(Tensor([0.0])).doubles == [0.25])
  }

  @Test func softmaxHasItsJacobian() throws {
    let (x, v) = (Tensor([0.3, -1.2, 2.0]), Tensor([1.0, -2, 0.5]))
    let s = try softmax(x).doubles
    let along = zip(s, [1.0, -2, 0.5]).reduce(0) { $0 + $1.0 * $1.1 }
    let expected = zip(s, [1.0, -2, 0.5]).map { $0 * ($1 - along) }
    #expect(close(try grad { (x: Tensor) in sum(softmax(x) * v) }(x).doubles, expected))
    let rows = softmax(Tensor([1.0, 2, 3, 4, 5, 6], shape: [2, 3]), axis: 0)
    #expect(close(try sum(rows, axes: [0]).doubles, [1, 1, 1]))
  }

  @Test func statistics() throws {
    let x = Tensor([1.0, 2, 3, 4, 6, 8], shape: [2, 3])
    #expect(try mean(x).scalar == 4)
    #expect(try mean(x, axes: [-1]).doubles == [2, 6])
    #expect(mean(x, axes: [0], keepAxes: true).shape == [1, 3])
    #expect(close(try variance(x, axes: [1]).doubles, [2.0 / 3, 8.0 / 3]))
    #expect(close(try variance(x, axes: [1], unbiased: true).doubles, [1, 4]))
    #expect(close(try standardDeviation(x, axes: [1], unbiased: true).doubles, [1, 2]))
    #expect(variance(x, axes: [1], keepAxes: true).shape == [2, 1])
  }

  @Test func creation() throws {
    #expect(try arange(4).doubles == [0, 1, 2, 3])
    #expect(try arange(2, 9, step: 3, dtype: .i32).integers == [2, 5, 8])
    #expect(try arange(2, 8, step: 3, dtype: .i32).integers == [2, 5])
    #expect(try arange(5, 0, step: -2, dtype: .i32).integers == [5, 3, 1])
    #expect(arange(3, 3).shape == [0])
    #expect(throws: DescentError.self) { try arange(0, 3, step: 0).value }
    #expect(close(try linspace(-1, 1, count: 5, dtype: .f64).doubles, [-1, -0.5, 0, 0.5, 1]))
    #expect(try linspace(0.1, 0.7, count: 7, dtype: .f64).doubles.last == 0.7)
    #expect(try linspace(3, 9, count: 1).doubles == [3])
    #expect(try oneHot(Tensor([Int32(2), 0, 5, -1]), classes: 3).doubles == [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(oneHot(Tensor([UInt8(1)]), classes: 300).shape == [1, 300])
    #expect(try full([2], 7, dtype: .i64).integers == [7, 7])
    #expect(onesLike(Tensor([1.0])).dtype == .f64 && zerosLike(Tensor([Int32(1)])).dtype == .i32)
  }

  @Test func joiningAndSplitting() throws {
    let (a, b) = (Tensor([1.0, 2]), Tensor([3.0, 4]))
    #expect(try stack([a, b]).doubles == [1, 2, 3, 4])
    #expect(try stack([a, b], axis: -1).doubles == [1, 3, 2, 4])
    let x = Tensor((0..<12).map { Double($0) }, shape: [2, 6])
    let parts = split(x, sizes: [1, 3, 2], axis: -1)
    #expect(try parts.map { try $0.doubles } == [[0, 6], [1, 2, 3, 7, 8, 9], [4, 5, 10, 11]])
    #expect(try concatenate(parts, axis: -1).doubles == x.doubles)
    #expect(split(x, parts: 3, axis: 1).map(\.shape) == [[2, 2], [2, 2], [2, 2]])
    #expect(throws: DescentError.self) { try split(x, parts: 4, axis: 1)[0].value }
    #expect(expandDims(x, axis: -1).shape == [2, 6, 1] && expandDims(x, axis: 0).shape == [1, 2, 6])
    #expect(
      squeeze(expandDims(x, axis: 1)).shape == [2, 6] && squeeze(expandDims(x, axis: 1), axis: 1).shape == [2, 6])
    #expect(throws: DescentError.self) { try squeeze(x, axis: 0).value }
    #expect(flatten(x).shape == [12] && flatten(zeros([2, 3, 4]), from: 1).shape == [2, 12])
    #expect(try dot(a, b).scalar == 11)
    #expect(try outer(a, b).doubles == [3, 4, 6, 8])
    #expect(throws: DescentError.self) { try dot(x, b).value }
  }

  @Test func subscripts() throws {
    let x = Tensor((0..<24).map { Double($0) }, shape: [2, 3, 4])
    #expect(try x[1].doubles == (12..<24).map { Double($0) })
    #expect(try x[1, 2, 3].scalar == 23)
    #expect(try x[-1, 0, -1].scalar == 15)
    #expect(x[0, 1...].shape == [2, 4])
    #expect(try x[..., 1].doubles == [1, 5, 9, 13, 17, 21])
    #expect(x[...].shape == x.shape && x[..., 1, 0..<2].shape == [2, 2] && x[..., 0, 0, 0].rank == 0)
    #expect(x[.all, .all, 1].shape == [2, 3] && x[.all, 1, .all].shape == [2, 4])
    #expect(try x[.all, 1].doubles == [4, 5, 6, 7, 16, 17, 18, 19])
    #expect(x[0..<1, 0..., 2...3].shape == [1, 3, 2])
    #expect(try x[0, 0, ..<2].doubles == [0, 1])
    #expect(try x[0, 0, (-2)...].doubles == [2, 3])
    #expect(try x[0, 0, ...(-2)].doubles == [0, 1, 2])
    #expect(try x[0, 0, stride(from: 1, to: 4, by: 2)].doubles == [1, 3])
    #expect(try x[0, 0, stride(from: 0, through: 3, by: 3)].doubles == [0, 3])
    #expect(x[0, 3..<3].shape == [0, 4])
    #expect(try x[0, 0, (-3)...(-1)].doubles == [1, 2, 3] && x[0, 0, (-3)..<0].doubles == [1, 2, 3])
    #expect(try x[0, 0, (-3)..<(-1)].doubles == [1, 2] && x[0, (-1)...(-1), 0].doubles == [8])
    #expect(try x[0, 0, stride(from: 3, through: 0, by: -1)].doubles == [3, 2, 1, 0])
    #expect(try x[0, 0, stride(from: 3, to: 0, by: -2)].doubles == [3, 1])
    #expect(try x[0, 0, stride(from: -1, through: -4, by: -3)].doubles == [3, 0])
    #expect(try x[0, 0, stride(from: -4, to: 0, by: 2)].doubles == [0, 2])
    #expect(x[0, stride(from: 0, to: 3, by: -1)].shape == [0, 4])
    #expect(try x[stride(from: 1, through: 0, by: -1), 0, 1].doubles == [13, 1])
    let error = #expect(throws: DescentError.self) { try x[0, 0, 4].value }
    #expect(error?.message == "positions 4..<5 by 1 along axis 2 of a tensor of shape [2,3,4]")
    #expect(error?.location?.file == "OpsTests/Functions.swift")
    #expect(throws: DescentError.self) { try x[0, 0, 0, 0].value }
    #expect(throws: DescentError.self) { try x[2].value }
    let line = #line + 1
    let beyond = #expect(throws: DescentError.self) { try x[0, 0, stride(from: 4, through: 0, by: -1)].value }
    #expect(
      beyond?.message == "positions 0..<5 by 1 along axis 2 of a tensor of shape [2,3,4]"
        && beyond?.location?.line == line)
    let mixed = #expect(throws: DescentError.self) { try x[0, 0, stride(from: 1, through: -1, by: -1)].value }
    #expect(
      mixed?.message.hasPrefix("positions 1 to -1 by -1, some from the start and some from the end, along axis 2")
        == true)
    #expect(throws: DescentError.self) { try x[0, (-4)...(-1)].value }
    let gradient = grad { (x: Tensor) in sum(square(x[stride(from: 0, to: 5, by: 2)])) }
    #expect(try gradient(Tensor([1.0, 2, 3, 4, 5])).doubles == [2, 0, 6, 0, 10])
    let turned = grad { (x: Tensor) in sum(x[stride(from: 4, through: 0, by: -2)] * Tensor([1.0, 2, 3])) }
    #expect(try turned(Tensor([1.0, 2, 3, 4, 5])).doubles == [3, 0, 2, 0, 1])
  }

  @Test func broadcastingComparesAndChooses() throws {
    let (column, row) = (Tensor([1.0, 2], shape: [2, 1]), Tensor([1.5, 0.5, 3], shape: [3]))
    #expect(try (column .< row).integers == [1, 0, 1, 0, 0, 1])
    #expect(try `where`(column .< row, column, row).doubles == [1, 0.5, 1, 1.5, 0.5, 2])
    let gradient = grad { (x: Tensor) in sum(`where`(x .< row, x, row)) }
    #expect(try gradient(column).doubles == [2, 1])
  }
}

/// Every node of a traced composite bears the place of the call, none a place in the library.
@Test func compositesBearThePlaceOfTheirCall() throws {
  let trace = Trace()
  try trace.record {
    let x = trace.input("x", TensorType(.f32, [2, 3]))
    let key = RandomKey(seed: 1).fold(sum(convert(x, to: .i32)))
    let results = [
      softmax(x), logSoftmax(x), logSumExp(x), variance(x, axes: [1], keepAxes: true), standardDeviation(x),
      softplus(x), elu(x),
      gelu(x), gelu(x, approximate: .tanh), silu(x), selu(x), clamp(x, 0, 1), relu(x) + x[0] * 2,
      linspace(0, 1, count: 3),
      arange(2, 9, step: 3), oneHot(convert(x, to: .u8), classes: 3), stack([x, x]), squeeze(expandDims(x, axis: 0)),
      x[..., 1],
      flatten(x), outer(x, x), uniform([3], key: key, low: 1), normal([3], key: key, mean: 2),
      bernoulli(0.5, [3], key: key),
      maximum(x, 0), power(x, 2), power(2, x), pad(x, low: [1, 1], high: [0, 0]), max(x, axes: [0], keepAxes: true),
      gather(x, Tensor([Int32(1)])), product(x), argmax(x), reverse(x), nanMean(x), nanMax(x, axes: [1]), nanToNum(x),
      allClose(x, x * 2, equalNaN: true), isInfinite(convert(x, to: .i32)), logicalNot(x),
    ]
    for result in results { _ = try trace.lift(result) }
  }
  let files = Set(trace.graph.nodes.compactMap(\.location?.file))
  #expect(files == ["OpsTests/Functions.swift"])
}
