// Long sums keep their digits: blocks of few terms whose partial sums meet in a tree, in reductions, products and chunks.
// The right values are those of the numbers as f32 holds them, by hand.

import DescentDriver
import DescentIR
import DescentOps
import DescentTransforms
import Testing

@Suite struct SumTests {
  /// 0.1 as f32 holds it.
  private static let tenth = Double(Float(0.1))

  /// An operand of so many numbers, filled with one.
  private func constant(_ value: Float, _ shape: Shape) -> Tensor {
    Tensor(HostArray(shape, [Float](repeating: value, count: shape.count)))
  }
  /// The greatest relative difference between the elements of a tensor and the right value.
  private func error(_ result: Tensor, _ right: Double) throws -> Double {
    try result.value.doubles.map { Swift.abs($0 - right) / Swift.abs(right) }.max() ?? .infinity
  }

  /// All elements, rows, columns, two axes, one of three: lanes along the sum, lanes across outputs, one accumulator, parts.
  @Test(
    arguments: [
      ([10_000_000], [0]), ([200_000, 256], [0]), ([4, 2_000_000], [1]), ([3_000_000, 3], [0]),
      ([2000, 5, 1000], [0, 2]),
      ([100_000, 2, 5], [0]), ([30, 300_000, 2], [1]),
    ] as [([Int], [Int])])
  func sums(_ dimensions: [Int], _ axes: [Int]) throws {
    let f = compile { (x: Tensor) in sum(x, axes: axes) }
    let terms = axes.reduce(1) { $0 * dimensions[$1] }
    #expect(try error(try f(constant(0.1, Shape(dimensions))), Self.tenth * Double(terms)) <= 1e-6)
    let mean = compile { (x: Tensor) in DescentOps.mean(x, axes: axes) }
    #expect(try error(try mean(constant(0.1, Shape(dimensions))), Self.tenth) <= 1e-6)
  }

  /// The mean of 10^4 and 10^4 + 0.01 alternating, whose variance is a quarter of the difference squared.
  @Test func varianceOfManyRows() throws {
    let (low, high) = (Float(1e4), Float(1e4 + 0.01))
    let values = (0..<1_000_000).map { $0 % 2 == 0 ? low : high }
    let f = compile { (x: Tensor) in variance(x, axes: [0]) }
    let half = Double(high - low) / 2
    let result = try f(Tensor(HostArray([1_000_000, 1], values)))
    #expect(try error(result, half * half) <= 1e-6)
  }

  /// A matrix product over 200,000 and 10^7 terms, each operand transposed or not.
  @Test(arguments: [(200_000, 32, 1), (200_000, 1, 8), (10_000_000, 1, 2), (10_000_000, 2, 1), (200_000, 8, 40)])
  func matrixProducts(_ terms: Int, _ rows: Int, _ columns: Int) throws {
    let right = Self.tenth * Double(terms)
    let f = compile { (a: Tensor, b: Tensor) in matmul(transpose(a, [1, 0]), b) }
    #expect(try error(try f(constant(0.1, [terms, rows]), constant(1, [terms, columns])), right) <= 1e-5)
    let g = compile { (a: Tensor, b: Tensor) in matmul(a, transpose(b, [1, 0])) }
    #expect(try error(try g(constant(0.1, [rows, terms]), constant(1, [columns, terms])), right) <= 1e-5)
  }

  /// The gradient of rows picked again and again: additions into few places, many to each, also of ∞, of which nothing is lost.
  @Test(arguments: [(15_625, 4), (3_000_000, 1), (700, 40)]) func additionsInPlaces(_ picks: Int, _ width: Int) throws {
    let f = compile { (x: Tensor, i: Tensor, w: Tensor) in grad { @Sendable (x: Tensor) in sum(gather(x, i) * w) }(x) }
    let indices = Tensor(HostArray([picks], (0..<picks).map { Int32($0 % 3 == 1 ? 2 : 0) }))
    let result = try f(constant(1, [3, width]), indices, constant(0.1, [picks, width])).value.doubles
    let middle = (picks + 1) / 3
    for (row, terms) in [(0, picks - middle), (1, 0), (2, middle)] {
      let right = Self.tenth * Double(terms)
      for x in result[(row * width)..<(row + 1) * width] { #expect(Swift.abs(x - right) <= 1e-6 * right) }
    }
    var limits = [Float](repeating: 0.1, count: picks * width)
    limits[0] = .infinity
    let infinite = try f(constant(1, [3, width]), indices, Tensor(HostArray([picks, width], limits))).value.doubles
    #expect(
      infinite[0] == .infinity && Swift.abs(infinite[2 * width] - Self.tenth * Double(middle)) <= 1e-6 * Double(middle))
  }

  /// A dot product, which is a reduction of products.
  @Test func dotProduct() throws {
    let f = compile { (a: Tensor, b: Tensor) in sum(a * b) }
    #expect(try error(try f(constant(0.1, [10_000_000]), constant(1, [10_000_000])), Self.tenth * 1e7) <= 1e-6)
  }

  /// Gradients of a small network, whose sums over many rows are chunks'.
  @Test(arguments: [1 << 16, 1 << 20, (1 << 20) + 16])
  func gradientsOverManyRows(_ rows: Int) throws {
    @Sendable func loss(_ w: Tensor, _ x: Tensor) -> Tensor {
      let hidden = matmul(x, w) + 0
      return sum(matmul(hidden, w) + hidden)
    }
    let gradient = compile(grad(loss))
    // d/dw Σ (x w w + x w) = Σ x (2 w + 1) with w = 1.
    let result = try gradient(constant(1, [1, 1]), constant(0.1, [rows, 1]))
    #expect(try error(result, 3 * Self.tenth * Double(rows)) <= 1e-6)
  }
}
