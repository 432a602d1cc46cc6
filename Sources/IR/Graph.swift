// The graph: a value. Nodes in topological order, operands always lower.

/// A program over tensors: inputs, nodes, outputs.
package struct Graph: Sendable {
  package private(set) var nodes: [Node] = []
  /// The input nodes, by input number.
  package private(set) var inputs: [NodeID] = []
  package var outputs: [NodeID] = []
  /// Names of the outputs, for people.
  package var outputLabels: [String] = []

  package init() {}

  package subscript(id: NodeID) -> Node { nodes[id.index] }
  package var ids: [NodeID] { nodes.indices.map(NodeID.init) }

  /// Adds an operation; throws where the operands do not fit it.
  package mutating func append(
    _ op: any NodeOp, _ operands: [NodeID], at location: SourceLocation? = nil, adjointOf: String? = nil,
    isRepeated: Bool = false
  ) throws -> NodeID {
    do {
      let result = try op.result(operands.map { self[$0].result })
      if let input = op as? Input, input.index != inputs.count {
        throw DescentError(.verification, "input \(input.index) where input \(inputs.count) is due")
      }
      nodes.append(
        Node(
          op: op, operands: operands, result: result, location: location, adjointOf: adjointOf, isRepeated: isRepeated))
    } catch var error as DescentError {
      if error.location == nil { error.location = location }
      throw error
    }
    let id = NodeID(nodes.count - 1)
    if op is Input { inputs.append(id) }
    return id
  }

  package mutating func addInput(_ label: String, _ type: TensorType) -> NodeID {
    let op = Input(index: inputs.count, label: label, type: type)
    nodes.append(Node(op: op, operands: [], result: .tensor(type), location: nil, adjointOf: nil))
    inputs.append(NodeID(nodes.count - 1))
    return NodeID(nodes.count - 1)
  }

  package func label(ofInput index: Int) -> String { (self[inputs[index]].op as? Input)?.label ?? "\(index)" }

  /// For each node the nodes that use it, in order.
  package var uses: [[NodeID]] {
    var uses = [[NodeID]](repeating: [], count: nodes.count)
    for id in ids {
      for operand in self[id].operands { uses[operand.index].append(id) }
    }
    return uses
  }

  /// The family of a node's loops.
  package func lowering(of id: NodeID) -> Lowering {
    switch self[id].op.kind {
    case .input: .input
    case .operation(let op): op.lowering(self[id].operands.map { self[$0].type })
    case .loop(let form): .loop(form)
    case .result(let number): .result(number)
    }
  }

  /// Another loop in the place of one, with the same operands and the same results, or more behind them.
  package mutating func replace(_ id: NodeID, by loop: any NodeOp) throws {
    nodes[id.index].result = try loop.result(nodes[id.index].operands.map { self[$0].result })
    nodes[id.index].op = loop
  }

  /// Checks what every pass relies on; throws a `DescentError` that names the first broken node.
  package func verify() throws {
    for id in ids {
      let node = self[id]
      for operand in node.operands where operand >= id {
        throw DescentError(.verification, "node %\(id.index) uses %\(operand.index), which is not before it")
      }
      let result = try node.op.result(node.operands.map { self[$0].result })
      guard result == node.result else {
        throw DescentError(
          .verification, "node %\(id.index) (\(node.op.name)) is typed \(node.result) but gives \(result)")
      }
    }
    for id in outputs {
      guard nodes.indices.contains(id.index), case .tensor = self[id].result else {
        throw DescentError(.verification, "output %\(id.index) is no node that gives a tensor")
      }
    }
    guard outputLabels.count == outputs.count else {
      throw DescentError(.verification, "\(outputs.count) outputs have \(outputLabels.count) labels")
    }
  }
}
