// Gradients of overlapping pooling, and second derivatives of convolutions and recurrent layers, against central differences in
// f64. As in Tests/OpsTests/Derivatives.swift, quotients with steps h and h/2 are extrapolated, which leaves far less than 1e-6.

import DescentIR
import DescentInterpreter
import DescentNN
import DescentOps
import DescentTransforms
import Testing

/// Numbers in -1..<1 by a seed.
private func numbers(_ shape: Shape, _ seed: Int64) -> HostArray {
  Sample.Operand(.f64, shape, -1...1).draw(seed: seed)
}

/// f at several arrays, its gradient, and the gradient's derivative along a direction, as one graph.
private struct Smooth {
  var graph: Graph
  var point: [HostArray]
  var direction: [HostArray]

  /// f is a scalar: the sum of `y` weighted by drawn numbers, of its squares too, so that no derivative is constant.
  init(
    _ types: [Shape], seed: Int64, point: [HostArray]? = nil, order: Int, _ y: @escaping @Sendable ([Tensor]) -> Tensor
  ) throws {
    let (values, direction) = (
      point ?? types.enumerated().map { numbers($1, seed + Int64($0)) },
      types.enumerated().map { numbers($1, seed + 100 + Int64($0)) }
    )
    let f: @Sendable ([Tensor]) -> Tensor = { x in
      let result = y(x)
      return sum(result * Tensor(numbers(result.shape, seed + 50))) + sum(result * result * 0.3)
    }
    let first = grad(f)
    let along: @Sendable ([Tensor]) -> Tensor = { x in
      zip(first(x), direction).map { sum($0 * Tensor($1)) }.reduce(scalar(0, .f64)) { $0 + $1 }
    }
    let trace = Trace()
    graph = try trace.record {
      let x = types.enumerated().map { trace.input("x\($0.offset)", TensorType(.f64, $0.element)) }
      let (value, gradient) = valueAndGrad(order == 1 ? f : along)(x)
      return try trace.finish([("value", value)] + gradient.map { ("gradient", $0) })
    }
    (self.point, self.direction) = (values, direction)
  }

  /// The largest difference between the gradient, element by element, and differences of values, relative to the larger of both and 1.
  func worst() throws -> Double {
    let gradient = try graph.evaluate(point).dropFirst().map(\.doubles)
    var worst = 0.0
    for (number, array) in point.enumerated() {
      let from = array.doubles
      for i in from.indices {
        func value(_ step: Double) throws -> Double {
          var moved = point
          moved[number] = HostArray(array.type) { $0 == i ? from[$0] + step : from[$0] }
          return try graph.evaluate(moved)[0].doubles[0]
        }
        func quotient(_ h: Double) throws -> Double { (try value(h) - value(-h)) / (2 * h) }
        let expected = (4 * (try quotient(5e-4)) - (try quotient(1e-3))) / 3
        worst = max(worst, abs(gradient[number][i] - expected) / max(1, abs(expected)))
      }
    }
    return worst
  }
}

@Suite struct WindowDerivativeTests {
  /// Distinct numbers, farther apart than the differences' steps, so that what is greatest stays so.
  private static func distinct(_ shape: Shape) -> HostArray {
    precondition(shape.count <= 101)
    return HostArray(TensorType(.f64, shape)) { Double(($0 * 37 + 11) % 101 - 50) * 0.03 }
  }

  @Test func overlappingMaximaHaveGradients() throws {
    let cases: [(Shape, [Int], [Int], Padding, [Int])] = [
      ([2, 9, 2], [3], [1], .valid, [1]), ([2, 9, 2], [4], [2], .all(2), [1]), ([1, 10, 2], [3], [2], .valid, [2]),
      ([1, 5, 6, 2], [3, 3], [1, 2], .same, [1, 1]),
      ([1, 6, 5, 2], [2, 3], [1, 1], .cells(low: [1, 0], high: [0, 2]), [2, 1]),
      ([1, 3, 4, 3, 2], [2, 3, 2], [1, 1, 1], .valid, [1, 1, 1]),
    ]
    for (number, (shape, sizes, strides, padding, dilations)) in cases.enumerated() {
      for order in [1, 2] {
        let f = try Smooth([shape], seed: Int64(number), point: [Self.distinct(shape)], order: order) {
          maxPool($0[0], sizes: sizes, strides: strides, padding: padding, dilations: dilations)
        }
        let worst = try f.worst()
        #expect(worst < 1e-6, "order \(order) of \(shape) by \(sizes) differs by \(worst)")
      }
    }
  }

  /// Each window gives its cotangent to its greatest element alone; an element that is greatest in several gets the sum.
  @Test func anElementThatWinsTwiceGetsBothCotangents() throws {
    let x = Tensor([1.0, 5, 2, 7, 3, 0], shape: [1, 6, 1])
    let gradient = grad { @Sendable (x: Tensor) in
      sum(maxPool(x, sizes: [3], strides: [1]) * Tensor([1.0, 10, 100, 1000], shape: [1, 4, 1]))
    }(x)
    #expect(try gradient.doubles == [0, 1, 0, 1110, 0, 0])
    let tied = grad { @Sendable (x: Tensor) in sum(maxPool(x, sizes: [2], strides: [1])) }(
      Tensor([4.0, 4, 1], shape: [1, 3, 1]))
    #expect(try tied.doubles == [0.5, 1.5, 0])
  }

  @Test func convolutionsTwice() throws {
    let cases: [(Shape, Shape, @Sendable (Tensor, Tensor) -> Tensor)] = [
      ([1, 6, 2], [3, 2, 2], { convolution($0, $1) }),
      ([1, 7, 2], [3, 2, 1], { convolution($0, $1, strides: [2], padding: .all(1), dilations: [2]) }),
      ([1, 4, 3, 2], [2, 2, 2, 2], { tanh(convolution($0, $1, padding: .same)) }),
      ([1, 4, 4, 2], [3, 2, 1, 2], { convolution($0, $1, strides: [2, 1], padding: .all(1), groups: 2) }),
      ([1, 3, 3, 4], [2, 2, 2, 2], { convolution($0, $1, groups: 2) }),
      (
        [1, 3, 2, 2], [2, 2, 2, 1],
        { transposedConvolution($0, $1, strides: [2, 1], padding: [1, 0], outputPadding: [1, 0]) }
      ),
    ]
    for (number, (x, w, f)) in cases.enumerated() {
      let worst = try Smooth([x, w], seed: Int64(200 + number), order: 2) { f($0[0], $0[1]) }.worst()
      #expect(worst < 1e-6, "second derivative of \(x) by \(w) differs by \(worst)")
    }
  }

  @Test func recurrentLayersTwice() throws {
    let layers: [any Layer] = [
      Elman(2), LSTM(2), LSTM(2, isLastOnly: true, isReversed: true), GRU(2),
      Bidirectional(LSTM(1, isLastOnly: true), LSTM(1, isLastOnly: true, isReversed: true)),
    ]
    for (number, layer) in layers.enumerated() {
      let input = TensorType(.f64, [1, 3, 2])
      let weights = try layer.initialize(input: input, seed: 1)
      let shapes = [input.shape] + weights.types.map(\.type.shape)
      let worst = try Smooth(shapes, seed: Int64(300 + number * 10), order: 2) { x in
        layer(try! weights.replacing(Array(x.dropFirst())), x[0], Context())
      }.worst()
      #expect(worst < 1e-6, "second derivative of \(layer) differs by \(worst)")
    }
  }
}
