// Layers that are random: what they keep and how much, that bits follow from the key alone, that inference is the identity, and
// the same of images that move about. Compiled, they draw what the interpreter draws.

import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Testing

@Suite struct RandomizationTests {
  static let images = Tensor((0..<4 * 5 * 6 * 2).map { Double($0 + 1) }, shape: [4, 5, 6, 2])
  static let rows = Tensor((0..<30).map { 1 + Double($0) / 8 }, shape: [6, 5])

  /// Layers without weights, with an input that has no zeros.
  static let layers: [(name: String, layer: any Layer, x: Tensor)] = [
    ("Dropout", Dropout(0.4), rows), ("StochasticDepth", StochasticDepth(0.4), rows),
    ("GaussianNoise", GaussianNoise(0.5), rows), ("RandomFlip", RandomFlip(), images),
    ("RandomShift", RandomShift(2), images), ("RandomCrop", RandomCrop(4, 3, padding: 1), images),
  ]

  private static func training(_ seed: Int, step: Int = 0) -> Context {
    Context(isTraining: true, key: RandomKey(seed: seed).fold(step))
  }

  /// Whether so many of `n` independent events of probability `p` are within five standard deviations of what is expected.
  private static func isShare(_ count: Int, of n: Int, _ p: Double) -> Bool {
    let deviation = (Double(n) * p * (1 - p)).squareRoot()
    return abs(Double(count) - Double(n) * p) < 5 * deviation
  }

  @Test(arguments: layers.indices) func bitsFollowFromTheKey(_ index: Int) throws {
    let (_, layer, x) = Self.layers[index]
    let draws = try [(1, 0), (1, 0), (1, 1), (2, 0)].map {
      try layer(Weights(), x, Self.training($0, step: $1)).doubles
    }
    #expect(draws[0] == draws[1])
    #expect(draws[0] != draws[2] && draws[0] != draws[3] && draws[2] != draws[3])
    #expect(try layer.output(input: x.type) == layer(Weights(), x, Self.training(1)).type)
  }

  @Test(arguments: layers.indices) func inferenceIsTheIdentity(_ index: Int) throws {
    let (name, layer, x) = Self.layers[index]
    for context in [Context(), Context(key: RandomKey(seed: 1))] where name != "RandomCrop" {
      #expect(try layer(Weights(), x, context).doubles == x.doubles)
    }
  }

  /// Two of one layer in a row draw numbers of their own.
  @Test func everyLayerDrawsByItself() throws {
    let x = ones([64, 64], dtype: .f64)
    let model = Parallel {
      Dropout(0.5)
      Dropout(0.5)
    }
    let y = model(Weights(), x, Self.training(3))
    let (a, b) = (try y[.all, 0..<64].doubles, try y[.all, 64...].doubles)
    #expect(Self.isShare(zip(a, b).filter { $0 == $1 }.count, of: 4096, 0.5))
  }

  @Test(arguments: layers.indices) func trainingWithoutKeyIsAnError(_ index: Int) throws {
    let (name, layer, x) = Self.layers[index]
    let error = #expect(throws: DescentError.self) { try layer(Weights(), x, Context(isTraining: true)).doubles }
    #expect(error?.message.contains("random key") == true && error?.message.contains(name) == true)
    #expect(error?.location?.file == "NNTests/RandomizationTests.swift")
  }

  @Test(arguments: [DType.f32, .f64], [0.1, 0.5, 0.8]) func dropoutKeepsItsRateAndMean(_ dtype: DType, _ rate: Double)
    throws
  {
    let n = 40_000
    let y = try Dropout(rate)(Weights(), ones([200, 200], dtype: dtype), Self.training(5)).doubles
    let kept = y.filter { $0 != 0 }
    #expect(kept.allSatisfy { abs($0 * (1 - rate) - 1) < 1e-6 })
    #expect(Self.isShare(kept.count, of: n, 1 - rate))
    // The mean is the share of what is kept over 1 - rate.
    let mean = y.reduce(0, +) / Double(n)
    #expect(abs(mean - 1) < 5 * (rate / (1 - rate) / Double(n)).squareRoot())
    // Neighbours in a row and in a column are independent. Each element is in two pairs, which at most doubles the variance.
    for stride in [1, 200] {
      let pairs = (0..<n - stride).filter { y[$0] != 0 && y[$0 + stride] != 0 }.count
      #expect(Self.isShare(pairs / 2, of: (n - stride) / 2, (1 - rate) * (1 - rate)))
    }
  }

