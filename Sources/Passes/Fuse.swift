// Divides a graph into kernels. Takes an optimized graph; gives a Schedule.
// A contraction or reduction takes the pointwise nodes that follow it at the same index into its loops (its epilogue); a
// reduction also takes the pointwise nodes before it that nothing else needs (its prologue). What is left becomes plain nests.
// Invariant: the kernels' dependencies have no cycle, and an output that takes over an input's memory is written after the
// last other reading of that input.

import DescentIR
import DescentOps

/// Divides `graph` into kernels. `donations[k]` names the input whose memory output `k` is to take over.
package func fuse(_ graph: Graph, donations: [Int?] = []) throws -> Schedule {
  var graph = try materializing(graph)
  var donations = donations + [Int?](repeating: nil, count: graph.outputs.count - donations.count)
  var fuser = Fuser(graph)
  fuser.assign()
  try fuser.order(&graph, &donations)
  var schedule = Schedule(graph: graph, kernels: fuser.kernels(), donations: donations)
  for id in graph.ids {
    guard case .loop(let form) = graph.lowering(of: id) else { continue }
    schedule.bodies[id] = try fuse(form.body, donations: Array(form.carries))
  }
  return schedule
}

/// Puts identities where a value must lie in memory by itself: views and inputs that are outputs, an output given twice, and
/// operands of contractions that no strides describe and of loops that are not in memory. A loop's result has one node.
private func materializing(_ graph: Graph) throws -> Graph {
  var graph = try copyingOperands(graph)
  // After results have one node each: two that were given are one now.
  var seen: [Bool] = Array(repeating: false, count: graph.nodes.count)
  for k in graph.outputs.indices {
    let id = graph.outputs[k]
    if id.index < seen.count, !graph.isPlaceable(id) || seen[id.index] {
      graph.outputs[k] = try graph.append(Identity(), [id], at: graph[id].location, adjointOf: graph[id].adjointOf)
    } else {
      seen[id.index] = true
    }
  }
  return graph
}

private func copyingOperands(_ graph: Graph) throws -> Graph {
  guard graph.ids.contains(where: { graph.needsCopies($0).contains(true) || graph[$0].op is Loop }) else {
    return graph
  }
  // Copies come before the contraction that reads them, so the graph is built anew.
  var result = Graph()
  var map: [NodeID] = []
  var results: [[NodeID]: [Int: NodeID]] = [:]
  for id in graph.ids {
    let node = graph[id]
    var operands = node.operands.map { map[$0.index] }
    if case .result(let number) = graph.lowering(of: id) {
      let known =
        try results[operands]?[number] ?? result.append(node.op, operands, at: node.location, adjointOf: node.adjointOf)
      results[operands, default: [:]][number] = known
      map.append(known)
      continue
    }
    for (i, needed) in graph.needsCopies(id).enumerated() where needed {
      operands[i] = try result.append(Identity(), [operands[i]], at: node.location, adjointOf: node.adjointOf)
    }
    map.append(try result.append(node.op, operands, at: node.location, adjointOf: node.adjointOf))
  }
  result.outputs = graph.outputs.map { map[$0.index] }
  result.outputLabels = graph.outputLabels
  return result
}

extension Graph {
  /// For each operand of a contraction or a loop whether it must be copied first; empty for other nodes.
  fileprivate func needsCopies(_ id: NodeID) -> [Bool] {
    guard case .loop = lowering(of: id) else { return contractionNeedsCopies(id) }
    return self[id].operands.map { isView($0) || !isAddressable($0) }
  }

  /// Whether a node can be written to memory by a kernel of its own.
  fileprivate func isPlaceable(_ id: NodeID) -> Bool {
    switch lowering(of: id).role {
    case .leaf, .view: false
    case .element, .anchor, .part: true
    }
  }

  /// Whether a node that is no view has an address: all but scalar constants and indices, which are written into the code.
  package func isAddressable(_ id: NodeID) -> Bool {
    if case .constant(let array) = lowering(of: id) { return array.count > 1 }
    if case .iota = lowering(of: id) { return false }
    return true
  }
}

