// The values of nodes at an index, as statements and expressions: what is not in memory is computed where it is used.
// Each value is defined once for each index it is wanted at; `tidied` then folds what is used once into its use.

import DescentIR
import DescentOps
import DescentPasses

/// A body under construction.
struct ElementBuilder {
  let function: FunctionBuilder
  /// The nodes that the kernel under construction computes itself.
  var computedHere: Set<NodeID> = []
  private(set) var statements: [Statement] = []
  /// Positions that had to be divided, by the strides of the shape that they are in.
  private(set) var divisions: [(position: Affine, strides: [Int])] = []
  private var memo: [Key: Expression] = [:]

  private struct Key: Hashable {
    var node: NodeID
    var index: [Affine]
  }

  init(_ function: FunctionBuilder, computing nodes: [NodeID] = []) {
    self.function = function
    computedHere = Set(nodes)
  }

  private var context: ProgramContext { function.context }
  private var graph: Graph { function.graph }

  /// Makes the value of a node at an index known: the accumulator of an anchor.
  mutating func set(_ node: NodeID, _ index: [Affine], _ value: Expression) {
    memo[Key(node: node, index: index)] = value
  }

  /// The value of `node` at `index`.
  mutating func value(_ node: NodeID, _ index: [Affine]) -> Expression {
    let key = Key(node: node, index: index)
    if let known = memo[key] { return known }
    let value = compute(node, index)
    memo[key] = value
    return value
  }

  mutating func store(_ id: NodeID, _ index: [Affine], _ value: Expression) {
    statements.append(.store(function.array(id, isWritten: true), .linear(index, graph[id].type.shape), value))
  }

  private mutating func define(_ id: NodeID, _ x: Expression) -> Expression {
    switch x {
    case .value, .literal: return x
    case .position, .load, .array, .infix, .negated, .call, .cast, .unsigned: break
    }
    let value = function.value(graph[id].op.name)
    statements.append(.define(value, x))
    return .value(value, x.dtype)
  }

  private mutating func compute(_ id: NodeID, _ index: [Affine]) -> Expression {
    let node = graph[id]
    let isRead = context.stored[id.index] && !computedHere.contains(id)
    switch context.families[id.index] {
    case .constant(let array):
      return array.count == 1 ? .literal(array.scalar) : load(id, .linear(index, node.type.shape))
    case .iota(let axis): return define(id, Convert.element(.position(index[axis]), node.type.dtype))
    case .view(let sources): return value(node.operands[0], sources.map { $0.index(index) })
    case .reshape: return reshaped(node, index)
    case .input: return load(id, .linear(index, node.type.shape))
    case .pointwise(let rule):
      if isRead { return load(id, .linear(index, node.type.shape)) }
      let operands = node.operands.map { value($0, index) }
      return define(id, rule.element(operands, node.type.dtype))
    case .pad(let low, let interior):
      return isRead ? load(id, .linear(index, node.type.shape)) : padded(id, index, low, interior)
    case .concatenate(let axis):
      return isRead ? load(id, .linear(index, node.type.shape)) : concatenated(id, index, axis)
    case .gather(let axis):
      return isRead ? load(id, .linear(index, node.type.shape)) : gathered(node, index, axis)
    case .fold, .reduction, .argmax, .contraction, .scatter, .matrices, .loop, .result, .random, .print:
      precondition(isRead, "\(node.op.name) %\(id.index) is not in memory")
      return load(id, .linear(index, node.type.shape))
    }
  }

  private mutating func load(_ id: NodeID, _ position: Affine) -> Expression {
    define(id, .load(function.array(id, isWritten: false), position, graph[id].type.dtype))
  }

  private mutating func reshaped(_ node: Node, _ index: [Affine]) -> Expression {
    let from = node.operands[0]
    let shape = graph[from].type.shape
    let position = Affine.linear(index, node.type.shape)
    if let inner = position.delinearized(shape, extents: function.extents) { return value(from, inner) }
    if !graph.isView(from), context.stored[from.index], !computedHere.contains(from) { return load(from, position) }
    if case .constant(let array) = context.families[from.index], array.count > 1 { return load(from, position) }
    // No strides describe it: divide.
    divisions.append((position, zip(shape.dimensions, shape.strides).filter { $0.0 > 1 }.map(\.1)))
    let inner = zip(shape.dimensions, shape.strides).map { dimension, stride -> Affine in
      if dimension == 1 { return Affine() }
      let whole = Expression.position(position)
      let quotient: Expression = stride == 1 ? whole : .infix(.divide, whole, .position(Affine(stride)))
      return computed(.infix(.remainder, quotient, .position(Affine(dimension))), extent: dimension)
    }
    return value(from, inner)
  }