  @Test func gradientPassesWhereKept() throws {
    let x = Self.rows
    let gradient = grad { @Sendable (x: Tensor) in sum(Dropout(0.4)(Weights(), x, Self.training(1))) }(x)
    let y = try Dropout(0.4)(Weights(), x, Self.training(1)).doubles
    #expect(try zip(gradient.doubles, y).allSatisfy { $1 == 0 ? $0 == 0 : abs($0 - 1 / 0.6) < 1e-15 })
    #expect(y.contains(0) && y.contains { $0 != 0 })
  }

  @Test func dropConnectDropsWeightsAndNotBiases() throws {
    let layer = DropConnect(Dense(50), rate: 0.25)
    let type = TensorType(.f64, [40, 40])
    var w = try layer.initialize(input: type, seed: 1)
    #expect(w.types.map(\.path) == ["weight", "bias"])
    w.weight = ones([40, 50], dtype: .f64)
    w.bias = full([50], 7, dtype: .f64)
    let identity = convert(iota([40, 1], axis: 0, dtype: .i32) .== iota([1, 40], axis: 1, dtype: .i32), to: .f64)
    let y = try (layer(w, identity, Self.training(2)) - 7).doubles
    let kept = y.filter { $0 != 0 }
    #expect(kept.allSatisfy { abs($0 - 1 / 0.75) < 1e-12 })
    #expect(Self.isShare(kept.count, of: 2000, 0.75))
    #expect(try layer(w, identity).doubles == Dense(50)(w, identity).doubles)
  }

  @Test func stochasticDepthDropsWholeRows() throws {
    let n = 10_000
    let x = ones([n, 3], dtype: .f64)
    let model = Residual { StochasticDepth(0.3) }
    let y = try model(Weights(), x, Self.training(4)).doubles
    let rows = stride(from: 0, to: 3 * n, by: 3).map { Array(y[$0..<$0 + 3]) }
    #expect(rows.allSatisfy { $0 == [1, 1, 1] || $0.allSatisfy { abs($0 - 1 - 1 / 0.7) < 1e-12 } })
    #expect(Self.isShare(rows.filter { $0[0] != 1 }.count, of: n, 0.7))
    #expect(try model(Weights(), x).doubles.allSatisfy { $0 == 2 })
  }

  @Test(arguments: [DType.f32, .f64]) func noiseHasItsMoments(_ dtype: DType) throws {
    let n = 40_000.0
    let y = try GaussianNoise(0.5)(Weights(), full([200, 200], 3, dtype: dtype), Self.training(6)).doubles
    let mean = y.reduce(0, +) / n
    let variance = y.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
    #expect(abs(mean - 3) < 5 * 0.5 / n.squareRoot())
    #expect(abs(variance / 0.25 - 1) < 5 * (2 / n).squareRoot())
  }

  // Images --------------------------------------------------------------------------------------------------------------

  /// The window of h by w of an image [height][width][channels] that starts at (top, left), zeros outside.
  private static func window(_ image: [Double], _ top: Int, _ left: Int, _ h: Int, _ w: Int) -> [Double] {
    (0..<h).flatMap { i in
      (0..<w).flatMap { j in
        (0..<2).map { k in
          let (y, x) = (top + i, left + j)
          return (0..<5).contains(y) && (0..<6).contains(x) ? image[(y * 6 + x) * 2 + k] : 0
        }
      }
    }
  }
  private static func images(_ x: Tensor) throws -> [[Double]] {
    let (values, size) = (try x.doubles, x.shape.count / x.shape[0])
    return (0..<x.shape[0]).map { Array(values[$0 * size..<($0 + 1) * size]) }
  }

  @Test func flipsAreMirrorImages() throws {
    let flipped = try Self.images(reverse(Self.images, axes: [2])), plain = try Self.images(Self.images)
    var count = 0
    for step in 0..<200 {
      let y = try Self.images(RandomFlip()(Weights(), Self.images, Self.training(1, step: step)))
      for (row, image) in y.enumerated() {
        #expect(image == plain[row] || image == flipped[row])
        if image == flipped[row] { count += 1 }
      }
    }
    #expect(Self.isShare(count, of: 800, 0.5))
  }

