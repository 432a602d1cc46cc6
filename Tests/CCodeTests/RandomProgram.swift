// Random whole training programs: parameters, data, a function of them made of operations, layers and transforms, a loss, its
// gradient, an optimizer, and several steps whose state is taken over by donation. The same seed gives the same program.

import DescentIR
import DescentInterpreter
import DescentNN
import DescentOps
import DescentTransforms

/// The program of a seed.
struct RandomProgram: Sendable {
  var seed: Int
  /// No axis is longer; a shrinker makes it small.
  var longest = 300
  /// How many parts the function has at most.
  var moves = 6

  /// A program with inputs on which it is finite and well conditioned. Where none is found for this seed, the next is tried.
  func trial() throws -> Trial {
    for attempt in 0..<200 {
      var dice = Dice(seed: seed &* 1009 &+ attempt &* 1_000_003)
      let program = try Step(self, dice.forked())
      for _ in 0..<2 {
        var trial = try program.trial(dice.forked(), "random program \(seed), attempt \(attempt)")
        trial.isOptimized = dice.below(4) != 0
        trial.parallelThreshold = dice.isLucky(50) ? 0 : nil
        if try trial.isWellConditioned() { return trial }
      }
    }
    throw TrialError(description: "no good program for seed \(seed)")
  }
}

/// One training step as a graph, and how its inputs are drawn.
private struct Step {
  var graph: Graph
  var donations: [Int?]
  var twins: [Trial.Twins]
  private let maker: Maker
  private let data: [Supply.Entry]
  private let optimizer: any Optimizer
  private let optimizerTypes: [TensorType]
  private let steps: Int

  init(_ program: RandomProgram, _ dice: Dice) throws {
    var dice = dice
    var maker = Maker(&dice, longest: program.longest, moves: program.moves)
    let optimizer = dice.optimizer()
    let data = maker.drawData()
    steps = 1 + dice.below(3)

    // Once to find out which parameters and states the layers ask for, and once more with those as arguments of `grad`.
    var scout = maker
    let scratch = Trace()
    try scratch.record {
      _ = try scout.objective(data.map { scratch.input("data", $0.type) })
    }
    let (parameters, states) = (scout.parameters.entries, scout.states.entries)

    let trace = Trace()
    var twins: [Trial.Twins] = []
    (graph, donations, optimizerTypes) = try trace.record {
      let p = parameters.enumerated().map { trace.input("p\($0.offset)", $0.element.type) }
      let s = states.enumerated().map { trace.input("s\($0.offset)", $0.element.type) }
      let initial = try FlatTree(optimizer.initialState(p))
      let o = initial.leaves.enumerated().map { trace.input("o\($0.offset)", $0.element.type) }
      let step = trace.input("step", TensorType(.i64, []))
      let x = data.enumerated().map { trace.input("x\($0.offset)", $0.element.type) }
      let start = maker
      let objective = { @Sendable (p: [Tensor]) -> (Tensor, Measured) in
        var maker = start
        (maker.parameters.given, maker.states.given) = (p, s)
        do { return try maker.objective(x) } catch { fatalError("the generator: \(error)") }
      }
      let (loss, measured, gradient) = valueAndGrad(objective)(p)
      let state = try FlatTree.rebuild(OptimizerState<[Tensor]>.self, initial.structure, o)
      let updated = optimizer.update(p, gradient: gradient, state: state, step: step)
      let flat = try FlatTree(updated.state)
      var outputs = updated.parameters + measured.states + flat.leaves + [step + Tensor(Int64(1))]
      let donations: [Int?] = outputs.indices.map { $0 }
      outputs.append(loss)
      for (a, b) in zip(measured.first, measured.second) {
        twins.append(Trial.Twins(first: outputs.count, second: outputs.count + 1))
        outputs += [a, b]
      }
      outputs += measured.seen
      let graph = try trace.finish(outputs.enumerated().map { (label: "y\($0.offset)", tensor: $0.element) })
      return (
        graph, donations + outputs.indices.dropFirst(donations.count).map { _ in nil }, initial.leaves.map(\.type)
      )
    }
    (maker.parameters, maker.states) = (Supply(entries: parameters), Supply(entries: states))
    (self.maker, self.twins, self.optimizer, self.data) = (maker, twins, optimizer, data)
  }

  func trial(_ dice: Dice, _ name: String) throws -> Trial {
    var dice = dice
    func draw(_ entries: [Supply.Entry]) -> [HostArray] {
      entries.map { Sample.Operand($0.type.dtype, $0.type.shape, $0.range).draw(seed: Int64(dice.below(1 << 40))) }
    }
    let parameters = draw(maker.parameters.entries)
    let optimizerState = try FlatTree(optimizer.initialState(parameters.map { Tensor($0) })).leaves.map { try $0.value }
    let inputs = parameters + draw(maker.states.entries) + optimizerState + [HostArray([], [Int64(0)])] + draw(data)
    return Trial(name: name, graph: graph, inputs: inputs, donations: donations, steps: steps, twins: twins)
  }
}

