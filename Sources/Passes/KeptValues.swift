// What is kept between the forward and the backward pass: chosen by a minimum cut, not by what happened to have a name.
// Takes the joint graph of a step; gives one in which the backward pass computes again, from what is kept, what is cheaper to
// compute than to keep. Kept are the fewest bytes from which all that the backward pass reads can be had; products, reductions
// and random numbers are never computed twice. Values do not change, nor do bits: the same operations have the same operands.
// After Chen et al. (2016, sublinear memory) and the min-cut partitioner of functorch.

import DescentIR
import DescentOps

/// The graph with cheap forward values computed again where its backward part reads them, wherever that lets less be kept.
/// Graphs whose largest value is smaller than `leastBytes` stay as they are: their values stay in the cache anyway.
package func keepingLess(_ graph: Graph, leastBytes: Int = 1 << 20) throws -> Graph {
  guard let largest = graph.nodes.flatMap(\.result.types).map(\.byteCount).max(), largest >= leastBytes else {
    return graph
  }
  let plan = KeptValues(graph)
  guard plan.computedAgain.contains(true) else { return graph }
  let places = lateKernels(graph, plan.isLate)
  var copies: [Int: [NodeID: NodeID]] = [:]
  let result = try Rewriter.rewrite(graph) { rewriter, id, operands in
    guard plan.isLate[id.index] else { return try rewriter.append(graph[id].op, operands) }
    let place = places[id.index]
    /// A forward value for readers at this place: kept, or made again from what is.
    func value(_ node: NodeID, _ rewriter: inout Rewriter) throws -> NodeID {
      guard plan.computedAgain[node.index] else { return rewriter[node] }
      if let known = copies[place]?[node] { return known }
      let inner = try graph[node].operands.map { try value($0, &rewriter) }
      let copy = try rewriter.append(graph[node].op, inner, isRepeated: true)
      copies[place, default: [:]][node] = copy
      return copy
    }
    let own = try graph[id].operands.map { try value($0, &rewriter) }
    return try rewriter.append(graph[id].op, own)
  }
  // Where all readers have copies nobody reads the original.
  return try removeDeadCode(result)
}

/// For each late node the first of those that may well be computed in one kernel: pointwise nodes that read one another at their
/// index. They share what is computed again.
private func lateKernels(_ graph: Graph, _ isLate: [Bool]) -> [Int] {
  var parent = Array(graph.nodes.indices)
  func root(_ node: Int) -> Int {
    var node = node
    while parent[node] != node {
      parent[node] = parent[parent[node]]
      node = parent[node]
    }
    return node
  }
  func isPointwise(_ id: NodeID) -> Bool {
    if case .pointwise = graph.lowering(of: id) { isLate[id.index] } else { false }
  }
  for id in graph.ids where isPointwise(id) {
    for operand in graph[id].operands where isPointwise(operand) { parent[root(id.index)] = root(operand.index) }
  }
  return graph.nodes.indices.map(root)
}

/// The division of a step's values into those that are kept and those that are computed again.
struct KeptValues {
  /// Whether a node belongs to the backward pass: a product or reduction of it, or what depends on one.
  private(set) var isLate: [Bool]
  /// Whether late readers compute a node again.
  private(set) var computedAgain: [Bool]
  /// The dearest operation that is done twice, in multiply-adds.
  private static let mostCost = 30

