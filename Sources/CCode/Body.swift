// Writes the body of a loop nest: the values of nodes at an index, as C statements.
// Each value gets a constant of its own, each is written once, and what is not in memory is computed where it is used.

import DescentIR
import DescentOps
import DescentPasses

/// Where a value lies.
package enum Buffer: Hashable, Sendable {
  case input(Int)
  case output(Int)
  /// A temporary in the arena, by the node it holds.
  case node(NodeID)
  /// Numbers in the program's text.
  case constant(NodeID)
  /// Partial results, by a number of their own; -1 until the program gives it.
  case partial(Int)
}

/// What all kernels of a program share.
struct ProgramContext {
  let schedule: Schedule
  /// As in `StepProgram`, for the bodies of loops.
  let leastShared: Int
  let stored: [Bool]
  let families: [Lowering]
  private let outputNumber: [NodeID: Int]

  init(_ schedule: Schedule, leastShared: Int) {
    self.schedule = schedule
    self.leastShared = leastShared
    stored = schedule.stored
    families = schedule.graph.ids.map { schedule.graph.lowering(of: $0) }
    outputNumber = Dictionary(schedule.graph.outputs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }
  var graph: Graph { schedule.graph }

  func buffer(_ id: NodeID) -> Buffer {
    if let input = graph[id].op as? Input { return .input(input.index) }
    if case .constant = families[id.index] { return .constant(id) }
    if let output = outputNumber[id] { return schedule.donations[output].map { .input($0) } ?? .output(output) }
    return .node(id)
  }
}

/// The parameters of a kernel: the buffers it touches, in the order of their first mention.
struct Parameters {
  struct Entry {
    var buffer: Buffer
    var dtype: DType
    var name: String
    var isWritten: Bool
    var node: NodeID?
  }
  var entries: [Entry] = []

  mutating func name(_ buffer: Buffer, _ dtype: DType, node: NodeID?, writing: Bool) -> String {
    if let i = entries.firstIndex(where: { $0.buffer == buffer }) {
      entries[i].isWritten = entries[i].isWritten || writing
      return entries[i].name
    }
    let name = "p\(entries.count)"
    entries.append(Entry(buffer: buffer, dtype: dtype, name: name, isWritten: writing, node: node))
    return name
  }
}

/// A body under construction.
struct Body {
  let context: ProgramContext
  var parameters: Parameters
  var variables: [LoopVariable]
  var lines: [String] = []
  /// All affine functions that the body depends on; loops may be merged where none of them tells the difference.
  private(set) var accesses: [Affine] = []
  /// Positions of loads and stores alone, for the choice of the innermost loop.
  private(set) var loads: [Affine] = []
  var dropped: Set<Int>
  /// Set where the body is part of a tile of rows on the lanes.
  var tile: Tile?
  private var memo: [Key: String] = [:]
  /// How many names have been given; a body inside another's scope goes on from there.
  private(set) var counter: Int

  private struct Key: Hashable {
    var node: NodeID
    var index: [Affine]
  }

  init(_ context: ProgramContext, _ parameters: Parameters, _ variables: [LoopVariable], dropped: Set<Int> = [], names: Int = 0) {
    self.context = context
    counter = names
    self.parameters = parameters
    self.variables = variables
    self.dropped = dropped
  }

  private var graph: Graph { context.graph }
  private var extents: [Int] { variables.map(\.extent) }

  private mutating func fresh(_ prefix: String) -> String {
    counter += 1
    return "\(prefix)\(counter - 1)"
  }
  mutating func define(_ dtype: DType, _ expression: String) -> String {
    let name = fresh("t")
    lines.append("const \(dtype.cName) \(name) = \(expression);")
    return name
  }
  mutating func c(_ affine: Affine) -> String {
    accesses.append(affine)
    return affine.c(variables, dropped: dropped)
  }

  /// Makes the value of a node at an index known under a C name: the accumulator of the anchor.
  mutating func set(_ node: NodeID, _ index: [Affine], _ name: String) { memo[Key(node: node, index: index)] = name }

