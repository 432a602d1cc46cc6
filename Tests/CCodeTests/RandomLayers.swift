// Moves of a random program that apply layers, and its losses.

import DescentIR
import DescentNN
import DescentOps

extension Maker {
  /// Applies a layer to some tensor of the pool, or to one brought into a shape that the layer takes.
  mutating func layer() throws {
    let x = pickReal()
    let channels = 1 + dice.below(5)
    switch dice.below(16) {
    case 0, 1: try apply(Dense(channels, bias: dice.isLucky(70), activation: activation()), matrix(x))
    case 2, 3: try convolve(x)
    case 4: try pool(x)
    case 5:
      try apply(
        dice.pick([LayerNorm(epsilon: 0.1), RMSNorm(epsilon: 0.1), LayerNorm(axes: 2, epsilon: 0.1)] as [any Layer]),
        image(x, rank: dice.below(2)))
    case 6: try normalize(x)
    case 7, 8: try recur(x)
    case 9, 10: try attend(x)
    case 11: try embed()
    case 12: try apply(dice.pick([Dropout(0.25), GaussianNoise(0.1), StochasticDepth(0.3)] as [any Layer]), matrix(x))
    case 13: try apply(DropConnect(Dense(channels), rate: 0.25), matrix(x))
    case 14:
      let width = matrix(x).shape[-1]
      try apply(
        Residual {
          Dense(width, activation: activation()); LayerNorm(epsilon: 0.1)
        }, fit(x, TensorType(x.dtype, matrix(x).shape)))
    default:
      let act = activation()
      try apply(
        Sequential {
          Dense(channels, activation: act);
          Parallel {
            Dense(2); Dense(1, activation: .tanh)
          }
        }, matrix(x))
    }
  }

  /// Dense layers one after another over rows, as small networks are: what chunks are made of.
  mutating func chain() throws {
    var x = pool.last { $0.dtype.isFloating }!
    for _ in 0..<1 + dice.below(3) {
      try apply(Dense(1 + dice.below(9), activation: dice.isLucky(80) ? activation() : nil), x)
      x = pool.last!
      if dice.isLucky(30) { add(x * dice.pick([0.5, -1]) + unary(x)) }
      x = pool.last!
    }
  }

  /// The layer on `x`, with weights that are parameters of the program.
  private mutating func apply(_ layer: any Layer, _ x: Tensor) throws {
    guard x.shape.count > 0, x.shape.count <= 4000 else { return add(unary(x)) }
    let scratch = Trace()
    let (weights, initial) = try scratch.record {
      (
        try FlatTree(layer.initialize(input: x.type, key: RandomKey(seed: 0))),
        try FlatTree(layer.initialState(input: x.type))
      )
    }
    let w = try FlatTree.rebuild(Weights.self, weights.structure, weights.leaves.map { parameter($0.type) })
    let state = RunningState(
      try FlatTree.rebuild(Weights.self, initial.structure, initial.leaves.map { states.take($0.type, 0.5...1.5) }))
    let context = Context(isTraining: dice.isLucky(80), key: freshKey(), state: state)
    add(layer(w, x, context))
    measured.states += try FlatTree(state.current).leaves
  }

  private mutating func activation() -> Activation? {
    dice.pick([nil, .relu, .tanh, .sigmoid, .gelu, .elu(), .selu, .softplus, .silu, .leakyReLU(), .geluTanh, .softmax])
  }
  /// `x` with rows and columns.
  private func matrix(_ x: Tensor) -> Tensor {
    x.rank >= 2 ? x : x.rank == 1 ? expandDims(x, axis: 1) : reshape(x, [1, 1])
  }
  /// Something of the shape [n, spatial axes, channels].
  private mutating func image(_ x: Tensor, rank: Int) -> Tensor {
    if x.rank == rank + 2, dice.isLucky(70) { return x }
    let extents = (0..<rank).map { _ in 2 + dice.below(rank == 1 ? 9 : 5) }
    return fit(x, TensorType(x.dtype, Shape([1 + dice.below(3)] + extents + [dice.pick([1, 2, 3, 4])])))
  }

