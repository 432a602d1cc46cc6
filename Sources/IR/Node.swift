// A node of a graph: what it holds, and what it gives. Most hold an operation and give a tensor; a loop gives several tensors,
// which nodes of their own take out.

/// The position of a node in its graph.
package struct NodeID: Hashable, Comparable, Sendable {
  package var index: Int
  package init(_ index: Int) { self.index = index }
  package static func < (a: NodeID, b: NodeID) -> Bool { a.index < b.index }
}

/// What a node gives.
package enum NodeResult: Sendable, Hashable, CustomStringConvertible {
  case tensor(TensorType)
  /// Tensors that are had by nodes of their own, and by them alone.
  case several([TensorType])

  package var types: [TensorType] {
    switch self {
    case .tensor(let type): [type]
    case .several(let types): types
    }
  }
  /// `f32[3]`, or `(f32[3], i32[])`.
  package var description: String {
    switch self {
    case .tensor(let type): type.description
    case .several(let types): "(" + types.map(\.description).joined(separator: ", ") + ")"
    }
  }
}

/// Something applied to earlier nodes.
package struct Node: Sendable {
  package var op: any NodeOp
  package var operands: [NodeID]
  package var result: NodeResult
  /// Where the user wrote it, or, for a node of the backward part, wrote the operation it belongs to.
  package var location: SourceLocation?
  /// The name of the operation whose adjoint this node belongs to; nil in the forward part.
  package var adjointOf: String?
  /// Whether it was computed before and is again for one reader: it goes where that is, not where its operands are.
  package var isRepeated = false

  /// The type of the tensor that it gives. Not to be asked of a loop: its results have types.
  package var type: TensorType {
    guard case .tensor(let type) = result else { preconditionFailure("\(op.name) gives several tensors, \(result)") }
    return type
  }
  /// Whether it gives floating-point numbers, so that derivatives go through it.
  package var isReal: Bool { result.types.contains { $0.dtype.isFloating } }
}

/// What a node holds: an operation (`Op`) with the rules of its kind, or what is no function of tensors to a tensor and so has
/// none. Who goes through a graph by rules meets these kinds, and no others.
package enum NodeKind: Sendable {
  case input
  case operation(any Op)
  case loop(LoopForm)
  /// One of the results of the operand.
  case result(Int)
}

/// What a node may hold.
package protocol NodeOp: Sendable {
  /// The name in the text form.
  static var name: String { get }
  /// One sentence with the formula.
  static var documentation: String { get }

  init(_ attributes: Attributes) throws
  var attributes: Attributes { get }
  var kind: NodeKind { get }
  /// What a node with it gives; throws a `DescentError` that names the types where the operands do not fit.
  func result(_ operands: [NodeResult]) throws -> NodeResult
}

extension NodeOp {
  package var name: String { Self.name }

  /// The type, refused where no array can be of it: the one place where sizes are checked.
  package func checked(_ type: TensorType) throws -> TensorType {
    do { try type.check() } catch let error as DescentError {
      throw DescentError(error.kind, "\(name) would give \(error.message)")
    }
    return type
  }
  /// The types of operands that are all tensors.
  package func tensors(_ operands: [NodeResult]) throws -> [TensorType] {
    try operands.map { operand in
      guard case .tensor(let type) = operand else {
        throw DescentError(.verification, "\(name) takes tensors, not all of \(operand) at once")
      }
      return type
    }
  }
}

/// An input of a graph.
package struct Input: NodeOp {
  package static let name = "input"
  package static let documentation = "Input number `index` of the graph."

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
  package var kind: NodeKind { .input }
  package func result(_ operands: [NodeResult]) throws -> NodeResult { .tensor(try checked(type)) }
}
