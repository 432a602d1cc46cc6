// Which nodes are one kernel. Takes the consumers of each node; gives fusion groups, of which each becomes a kernel.
// Invariant: a group depends on groups through `before` alone, and no group depends on itself.

import DescentIR

/// Nodes that are computed by one kernel.
struct FusionGroup {
  /// The reduction, contraction, ... that shapes the loops; nil for pointwise nodes alone.
  var anchor: NodeID?
  var members: [NodeID] = []
  var domain: Shape
  /// The groups that must have run.
  var before: Set<Int> = []
  /// How many nodes it computes.
  var size = 0
}

/// The division of a graph's nodes into fusion groups.
struct Partition {
  private(set) var groups: [FusionGroup] = []
  /// The group of each node; nil for inputs, views and what is computed where it is used.
  private(set) var group: [Int?]
  /// Why pointwise nodes began a group of their own, a line for each that reads another group's nodes at its index.
  private(set) var reasons: [String] = []
  /// The group of the last effect.
  private var effect: Int?
  private let consumers: Consumers
  private let explains: Bool
  /// The nodes that wait where each does that waits for its consumer, itself included; none for the others.
  private var waiting: [Set<Int>]

  private var graph: Graph { consumers.graph }
  private var families: [Lowering] { consumers.families }

  /// With `explains` the reasons are kept.
  init(_ consumers: Consumers, explains: Bool = false) {
    self.consumers = consumers
    self.explains = explains
    group = Array(repeating: nil, count: consumers.graph.nodes.count)
    waiting = Array(repeating: [], count: consumers.graph.nodes.count)
    var scalars: [Int] = []
    for id in graph.ids where !consumers.isInlined[id.index] { add(id, &scalars) }
  }

  /// Gives a node its group, unless it waits.
  private mutating func add(_ id: NodeID, _ scalars: inout [Int]) {
    switch families[id.index].role {
    case .leaf, .view: break
    case .part:
      let home = group[graph[id].operands[0].index]!
      groups[home].members.append(id)
      put(id, home)
    case .anchor:
      let domain: Shape = if case .loop = families[id.index] { [1] } else { graph[id].type.shape }
      var before = producers(id)
      if graph[id].op.hasEffect {
        // Effects come in the order of the program.
        if let last = effect { before.insert(last) }
        effect = groups.count
      }
      begin(id, FusionGroup(anchor: id, domain: domain, before: before))
    case .element:
      if waits(id), size(id) <= Consumers.mostNodes, !candidates(id).contains(where: { fits(id, $0) }) {
        waiting[id.index] = graph[id].operands.reduce([id.index]) { $0.union(waiting[$1.index]) }
        return
      }
      if let home = home(id, scalars) {
        groups[home].before.formUnion(producers(id).subtracting([home]))
        join(id, home)
      } else {
        if graph[id].type.shape.rank == 0 { scalars.append(groups.count) }
        begin(id, FusionGroup(anchor: nil, domain: graph[id].type.shape, before: producers(id)))
      }
    }
  }
  /// The latest of the groups whose loops a pointwise node may join that nothing between stands in front of. The groups of what it
  /// reads at its own index offer their loops, and to one element those of scalars.
  private mutating func home(_ id: NodeID, _ scalars: [Int]) -> Int? {
    let needed = producers(id), candidates = candidates(id)
    var offers = candidates.filter { fits(id, $0) }
    if graph[id].type.shape.count == 1 {
      offers += scalars.filter { groups[$0].size + size(id) <= Consumers.mostNodes }
    }
    let home = offers.sorted(by: >).first { home in !needed.contains { $0 != home && groups.depends($0, on: home) } }
    if home == nil, explains {
      for candidate in Set(candidates).sorted() {
        reasons.append(
          "%\(id.index) \(graph[id].op.name) is not in the kernel of \(name(candidate)): \(refusal(id, candidate))")
      }
    }
    return home
  }
  private func candidates(_ id: NodeID) -> [Int] {
    graph[id].isRepeated ? [] : readAtIndex(id).compactMap { group[$0.index] }
  }
  private func fits(_ id: NodeID, _ candidate: Int) -> Bool {
    groups[candidate].domain == graph[id].type.shape && takesEpilogue(candidate) && isReadAtIndex(id, from: candidate)
      && groups[candidate].size + size(id) <= Consumers.mostNodes
  }
  private func name(_ index: Int) -> String {
    let first = groups[index].anchor ?? groups[index].members[0]
    return "%\(first.index) \(graph[first].op.name)"
  }
  /// Why a node does not join the loops of a group whose values it reads.
  private func refusal(_ id: NodeID, _ candidate: Int) -> String {
    let shape = graph[id].type.shape
    if groups[candidate].domain != shape { return "its loops go over \(groups[candidate].domain), not \(shape)" }
    if !takesEpilogue(candidate) { return "it takes nothing after it" }
    if !isReadAtIndex(id, from: candidate) { return "a value of it is read at another index than the loops'" }
    if groups[candidate].size + size(id) > Consumers.mostNodes {
      return "they would be more than \(Consumers.mostNodes) nodes"
    }
    return "another operand's kernel must run between the two"
  }