  init(_ graph: Graph) {
    isLate = Array(repeating: false, count: graph.nodes.count)
    computedAgain = Array(repeating: false, count: graph.nodes.count)
    let families = graph.ids.map { graph.lowering(of: $0) }
    func isAnchor(_ id: NodeID) -> Bool { if case .anchor = families[id.index].role { true } else { false } }
    for id in graph.ids {
      isLate[id.index] =
        graph[id].adjointOf != nil && isAnchor(id) || graph[id].operands.contains { isLate[$0.index] }
    }
    // What lies in memory whoever reads it late.
    var isFree = [Bool](repeating: false, count: graph.nodes.count)
    for id in graph.outputs { isFree[id.index] = true }
    var isRead = isFree
    for id in graph.ids {
      if case .leaf = families[id.index].role { isFree[id.index] = true }
      for operand in graph[id].operands {
        if isLate[id.index], !isLate[operand.index] { isRead[operand.index] = true }
        // A product wants it in memory, early or late.
        guard families[id.index].readsMemory else { continue }
        var node = operand
        while graph.isView(node) { node = graph[node].operands[0] }
        isFree[node.index] = true
      }
    }
    let consumers = Consumers(graph)
    /// Where it is read at another index than the loops', it would have to lie in memory again.
    func isReadInPlace(_ id: NodeID) -> Bool {
      consumers.reads[id.index].allSatisfy { read in
        consumers.isPointwise(read.consumer)
          ? read.access == .atIndex : families[read.consumer.index].computesOperands && read.access < .repeated
      }
    }
    func isRepeatable(_ id: NodeID) -> Bool {
      switch families[id.index] {
      case .pointwise(let rule): rule.cost <= Self.mostCost && isReadInPlace(id)
      case .view, .reshape: true
      case .input, .constant, .iota, .pad, .concatenate, .fold, .reduction, .argmax, .contraction, .gather, .scatter,
        .matrices, .loop, .result, .random, .print:
        false
      }
    }
    // Two vertices for each early node: its value computed, and its value there for the backward pass.
    var network = FlowNetwork(count: 2 * graph.nodes.count + 2)
    let (source, sink) = (2 * graph.nodes.count, 2 * graph.nodes.count + 1)
    for id in graph.ids where !isLate[id.index] {
      let (computed, kept) = (2 * id.index, 2 * id.index + 1)
      let bytes = graph.isView(id) ? FlowNetwork.unbounded : graph[id].result.types.reduce(0) { $0 + $1.byteCount }
      network.connect(computed, kept, isFree[id.index] ? 0 : bytes)
      if isRepeatable(id) {
        for operand in graph[id].operands { network.connect(2 * operand.index + 1, computed, FlowNetwork.unbounded) }
      } else {
        network.connect(source, computed, FlowNetwork.unbounded)
      }
      if isRead[id.index] { network.connect(kept, sink, FlowNetwork.unbounded) }
    }
    let before = network.reaching(sink, from: source)
    for id in graph.ids where !isLate[id.index] { computedAgain[id.index] = before[2 * id.index] && isRepeatable(id) }
  }
}

/// A network of edges with capacities.
package struct FlowNetwork {
  static let unbounded = Int.max / 4
  private var edges: [(to: Int, rest: Int)] = []
  /// The edges from each vertex; the edge with the number `i ^ 1` goes back.
  private var from: [[Int]]

  package init(count: Int) { from = Array(repeating: [], count: count) }

  package mutating func connect(_ a: Int, _ b: Int, _ capacity: Int) {
    from[a].append(edges.count)
    edges.append((b, capacity))
    from[b].append(edges.count)
    edges.append((a, 0))
  }

  /// After a greatest flow (Dinic, 1970), the vertices that still reach the sink: those behind the minimum cut that is nearest to it.
  package mutating func reaching(_ sink: Int, from source: Int) -> [Bool] {
    while let levels = levels(source, sink) {
      var next = [Int](repeating: 0, count: from.count)
      while push(source, sink, levels, &next) > 0 {}
    }
    var reaches = [Bool](repeating: false, count: from.count)
    reaches[sink] = true
    var stack = [sink]
    while let vertex = stack.popLast() {
      for edge in from[vertex] where edges[edge ^ 1].rest > 0 && !reaches[edges[edge].to] {
        reaches[edges[edge].to] = true
        stack.append(edges[edge].to)
      }
    }
    return reaches
  }

  /// How many edges each vertex is from the source; nil where the sink is out of reach.
  private func levels(_ source: Int, _ sink: Int) -> [Int]? {
    var levels = [Int](repeating: -1, count: from.count)
    levels[source] = 0
    var queue = [source], head = 0
    while head < queue.count {
      let vertex = queue[head]
      head += 1
      for edge in from[vertex] where edges[edge].rest > 0 && levels[edges[edge].to] < 0 {
        levels[edges[edge].to] = levels[vertex] + 1
        queue.append(edges[edge].to)
      }
    }
    return levels[sink] < 0 ? nil : levels
  }

  /// One augmenting path along the levels, without recursion; what was pushed.
  private mutating func push(_ source: Int, _ sink: Int, _ levels: [Int], _ next: inout [Int]) -> Int {
    var path: [Int] = [], vertex = source
    while vertex != sink {
      if next[vertex] < from[vertex].count {
        let edge = from[vertex][next[vertex]]
        if edges[edge].rest > 0, levels[edges[edge].to] == levels[vertex] + 1 {
          path.append(edge)
          vertex = edges[edge].to
        } else {
          next[vertex] += 1
        }
      } else {
        guard let edge = path.popLast() else { return 0 }
        vertex = edges[edge ^ 1].to
        next[vertex] += 1
      }
    }
    let amount = path.reduce(Self.unbounded) { min($0, edges[$1].rest) }
    for edge in path {
      edges[edge].rest -= amount
      edges[edge ^ 1].rest += amount
    }
    return amount
  }
}