/// The division under way.
private struct Fuser {
  private struct Use {
    var user: NodeID
    /// Read at the index of the user's loops, not through a view.
    var isDirect: Bool
    /// Each element read at most once, by views that keep the index affine.
    var isOnce: Bool
  }
  private struct Group {
    var anchor: NodeID?
    var members: [NodeID] = []
    var domain: Shape
    var before: Set<Int> = []
    /// How many nodes it computes.
    var size = 0
  }
  private let graph: Graph
  private let families: [Lowering]
  private var uses: [[Use]]
  private var isOutput: [Bool]
  /// Nodes computed where they are used: free ones, and those of one reader.
  private var isInlined: [Bool]
  /// The inlined nodes that are computed where each of them is, itself included.
  private var cones: [Set<Int>]
  /// How many nodes wait for each that waits, itself included.
  private var waiting: [Int]
  /// The most nodes that one kernel computes. A compiler's time grows faster than the length of a function, and a chain of some
  /// thousand operations in one breaks clang.
  private static let mostMembers = 96
  private var group: [Int?]
  private var groups: [Group] = []
  private var sequence: [Int] = []
  private var extraStores: [NodeID] = []

  init(_ graph: Graph) {
    self.graph = graph
    families = graph.ids.map { graph.lowering(of: $0) }
    uses = Array(repeating: [], count: graph.nodes.count)
    isOutput = Array(repeating: false, count: graph.nodes.count)
    isInlined = Array(repeating: false, count: graph.nodes.count)
    group = Array(repeating: nil, count: graph.nodes.count)
    cones = Array(repeating: [], count: graph.nodes.count)
    waiting = Array(repeating: 0, count: graph.nodes.count)
    for id in graph.outputs { isOutput[id.index] = true }
    collectUses()
    inline()
    boundInlining()
  }

  private func isPointwise(_ id: NodeID) -> Bool {
    families[id.index].role == .element
  }
  private func isAnchor(_ id: NodeID) -> Bool {
    if case .anchor = families[id.index].role { true } else { false }
  }

  private mutating func collectUses() {
    for user in graph.ids where isPointwise(user) || isAnchor(user) {
      for (position, operand) in graph[user].operands.enumerated() {
        var node = operand
        let access = families[user.index].access(position)
        var use = Use(user: user, isDirect: access.isDirect, isOnce: access.isOnce)
        while graph.isView(node) {
          let from = graph[node].operands[0]
          use.isDirect = false
          let (inner, outer) = (graph[from].type.shape, graph[node].type.shape)
          if outer.count > inner.count { use.isOnce = false }
          if case .view(let sources) = families[node.index], sources.contains(where: { $0.terms.count > 1 }) {
            use.isOnce = false
          }
          if case .reshape = families[node.index],
            inner.dimensions.filter({ $0 != 1 }) != outer.dimensions.filter({ $0 != 1 })
          {
            use.isOnce = false
          }
          node = from
        }
        uses[node.index].append(use)
      }
    }
  }