/// What a function gives beside its loss.
struct Measured: ParameterTree {
  /// New values of the states that layers keep.
  var states: [Tensor] = []
  /// Pairs of the same value computed in two ways.
  var first: [Tensor] = []
  var second: [Tensor] = []
  /// Values that are outputs too.
  var seen: [Tensor] = []
}

/// Tensors that layers ask for while a function is traced: inputs made on demand, or, when it is traced again, those given.
struct Supply: Sendable {
  struct Entry: Sendable {
    var type: TensorType
    var range: ClosedRange<Double>
  }
  var entries: [Entry] = []
  /// The tensors of the entries, in order; while they are made, those so far.
  var given: [Tensor] = []
  private var next = 0

  init(entries: [Entry] = []) { self.entries = entries }

  mutating func take(_ type: TensorType, _ range: ClosedRange<Double>) -> Tensor {
    defer { next += 1 }
    if next == given.count {
      entries.append(Entry(type: type, range: range))
      given.append(Trace.current!.input("", type))
    }
    return given[next]
  }
  /// One that was taken before, for parameters that are shared.
  func taken(_ type: TensorType) -> [Tensor] { given.prefix(next).filter { $0.type == type } }
}

/// Makes the function of a program: a pool of tensors that grows move by move.
struct Maker: Sendable {
  /// No tensor has more elements than this.
  static let largest = 20_000

  var dice: Dice
  var pool: [Tensor] = []
  var parameters = Supply(), states = Supply()
  var measured = Measured()
  /// Axes of the program; a few sizes, so that things fit together.
  let sizes: [Int]
  /// Floating types of the program.
  let real: [DType]
  /// Rows that a chain of dense layers goes over; nil where there is no such chain.
  let rows: Int?
  let moves: Int
  /// Within how many functions of functions the maker is.
  var depth = 0
  /// The operand of random operations, and a scalar to make keys of.
  var key: [Tensor] = []

  init(_ dice: inout Dice, longest: Int, moves: Int) {
    var sizes = (0..<3).map { _ in 1 + dice.below(dice.isLucky(30) ? 19 : 7) } + [2 + dice.below(3)]
    if dice.isLucky(8) { sizes[0] = 60 + dice.below(200) }
    if dice.isLucky(4) { sizes[1] = 0 }
    self.sizes = sizes.map { Swift.min($0, longest) }
    real = dice.isLucky(60) ? [.f32] : dice.isLucky(50) ? [.f64] : [.f32, .f64]
    rows = dice.isLucky(20) ? Swift.min(16 * (4 + dice.below(4)), longest) : nil
    self.moves = rows != nil && dice.isLucky(70) ? 0 : 1 + dice.below(moves)
    self.dice = dice.forked()
  }

  /// The data: some real tensors, indices of two types, truth values, bytes, and a key.
  mutating func drawData() -> [Supply.Entry] {
    func entry(_ dtype: DType, _ shape: Shape, _ range: ClosedRange<Double>) -> Supply.Entry {
      .init(type: TensorType(dtype, shape), range: range)
    }
    var data = (0..<2).map { _ in entry(dice.pick(real), shape(rank: dice.below(4)), -1...2) }
    data.append(entry(dice.pick(real), rows.map { [$0, 1 + dice.below(6)] } ?? shape(rank: 3), -1...1))
    data.append(entry(.i32, shape(rank: 1), dice.isLucky(30) ? -2...7 : 0...3))
    data.append(entry(.i64, shape(rank: dice.below(3)), 0...4))
    data.append(entry(dice.pick([.u8, .bool]), shape(rank: dice.below(3)), 0...9))
    return data + [entry(.i64, [2], 0...1000)]
  }

  mutating func shape(rank: Int) -> Shape { Shape((0..<rank).map { _ in dice.isLucky(12) ? 1 : dice.pick(sizes) }) }

  /// The loss of data, and what is measured beside it.
  mutating func objective(_ data: [Tensor]) throws -> (Tensor, Measured) {
    key = [data.last!]
    pool = Array(data.dropLast())
    if rows != nil { try chain() }
    for _ in 0..<moves { try move() }
    let loss = try loss()
    let whole = pool.filter { $0.shape.dimensions.first != rows || rows == nil }
    if !whole.isEmpty, dice.isLucky(70) { measured.seen.append(dice.pick(whole)) }
    return (loss, measured)
  }

  private mutating func move() throws {
    switch dice.below(20) {
    case 0..<13: for _ in 0..<2 { operate() }
    case 13..<17: try layer()
    default: transform()
    }
  }

  // MARK: The pool

