// Random training graphs: forty operations of every kind on a few tensors of odd sizes, a loss, its gradient, an optimizer's update.

import DescentIR
import DescentInterpreter
import DescentOps
import DescentTransforms

/// Numbers that are the same on every machine (SplitMix64; Steele, Lea and Flood, 2014).
struct Dice {
  private var state: UInt64
  init(seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0x9e37_79b9_7f4a_7c15 }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
  /// A number of `0 ..< n`.
  mutating func below(_ n: Int) -> Int { Int(next() % UInt64(max(n, 1))) }
  mutating func isLucky(_ percent: Int) -> Bool { below(100) < percent }
  mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }
  mutating func shuffled(_ n: Int) -> [Int] {
    var order = Array(0..<n)
    for i in stride(from: n - 1, to: 0, by: -1) { order.swapAt(i, below(i + 1)) }
    return order
  }
}

/// One random graph.
struct RandomGraph {
  static let operations = 40
  /// No tensor has more elements than this.
  static let largest = 40_000

  let seed: Int
  /// Multiplies the sizes of some axes.
  let scale: Int
  private var dice: Dice
  private var pool: [Tensor] = []
  private var sizes: [Int] = []

  init(seed: Int, scale: Int = 1) {
    self.seed = seed
    self.scale = scale
    dice = Dice(seed: seed)
  }

  /// A graph with inputs on which it is finite and well conditioned; where none is found, the next graph.
  func trial() throws -> Trial {
    for attempt in 0..<100 {
      var generator = RandomGraph(seed: seed + attempt * 1_000_003, scale: scale)
      let (graph, donations) = try generator.graph()
      for draw in 0..<3 {
        let inputs = drawInputs(graph, seed: Int64(seed * 10 + draw))
        guard try graph.isWellConditioned(on: inputs) else { continue }
        return Trial(name: "random graph \(seed) (attempt \(attempt))", graph: graph, inputs: inputs, donations: donations)
      }
    }
    throw TrialError(description: "no good graph for seed \(seed)")
  }

  // MARK: Making a graph

  private mutating func graph() throws -> (Graph, [Int?]) {
    sizes = (0..<4).map { _ in 1 + dice.below(33) * (dice.isLucky(25) ? scale : 1) }
    if dice.isLucky(25) { sizes[0] = 200 + dice.below(60) }
    let real: [DType] = dice.isLucky(60) ? [.f32] : dice.isLucky(50) ? [.f64] : [.f32, .f64]
    let parameters = (0..<3).map { _ in TensorType(dice.pick(real), shape(rank: 1 + dice.below(2))) }
    var data = (0..<2).map { _ in TensorType(dice.pick(real), shape(rank: dice.below(4))) }
    data += [TensorType(.i32, shape(rank: 1)), TensorType(.i64, [2])]
    let isAdam = dice.isLucky(50)
    let slots = isAdam ? parameters + parameters : []
    var donations: [Int?] = []
    var generator = self
    let graph = try traced(parameters + data + slots) { x in
      let p = Array(x[..<parameters.count])
      generator.pool = Array(x[..<(parameters.count + data.count - 1)])
      let key = x[parameters.count + data.count - 1]
      for _ in 0..<Self.operations { generator.step(key) }
      let loss = generator.loss()
      let gradients = try Trace.current!.gradients(of: loss, withRespectTo: p)
      var outputs = [loss, generator.pool[generator.pool.count - 2], generator.pool[generator.dice.below(generator.pool.count)]]
      donations = [nil, nil, nil]
      for (k, (p, g)) in zip(p, gradients).enumerated() {
        if isAdam {
          let start = parameters.count + data.count
          let m = x[start + k] * 0.9 + g * 0.1
          let v = square(x[start + parameters.count + k]) * 0.999 + g * g * 0.001
          outputs += [p - 0.01 * m / (sqrt(v) + 0.1), m, v]
          donations += [k, start + k, start + parameters.count + k]
        } else {
          outputs.append(p - 0.05 * g)
          donations.append(k)
        }
      }
      return outputs
    }
    return (graph, donations)
  }

