// Random numbers against the distributions they are of: Kolmogorov's and Smirnov's distance, means, counts.

import DescentDriver
import DescentIR
import DescentInterpreter
import DescentOps
import DescentTransforms
import Foundation
import Testing

@Suite struct DistributionTests {
  /// `DRAWS=10000000 swift test -c release --filter DistributionTests` takes more.
  private static let draws = ProcessInfo.processInfo.environment["DRAWS"].flatMap { Int($0) } ?? 100_000
  private static let key = RandomKey(seed: 42)

  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var draw: @Sendable (Int, RandomKey, DType) -> Tensor
    /// The distribution function.
    var cdf: @Sendable (Double) -> Double
  }
  private static func phi(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
  /// The sum of n exponential numbers.
  private static func erlang(_ n: Int, _ x: Double) -> Double {
    var (term, sum) = (exp(-x), 0.0)
    for k in 0..<n {
      sum += term
      term *= x / Double(k + 1)
    }
    return 1 - sum
  }
  static let cases: [Case] = [
    Case(testDescription: "exponential", draw: { exponential([$0], key: $1, rate: 2, dtype: $2) }) { 1 - exp(-2 * $0) },
    Case(testDescription: "gumbel", draw: { gumbel([$0], key: $1, dtype: $2) }) { exp(-exp(-$0)) },
    Case(testDescription: "lognormal", draw: { lognormal([$0], key: $1, mean: 0.5, standardDeviation: 2, dtype: $2) }) {
      phi((log($0) - 0.5) / 2)
    },
    Case(testDescription: "gamma 3", draw: { gamma(full([], 3, dtype: $2), [$0], key: $1) }) { erlang(3, $0) },
    Case(testDescription: "gamma 1", draw: { gamma(full([], 1, dtype: $2), [$0], key: $1) }) { erlang(1, $0) },
    Case(testDescription: "gamma 1/2", draw: { gamma(full([], 0.5, dtype: $2), [$0], key: $1) }) {
      erf($0.squareRoot())
    },
    Case(testDescription: "beta 2, 1", draw: { beta(full([], 2, dtype: $2), full([], 1, dtype: $2), [$0], key: $1) }) {
      $0 * $0
    },
    Case(
      testDescription: "beta 1/2, 1/2",
      draw: { beta(full([], 0.5, dtype: $2), full([], 0.5, dtype: $2), [$0], key: $1) }
    ) {
      2 / .pi * asin($0.squareRoot())
    },
    Case(testDescription: "truncated", draw: { truncatedNormal(-0.5, 2, [$0], key: $1, dtype: $2) }) {
      (phi($0) - phi(-0.5)) / (phi(2) - phi(-0.5))
    },
    Case(testDescription: "truncated far out", draw: { truncatedNormal(5, 6, [$0], key: $1, dtype: $2) }) {
      (phi(-5) - phi(-$0)) / (phi(-5) - phi(-6))
    },
    Case(testDescription: "antithetic", draw: { antitheticNormal([$0], key: $1, dtype: $2) }) { phi($0) },
    Case(
      testDescription: "correlated",
      draw: { n, key, dtype in
        let covariance = convert(Tensor([[2.0, 0.6], [0.6, 0.5]]), to: dtype)
        let x = multivariateNormal(convert(Tensor([1.0, -1]), to: dtype), covariance, [n], key: key)
        // Of variance 2 + 0.5 + 2 · 0.6.
        return x[.all, 0] + x[.all, 1]
      }
    ) { phi($0 / 3.7.squareRoot()) },
  ]

  /// √n times the greatest distance of the distribution function of the draws is above 2.8 once in three million times.
  @Test(arguments: cases) func followsItsDistribution(_ item: Case) throws {
    for dtype in [DType.f32, .f64] {
      let x = try item.draw(Self.draws, Self.key, dtype).doubles.sorted(), n = Double(x.count)
      let distance = x.enumerated().reduce(0) { greatest, draw in
        let p = item.cdf(draw.element)
        return max(greatest, p - Double(draw.offset) / n, Double(draw.offset + 1) / n - p)
      }
      #expect(distance * n.squareRoot() < 2.8, "\(dtype)")
      let compiled = try compile { (key: [Tensor]) in item.draw(100, RandomKey(seed: key[0], stream: key[1]), dtype) }
      let (few, same) = (item.draw(100, Self.key, dtype), try compiled([Self.key.seed, Self.key.stream]))
      let allowed = Tolerance(dtype, longestSum: 16).relative
      #expect(Tolerance.difference(try few.doubles, try same.doubles) < allowed, "\(dtype)")
    }
  }

  /// χ² of counts against probabilities, less its mean and over its standard deviation.
  private func excess(_ counts: [Int], _ p: [Double]) -> Double {
    let n = Double(counts.reduce(0, +))
    let square = zip(counts, p).reduce(0) { $0 + pow(Double($1.0) - n * $1.1, 2) / (n * $1.1) }
    let degrees = Double(counts.count - 1)
    return (square - degrees) / (2 * degrees).squareRoot()
  }
  private func counts(_ x: Tensor, _ size: Int) throws -> [Int] { try bincount(x, length: size).value.ints }

  @Test func wholeNumbersFollowTheirProbabilities() throws {
    let n = Self.draws, keys = Self.key.split(8)
    #expect(
      excess(try counts(randint([n], key: keys[0], from: -3, to: 4) + 3, 7), [Double](repeating: 1 / 7.0, count: 7)) < 7
    )
    let p = [0.1, 0.4, 0.2, 0.3], x = iota([4], dtype: .i32)
    #expect(excess(try counts(choice(x, n, key: keys[1]), 4), [0.25, 0.25, 0.25, 0.25]) < 7)
    #expect(excess(try counts(choice(x, n, key: keys[2], probabilities: Tensor(p)), 4), p) < 7)
    #expect(excess(try counts(categorical(log(Tensor(p)), [n], key: keys[3]), 4), p) < 7)
    for (number, mean) in [0.7, 4, 30].enumerated() {
      let size = Int(mean + 4 * mean.squareRoot() + 3)
      var p = (0..<size).map { exp(Double($0) * log(mean) - mean - lgamma(Double($0) + 1)) }
      p.append(1 - p.reduce(0, +))
      let drawn = minimum(poisson(Tensor(mean), [n], key: keys[4].fold(number)), size)
      // What is rarer than five draws is put together.
      let all = try counts(drawn, size + 1)
      let kept = p.indices.filter { p[$0] * Double(n) >= 5 }
      let rest = p.indices.filter { p[$0] * Double(n) < 5 }
      let groups = kept.map { all[$0] } + [rest.reduce(0) { $0 + all[$1] }]
      let shares = kept.map { p[$0] } + [rest.reduce(1e-12) { $0 + p[$1] }]
      #expect(excess(groups, shares) < 8, "mean \(mean)")
    }
    #expect(try poisson(Tensor([-1.0, .nan, 0]), key: keys[5]).value.ints == [-1, -1, 0])
    let large = try randint([1000], key: keys[6], from: .min / 2, to: .max / 2).value.ints
    #expect(large.contains { $0 < .min / 4 } && large.contains { $0 > .max / 4 })
  }

  @Test func ordersAndSelectionsHaveEachOnce() throws {
    let keys = Self.key.split(4)
    #expect(try sort(permutation(100, key: keys[0])).value.ints == Array(0..<100))
    let rows = reshape(iota([12], dtype: .i32), [4, 3])
    #expect(try sort(permutation(rows, key: keys[1]), axis: 0).value.ints == Array(0..<12))
    // The first place of an order is any number equally often.
    let firsts = vmap { permutation(iota([5], dtype: .i32), key: RandomKey(seed: $0, stream: Tensor(Int64(1))))[0] }(
      iota([20_000], dtype: .i64))
    #expect(excess(try counts(firsts, 5), [Double](repeating: 0.2, count: 5)) < 7)
    for p in [nil, Tensor([1.0, 2, 3, 4, 0, 5])] {
      let drawn = try choice(iota([6], dtype: .i32), 5, key: keys[2], probabilities: p, isReplacing: false).value.ints
      #expect(Set(drawn).count == 5 && (p == nil || !drawn.contains(4)))
    }
    let parts = try dirichlet(Tensor([0.5, 2, 1.5]), [1000], key: keys[3])
    #expect(try sum(parts, axes: [1]).doubles.allSatisfy { abs($0 - 1) < 1e-12 })
    let means = try mean(parts, axes: [0]).doubles
    for (x, wanted) in zip(means, [0.125, 0.5, 0.375]) { #expect(abs(x - wanted) < 0.04) }
    let z = try antitheticNormal([7, 2], key: keys[0], dtype: .f64)
    #expect(try (z[..<3] + z[4...]).doubles.allSatisfy { $0 == 0 })
  }

  @Test func quasiRandomPointsAreThoseOfTheirPapers() throws {
    // Joe and Kuo's first points in three dimensions.
    let first = try sobol(8, dimensions: 3).doubles
    #expect(
      first == [
        0, 0, 0, 0.5, 0.5, 0.5, 0.75, 0.25, 0.25, 0.25, 0.75, 0.75, 0.375, 0.375, 0.625, 0.875, 0.875, 0.125, 0.625,
        0.125,
        0.875, 0.125, 0.625, 0.375,
      ])
    // Of 2ᵐ points each interval of that width has one, in each dimension.
    let points = sobol(256, dimensions: 32)
    for d in 0..<32 { #expect(try sort(convert(points[.all, d] * 256, to: .i32)).value.ints == Array(0..<256), "\(d)") }
    let wanted: [Double] = [1.0 / 2, 1.0 / 3, 1.0 / 4, 2.0 / 3, 3.0 / 4, 1.0 / 9, 1.0 / 8, 4.0 / 9]
    #expect(try halton(4, dimensions: 2).doubles == wanted)
    let moved = try sobol(1024, dimensions: 4, key: Self.key).doubles
    #expect(moved.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(throws: DescentError.self) { try sobol(8, dimensions: 33).value }
  }

  @Test func boundsHaveDerivatives() throws {
    func total(_ high: Tensor) -> Tensor { sum(truncatedNormal(Tensor(0.0), high, [50], key: Self.key)) }
    let slope = try grad { (high: Tensor) in sum(truncatedNormal(Tensor(0.0), high, [50], key: Self.key)) }(Tensor(2.0))
      .doubles[0]
    let (above, below) = (try total(Tensor(2 + 1e-5)).doubles[0], try total(Tensor(2 - 1e-5)).doubles[0])
    let difference = (above - below) / 2e-5
    #expect(abs(slope - difference) < 1e-6)
  }
}
