// scan and whileLoop: against the same steps written out, through derivatives of any order, and the errors.

import DescentIR
import DescentOps
import DescentTransforms
import Testing

/// An Elman cell in f64.
private struct Cell: ParameterTree {
  var input, recurrent, bias: Tensor
  func callAsFunction(_ h: Tensor, _ x: Tensor) -> Tensor { tanh(matmul(x, input) + matmul(h, recurrent) + bias) }

  static let sample = Cell(
    input: normal([3, 4], key: RandomKey(seed: 1), dtype: .f64),
    recurrent: normal([4, 4], key: RandomKey(seed: 2), dtype: .f64) * 0.5,
    bias: normal([4], key: RandomKey(seed: 3), dtype: .f64))
}
private let sequence = normal([6, 2, 3], key: RandomKey(seed: 4), dtype: .f64)
private let start = normal([2, 4], key: RandomKey(seed: 5), dtype: .f64)

/// Last state and all states, by `scan` and step by step.
@Sendable private func scanned(_ cell: Cell, _ xs: Tensor, _ h: Tensor, _ isReversed: Bool) -> (Tensor, Tensor) {
  scan(h, over: xs, isReversed: isReversed) { h, x in
    let next = cell(h, x)
    return (next, next)
  }
}
@Sendable private func unrolled(_ cell: Cell, _ xs: Tensor, _ h: Tensor, _ isReversed: Bool) -> (Tensor, Tensor) {
  var (h, states) = (h, [Tensor?](repeating: nil, count: xs.shape[0]))
  for t in isReversed ? Array((0..<xs.shape[0]).reversed()) : Array(0..<xs.shape[0]) {
    h = cell(h, xs[t])
    states[t] = h
  }
  return (h, stack(states.map { $0! }))
}
private func close(_ a: Tensor, _ b: Tensor, _ tolerance: Double = 1e-12) throws -> Bool {
  guard a.type == b.type else { return false }
  return zip(try a.doubles, try b.doubles).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

@Suite struct ScanTests {
  @Test(arguments: [false, true]) func isTheStepsWrittenOut(_ isReversed: Bool) throws {
    let (last, states) = scanned(.sample, sequence, start, isReversed)
    let (expectedLast, expectedStates) = unrolled(.sample, sequence, start, isReversed)
    #expect(try close(last, expectedLast) && close(states, expectedStates))
  }

  /// Loss over the last and all states, so that every result has a cotangent.
  private static func loss(
    _ cell: Cell, _ xs: Tensor, _ h: Tensor, _ isReversed: Bool,
    by f: @Sendable (Cell, Tensor, Tensor, Bool) -> (Tensor, Tensor)
  ) -> Tensor {
    let (last, states) = f(cell, xs, h, isReversed)
    let weights = reshape(iota([states.shape.count], axis: 0, dtype: .f64), states.shape) / Double(states.shape.count)
    return sum(square(last)) + sum(weights * exp(states))
  }
  private struct All: ParameterTree { var cell: Cell, xs: Tensor, h: Tensor }
  private let all = All(cell: .sample, xs: sequence, h: start)

  @Test(arguments: [false, true]) func gradientsOfWeightsSlicesAndStart(_ isReversed: Bool) throws {
    let byScan = grad { @Sendable (p: All) in ScanTests.loss(p.cell, p.xs, p.h, isReversed, by: scanned) }(all)
    let byHand = grad { @Sendable (p: All) in ScanTests.loss(p.cell, p.xs, p.h, isReversed, by: unrolled) }(all)
    for (a, b) in zip(try byScan.flattened().leaves, try byHand.flattened().leaves) { #expect(try close(a, b)) }
  }

  @Test func secondDerivatives() throws {
    func second(_ f: @escaping @Sendable (Cell, Tensor, Tensor, Bool) -> (Tensor, Tensor)) -> All {
      let first = grad { @Sendable (p: All) in ScanTests.loss(p.cell, p.xs, p.h, false, by: f) }
      return grad { @Sendable (p: All) in
        let g = first(p)
        return sum(square(g.cell.recurrent)) + sum(g.xs * p.xs) + sum(sin(g.h)) + sum(g.cell.bias * p.cell.bias)
      }(all)
    }
    for (a, b) in zip(try second(scanned).flattened().leaves, try second(unrolled).flattened().leaves) {
      #expect(try close(a, b, 1e-10))
    }
  }

  @Test func aScanWithinAScan() throws {
    // A polynomial's value by Horner's rule, for each of several points; the coefficients come from outside.
    let coefficients = Tensor([2.0, -1, 0.5, 3])
    let points = Tensor([0.5, -2.0, 1.5])
    @Sendable func total(_ coefficients: Tensor, _ points: Tensor) -> Tensor {
      scan(Tensor(0.0), over: points) { (sum: Tensor, x: Tensor) in
        let (value, _) = scan(Tensor(0.0), over: coefficients) { (y: Tensor, c: Tensor) in (y * x + c, [Tensor]()) }
        return (sum + value * value, [Tensor]())
      }.0
    }
    func horner(_ x: Double) -> Double { try! coefficients.doubles.reduce(0) { $0 * x + $1 } }
    let expected = try points.doubles.reduce(0) { $0 + horner($1) * horner($1) }
    #expect(abs(try total(coefficients, points).scalar - expected) < 1e-12)
    let g = grad(total)
    let gradient = g(coefficients, points)
    for (k, value) in try gradient.doubles.enumerated() {
      let slope = try points.doubles.reduce(0) { sum, x in
        sum + 2 * horner(x) * (0..<(3 - k)).reduce(1) { power, _ in power * x }
      }
      #expect(abs(value - slope) < 1e-10)
    }
  }

  @Test func countsStepsAndHasNoneAtAll() throws {
    let (sum, steps) = scan(Tensor(Int32(0)), count: 5) { (sum: Tensor, t: Tensor) -> (Tensor, Tensor) in
      (sum + t, t + t)
    }
    #expect(try sum.integers == [10] && steps.integers == [0, 2, 4, 6, 8])
    let (same, none) = scan(Tensor(7.0), over: zeros([0, 2], dtype: .f64)) { (c: Tensor, x: Tensor) in (c * 2, x) }
    #expect(try same.scalar == 7 && none.shape == [0, 2])
  }

  @Test func whileLoopRunsToItsCondition() throws {
    // Newton's square root of 2.
    let root = whileLoop(Tensor(2.0), while: { abs($0 * $0 - 2.0) .> 1e-12 }) { x in (x + 2.0 / x) * 0.5 }
    #expect(abs(try root.scalar - 2.0.squareRoot()) < 1e-12)
    let never = whileLoop(Tensor(2.0), while: { $0 .> 5.0 }) { $0 * 2.0 }
    #expect(try never.scalar == 2)
  }

  @Test func errorsNameTheLine() throws {
    func message(_ tensor: Tensor) -> String {
      do { _ = try tensor.value; return "" } catch { return "\(error)" }
    }
    let line = #line + 1
    let (wider, _) = scan(Tensor([1.0]), over: sequence) { (c: Tensor, x: Tensor) in (concatenate([c, c]), x) }
    #expect(
      message(wider).contains("ScanTests.swift:\(line)")
        && message(wider).contains("goes into a step as f64[1] and comes out as f64[2]"))
    let (uneven, _) = scan(Tensor(1.0), over: [sequence, start]) { (c: Tensor, x: [Tensor]) in (c, x[0]) }
    #expect(message(uneven).contains("of one length for all"))
    let (broken, _) = scan(start, over: sequence) { (h: Tensor, x: Tensor) in (matmul(h, x), x) }
    #expect(message(broken).contains("ScanTests.swift:\(#line - 1)"))
    let unfit = grad { @Sendable (x: Tensor) in whileLoop(x, while: { $0 .< 10.0 }) { $0 * 2.0 } }(Tensor(1.0))
    #expect(message(unfit).contains("whileLoop has no backward pass"))
    let badCondition = whileLoop(Tensor(1.0), while: { $0 }) { $0 * 2.0 }
    #expect(message(badCondition).contains("must be a bool scalar"))
  }

  // MARK: Other transforms

  private static let byScan: @Sendable (All) -> Tensor = { loss($0.cell, $0.xs, $0.h, false, by: scanned) }
  private static let byHand: @Sendable (All) -> Tensor = { loss($0.cell, $0.xs, $0.h, false, by: unrolled) }

  @Test func forwardMode() throws {
    let direction = map(all) { sin($0 * 3.0) }
    let forward = jvp(Self.byScan), expected = jvp(Self.byHand)
    let (value, tangent) = forward(all, direction)
    let (expectedValue, expectedTangent) = expected(all, direction)
    #expect(try close(value, expectedValue) && close(tangent, expectedTangent))
    let product = hessianVectorProduct(Self.byScan), expectedProduct = hessianVectorProduct(Self.byHand)
    for (a, b) in zip(
      try product(all, direction).flattened().leaves, try expectedProduct(all, direction).flattened().leaves)
    {
      #expect(try close(a, b, 1e-10))
    }
  }

  @Test func aPullBackOutsideEveryTrace() throws {
    let (value, pullBack) = vjp(Self.byScan)(all)
    let (expectedValue, expected) = vjp(Self.byHand)(all)
    #expect(try close(value, expectedValue))
    for (a, b) in zip(try pullBack(Tensor(2.0)).flattened().leaves, try expected(Tensor(2.0)).flattened().leaves) {
      #expect(try close(a, b))
    }
  }

  /// Start states of their own, slices of their own, weights of their own, and all together; and gradients for each element.
  @Test func batches() throws {
    let cells = map(Cell.sample) { stack([$0, $0 * 0.5, cos($0)]) }
    let sequences = stack([sequence, sequence * 0.5, sin(sequence)])
    let starts = stack([start, start * 2.0, cos(start)])
    func cell(_ i: Int) -> Cell { map(cells) { $0[i] } }
    let f: @Sendable (Cell, Tensor, Tensor) -> (Tensor, Tensor) = { scanned($0, $1, $2, true) }
    for axes in [[nil, nil, 0], [nil, 0, nil], [0, nil, nil], [0, 0, 0]] as [[Int?]] {
      let wide = vmap(f, in: axes)
      let (last, states) = wide(
        axes[0] == nil ? .sample : cells, axes[1] == nil ? sequence : sequences, axes[2] == nil ? start : starts)
      for i in 0..<3 {
        let expected = f(
          axes[0] == nil ? .sample : cell(i), axes[1] == nil ? sequence : sequences[i],
          axes[2] == nil ? start : starts[i])
        #expect(try close(last[i], expected.0) && close(states[i], expected.1), "\(axes)")
      }
    }
    let slope = grad(Self.byScan), expected = grad(Self.byHand)
    let each = vmap(slope)(All(cell: cells, xs: sequences, h: starts))
    for i in 0..<3 {
      let one = expected(All(cell: cell(i), xs: sequences[i], h: starts[i]))
      for (a, b) in zip(try each.flattened().leaves, try one.flattened().leaves) { #expect(try close(a[i], b)) }
    }
  }

  @Test func aWhileLoopForABatch() throws {
    let f: @Sendable (Tensor) -> Tensor = { x in
      whileLoop([x, Tensor(0.0)], while: { $0[1] .< 3.0 }) { [$0[0] * 2.0, $0[1] + 1.0] }[0]
    }
    #expect(try vmap(f)(Tensor([1.0, 2, 3])).doubles == [8, 16, 24])
    let each: @Sendable (Tensor) -> Tensor = { x in whileLoop(x, while: { $0 .< 10.0 }) { $0 * 2.0 } }
    // Each element has its own number of steps, and an integer that counts them.
    #expect(try vmap(each)(Tensor([1.0, 2, 3])).doubles == [16, 16, 12])
    let halvings: @Sendable (Tensor) -> [Tensor] = { x in
      whileLoop([x, Tensor(Int32(0))], while: { $0[0] .> 1 }) { [$0[0] * 0.5, $0[1] + 1] }
    }
    let results = vmap(halvings)(Tensor([0.5, 8, 3]))
    #expect(try results[0].doubles == [0.5, 1, 0.75] && results[1].integers == [0, 3, 2])
  }
}