  /// Every row is a window at one of the places, and every place is met about equally often.
  @Test(arguments: [(5, 6, 1), (4, 3, 1), (3, 6, 0), (7, 8, 2)]) func cropsAreWindows(
    _ h: Int, _ w: Int, _ padding: Int
  ) throws {
    let isShift = (h, w) == (5, 6)
    let layer: any Layer = isShift ? RandomShift(padding) : RandomCrop(h, w, padding: padding)
    let (rows, columns) = (5 + 2 * padding - h + 1, 6 + 2 * padding - w + 1)
    let plain = try Self.images(Self.images)
    var counts = [Int](repeating: 0, count: rows * columns)
    let steps = 50 * rows * columns
    for step in 0..<steps {
      for (row, image) in try Self.images(layer(Weights(), Self.images, Self.training(2, step: step))).enumerated() {
        let place = counts.indices.filter {
          Self.window(plain[row], $0 / columns - padding, $0 % columns - padding, h, w) == image
        }
        try #require(place.count == 1)
        counts[place[0]] += 1
      }
    }
    // 200 hits are expected of each place, with a standard deviation of at most 14.2.
    #expect(counts.allSatisfy { abs($0 - 200) < 71 }, "\(counts)")
  }

  @Test(arguments: [(4, 3, 1), (7, 8, 1), (5, 6, 0), (5, 6, 3), (3, 8, 1), (2, 2, 0)])
  func cropsAreCentredInInference(_ h: Int, _ w: Int, _ padding: Int) throws {
    let layer = RandomCrop(h, w, padding: padding)
    let y = layer(Weights(), Self.images)
    #expect(y.type == TensorType(.f64, [4, h, w, 2]))
    #expect(try layer.output(input: Self.images.type) == y.type)
    let (top, left) = ((5 + 2 * padding - h) / 2 - padding, (6 + 2 * padding - w) / 2 - padding)
    let expected = try Self.images(Self.images).map { Self.window($0, top, left, h, w) }
    #expect(try Self.images(y) == expected)
  }

  /// Images as they come: bytes.
  @Test func imagesMayBeBytes() throws {
    let x = convert(Self.images, to: .u8)
    for layer in [RandomFlip(), RandomShift(1), RandomCrop(3, 3)] as [any Layer] {
      let y = layer(Weights(), x, Self.training(1))
      #expect(y.dtype == .u8)
      #expect(try y.doubles.contains { $0 != 0 })
    }
  }

  @Test func settingsThatDoNotFitAreErrors() {
    let rows = TensorType(.f32, [4, 3])
    let layers: [any Layer] = [
      Dropout(1), Dropout(-0.1), StochasticDepth(1.5), GaussianNoise(-1), DropConnect(Dense(2), rate: 1), RandomFlip(),
      RandomShift(1), RandomShift(-1), RandomCrop(2, 2),
    ]
    for layer in layers {
      func prepare() throws {
        _ = try layer.initialize(input: rows, seed: 1)
        _ = try layer.output(input: rows)
      }
      let error = #expect(throws: DescentError.self, "\(layer)") { try prepare() }
      #expect(error?.location?.file == "NNTests/RandomizationTests.swift", "\(layer)")
    }
    let x = zeros([4, 3])
    for layer in [Dropout(1), StochasticDepth(1.5), RandomFlip(), RandomShift(1), RandomCrop(2, 2)] as [any Layer] {
      #expect(throws: DescentError.self, "\(layer)") { try layer(Weights(), x, Self.training(1)).doubles }
    }
    #expect(throws: DescentError.self) {
      try RandomCrop(9, 9, padding: 1).output(input: TensorType(.f32, [2, 5, 6, 1]))
    }
  }

  @Test(arguments: [DType.f64, .f32]) func compiledIsInterpreted(_ dtype: DType) throws {
    let dense: (name: String, layer: any Layer, x: Tensor) = ("DropConnect", DropConnect(Dense(3)), Self.rows)
    let trials = try (Self.layers + [dense]).map { name, layer, x in
      let x = convert(x, to: dtype)
      let weights = try layer.initialize(input: x.type, seed: 1)
      let flat = try weights.flattened()
      let inputs = [Tensor(Int64(9)), Tensor(Int64(4)), x] + flat.leaves
      let trace = Trace()
      let graph = try trace.record {
        let nodes = zip(["seed", "stream", "x"] + flat.paths, inputs).map { trace.input($0, $1.type) }
        let context = Context(isTraining: true, key: RandomKey(seed: nodes[0], stream: nodes[1]))
        let y = layer(try weights.replacing(Array(nodes[3...])), nodes[2], context)
        let gradients = try trace.gradients(of: sum(square(y)), withRespectTo: Array(nodes[2...]))
        return try trace.finish(([y] + gradients).enumerated().map { ("y\($0.offset)", $0.element) })
      }
      return Trial(name: name, graph: graph, inputs: try inputs.map { try $0.value }, isOptimized: true)
    }
    try Fleet.check(trials, threads: [1, 2, 3])
  }
}