  private mutating func shape(rank: Int) -> Shape { Shape((0..<rank).map { _ in dice.isLucky(12) ? 1 : dice.pick(sizes) }) }

  /// A mean of squares of what was made last.
  private mutating func loss() -> Tensor {
    let real = pool.filter(\.dtype.isFloating).suffix(5)
    return real.map { convert(mean(square($0)), to: .f32) }.reduce(Tensor(Float(0)), +)
  }

  private mutating func add(_ x: Tensor) {
    guard x.shape.count <= Self.largest, x.shape.count > 0, x.rank <= 5 else { return }
    if case .failure(let error) = x.storage { preconditionFailure("the generator made a wrong graph: \(error)") }
    pool.append(x)
  }
  /// A real tensor, more often a late one.
  private mutating func real() -> Tensor {
    let real = pool.filter(\.dtype.isFloating)
    return dice.isLucky(60) ? dice.pick(Array(real.suffix(6))) : dice.pick(real)
  }
  private mutating func axes(_ x: Tensor) -> [Int] {
    let axes = (0..<x.rank).filter { _ in dice.isLucky(50) }
    return axes.isEmpty && x.rank > 0 ? [dice.below(x.rank)] : axes
  }
  /// Something that broadcasts together with `x`: a tensor of the pool, or one cut and reduced until it does.
  private mutating func partner(_ x: Tensor) -> Tensor {
    for _ in 0..<6 {
      let y = real()
      if let common = Shape.broadcast(x.shape, y.shape), common.count <= Self.largest { return convert(y, to: x.dtype) }
    }
    return dice.isLucky(50) || x.rank == 0 ? x : mean(x, axes: axes(x), keepAxes: true)
  }

  private mutating func step(_ key: Tensor) {
    let x = real()
    switch dice.below(13) {
    case 0, 1: add(unary(x))
    case 2, 3: add(binary(x, partner(x)))
    case 4: add(choice(x, partner(x)))
    case 5: add(reduction(x))
    case 6, 7: add(view(x))
    case 8: add(joined(x))
    case 9, 10: add(product(x))
    case 11: add(indexed(x))
    default: add(other(x, key))
    }
  }