  /// The C name of the value of `node` at `index`.
  mutating func value(_ node: NodeID, _ index: [Affine]) -> String {
    let key = Key(node: node, index: index)
    if let known = memo[key] { return known }
    let name = compute(node, index)
    memo[key] = name
    return name
  }

  private mutating func compute(_ id: NodeID, _ index: [Affine]) -> String {
    let node = graph[id]
    switch context.families[id.index] {
    case .view, .reshape: break
    case .constant(let array):
      if array.count == 1 { return cLiterals(array)[0].withParenthesesIfNegative }
      return load(id, .linear(index, node.type.shape))
    case .iota(let axis):
      let position = c(index[axis])
      return define(node.type.dtype, "(\(node.type.dtype.cName))(\(position))")
    default:
      if context.stored[id.index], !isComputedHere(id) { return load(id, .linear(index, node.type.shape)) }
    }
    switch context.families[id.index] {
    case .pointwise(let rule):
      let operands = node.operands.map { value($0, index) }
      return define(node.type.dtype, rule.c(operands, node.operands.map { graph[$0].type.dtype }, node.type.dtype))
    case .view(let sources):
      return value(node.operands[0], sources.map { $0.index(index) })
    case .reshape: return reshaped(node, index)
    case .pad(let low, let interior): return padded(node, index, low, interior)
    case .concatenate(let axis): return concatenated(node, index, axis)
    case .gather(let axis): return gathered(node, index, axis)
    default: preconditionFailure("\(node.op.name) %\(id.index) is not in memory")
    }
  }

  /// The nodes that the kernel under construction computes itself.
  var computedHere: Set<NodeID> = []
  private func isComputedHere(_ id: NodeID) -> Bool { computedHere.contains(id) }

  private mutating func load(_ id: NodeID, _ position: Affine) -> String {
    let dtype = graph[id].type.dtype
    let extents = extents
    if let place = tile?.place(id, position, extents) { return define(dtype, "\(place.array)[\(tiled(place.rest))]") }
    let array = parameters.name(context.buffer(id), dtype, node: id, writing: false)
    loads.append(position)
    return define(dtype, "\(array)[\(c(position))]")
  }

  mutating func store(_ id: NodeID, _ index: [Affine], _ value: String) {
    let node = graph[id]
    let position = Affine.linear(index, node.type.shape)
    let extents = extents
    if let place = tile?.place(id, position, extents) {
      lines.append("\(place.array)[\(tiled(place.rest))] = \(value);")
      return
    }
    let array = parameters.name(context.buffer(id), node.type.dtype, node: id, writing: true)
    loads.append(position)
    lines.append("\(array)[\(c(position))] = \(value);")
  }

  /// A position in an array whose innermost axis is the lanes.
  private mutating func tiled(_ rest: Affine) -> String {
    let text = c(rest)
    return rest == Affine() ? "l" : "(\(text)) * \(Tile.lanes) + l"
  }

  private mutating func reshaped(_ node: Node, _ index: [Affine]) -> String {
    let from = node.operands[0]
    let shape = graph[from].type.shape
    let position = Affine.linear(index, node.type.shape)
    if let inner = position.delinearized(shape, extents: extents) { return value(from, inner) }
    if !graph.isView(from), context.stored[from.index], !isComputedHere(from) { return load(from, position) }
    if case .constant(let array) = context.families[from.index], array.count > 1 { return load(from, position) }
    // No strides describe it: divide.
    let whole = c(position)
    let inner = zip(shape.dimensions, shape.strides).map { dimension, stride in
      dimension == 1 ? Affine() : newVariable("(\(whole)) / \(cLiteral(stride)) % \(cLiteral(dimension))", extent: dimension)
    }
    return value(from, inner)
  }

  /// An index computed in the body, as a variable for further index arithmetic.
  private mutating func newVariable(_ expression: String, extent: Int) -> Affine {
    let name = fresh("q")
    lines.append("const int64_t \(name) = \(expression);")
    variables.append(LoopVariable(name: name, extent: extent))
    return Affine(variable: variables.count - 1)
  }
  private mutating func clamped(_ expression: String, to extent: Int) -> Affine {
    extent == 1 ? Affine() : newVariable("dsc_clamp_index(\(expression), \(cLiteral(extent)))", extent: extent)
  }

