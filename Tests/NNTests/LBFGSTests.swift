// L-BFGS against PyTorch's, iteration by iteration, and at minima that are known.

import DescentDriver
import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Foundation
import Testing

@Suite struct LBFGSTests {
  /// Σ 100 (xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)², 0 where all are 1.
  static let rosenbrock = { @Sendable (x: Tensor) -> Tensor in
    let n = x.shape[0]
    let (a, b) = (slice(x, start: [0], limit: [n - 1]), slice(x, start: [1], limit: [n]))
    return sum(square(b - square(a)) * 100 + square(1 - a))
  }
  struct Model: ParameterTree { var weights, intercept: Tensor }

  @Test func iterationsArePyTorchs() throws {
    let run = try TrajectoryFixture.read().rosenbrock
    let f = valueAndGrad(Self.rosenbrock)
    #expect(OptimizerTests.difference(run.minimum, [Double](repeating: 1, count: 10)) < 1e-12)
    for count in 1...run.values.count {
      let result = try minimize({ f($0) }, from: Tensor(run.start), iterations: count)
      #expect(result.iterations == count && result.reason == .iterations)
      #expect(abs(result.value - run.values[count - 1]) < 1e-9 * run.values[count - 1], "iteration \(count)")
    }
  }

  /// Functions without a minimum: linear, a logarithm, one whose value becomes -∞.
  @Test(arguments: 0..<3) func whatFallsWithoutEndSaysSo(_ number: Int) throws {
    let functions: [@Sendable (Tensor) -> Tensor] = [
      { sum($0 * -1) }, { -sum(exp($0)) }, { -sum(power($0, 4)) },
    ]
    let f = valueAndGrad(functions[number])
    let result = try minimize({ f($0) }, from: Tensor([1.0, 2]))
    #expect(result.reason == .unbounded && result.value.isFinite, "\(result.reason) at \(result.value)")
  }

  @Test func rosenbrockEndsAtOnes() throws {
    let start = Tensor((0..<10).map { $0 % 2 == 0 ? -1.2 : 1.0 })
    let f = compile(valueAndGrad(Self.rosenbrock))
    let result = try minimize(f, from: start, gradientTolerance: 1e-9, valueTolerance: 0)
    #expect(result.reason == .gradient && result.gradientNorm <= 1e-9 && result.value < 1e-18)
    #expect(try result.parameters.doubles.allSatisfy { abs($0 - 1) < 1e-9 })
    #expect(result.iterations < 100 && result.evaluations < 130, "\(result.iterations), \(result.evaluations)")
  }

  @Test func logisticRegressionEndsAtNewtonsMinimum() throws {
    let fixture = try TrajectoryFixture.read().logistic
    let x = Tensor(fixture.x, shape: [fixture.y.count, 3])
    let y = Tensor(fixture.y)
    let loss = valueAndGrad { @Sendable (p: Model, x: Tensor, y: Tensor) -> Tensor in
      let z = reshape(matmul(x, reshape(p.weights, [3, 1])), [y.shape[0]]) + p.intercept
      return mean(softplus(z) - y * z) + 0.05 * sum(square(p.weights))
    }
    let compiled = compile(loss)
    let start = Model(weights: Tensor([0.0, 0.0, 0.0]), intercept: Tensor(0.0))
    let interpretedFit = try minimize({ loss($0, x, y) }, from: start, gradientTolerance: 1e-12, valueTolerance: 0)
    let fit = try minimize({ try compiled($0, x, y) }, from: start, gradientTolerance: 1e-12, valueTolerance: 0)
    for result in [interpretedFit, fit] {
      let numbers = try result.parameters.flattened().leaves.flatMap { try $0.doubles }
      #expect(result.reason == .gradient)
      #expect(OptimizerTests.difference(numbers, fixture.run.minimum) < 1e-9)
      #expect(abs(result.value - fixture.run.values.last!) < 1e-14)
    }
  }

  @Test func stopsForTheReasonItNames() throws {
    let f = valueAndGrad { @Sendable (x: Tensor) in sum(square(x)) }
    let p = Tensor([3.0, -4.0])
    let exact = try minimize(f, from: p)
    #expect(exact.reason == .gradient && exact.value < 1e-12)
    let atMinimum = try minimize(f, from: Tensor([0.0, 0.0]))
    #expect(atMinimum.reason == .gradient && atMinimum.iterations == 0 && atMinimum.evaluations == 1)
    let none = try minimize(f, from: p, iterations: 0)
    #expect(none.reason == .iterations && none.value == 25 && none.gradientNorm == 8)
    let slow = valueAndGrad(Self.rosenbrock)
    let coarse = try minimize(slow, from: Tensor([-1.2, 1.0]), gradientTolerance: 0, valueTolerance: 1e-3)
    #expect(coarse.reason == .change && coarse.iterations > 5)
    // A gradient of the wrong sign points nowhere down.
    let wrong = try minimize(
      {
        let (v, g) = f($0); return (v, -g)
      }, from: p)
    #expect(wrong.reason == .lineSearch && wrong.value == 25)
  }

  /// With a history of 0 it is steepest descent, with 1 it is slower than with 10.
  @Test func historyShortensTheWay() throws {
    let f = valueAndGrad(Self.rosenbrock)
    let counts = try [0, 1, 10].map {
      try minimize(f, from: Tensor([-1.2, 1.0, -1.2, 1.0]), iterations: 300, history: $0, valueTolerance: 0).iterations
    }
    #expect(counts[0] == 300 && counts[1] > counts[2], "\(counts)")
  }

  @Test func singlePrecisionEnds() throws {
    let f = valueAndGrad(Self.rosenbrock)
    let result = try minimize(
      f, from: Tensor([-1.2, 1.0, -1.2, 1.0] as [Float]), gradientTolerance: 0, valueTolerance: 0)
    #expect(result.reason == .lineSearch || result.reason == .change || result.reason == .gradient)
    #expect(result.parameters.dtype == .f32)
    #expect(try result.parameters.doubles.allSatisfy { abs($0 - 1) < 1e-2 }, "\(result)")
  }

  /// The first step overshoots to where the function is not a number; the line search comes back.
  @Test func undefinedRegionsAreLeft() throws {
    let f = valueAndGrad { @Sendable (x: Tensor) in sum(x - 0.001 * log(x)) }
    let result = try minimize(f, from: Tensor([0.5, 2.0]), gradientTolerance: 1e-8, valueTolerance: 0)
    #expect(result.reason == .gradient)
    #expect(OptimizerTests.difference(try result.parameters.doubles, [0.001, 0.001]) < 1e-7)
  }

  @Test func errorsComeOut() throws {
    let f = valueAndGrad { @Sendable (x: Tensor) in sum(log(x)) }
    let error = #expect(throws: DescentError.self) { try minimize(f, from: Tensor([-1.0])) }
    #expect(error?.description.contains("finite") == true && error?.location?.file == "NNTests/LBFGSTests.swift")
    let vector = valueAndGrad { @Sendable (x: Tensor) in square(x) }
    #expect(throws: DescentError.self) { try minimize(vector, from: Tensor([1.0, 2.0])) }
    let g = valueAndGrad { @Sendable (x: Tensor) in sum(square(x)) }
    let short = #expect(throws: DescentError.self) {
      try minimize({ p in (g(p).0, Tensor([1.0])) }, from: Tensor([1.0, 2.0]))
    }
    #expect(short?.message.contains("1 numbers for 2") == true)
  }
}