  private mutating func unary(_ x: Tensor) -> Tensor {
    switch dice.below(20) {
    case 0: tanh(x)
    case 1: sigmoid(x)
    case 2: sin(x)
    case 3: cos(x)
    case 4: erf(x)
    case 5: exp(tanh(x))
    case 6: log(abs(x) + 0.5)
    case 7: log1p(abs(x))
    case 8: expm1(minimum(x, 1))
    case 9: sqrt(abs(x) + 0.25)
    case 10: rsqrt(square(x) + 1)
    case 11: abs(x)
    case 12: -x
    case 13: maximum(x, 0)
    case 14: gelu(x)
    case 15: softplus(x)
    case 16: floor(x * 3) * 0.25 + x
    case 17: sign(x) * tanh(x)
    case 18: round(x * 2) * 0.1 + x
    default: stopGradient(tanh(x)) + x
    }
  }
  private mutating func binary(_ x: Tensor, _ y: Tensor) -> Tensor {
    switch dice.below(8) {
    case 0, 1: x + y
    case 2: x - 0.5 * y
    case 3: tanh(x) * y
    case 4: x / (square(y) + 1)
    case 5: maximum(x, y)
    case 6: minimum(x, y)
    default: power(abs(tanh(x)) + 0.5, tanh(y))
    }
  }
  private mutating func choice(_ x: Tensor, _ y: Tensor) -> Tensor {
    let p = dice.isLucky(50) ? x .> y : dice.isLucky(50) ? (x .> 0.1) .& .!(y .< 0.3) : (x .< -0.2) .| (y .== x)
    return dice.isLucky(50) ? `where`(p, x, y) : x * convert(p, to: x.dtype)
  }
  private mutating func reduction(_ x: Tensor) -> Tensor {
    guard x.rank > 0 else { return x * 0.5 }
    let (axes, keep) = (axes(x), dice.isLucky(40))
    switch dice.below(7) {
    case 0: return mean(x, axes: axes, keepAxes: keep)
    case 1: return tanh(sum(x, axes: axes, keepAxes: keep) * 0.1)
    case 2: return max(x, axes: axes, keepAxes: keep)
    case 3: return min(x, axes: axes, keepAxes: keep)
    case 4: return descentProduct(x, axes)
    case 5: return softmax(x, axis: axes[0])
    default: return sqrt(mean(square(x), axes: axes, keepAxes: keep) + 0.1)
    }
  }
  private func descentProduct(_ x: Tensor, _ axes: [Int]) -> Tensor {
    let terms = axes.reduce(1) { $0 * x.shape[$1] }
    return DescentOps.product(1 + tanh(x) / Double(2 * terms), axes: axes)
  }
  private mutating func view(_ x: Tensor) -> Tensor {
    guard x.rank > 0 else { return broadcast(x, shape(rank: 1)) }
    switch dice.below(8) {
    case 0: return transpose(x, dice.shuffled(x.rank))
    case 1: return reverse(x, axes: axes(x))
    case 2:
      let start = x.shape.dimensions.map { dice.isLucky(50) ? 0 : dice.below($0) }
      let limit = zip(x.shape.dimensions, start).map { $1 + 1 + dice.below($0 - $1) }
      return slice(x, start: start, limit: limit, step: start.map { _ in dice.isLucky(60) ? 1 : 1 + dice.below(3) })
    case 3:
      let pads = { (dice: inout Dice) in x.shape.dimensions.map { _ in dice.isLucky(50) ? 0 : dice.below(3) } }
      return pad(x, low: pads(&dice), high: pads(&dice), interior: dice.isLucky(30) ? pads(&dice) : nil, value: 0.5)
    case 4: return reshape(x, [x.shape.count])
    case 5: return reshape(transpose(x, dice.shuffled(x.rank)), Shape([x.shape[0], x.shape.count / max(x.shape[0], 1)]))
    case 6: return expandDims(x, axis: dice.below(x.rank + 1))
    default:
      let order = dice.shuffled(x.rank)
      return reshape(transpose(x, order), Shape(dice.shuffled(x.rank).map { x.shape[$0] }))
    }
  }
  private mutating func joined(_ x: Tensor) -> Tensor {
    guard x.rank > 0 else { return stack([x, x * 2, -x]) }
    let axis = dice.below(x.rank)
    let others = pool.filter { $0.dtype == x.dtype && $0.rank == x.rank && $0.shape.removing([axis]) == x.shape.removing([axis]) }
    return concatenate([x, dice.pick(others), dice.isLucky(50) ? tanh(x) : reverse(x, axes: [axis])], axis: axis)
  }
  /// A contraction of two tensors over axes of equal sizes, some of them as a batch.
  private mutating func product(_ x: Tensor) -> Tensor {
    let y = convert(real(), to: x.dtype)
    var (axes, used, terms) = (ContractionAxes(lhsContracting: [], rhsContracting: []), [Int](), 1)
    for i in dice.shuffled(x.rank) {
      guard let j = dice.shuffled(y.rank).first(where: { y.shape[$0] == x.shape[i] && !used.contains($0) }), dice.isLucky(80) else { continue }
      used.append(j)
      if dice.isLucky(30) {
        axes.lhsBatch.append(i)
        axes.rhsBatch.append(j)
      } else {
        axes.lhsContracting.append(i)
        axes.rhsContracting.append(j)
        terms *= x.shape[i]
      }
    }
    let result = (try? Contract(axes).resultType([x.type, y.type]))?.shape
    guard let result, result.count <= Self.largest, result.count * terms <= 4_000_000, result.rank <= 4 else { return tanh(x) }
    return .apply(Contract(axes), [x, y]) / Double(terms).squareRoot()
  }
  private mutating func indexed(_ x: Tensor) -> Tensor {
    guard x.rank > 0 else { return x + 1 }
    let axis = dice.below(x.rank)
    let whole = pool.filter { $0.dtype == .i32 }
    let indices = dice.isLucky(70) ? dice.pick(whole) : convert(uniform([3], key: x), to: .i32)
    let updates = Shape(x.shape.dimensions[..<axis] + indices.shape.dimensions + x.shape.dimensions[(axis + 1)...])
    guard updates.count <= Self.largest, indices.rank > 0 else { return x * 0.5 }
    if dice.isLucky(50) { return gather(x, indices, axis: axis) }
    return .apply(ScatterAdd(axis: axis), [x, indices, gather(tanh(x), indices, axis: axis) * 0.1])
  }
  /// A small index vector that depends on data.
  private func uniform(_ shape: Shape, key x: Tensor) -> Tensor { broadcast(mean(abs(x)) * 2, shape) + iota(shape, dtype: x.dtype) }