  /// An index computed in the body, as a variable for further index arithmetic.
  private mutating func computed(_ x: Expression, extent: Int) -> Affine {
    let variable = function.variable("at", extent)
    statements.append(.index(variable, x))
    return Affine(variable: variable)
  }
  private mutating func clamped(_ x: Expression, to extent: Int) -> Affine {
    extent == 1 ? Affine() : computed(.clamped(x, .position(Affine(extent))), extent: extent)
  }

  /// The padding where the index lies outside the operand or between its elements. The load is always inside.
  private mutating func padded(_ id: NodeID, _ index: [Affine], _ low: [Int], _ interior: [Int]) -> Expression {
    let node = graph[id]
    let shape = graph[node.operands[0]].type.shape
    let padding = value(node.operands[1], [])
    guard shape.count > 0 else { return padding }
    var conditions: [Expression] = []
    var inner: [Affine] = []
    let zero = Expression.position(Affine())
    for axis in shape.dimensions.indices {
      if low[axis] == 0, interior[axis] == 0, node.type.shape[axis] == shape[axis] {
        inner.append(index[axis])
        continue
      }
      let step = interior[axis] + 1
      let position = Expression.position(index[axis] + Affine(-low[axis])), width = Expression.position(Affine(step))
      inner.append(clamped(step == 1 ? position : .infix(.divide, position, width), to: shape[axis]))
      let end = Expression.position(Affine((shape[axis] - 1) * step + 1))
      conditions += [.infix(.greaterOrEqual, position, zero), .infix(.less, position, end)]
      if step > 1 { conditions.append(.infix(.equal, .infix(.remainder, position, width), zero)) }
    }
    let element = value(node.operands[0], inner)
    guard let first = conditions.first else { return element }
    let isInside = conditions.dropFirst().reduce(first) { .infix(.and, $0, $1) }
    return define(id, .choice(.cast(.bool, isInside), element, padding))
  }

  private mutating func concatenated(_ id: NodeID, _ index: [Affine], _ axis: Int) -> Expression {
    let node = graph[id]
    var start = node.type.shape[axis]
    var result: Expression?
    for operand in node.operands.reversed() {
      let extent = graph[operand].type.shape[axis]
      start -= extent
      guard extent > 0 else { continue }
      var inner = index
      inner[axis] = clamped(.position(index[axis] + Affine(-start)), to: extent)
      let element = value(operand, inner)
      let isHere = Expression.truth(.less, .position(index[axis]), .position(Affine(start + extent)))
      result = result.map { define(id, .choice(isHere, element, $0)) } ?? element
    }
    return result ?? .literal(Scalar(integer: 0, node.type.dtype))
  }

  /// The most rows of an array whose length only the run knows.
  private static let mostRows = 1 << 31

  private mutating func gathered(_ node: Node, _ index: [Affine], _ axis: Int) -> Expression {
    let indices = node.operands[1]
    let rank = graph[indices].type.shape.rank
    let picked = Expression.cast(.i64, value(indices, Array(index[axis..<axis + rank])))
    let row: Affine
    if axis == 0, let input = graph[node.operands[0]].op as? Input, let length = context.schedule.lengths[input.index] {
      row = computed(.clamped(picked, value(graph.inputs[length], [])), extent: Self.mostRows)
    } else {
      row = clamped(picked, to: graph[node.operands[0]].type.shape[axis])
    }
    return value(node.operands[0], index[..<axis] + [row] + index[(axis + rank)...])
  }
}

extension ElementBuilder {
  /// Computes and stores a kernel's nodes at the index of its domain.
  mutating func store(_ kernel: Kernel, at index: [Affine]) {
    let stores = Set(kernel.stores)
    let graph = function.graph
    // All values before all stores: memory that is taken over is read before it is written.
    // Among scalars may be a member of another rank with its one element.
    func place(_ member: NodeID) -> [Affine] {
      let rank = graph[member].type.shape.rank
      return rank == index.count ? index : [Affine](repeating: Affine(), count: rank)
    }
    for member in kernel.members { _ = value(member, place(member)) }
    if let anchor = kernel.anchor, stores.contains(anchor) { store(anchor, index, value(anchor, index)) }
    for member in kernel.members where stores.contains(member) {
      store(member, place(member), value(member, place(member)))
    }
  }
}

extension HostArray {
  /// The one element.
  var scalar: Scalar { dtype.isFloating ? Scalar(doubles[0], dtype) : Scalar(integer: ints[0], dtype) }
}
