// First and second derivatives of every operation, in reverse and forward mode, against central differences in f64.
//
// A difference quotient with steps h and h/2 is extrapolated (Richardson), which leaves an error of order h^4; what
// remains is rounding, of order 1e-16 / h. With h about 1e-3 both are far below the tolerance of 1e-6.

import DescentIR
import DescentInterpreter
import DescentOps
import DescentTransforms
import Testing

private let tolerance = 1e-6

/// A scalar function of several arrays with its gradient, as one graph that is evaluated many times.
private struct Function {
  var graph: Graph
  /// The derivative along a direction, in forward mode: the tangents follow the arguments.
  var forward: Graph
  /// Which of the arguments have gradients.
  var differentiated: [Int]

  /// `orders` = 1: f = Σ y v. `orders` = 2: f = Σ over operands of gradient of that, times a direction each.
  init(_ item: Case, order: Int) throws {
    let types = item.sample.operands.map(\.type)
    let floating = types.indices.filter { types[$0].dtype.isFloating }
    let v = Tensor(direction(try item.resultType().shape, seed: Int64(item.number)))
    let directions = types.indices.map { Tensor(direction(types[$0].shape, seed: Int64(1000 + item.number * 10 + $0))) }
    func derivative(_ outputs: (Trace, @escaping @Sendable ([Tensor]) -> Tensor, [Tensor]) -> [Tensor]) throws -> Graph
    {
      let trace = Trace()
      return try trace.record {
        let x = types.enumerated().map { trace.input("x\($0.offset)", $0.element) }
        let total: @Sendable ([Tensor]) -> Tensor = { some in
          var operands = x
          for (position, tensor) in zip(floating, some) { operands[position] = tensor }
          return sum(Tensor.apply(item.op, operands) * v)
        }
        let second: @Sendable ([Tensor]) -> Tensor = { some in
          let gradient = grad(total)(some)
          return zip(gradient, floating).map { sum($0 * directions[$1]) }.reduce(scalar(0, .f64)) { $0 + $1 }
        }
        return try trace.finish(outputs(trace, order == 1 ? total : second, floating.map { x[$0] }).map { ("", $0) })
      }
    }
    graph = try derivative { _, f, x in
      let (value, gradient) = valueAndGrad(f)(x)
      return [value] + gradient
    }
    forward = try derivative { trace, f, x in [jvp(f)(x, x.map { trace.input("dx", $0.type) }).1] }
    differentiated = floating
  }
  func value(_ x: [HostArray]) throws -> Double {
    try graph.evaluate(x)[0].doubles[0]
  }
  func gradient(_ x: [HostArray]) throws -> [[Double]] {
    try graph.evaluate(x).dropFirst().map(\.doubles)
  }

  func tangent(_ x: [HostArray], _ move: [[Double]]) throws -> Double {
    let dx = zip(differentiated, move).map { position, numbers in HostArray(x[position].shape, numbers) }
    return try forward.evaluate(x + dx)[0].doubles[0]
  }

  /// The derivative along `move` (one list of numbers per differentiated argument).
  func difference(_ x: [HostArray], _ move: [[Double]]) throws -> Double {
    func at(_ step: Double) throws -> Double {
      var moved = x
      for (position, numbers) in zip(differentiated, move) {
        let from = x[position].doubles
        moved[position] = HostArray(x[position].type) { from[$0] + step * numbers[$0] }
      }
      return try value(moved)
    }
    func quotient(_ h: Double) throws -> Double { (try at(h) - at(-h)) / (2 * h) }
    let h = 1e-3
    return (4 * (try quotient(h / 2)) - (try quotient(h))) / 3
  }

  func check(_ x: [HostArray], seed: Int64) throws {
    let gradient = try gradient(x)
    for k in 0..<2 {
      let move = differentiated.map { direction(x[$0].shape, seed: seed * 100 + Int64(k * 10 + $0)).doubles }
      let expected = try difference(x, move)
      let actual = zip(gradient, move).reduce(0) { $0 + zip($1.0, $1.1).reduce(0) { $0 + $1.0 * $1.1 } }
      #expect(
        abs(actual - expected) <= tolerance * max(1, abs(expected)), "along direction \(k): \(actual), not \(expected)")
      let forward = try tangent(x, move)
      #expect(
        abs(forward - expected) <= tolerance * max(1, abs(expected)),
        "forward along direction \(k): \(forward), not \(expected)")
    }
    // Element by element.
    for (argument, position) in differentiated.enumerated() where x[position].count <= 40 {
      for i in 0..<x[position].count {
        var move = differentiated.map { [Double](repeating: 0, count: x[$0].count) }
        move[argument][i] = 1
        let expected = try difference(x, move)
        let actual = gradient[argument][i]
        #expect(
          abs(actual - expected) <= tolerance * max(1, abs(expected)),
          "operand \(position), element \(i): \(actual), not \(expected)")
      }
    }
  }
}

@Suite struct Derivatives {
  @Test(arguments: Case.differentiable)
  func first(_ item: Case) throws {
    // By definition its derivative is not that of its value.
    if item.op is StopGradient { return }
    try Function(item, order: 1).check(item.values, seed: Int64(item.number))
  }

  @Test(arguments: Case.differentiable)
  func second(_ item: Case) throws {
    if item.op is StopGradient { return }
    try Function(item, order: 2).check(item.values, seed: Int64(item.number))
  }
}