  private mutating func convolve(_ x: Tensor) throws {
    let rank = 1 + dice.below(2), isTransposed = dice.isLucky(25)
    let x = image(x, rank: rank)
    let channels = x.shape[-1]
    guard channels > 0 else { return add(unary(x)) }
    let groups = dice.isLucky(30) ? dice.pick((1...channels).filter { channels % $0 == 0 }) : 1
    let filters = groups * (1 + dice.below(3))
    let kernel = (0..<rank).map { 1 + dice.below(Swift.min(3, x.shape[$0 + 1])) }
    let strides = (0..<rank).map { _ in dice.isLucky(60) ? 1 : 2 + dice.below(2) }
    let dilations = kernel.enumerated().map { i, size in
      size > 1 && (size - 1) * 2 < x.shape[i + 1] && dice.isLucky(30) ? 2 : 1
    }
    if isTransposed {
      let padding = kernel.map { _ in dice.below(2) }
      let made = transposedConvolutionExtents(x, kernel, strides, padding, dilations)
      guard made.allSatisfy({ $0 > 0 }) else { return add(unary(x)) }
      return try apply(
        TransposedConvolution(
          filters, kernel: kernel, strides: strides, padding: padding, outputPadding: strides.map { dice.below($0) },
          dilations: dilations,
          groups: groups, bias: dice.isLucky(50)), x)
    }
    let padding: Padding = dice.pick([
      .valid, .same, .all(1), .cells(low: kernel.map { _ in dice.below(3) }, high: kernel.map { _ in dice.below(2) }),
    ])
    try apply(
      Convolution(
        filters, kernel: kernel, strides: strides, padding: padding, dilations: dilations, groups: groups,
        bias: dice.isLucky(50), activation: activation()), x)
  }
  private func transposedConvolutionExtents(
    _ x: Tensor, _ kernel: [Int], _ strides: [Int], _ padding: [Int], _ dilations: [Int]
  ) -> [Int] {
    kernel.indices.map { (x.shape[$0 + 1] - 1) * strides[$0] - 2 * padding[$0] + dilations[$0] * (kernel[$0] - 1) + 1 }
  }

  private mutating func pool(_ x: Tensor) throws {
    let rank = 1 + dice.below(2)
    let x = image(x, rank: rank)
    guard x.shape.count > 0 else { return add(unary(x)) }
    let sizes = (0..<rank).map { 1 + dice.below(Swift.min(3, x.shape[$0 + 1])) }
    let strides = dice.isLucky(50) ? nil : sizes.map { _ in 1 + dice.below(3) }
    let padding: Padding = dice.pick([.valid, .same, .valid])
    switch dice.below(3) {
    case 0: try apply(MaxPool(sizes, strides: strides, padding: padding), x)
    case 1: try apply(AveragePool(sizes, strides: strides, padding: padding, countsPadding: dice.isLucky(50)), x)
    default: try apply(GlobalAveragePool(), x)
    }
  }

  private mutating func normalize(_ x: Tensor) throws {
    let x = image(x, rank: 1 + dice.below(2))
    let channels = x.shape[-1]
    switch dice.below(3) {
    case 0 where x.shape.count > channels: try apply(BatchNorm(epsilon: 0.1), x)
    case 1 where x.shape[1] * x.shape[x.rank - 2] > 1:
      try apply(InstanceNorm(epsilon: 0.1, affine: dice.isLucky(50)), x)
    default:
      guard channels > 0 else { return add(unary(x)) }
      try apply(GroupNorm(dice.pick((1...channels).filter { channels % $0 == 0 }), epsilon: 0.1), x)
    }
  }

  private mutating func recur(_ x: Tensor) throws {
    let x = fit(x, TensorType(x.dtype, [1 + dice.below(3), dice.pick([1, 2, 3, 5]), 1 + dice.below(3)]))
    let (iterations, isLast, isReversed) = (1 + dice.below(4), dice.isLucky(40), dice.isLucky(30))
    switch dice.below(5) {
    case 0: try apply(Elman(iterations, isLastOnly: isLast, isReversed: isReversed), x)
    case 1: try apply(LSTM(iterations, isLastOnly: isLast, isReversed: isReversed), x)
    case 2: try apply(GRU(iterations, isLastOnly: isLast, isReversed: isReversed), x)
    case 3: try apply(Bidirectional(Elman(iterations), Elman(iterations, isReversed: true)), x)
    default:
      try apply(
        Sequential {
          Elman(iterations); LSTM(2, isLastOnly: isLast)
        }, x)
    }
  }

