// The graph: a value. Nodes in topological order, operands always lower.

/// The position of a node in its graph.
package struct NodeID: Hashable, Comparable, Sendable {
  package var index: Int
  package init(_ index: Int) { self.index = index }
  package static func < (a: NodeID, b: NodeID) -> Bool { a.index < b.index }
}

/// One operation applied to earlier nodes.
package struct Node: Sendable {
  package var op: any Op
  package var operands: [NodeID]
  package var type: TensorType
  /// Where the user wrote it, or, for a node of the backward part, wrote the operation it belongs to.
  package var location: SourceLocation?
  /// The name of the operation whose adjoint this node belongs to; nil in the forward part.
  package var adjointOf: String?
  /// Whether it was computed before and is again for one reader: it goes where that is, not where its operands are.
  package var isRepeated = false
}

/// An input of a graph. It is never in the registry's laws, so its rules say no more than that it is an input.
package struct Input: Op {
  package static let name = "input"
  package static let documentation = "Input number `index` of the graph."
  package static func samples(_ real: DType) -> [Sample] { [] }

  package var index: Int
  package var label: String
  package var type: TensorType

  package init(index: Int, label: String, type: TensorType) {
    self.index = index
    self.label = label
    self.type = type
  }
  package init(_ a: Attributes) throws {
    self.init(
      index: try a.int("index"), label: try a.string("label"),
      type: TensorType(try a.dtype("dtype"), Shape(try a.ints("shape"))))
  }
  package var attributes: Attributes {
    [
      "index": .int(index), "label": .string(label), "dtype": .dtype(type.dtype), "shape": .ints(type.shape.dimensions),
    ]
  }
  package func resultType(_ operands: [TensorType]) throws -> TensorType { type }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    preconditionFailure("an input has no value of its own")
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    preconditionFailure("an input is batched by whoever supplies it")
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .input }
}

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
    _ op: any Op, _ operands: [NodeID], at location: SourceLocation? = nil, adjointOf: String? = nil,
    isRepeated: Bool = false
  ) throws -> NodeID {
    do {
      let type = try op.checkedType(operands.map { self[$0].type })
      if let input = op as? Input, input.index != inputs.count {
        throw DescentError(.verification, "input \(input.index) where input \(inputs.count) is due")
      }
      nodes.append(
        Node(
          op: op, operands: operands, type: type, location: location, adjointOf: adjointOf, isRepeated: isRepeated))
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
    nodes.append(Node(op: op, operands: [], type: type, location: nil, adjointOf: nil))
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

  package func lowering(of id: NodeID) -> Lowering { self[id].op.lowering(self[id].operands.map { self[$0].type }) }

  /// Another operation in the place of one that takes the same operands and gives the same type.
  package mutating func replace(_ id: NodeID, by op: any Op) { nodes[id.index].op = op }

  /// Checks what every pass relies on; throws a `DescentError` that names the first broken node.
  package func verify() throws {
    for id in ids {
      let node = self[id]
      for operand in node.operands where operand >= id {
        throw DescentError(.verification, "node %\(id.index) uses %\(operand.index), which is not before it")
      }
      let type = try node.op.checkedType(node.operands.map { self[$0].type })
      guard type == node.type else {
        throw DescentError(.verification, "node %\(id.index) (\(node.op.name)) is typed \(node.type) but gives \(type)")
      }
      if case .result(let number) = lowering(of: id) {
        guard case .loop(let form) = lowering(of: node.operands[0]), form.resultTypes.indices.contains(number),
          form.resultTypes[number] == type
        else {
          throw DescentError(
            .verification,
            "node %\(id.index) is result \(number) of type \(type) of an operation that has no such result")
        }
      }
    }
    for id in outputs where id.index < 0 || id.index >= nodes.count {
      throw DescentError(.verification, "output %\(id.index) is not a node")
    }
    guard outputLabels.count == outputs.count else {
      throw DescentError(.verification, "\(outputs.count) outputs have \(outputLabels.count) labels")
    }
  }
}
