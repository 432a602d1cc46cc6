// Structs, arrays, dictionaries and optionals of tensors as trees: flattened to (path, tensor) pairs and rebuilt.
// Conformance is one word because the tree is walked by the compiler's own Codable code.

/// A value made of tensors and of settings that never change: what JAX calls a pytree.
///
/// Any `Codable` struct whose tensors are stored properties conforms by naming the protocol. The coding path of a tensor,
/// `layers.0.weight`, is its name in checkpoints. Numbers, strings and enums beside the tensors are part of the tree's structure.
public protocol ParameterTree: Codable, Sendable {}

extension Tensor: ParameterTree {
  public func encode(to encoder: any Encoder) throws {
    guard let encoder = encoder as? TreeEncoder else {
      throw DescentError(
        .usage, "a Tensor is encoded by checkpoints and compiled functions only, not by \(type_(encoder))")
    }
    encoder.node.content = .leaf(self)
  }
  public init(from decoder: any Decoder) throws {
    guard let decoder = decoder as? TreeDecoder, case .leaf(let tensor) = decoder.node.content else {
      throw DescentError(.usage, "a Tensor was expected where the tree has none")
    }
    self = tensor
  }
  private func type_(_ encoder: any Encoder) -> String { "\(Swift.type(of: encoder))" }
}

extension Array: ParameterTree where Element: ParameterTree {}
extension Optional: ParameterTree where Wrapped: ParameterTree {}
extension Dictionary: ParameterTree where Key == String, Value: ParameterTree {}

/// The shape of a tree: everything but its tensors. Two trees of one structure differ in their leaves only.
package indirect enum TreeStructure: Hashable, Sendable {
  case leaf
  case setting(TreeSetting)
  case keyed([TreeField])
  case unkeyed([TreeStructure])
}
package struct TreeField: Hashable, Sendable {
  package var name: String
  package var structure: TreeStructure
}
/// A value beside the tensors.
package enum TreeSetting: Hashable, Sendable {
  case none, bool(Bool), int(Int64), uint(UInt64), real(UInt64), string(String)
}

/// A tree taken apart.
package struct FlatTree: Sendable {
  package var structure: TreeStructure
  package var paths: [String]
  package var leaves: [Tensor]

  /// Takes a value apart; throws where one of its parts cannot be encoded.
  package init(_ value: some ParameterTree) throws {
    let root = TreeNode()
    try TreeEncoder(node: root, codingPath: []).encodeAny(value)
    var leaves: [(String, Tensor)] = []
    structure = root.flatten("", &leaves)
    paths = leaves.map(\.0)
    self.leaves = leaves.map(\.1)
  }

  /// Puts a value together from a structure and its leaves in order.
  package static func rebuild<T: ParameterTree>(_ type: T.Type, _ structure: TreeStructure, _ leaves: [Tensor]) throws
    -> T
  {
    var remaining = leaves[...]
    let root = TreeNode(structure, &remaining)
    guard remaining.isEmpty else { throw DescentError(.usage, "\(leaves.count) tensors are too many for a \(T.self)") }
    return try TreeDecoder(node: root, codingPath: []).decodeAny(type)
  }
}

extension FlatTree {
  /// The tensors with their paths for labels.
  package var labelled: [(label: String, tensor: Tensor)] { zip(paths, leaves).map { (label: $0, tensor: $1) } }
}

extension ParameterTree {
  /// The tensors of this tree with their paths, in order.
  package func flattened() throws -> FlatTree { try FlatTree(self) }

  /// The same tree with other tensors; throws unless there are as many as it has.
  package func replacing(_ leaves: [Tensor]) throws -> Self {
    let flat = try FlatTree(self)
    guard flat.leaves.count == leaves.count else {
      throw DescentError(.usage, "a tree of \(flat.leaves.count) tensors cannot be made of \(leaves.count)")
    }
    return try FlatTree.rebuild(Self.self, flat.structure, leaves)
  }
}

/// Applies `body` to every tensor of a tree.
public func map<T: ParameterTree>(_ tree: T, _ body: (Tensor) -> Tensor) -> T {
  mapLeaves([tree]) { body($0[0]) }
}

/// Applies `body` to the corresponding tensors of two trees of one structure.
public func map<T: ParameterTree>(_ a: T, _ b: T, _ body: (Tensor, Tensor) -> Tensor) -> T {
  mapLeaves([a, b]) { body($0[0], $0[1]) }
}

/// Applies `body` to the corresponding tensors of three trees of one structure.
public func map<T: ParameterTree>(_ a: T, _ b: T, _ c: T, _ body: (Tensor, Tensor, Tensor) -> Tensor) -> T {
  mapLeaves([a, b, c]) { body($0[0], $0[1], $0[2]) }
}

private func mapLeaves<T: ParameterTree>(_ trees: [T], _ body: ([Tensor]) -> Tensor) -> T {
  do {
    let flats = try trees.map { try FlatTree($0) }
    for flat in flats where flat.structure != flats[0].structure {
      // The error travels in the leaves, as that of any other operation does.
      let error = DescentError(.type, "map over trees of different structure: \(flats[0].paths) and \(flat.paths)")
      return try trees[0].replacing(flats[0].leaves.map { Tensor(failure: error, type: $0.type) })
    }
    return try trees[0].replacing(flats[0].leaves.indices.map { i in body(flats.map { $0.leaves[i] }) })
  } catch {
    preconditionFailure("a ParameterTree that cannot be encoded and decoded: \(error)")
  }
}