  /// Marks what is computed where it is used: functions of the index alone, and pointwise nodes with a single reader that a
  /// reduction or a view stands between.
  private mutating func inline() {
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
      let isOperand = uses[id.index].contains { families[$0.user.index].readsMemory }
      isInlined[id.index] = isFree[id.index] && !isOutput[id.index] && isPointwise(id) && !isOperand
    }
    for id in graph.ids.reversed() where isPointwise(id) && !isOutput[id.index] && !isInlined[id.index] {
      guard let first = uses[id.index].first, uses[id.index].allSatisfy({ $0.user == first.user && $0.isOnce }) else {
        continue
      }
      if families[first.user.index].computesOperands || isInlined[first.user.index] {
        isInlined[id.index] = true
      } else if isPointwise(first.user) {
        isInlined[id.index] = uses[id.index].allSatisfy { !$0.isDirect }
      }
    }
  }

  /// Lets no more be computed in one place than a kernel holds: what has grown too large gets a kernel of its own.
  private mutating func boundInlining() {
    for id in graph.ids where isInlined[id.index] || graph.isView(id) {
      var cone: Set<Int> = isInlined[id.index] ? [id.index] : []
      for operand in graph[id].operands { cone.formUnion(cones[operand.index]) }
      if cone.count > Self.mostMembers, isInlined[id.index] {
        isInlined[id.index] = false
      } else {
        cones[id.index] = cone
      }
    }
  }
  /// How many nodes a kernel computes for the sake of this one.
  private func size(_ id: NodeID) -> Int {
    graph[id].operands.reduce(1) { $0 + cones[$1.index].count + waiting[$1.index] }
  }

  /// Calls `visit` for each node that a node's value depends on through views and nodes without a group, each once; it says whether
  /// to go on through that one.
  private func walk(_ id: NodeID, _ visit: (NodeID) -> Bool) {
    var seen: Set<NodeID> = []
    var stack = graph[id].operands
    while let top = stack.popLast() {
      guard seen.insert(top).inserted else { continue }
      if visit(top) { stack += graph[top].operands }
    }
  }

  /// The groups that a node's value depends on directly, through views and inlined nodes.
  private func sources(_ id: NodeID) -> Set<Int> {
    var found: Set<Int> = []
    walk(id) { node in
      guard let group = group[node.index] else { return true }
      found.insert(group)
      return false
    }
    return found
  }

  /// Whether group `a` must run after group `b`.
  private func depends(_ a: Int, on b: Int) -> Bool {
    if a == b { return true }
    var seen: Set<Int> = [a]
    var stack = [a]
    while let top = stack.popLast() {
      for before in groups[top].before where seen.insert(before).inserted {
        if before == b { return true }
        stack.append(before)
      }
    }
    return false
  }

  mutating func assign() {
    var scalars: [Int] = []
    for id in graph.ids where !isInlined[id.index] {
      if case .result = families[id.index] {
        let home = group[graph[id].operands[0].index]!
        groups[home].members.append(id)
        add(id, home)
      }
      guard isPointwise(id) || isAnchor(id) else { continue }
      if case .loop = families[id.index] {
        place(id, Group(anchor: id, domain: [1], before: sources(id)))
        continue
      }
      let shape = graph[id].type.shape
      guard isPointwise(id) else {
        place(id, Group(anchor: id, domain: shape, before: sources(id)))
        continue
      }
      // The nodes read at this very index offer their loops; the latest one that nothing else stands behind takes this node.
      var offers = readAtIndex(id).compactMap { group[$0.index] }
        .filter { groups[$0].domain == shape && takesEpilogue($0) && isReadDirectly(id, from: $0) }
        .filter { groups[$0].size + size(id) <= Self.mostMembers }
      if offers.isEmpty, waits(id), size(id) <= Self.mostMembers {
        waiting[id.index] = size(id)
        continue
      }
      if shape.count == 1 { offers += scalars.filter { groups[$0].size + size(id) <= Self.mostMembers } }
      let needed = sources(id)
      let home = offers.sorted(by: >).first { home in !needed.contains { $0 != home && depends($0, on: home) } }
      if let home {
        groups[home].before.formUnion(needed.subtracting([home]))
        join(id, home)
      } else {
        if shape.rank == 0 { scalars.append(groups.count) }
        place(id, Group(anchor: nil, domain: shape, before: needed))
      }
    }
  }
  private mutating func place(_ id: NodeID, _ new: Group) {
    groups.append(new)
    if new.anchor == nil { join(id, groups.count - 1) } else { add(id, groups.count - 1) }
  }
  private mutating func add(_ id: NodeID, _ home: Int) {
    group[id.index] = home
    groups[home].size += size(id)
  }
  /// Makes a node, and those that have waited for it, members of a group.
  private mutating func join(_ id: NodeID, _ home: Int) {
    for operand in graph[id].operands where isWaiting(operand) { join(operand, home) }
    groups[home].members.append(id)
    waiting[id.index] = 0
    add(id, home)
  }
  /// A pointwise node that stands by itself, `0.9 m` say, waits for the one node that uses it, so that it ends up where that goes.
  private func waits(_ id: NodeID) -> Bool {
    guard !isOutput[id.index], uses[id.index].count == 1, let use = uses[id.index].first else { return false }
    guard use.isDirect, isPointwise(use.user), !isInlined[use.user.index] else { return false }
    if case .pointwise = families[id.index] { return true }
    return false
  }
  private func isWaiting(_ id: NodeID) -> Bool { group[id.index] == nil && isPointwise(id) && !isInlined[id.index] }
  /// The operands of a node, and of those that wait for it.
  private func readAtIndex(_ id: NodeID) -> [NodeID] {
    graph[id].operands.flatMap { isWaiting($0) ? readAtIndex($0) : [$0] }
  }
  private func takesEpilogue(_ index: Int) -> Bool {
    guard let anchor = groups[index].anchor else { return true }
    return families[anchor.index].role == .anchor(takesEpilogue: true)
  }
  /// Whether every value of group `index` that `id` reads is read at the loops' own index, also through inlined nodes.
  private func isReadDirectly(_ id: NodeID, from index: Int) -> Bool {
    let isDirect = families[id.index].access(0).isDirect
    for operand in graph[id].operands {
      if group[operand.index] == index {
        if !isDirect { return false }
      } else if isWaiting(operand) {
        if !isReadDirectly(operand, from: index) { return false }
      } else if group[operand.index] == nil, reaches(operand, index) {
        return false
      }
    }
    return true
  }
  private func reaches(_ id: NodeID, _ index: Int) -> Bool {
    if group[id.index] != nil { return group[id.index] == index }
    var isReached = false
    walk(id) { node in
      isReached = isReached || group[node.index] == index
      return group[node.index] == nil
    }
    return isReached
  }

  // MARK: Order and memory taken over

  /// Orders the groups; sees to it that memory taken over is written last, with a copy where that is impossible.
  mutating func order(_ graph: inout Graph, _ donations: inout [Int?]) throws {
    for k in graph.outputs.indices {
      guard let input = donations[k] else { continue }
      let output = graph.outputs[k]
      guard graph[output].type == graph[graph.inputs[input]].type else {
        donations[k] = nil
        continue
      }
      let home = group[output.index]!
      let readers = readers(of: graph.inputs[input])
      let mayWriteInPlace = readers.allSatisfy { reader, isDirect in
        reader == home ? isDirect : !depends(reader, on: home)
      }
      if mayWriteInPlace {
        groups[home].before.formUnion(readers.map(\.0).filter { $0 != home })
      } else {
        let copy = try graph.append(
          Identity(), [output], at: graph[output].location, adjointOf: graph[output].adjointOf)
        extraStores.append(output)
        graph.outputs[k] = copy
        groups.append(
          Group(
            anchor: nil, members: [copy], domain: graph[copy].type.shape, before: Set(readers.map(\.0)).union([home])))
      }
    }
    // Among the groups that may run, the one with the earliest node comes first.
    let key = groups.map { ($0.anchor ?? $0.members[0]).index }
    var after: [[Int]] = Array(repeating: [], count: groups.count)
    var missing = groups.map(\.before.count)
    for (index, group) in groups.enumerated() { for before in group.before { after[before].append(index) } }
    // In descending order of their keys.
    var ready = groups.indices.filter { missing[$0] == 0 }.sorted { key[$0] > key[$1] }
    while let next = ready.popLast() {
      sequence.append(next)
      for index in after[next] {
        missing[index] -= 1
        guard missing[index] == 0 else { continue }
        var (low, high) = (0, ready.count)
        while low < high {
          let middle = (low + high) / 2
          if key[ready[middle]] > key[index] { low = middle + 1 } else { high = middle }
        }
        ready.insert(index, at: low)
      }
    }
    if sequence.count < groups.count {
      throw DescentError(.verification, "the kernels depend on one another in a circle")
    }
  }

  /// The groups that read an input, and whether each reads it only at the index of its own loops.
  private func readers(of input: NodeID) -> [(Int, Bool)] {
    var found: [Int: Bool] = [:]
    func visit(_ id: NodeID, _ isDirect: Bool) {
      for use in uses[id.index] {
        let isAnchorUse = isAnchor(use.user)
        let direct = isDirect && use.isDirect && !isAnchorUse
        if let group = group[use.user.index] {
          found[group] = (found[group] ?? true) && direct
        } else {
          visit(use.user, false)
        }
      }
    }
    visit(input, true)
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  func kernels() -> [Kernel] {
    let isExtra = Set(extraStores)
    return sequence.map { index in
      let group = groups[index]
      let nodes = (group.anchor.map { [$0] } ?? []) + group.members
      let stores = nodes.filter { id in
        guard id.index < graph.nodes.count else { return true }
        return (isOutput[id.index] || isExtra.contains(id)) || isReadElsewhere(id, index)
      }
      return Kernel(anchor: group.anchor, members: group.members, stores: stores, domain: group.domain)
    }
  }
  private func isReadElsewhere(_ id: NodeID, _ index: Int) -> Bool {
    uses[id.index].contains { use in
      // An inlined reader stands in a reduction or behind a view, which reads at indices of its own.
      guard let user = group[use.user.index] else { return true }
      return user != index || !use.isDirect
    }
  }
}