  private mutating func attend(_ x: Tensor) throws {
    let heads = dice.pick([1, 2]), size = dice.pick([2, 4])
    let x = fit(x, TensorType(x.dtype, [1 + dice.below(2), dice.pick([1, 2, 3, 5]), heads * size]))
    let rotary = dice.isLucky(40) ? 100.0 : nil
    if dice.isLucky(60) {
      try apply(
        MultiHeadAttention(
          heads, keyValueHeads: dice.isLucky(40) ? 1 : nil, causal: dice.isLucky(50),
          dropout: dice.isLucky(30) ? 0.2 : 0, bias: dice.isLucky(50),
          rotaryBase: rotary), x)
    } else {
      try apply(TransformerBlock(heads, feedForward: 3, causal: dice.isLucky(50), rotaryBase: rotary), x)
    }
  }

  private mutating func embed() throws {
    let tokens = pool.filter {
      [.i32, .i64, .u8].contains($0.dtype) && $0.shape.count > 0 && $0.shape.count <= 400 && $0.rank < 4
    }
    guard !tokens.isEmpty else { return operate() }
    try apply(Embedding(dice.pick([3, 5, 9]), 1 + dice.below(4), dtype: dice.pick(real)), dice.pick(tokens))
  }

  // MARK: Losses

  /// The sum of losses of what was made last, and now and then of penalties.
  mutating func loss() throws -> Tensor {
    var total = Tensor(Float(0))
    for x in pool.filter({ $0.dtype.isFloating && $0.shape.count > 0 }).suffix(2) {
      total = total + convert(loss(of: x), to: .f32)
    }
    let known = parameters.given
    if dice.isLucky(15), !known.isEmpty {
      total = total + convert(l2(known.filter { $0.shape.count > 0 }), to: .f32) * 0.01
    }
    if real.contains(.f64), dice.isLucky(70) { return convert(total, to: .f64) }
    return total
  }

  private mutating func loss(of x: Tensor) -> Tensor {
    func target(_ maker: inout Maker) -> Tensor { maker.fit(maker.pickReal(), x.type) }
    switch dice.below(13) {
    case 0 where x.rank > 0, 1 where x.rank > 0: return crossEntropy(x)
    case 2: return huberLoss(x, target(&self))
    case 3: return meanAbsoluteError(x, target(&self))
    case 4: return hingeLoss(x, sign(target(&self)) + 0.5)
    case 5: return binaryCrossEntropy(x, sigmoid(target(&self)), positiveWeight: 1.5)
    case 6 where x.rank > 0: return klDivergence(logSoftmax(x), softmax(target(&self)))
    case 7: return gaussianNegativeLogLikelihood(mean: x, variance: square(target(&self)) + 0.5, target(&self))
    case 8: return poissonNegativeLogLikelihood(logRate: tanh(x), target(&self))
    case 9: return meanSquaredError(x, target(&self))
    default: return mean(square(x))
    }
  }
  private mutating func crossEntropy(_ x: Tensor) -> Tensor {
    let rows = x.shape.removing([x.rank - 1]), classes = x.shape[-1]
    let labels = convert(abs(fit(pickReal(), TensorType(.f32, rows))) * 3, to: dice.pick([.i32, .i64, .u8]))
    // A number that u8 has.
    let last = labels.dtype == .u8 ? min(classes - 1, 255) : classes - 1
    let inside = minimum(labels, filled(Double(last), labels.type))
    switch dice.below(4) {
    case 0: return softmaxCrossEntropy(x, labels: inside, smoothing: dice.isLucky(50) ? 0.1 : 0)
    case 1: return sum(softmaxCrossEntropies(x, labels: inside, ignoring: 0)) * 0.1
    case 2: return multiclassHingeLoss(x, labels: inside)
    default: return softmaxCrossEntropy(x, labels: softmax(fit(pickReal(), x.type)))
    }
  }
}
