// In which order kernels run, and what takes over whose memory. Takes consumers and fusion groups; gives kernels, and the graph
// with copies where an output cannot be written in place.

import DescentIR
import DescentOps

struct KernelOrder {
  private(set) var graph: Graph
  /// For output `k` the input whose memory it takes over, if any.
  private(set) var donations: [Int?]
  private(set) var kernels: [Kernel] = []

  private let consumers: Consumers
  /// The groups, with those of copies, and each node's group; a copy's is after all that the consumers know.
  private var groups: [FusionGroup]
  private let group: [Int?]
  /// Nodes that copies read.
  private var copied: Set<NodeID> = []

  init(_ consumers: Consumers, _ partition: Partition, donations: [Int?]) throws {
    self.consumers = consumers
    (graph, groups, group) = (consumers.graph, partition.groups, partition.group)
    self.donations = donations
    try settleDonations()
    kernels = try sequence().map(kernel)
  }

  /// Sees to it that memory taken over is written after its last reading, with a copy where that is impossible.
  private mutating func settleDonations() throws {
    for k in graph.outputs.indices {
      guard let input = donations[k] else { continue }
      let output = graph.outputs[k]
      guard graph[output].type == graph[graph.inputs[input]].type else {
        donations[k] = nil
        continue
      }
      let home = group[output.index]!
      let readers = readers(of: graph.inputs[input])
      let mayWriteInPlace = readers.allSatisfy { reader, isAtIndex in
        reader == home ? isAtIndex : !groups.depends(reader, on: home)
      }
      if mayWriteInPlace {
        groups[home].before.formUnion(readers.map(\.group).filter { $0 != home })
        continue
      }
      let copy = try graph.append(Identity(), [output], at: graph[output].location, adjointOf: graph[output].adjointOf)
      copied.insert(output)
      graph.outputs[k] = copy
      let before = Set(readers.map(\.group)).union([home])
      groups.append(FusionGroup(anchor: nil, members: [copy], domain: graph[copy].type.shape, before: before))
    }
  }

  /// The groups that read an input, and whether each reads it only at the index of its own loops.
  private func readers(of input: NodeID) -> [(group: Int, isAtIndex: Bool)] {
    var found: [Int: Bool] = [:]
    func visit(_ id: NodeID, _ isAtIndex: Bool) {
      for read in consumers.reads[id.index] {
        // The loops of an anchor are not those of its result, but where it is begun with this operand.
        let isOwn = !consumers.isAnchor(read.consumer) || graph.lowering(of: read.consumer).isBegunWithOperand
        let here = isAtIndex && read.access == .atIndex && isOwn
        if let group = group[read.consumer.index] {
          found[group] = (found[group] ?? true) && here
        } else {
          visit(read.consumer, false)
        }
      }
    }
    visit(input, true)
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The groups in a topological order: among those that may run the one with the earliest node comes first.
  private func sequence() throws -> [Int] {
    let key = groups.map { ($0.anchor ?? $0.members[0]).index }
    var after: [[Int]] = Array(repeating: [], count: groups.count)
    var missing = groups.map(\.before.count)
    for (index, group) in groups.enumerated() { for before in group.before { after[before].append(index) } }
    // In descending order of their keys.
    var ready = groups.indices.filter { missing[$0] == 0 }.sorted { key[$0] > key[$1] }
    var sequence: [Int] = []
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
    return sequence
  }

  private func kernel(_ index: Int) -> Kernel {
    let group = groups[index]
    let nodes = (group.anchor.map { [$0] } ?? []) + group.members
    return Kernel(
      anchor: group.anchor, members: group.members, stores: nodes.filter { isStored($0, index) }, domain: group.domain)
  }
  /// Whether a node's value is wanted in memory: a copy's, an output's, and what is read by another kernel or at another index.
  private func isStored(_ id: NodeID, _ index: Int) -> Bool {
    guard id.index < consumers.graph.nodes.count else { return true }
    return consumers.isOutput[id.index] || copied.contains(id)
      || consumers.reads[id.index].contains { read in
        // An inlined reader stands in a reduction or behind a view, which reads at indices of its own.
        guard let user = self.group[read.consumer.index] else { return true }
        return user != index || read.access > .atIndex
      }
  }
}