  /// The padding where the index lies outside the operand or between its elements. The load is always inside.
  private mutating func padded(_ node: Node, _ index: [Affine], _ low: [Int], _ interior: [Int]) -> String {
    let shape = graph[node.operands[0]].type.shape
    let padding = value(node.operands[1], [])
    guard shape.count > 0 else { return padding }
    var conditions: [String] = []
    var inner: [Affine] = []
    for axis in shape.dimensions.indices {
      let shifted = index[axis] + Affine(-low[axis])
      if low[axis] == 0, interior[axis] == 0, node.type.shape[axis] == shape[axis] {
        inner.append(index[axis])
        continue
      }
      let position = c(shifted)
      let step = interior[axis] + 1
      let quotient = step == 1 ? position : "(\(position)) / \(step)"
      inner.append(clamped(quotient, to: shape[axis]))
      conditions += ["(\(position) >= 0)", "(\(position) < \(cLiteral((shape[axis] - 1) * step + 1)))"]
      if step > 1 { conditions.append("((\(position)) % \(step) == 0)") }
    }
    let element = value(node.operands[0], inner)
    if conditions.isEmpty { return element }
    let isInside = "(uint8_t)(\(conditions.joined(separator: " & ")))"
    return define(node.type.dtype, Select.c(isInside, element, padding, node.type.dtype))
  }

  private mutating func concatenated(_ node: Node, _ index: [Affine], _ axis: Int) -> String {
    var start = node.type.shape[axis]
    var result: String?
    let position = c(index[axis])
    for operand in node.operands.reversed() {
      let extent = graph[operand].type.shape[axis]
      start -= extent
      guard extent > 0 else { continue }
      var inner = index
      inner[axis] = clamped(c(index[axis] + Affine(-start)), to: extent)
      let element = value(operand, inner)
      result = result.map {
        define(node.type.dtype, Select.c("(uint8_t)(\(position) < \(cLiteral(start + extent)))", element, $0, node.type.dtype))
      } ?? element
    }
    return result ?? "0"
  }

  /// The most rows of an array whose length only the run knows.
  private static let mostRows = 1 << 31

  private mutating func gathered(_ node: Node, _ index: [Affine], _ axis: Int) -> String {
    let indices = node.operands[1]
    let rank = graph[indices].type.shape.rank
    let picked = value(indices, Array(index[axis..<axis + rank]))
    let row: Affine
    if axis == 0, let input = graph[node.operands[0]].op as? Input, let length = context.schedule.lengths[input.index] {
      let extent = value(graph.inputs[length], [])
      row = newVariable("dsc_clamp_index((int64_t)\(picked), \(extent))", extent: Body.mostRows)
    } else {
      row = clamped("(int64_t)\(picked)", to: graph[node.operands[0]].type.shape[axis])
    }
    return value(node.operands[0], index[..<axis] + [row] + index[(axis + rank)...])
  }
}

/// Rows of a batch on the lanes: the arrays that live within a tile, and which loop variable is the row.
struct Tile {
  /// Rows of a tile. A constant of the system: it decides bits.
  static let lanes = 16
  /// Elements of a row, by the node that the array holds.
  var locals: [NodeID: Int]
  var row: Int
  /// Set when an array within the tile was wanted at another row.
  var failed = false

  /// Where an element lies if its node lives within the tile: the array, and the position in the row.
  mutating func place(_ id: NodeID, _ position: Affine, _ extents: [Int]) -> (array: String, rest: Affine)? {
    guard let perRow = locals[id] else { return nil }
    let coefficient = position.coefficient(of: row)
    let rest = position + Affine(variable: row) * -coefficient
    if coefficient != perRow || !rest.isWithin(0..<perRow, extents) { failed = true }
    return ("v\(id.index)", rest)
  }
}

extension String {
  var withParenthesesIfNegative: String { hasPrefix("-") ? "(\(self))" : self }
  /// This text with every line indented by `levels` steps of two blanks.
  func indented(_ levels: Int) -> String { String(repeating: "  ", count: levels) + self }
}