  private mutating func other(_ x: Tensor, _ key: Tensor) -> Tensor {
    switch dice.below(7) {
    case 0: return convert(x, to: x.dtype == .f32 ? .f64 : .f32)
    case 1: return x + .apply(Random(.uniform, x.dtype, x.shape), [key])
    case 2: return x * 0.5 + .apply(Random(.normal, x.dtype, x.shape), [key + 1]) * 0.1
    case 3 where x.rank > 0: return argmax(x, axis: dice.below(x.rank))
    case 4 where x.rank > 0: return x + iota(x.shape, axis: dice.below(x.rank), dtype: x.dtype) * 0.05
    case 5: return x + Tensor(HostArray(TensorType(x.dtype, x.shape)) { Double($0 % 5) * 0.2 })
    default: return convert(x * 2, to: .i32)
    }
  }
}

extension Graph {
  /// Whether all numbers are finite and the roundings of the operations, drawn at random a few times, move no output by more than a
  /// third of what the tolerance policy allows. Otherwise a comparison would tell of the graph and not of the code.
  func isWellConditioned(on inputs: [HostArray]) throws -> Bool {
    var sizesAreSane = true
    let plain = perturbed(inputs, nil, &sizesAreSane)
    guard sizesAreSane else { return false }
    let allowed = Tolerance(self).relative / 3
    for seed in 0..<3 {
      let other = perturbed(inputs, Dice(seed: seed), &sizesAreSane)
      for (a, b) in zip(plain, other) {
        if a.dtype.isFloating ? !(Tolerance.difference(a.doubles, b.doubles) <= allowed) : a != b { return false }
      }
    }
    return sizesAreSane
  }

  /// The outputs with a relative error of an ULP, times the root of the number of terms, on what rounds.
  private func perturbed(_ inputs: [HostArray], _ dice: Dice?, _ isSane: inout Bool) -> [HostArray] {
    var dice = dice
    var values: [HostArray] = []
    for id in ids {
      let node = self[id]
      if let input = node.op as? Input {
        values.append(inputs[input.index])
        continue
      }
      var value = node.op.evaluate(node.operands.map { values[$0.index] }, node.type)
      if node.type.dtype.isFloating {
        if !value.doubles.allSatisfy({ $0.isFinite && Swift.abs($0) < 1e4 }) {
          isSane = false
          return []
        }
        if dice != nil, let terms = roundedTerms(id) {
          let size = (node.type.dtype == .f32 ? Double(Float.ulpOfOne) : Double.ulpOfOne) * Double(terms).squareRoot()
          let exact = value.doubles
          value = HostArray(node.type) { exact[$0] * (1 + size * (Double(dice!.next() >> 11) / 0x1p53 * 2 - 1)) }
        }
      }
      values.append(value)
    }
    return outputs.map { values[$0.index] }
  }

  /// How many roundings a node's value has behind it; nil for one that is exact.
  private func roundedTerms(_ id: NodeID) -> Int? {
    let exact = ["negate", "abs", "select", "maximum", "minimum", "identity", "stopGradient", "floor", "round", "sign", "convert"]
    let types = self[id].operands.map { self[$0].type }
    switch self[id].op.lowering(types) {
    case .pointwise: return exact.contains(self[id].op.name) ? nil : 1
    case .reduction(let reducer, let axes):
      return reducer == .sum || reducer == .product ? axes.reduce(1) { $0 * types[0].shape[$1] } : nil
    case .contraction(let axes): return axes.lhsContracting.reduce(1) { $0 * types[0].shape[$1] }
    case .scatterAdd: return types[1].shape.count
    case .random(.normal): return 1
    default: return nil
    }
  }
}
