// Folds of products on random shapes, and sums of fields at random places: simplified they are convolutions and concatenations
// where the rules say so, and give the same numbers.

import DescentIR
import DescentOps
import DescentPasses
import Testing

/// Random choices, the same for a seed on every machine.
private struct Dice {
  private var words: [Int]
  init(_ seed: Int64) { words = Philox(seed: seed, stream: 7).words(400).map { Int($0 >> 1) } }
  mutating func pick(_ range: ClosedRange<Int>) -> Int { range.lowerBound + words.removeLast() % range.count }
  mutating func chance(_ oneIn: Int) -> Bool { pick(1...oneIn) == 1 }
  mutating func shuffled<T>(_ list: [T]) -> [T] {
    var list = list
    for i in list.indices.reversed() { list.swapAt(i, pick(0...i)) }
    return list
  }
}

/// An axis by what it is: `o0` counts the windows along the first windowed axis, `k0` the elements within one.
private struct Axis: Hashable {
  var name: String
  var size: Int
}

struct WindowGraphTests {
  /// fold(transpose(contract(moving, kernel))) with axes in any order, the windows counted along axes of `moving`.
  private static func foldOfProduct(_ dice: inout Dice, isSteppedWidely: Bool) throws -> Graph {
    func axes(_ name: String, _ count: Int) -> [Axis] {
      (0..<count).map { Axis(name: "\(name)\($0)", size: dice.pick(2...4)) }
    }
    let spatial = dice.pick(1...3)
    let (counts, taps) = (axes("o", spatial), axes("k", spatial))
    let (batch, summed) = (axes("b", dice.pick(0...2)), axes("f", dice.pick(1...2)))
    let (rest, channels) = (axes("n", dice.pick(0...2)), axes("c", dice.pick(0...2)))
    var moving = dice.shuffled(batch + summed + rest + counts)
    let kernel = dice.shuffled(batch + summed + channels + taps)
    // The counts keep their order.
    for (place, axis) in zip(moving.indices.filter { counts.contains(moving[$0]) }, counts) { moving[place] = axis }

    let isLeft = dice.chance(2)
    let (lhs, rhs) = isLeft ? (moving, kernel) : (kernel, moving)
    func places(_ axes: [Axis], in list: [Axis]) -> [Int] { axes.map { list.firstIndex(of: $0)! } }
    let product = ContractionAxes(
      lhsBatch: places(batch, in: lhs), rhsBatch: places(batch, in: rhs), lhsContracting: places(summed, in: lhs),
      rhsContracting: places(summed, in: rhs))
    let result = batch + product.lhsFree(lhs.count).map { lhs[$0] } + product.rhsFree(rhs.count).map { rhs[$0] }
    // Every order of the rest, the elements of a window after the last count.
    var folded = dice.shuffled(batch + rest + channels + counts)
    for (place, axis) in zip(folded.indices.filter { counts.contains(folded[$0]) }, counts) { folded[place] = axis }
    folded.insert(contentsOf: taps, at: folded.lastIndex { counts.contains($0) }! + 1)

    let strides = counts.indices.map { _ in isSteppedWidely ? dice.pick(2...3) : 1 },
      dilations = counts.indices.map { _ in dice.pick(1...3) }
    let windows = WindowShape(
      axes: places(counts, in: folded), sizes: taps.map(\.size), strides: strides, dilations: dilations)
    let extents = counts.indices.map { (counts[$0].size - 1) * strides[$0] + windows.span($0) }
    var graph = Graph()
    func type(_ axes: [Axis]) -> TensorType { TensorType(.f64, Shape(axes.map(\.size))) }
    let a = try graph.append(Input(index: 0, label: "x0", type: type(lhs)), [])
    let b = try graph.append(Input(index: 1, label: "x1", type: type(rhs)), [])
    let seen = try graph.append(Transpose(places(folded, in: result)), [graph.append(Contract(product), [a, b])])
    graph.outputs = [try graph.append(Fold(windows, extents: extents), [seen])]
    graph.outputLabels = ["y"]
    return graph
  }

  @Test(arguments: 0..<80) func foldsOfProducts(_ number: Int) throws {
    var dice = Dice(Int64(number))
    let isSteppedWidely = number % 4 == 3
    let before = try Self.foldOfProduct(&dice, isSteppedWidely: isSteppedWidely)
    let after = try simplify(before)
    try after.verify()
    #expect(after.nodes.contains { $0.op is Fold } == isSteppedWidely, "\(before.short)\nbecomes\n\(after.short)")
    let message = try difference(before, after, seed: Int64(number))
    #expect(message == nil, "\(message ?? "") in\n\(before.short)\nbecomes\n\(after.short)")
  }

  /// Up to five fields along one axis, each somewhere, summed in any order: where none overlaps, one concatenation is left.
  @Test(arguments: 0..<80) func sumsOfFields(_ number: Int) throws {
    var dice = Dice(Int64(1000 + number))
    let (rank, extent) = (dice.pick(1...3), dice.pick(6...14))
    let axis = dice.pick(0...rank - 1)
    var shape = Shape((0..<rank).map { _ in dice.pick(1...3) })
    shape.dimensions[axis] = extent
    let type = TensorType(.f32, shape)
    var (graph, taken, overlaps) = (Graph(), Set<Int>(), false)
    var fields: [NodeID] = []
    for index in 0..<dice.pick(2...5) {
      let start = dice.pick(0...extent - 2), size = dice.pick(1...Swift.min(3, extent - 1 - start))
      let cells = Set(start..<start + size)
      // Two in three graphs have no overlap.
      if !taken.isDisjoint(with: cells), number % 3 != 0 { continue }
      overlaps = overlaps || !taken.isDisjoint(with: cells)
      taken.formUnion(cells)
      var part = type
      part.shape.dimensions[axis] = size
      let x = try graph.append(Input(index: fields.count, label: "x\(index)", type: part), [])
      let zero = try graph.append(Constant(HostArray(TensorType(.f32, [])) { _ in 0 }), [])
      var (low, high) = ([Int](repeating: 0, count: rank), [Int](repeating: 0, count: rank))
      (low[axis], high[axis]) = (start, extent - start - size)
      fields.append(try graph.append(Pad(low: low, high: high, interior: low.map { _ in 0 }), [x, zero]))
    }
    let count = fields.count
    var order = dice.shuffled(fields)
    while order.count > 1 {
      let sum = try graph.append(Add(), [order.removeFirst(), order.removeFirst()])
      order.insert(sum, at: dice.pick(0...order.count))
    }
    graph.outputs = order
    graph.outputLabels = ["y"]
    let after = try simplify(graph)
    try after.verify()
    if !overlaps {
      #expect(!after.nodes.contains { $0.op is Add }, "\(graph.short)\nbecomes\n\(after.short)")
      #expect(after.nodes.count { $0.op is Concatenate } == (count > 1 ? 1 : 0))
    } else {
      #expect(after.nodes.contains { $0.op is Add })
    }
    let message = try difference(graph, after, seed: Int64(number))
    #expect(message == nil, "\(message ?? "") in\n\(graph.short)\nbecomes\n\(after.short)")
  }
}