  mutating func add(_ x: Tensor) {
    if case .failure(let error) = x.storage { fatalError("the generator made a wrong graph: \(error)") }
    guard x.shape.count <= Self.largest, x.rank <= 5 else { return }
    pool.append(x)
  }
  /// A real tensor, more often a late one.
  mutating func pickReal() -> Tensor {
    var real = pool.filter(\.dtype.isFloating)
    // A chain and nothing else keeps to its rows.
    if moves == 0, dice.isLucky(90) { real = real.filter { $0.rank == 2 && $0.shape[0] == rows } }
    if real.isEmpty { return Tensor(HostArray(TensorType(self.real[0], [2])) { Double($0) - 0.5 }) }
    return dice.isLucky(60) ? dice.pick(Array(real.suffix(5))) : dice.pick(real)
  }
  /// A parameter of the type, now and then one that is used already.
  mutating func parameter(_ type: TensorType, _ range: ClosedRange<Double> = -0.8...0.8) -> Tensor {
    let known = parameters.taken(type)
    return !known.isEmpty && dice.isLucky(30) ? dice.pick(known) : parameters.take(type, range)
  }
  /// A scalar key of its own.
  mutating func freshKey() -> RandomKey {
    RandomKey(seed: reshape(slice(key[0], start: [0], limit: [1]), []), stream: Tensor(Int64(dice.below(1000))))
  }

  /// Something of the type made of `x`: its mean, its first elements, or all of them again and again.
  mutating func fit(_ x: Tensor, _ type: TensorType) -> Tensor {
    let x = x.dtype == type.dtype ? x : convert(x, to: type.dtype)
    if x.shape == type.shape { return x }
    let (have, want) = (x.shape.count, type.shape.count)
    if have == 0 || type.dtype == .bool && want > have { return filled(1, type) }
    if moves == 0, x.rank == 2, 1...2 ~= type.shape.rank, x.shape[0] == rows, type.shape[0] == rows, x.dtype.isFloating
    {
      return type.shape.rank == 1 ? mean(x, axes: [1]) : broadcast(mean(x, axes: [1], keepAxes: true), type.shape)
    }
    if let common = Shape.broadcast(x.shape, type.shape), common == type.shape, dice.isLucky(70) {
      return broadcast(x, type.shape)
    }
    let flat = reshape(x, [have])
    if have >= want { return reshape(slice(flat, start: [have - want], limit: [have]), type.shape) }
    switch dice.below(3) {
    case 0: return reshape(pad(flat, low: [(want - have) / 2], high: [want - have - (want - have) / 2]), type.shape)
    case 1: return reshape(gather(flat, iota([want], axis: 0, dtype: .i32)), type.shape)
    default: return broadcast(slice(flat, start: [0], limit: [1]), Shape([want])).reshaped(type.shape)
    }
  }
}

extension Tensor {
  func reshaped(_ shape: Shape) -> Tensor { reshape(self, shape) }
}

extension Dice {
  /// An optimizer with numbers that keep a step well conditioned: no division by what is nearly zero.
  fileprivate mutating func optimizer() -> any Optimizer {
    let inner: any Optimizer
    switch below(12) {
    case 0: inner = SGD(learningRate: 0.05)
    case 1:
      inner = SGD(
        learningRate: .exponential(0.05, factor: 0.9), momentum: 0.9, nesterov: isLucky(50), weightDecay: 0.01)
    case 2: inner = Adam(learningRate: 0.02, epsilon: 0.05)
    case 3: inner = AdamW(learningRate: .cosine(0.02, steps: 10), epsilon: 0.05)
    case 4: inner = NAdam(learningRate: 0.02, epsilon: 0.05)
    case 5: inner = RAdam(learningRate: 0.02, epsilon: 0.05)
    case 6: inner = Adagrad(learningRate: 0.02, initialAccumulator: 0.1)
    case 7: inner = RMSprop(learningRate: 0.02, epsilon: 0.05, momentum: 0.5, centered: isLucky(50))
    case 8: inner = Lion(learningRate: 0.01)
    case 9: inner = LAMB(learningRate: 0.02, epsilon: 0.05)
    case 10: inner = Muon(learningRate: 0.01, epsilon: 0.05, others: SGD(learningRate: 0.05))
    default:
      inner = ParameterGroups(
        [ParameterGroup("vectors", Adam(learningRate: 0.02, epsilon: 0.05)) { $1.shape.rank < 2 }],
        others: SGD(learningRate: 0.05, momentum: 0.5))
    }
    switch below(8) {
    case 0: return GradientClipping(norm: 0.5, inner)
    case 1: return GradientClipping(value: 0.1, inner)
    case 2: return GradientAccumulation(steps: 2, inner)
    case 3: return ParameterAveraging(decay: 0.9, inner)
    default: return inner
    }
  }
}
