// Means and variances of the initializers against their formulas, and the independence of the draws.

import DescentIR
import DescentInterpreter
import DescentNN
import DescentOps
import Testing

@Suite struct InitializerTests {
  static let fans = Fans(in: 300, out: 100)
  /// Name, rule, variance, and the bound of a uniform distribution.
  static let rules: [(String, Initializer, Double, Double?)] = [
    ("glorotUniform", .glorotUniform, 2.0 / 400, (6.0 / 400).squareRoot()),
    ("glorotNormal", .glorotNormal, 2.0 / 400, nil),
    ("heUniform", .heUniform, 2.0 / 300, (6.0 / 300).squareRoot()),
    ("heNormal", .heNormal, 2.0 / 300, nil),
    ("lecunUniform", .lecunUniform, 1.0 / 300, (3.0 / 300).squareRoot()),
    ("lecunNormal", .lecunNormal, 1.0 / 300, nil),
    ("uniform", .uniform(-0.5...0.5), 1.0 / 12, 0.5),
    ("normal", .normal(standardDeviation: 0.25), 1.0 / 16, nil),
  ]

  @Test(arguments: rules.indices, [DType.f32, .f64]) func moments(_ index: Int, _ dtype: DType) throws {
    let (name, rule, variance, bound) = Self.rules[index]
    let w = try rule(TensorType(dtype, [300, 100]), Self.fans, RandomKey(seed: 7)).doubles
    let n = Double(w.count)
    let mean = w.reduce(0, +) / n
    let second = w.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
    // Five standard errors: of the mean √(σ²/n); of the variance at most σ² √(2/n), that of the normal distribution.
    #expect(abs(mean) < 5 * (variance / n).squareRoot(), "\(name)")
    #expect(abs(second / variance - 1) < 5 * (2 / n).squareRoot(), "\(name)")
    if let bound { #expect(w.allSatisfy { abs($0) <= bound }, "\(name)") }
  }

  @Test func constants() throws {
    let type = TensorType(.f32, [2, 2])
    #expect(try Initializer.zeros(type, Self.fans, RandomKey(seed: 0)).doubles == [0, 0, 0, 0])
    #expect(try Initializer.ones(type, Self.fans, RandomKey(seed: 0)).doubles == [1, 1, 1, 1])
    #expect(try Initializer.constant(2.5)(type, Self.fans, RandomKey(seed: 0)).doubles == [2.5, 2.5, 2.5, 2.5])
  }

  @Test func fansOfKernels() {
    #expect(Fans(kernel: [3, 3, 8, 16]) == Fans(in: 72, out: 144))
    #expect(Fans(kernel: [20, 30]) == Fans(in: 20, out: 30))
  }

  @Test func anInitializerOfTheWrongTypeIsAnError() {
    let rule = Initializer { _, _, _ in zeros([3]) }
    let error = #expect(throws: DescentError.self) {
      try rule(TensorType(.f32, [2]), Self.fans, RandomKey(seed: 0)).doubles
    }
    #expect(error?.message.contains("f32[3]") == true && error?.message.contains("f32[2]") == true)
  }

  @Test func everyWeightHasAStreamOfItsOwn() throws {
    let model = Sequential {
      Dense(6, initializer: .normal(standardDeviation: 1))
      Dense(6, initializer: .normal(standardDeviation: 1))
      Sequential {
        Dense(6, initializer: .normal(standardDeviation: 1))
        Dense(6, initializer: .normal(standardDeviation: 1))
      }
    }
    func draw(_ seed: Int) throws -> [[Double]] {
      try model.initialize(input: TensorType(.f64, [1, 6]), seed: seed).flattened().leaves.filter { $0.rank == 2 }.map {
        try $0.doubles
      }
    }
    let (first, again, other) = (try draw(1), try draw(1), try draw(2))
    #expect(first == again)
    let all = first + other
    #expect(Set(all).count == 8)
    // Not even one number in common, as overlapping streams would have.
    #expect(Set(all.flatMap { $0 }).count == 8 * 36)
  }

  /// Initialization on a key that is an input of the graph: a compiled program can draw its own weights.
  @Test func initializationIsAGraph() throws {
    let model = Sequential {
      Dense(4)
      ReLU()
      Dense(2, initializer: .heNormal)
    }
    let trace = Trace()
    let graph = try trace.record {
      let key = RandomKey(
        seed: trace.input("seed", TensorType(.i64, [])), stream: trace.input("stream", TensorType(.i64, [])))
      let flat = try model.initialize(input: TensorType(.f32, [8, 3]), key: key).flattened()
      return try trace.finish(zip(flat.paths, flat.leaves).map { (label: $0, tensor: $1) })
    }
    #expect(graph.outputLabels == ["0.weight", "0.bias", "2.weight", "2.bias"])
    let values = try graph.evaluate([HostArray([], [Int64(5)]), HostArray([], [Int64(0)])])
    let eager = try model.initialize(input: TensorType(.f32, [8, 3]), seed: 5).flattened().leaves.map { try $0.value }
    #expect(values == eager)
  }
}