  private mutating func begin(_ id: NodeID, _ new: FusionGroup) {
    groups.append(new)
    if new.anchor == nil { join(id, groups.count - 1) } else { put(id, groups.count - 1) }
  }
  private mutating func put(_ id: NodeID, _ home: Int) {
    group[id.index] = home
    groups[home].size += size(id)
  }
  /// Makes a node, and those that have waited for it, members of a group.
  private mutating func join(_ id: NodeID, _ home: Int) {
    for operand in graph[id].operands where isWaiting(operand) { join(operand, home) }
    groups[home].members.append(id)
    waiting[id.index] = []
    put(id, home)
  }

  // MARK: What is asked

  /// How many nodes a kernel computes for the sake of this one.
  private func size(_ id: NodeID) -> Int {
    1
      + graph[id].operands.reduce(into: Set<Int>()) {
        $0.formUnion(consumers.inlined[$1.index])
        $0.formUnion(waiting[$1.index])
      }.count
  }
  /// A pointwise node that stands by itself, `0.9 m` say, waits for the one node that uses it, so that it ends up where that goes.
  private func waits(_ id: NodeID) -> Bool {
    let reads = consumers.reads[id.index]
    guard !consumers.isOutput[id.index], case .pointwise = families[id.index], !reads.isEmpty else { return false }
    // All readers of what is computed again are one, or computed again for the same one.
    return (reads.count == 1 || graph[id].isRepeated)
      && reads.allSatisfy {
        $0.access == .atIndex && consumers.isPointwise($0.consumer) && !consumers.isInlined[$0.consumer.index]
      }
  }
  private func isWaiting(_ id: NodeID) -> Bool {
    group[id.index] == nil && consumers.isPointwise(id) && !consumers.isInlined[id.index]
  }
  /// The operands of a node, and of those that wait for it.
  private func readAtIndex(_ id: NodeID) -> [NodeID] {
    graph[id].operands.flatMap { isWaiting($0) ? readAtIndex($0) : [$0] }
  }
  private func takesEpilogue(_ index: Int) -> Bool {
    guard let anchor = groups[index].anchor else { return true }
    return families[anchor.index].role == .anchor(takesEpilogue: true)
  }
  /// Whether every value of group `index` that `id` reads is read at the loops' own index, also through inlined nodes.
  private func isReadAtIndex(_ id: NodeID, from index: Int) -> Bool {
    let isAtIndex = families[id.index].access(0) == .atIndex
    for operand in graph[id].operands {
      if group[operand.index] == index {
        if !isAtIndex { return false }
      } else if isWaiting(operand) {
        if !isReadAtIndex(operand, from: index) { return false }
      } else if group[operand.index] == nil, reaches(operand, index) {
        return false
      }
    }
    return true
  }
  /// Whether a node's value depends on a group's through views and inlined nodes.
  private func reaches(_ id: NodeID, _ index: Int) -> Bool {
    if group[id.index] != nil { return group[id.index] == index }
    var isReached = false
    walk(id) { node in
      isReached = isReached || group[node.index] == index
      return group[node.index] == nil
    }
    return isReached
  }
  /// The groups that a node's value depends on directly, through views and inlined nodes.
  private func producers(_ id: NodeID) -> Set<Int> {
    var found: Set<Int> = []
    walk(id) { node in
      guard let group = group[node.index] else { return true }
      found.insert(group)
      return false
    }
    return found
  }
  /// Calls `visit` for each node that a node's value depends on, each once; it says whether to go on through that one.
  private func walk(_ id: NodeID, _ visit: (NodeID) -> Bool) {
    var seen: Set<NodeID> = []
    var stack = graph[id].operands
    while let top = stack.popLast() {
      guard seen.insert(top).inserted else { continue }
      if visit(top) { stack += graph[top].operands }
    }
  }
}

extension [FusionGroup] {
  /// Whether group `a` must run after group `b`.
  func depends(_ a: Int, on b: Int) -> Bool {
    if a == b { return true }
    var seen: Set<Int> = [a]
    var stack = [a]
    while let top = stack.popLast() {
      for before in self[top].before where seen.insert(before).inserted {
        if before == b { return true }
        stack.append(before)
      }
    }
    return false
  }
}
