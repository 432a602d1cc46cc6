// Who reads the value of each node, and how: what fusion asks of a graph. Views and nodes that are computed where they are used
// are no consumers; what reads through them is.

import DescentIR

/// The readers of each node's value, and the nodes that no memory holds.
struct Consumers {
  struct Read {
    var consumer: NodeID
    var access: Access
  }
  /// The most nodes that one kernel computes. A compiler's time grows faster than the length of a function, and a chain of some
  /// thousand operations in one breaks clang.
  static let mostNodes = 96

  let graph: Graph
  let families: [Lowering]
  private(set) var reads: [[Read]]
  private(set) var isOutput: [Bool]
  /// Nodes computed where they are used: functions of the index alone, and those of one consumer.
  private(set) var isInlined: [Bool]
  /// The inlined nodes that are computed where each node is, itself included.
  private(set) var inlined: [Set<Int>]

  init(_ graph: Graph) {
    self.graph = graph
    families = graph.ids.map { graph.lowering(of: $0) }
    reads = Array(repeating: [], count: graph.nodes.count)
    isOutput = Array(repeating: false, count: graph.nodes.count)
    isInlined = Array(repeating: false, count: graph.nodes.count)
    inlined = Array(repeating: [], count: graph.nodes.count)
    for id in graph.outputs { isOutput[id.index] = true }
    collectReads()
    inlineCheap()
    inlineSingle()
    bound()
  }

  func isPointwise(_ id: NodeID) -> Bool { families[id.index].role == .element }
  func isAnchor(_ id: NodeID) -> Bool { if case .anchor = families[id.index].role { true } else { false } }

  private mutating func collectReads() {
    for consumer in graph.ids where isPointwise(consumer) || isAnchor(consumer) {
      for (position, operand) in graph[consumer].operands.enumerated() {
        var node = operand
        var access = families[consumer.index].access(position)
        while graph.isView(node) {
          access = max(access, viewAccess(node))
          node = graph[node].operands[0]
        }
        reads[node.index].append(Read(consumer: consumer, access: access))
      }
    }
  }
  /// How a view reads what it looks at: repeated where it stretches, or where its index is no longer affine.
  private func viewAccess(_ id: NodeID) -> Access {
    let (inner, outer) = (graph[graph[id].operands[0]].type.shape, graph[id].type.shape)
    if outer.count > inner.count { return .repeated }
    if case .view(let sources) = families[id.index], sources.contains(where: { $0.terms.count > 1 }) {
      return .repeated
    }
    if case .reshape = families[id.index], inner.dimensions.filter({ $0 != 1 }) != outer.dimensions.filter({ $0 != 1 })
    {
      return .repeated
    }
    return .elsewhere
  }

  /// Marks cheap functions of the index alone.
  private mutating func inlineCheap() {
    var isFree = [Bool](repeating: false, count: graph.nodes.count)
    for id in graph.ids {
      let operands = graph[id].operands
      switch families[id.index].role {
      case .leaf: if case .input = families[id.index] {} else { isFree[id.index] = true }
      case .view: isFree[id.index] = isFree[operands[0].index]
      case .element:
        if case .pointwise(let rule) = families[id.index] {
          isFree[id.index] = rule.cost <= 4 && !operands.isEmpty && operands.allSatisfy { isFree[$0.index] }
        }
      case .anchor, .part: break
      }
      let isOperand = reads[id.index].contains { families[$0.consumer.index].readsMemory }
      isInlined[id.index] = isFree[id.index] && !isOutput[id.index] && isPointwise(id) && !isOperand
    }
  }
  /// Marks pointwise nodes with a single consumer that a reduction or a view stands between.
  private mutating func inlineSingle() {
    for id in graph.ids.reversed() where isPointwise(id) && !isOutput[id.index] && !isInlined[id.index] {
      let reads = reads[id.index]
      if graph[id].isRepeated {
        // Its readers are one, or computed again for the same one.
        isInlined[id.index] =
          !reads.isEmpty
          && reads.allSatisfy {
            $0.access < .repeated && (isInlined[$0.consumer.index] || families[$0.consumer.index].computesOperands)
          }
        continue
      }
      guard let first = reads.first?.consumer,
        reads.allSatisfy({ $0.consumer == first && $0.access < .repeated })
      else { continue }
      if families[first.index].computesOperands || isInlined[first.index] {
        isInlined[id.index] = true
      } else if isPointwise(first) {
        isInlined[id.index] = reads.allSatisfy { $0.access > .atIndex }
      }
    }
  }
  /// Lets no more be computed in one place than a kernel holds: what has grown too large gets a kernel of its own.
  private mutating func bound() {
    for id in graph.ids where isInlined[id.index] || graph.isView(id) {
      var all: Set<Int> = isInlined[id.index] ? [id.index] : []
      for operand in graph[id].operands { all.formUnion(inlined[operand.index]) }
      if all.count > Self.mostNodes, isInlined[id.index] {
        isInlined[id.index] = false
      } else {
        inlined[id.index] = all
      }
    }
  }
}
