// The weights of a network: a tree of named tensors, kept apart from the layers, which are descriptions only.
// Invariant: names are unique within a tree, and the order in which they were added is kept.

import DescentIR

/// Named tensors and named subtrees: `w.weight` is a tensor, `w.encoder` may be a subtree, `w[0]` is the subtree named "0".
///
/// The path of a tensor, `0.weight` or `encoder.2.bias`, is its name in checkpoints. Being a `ParameterTree`, weights pass
/// through `grad`, `map`, `compile` and the optimizers as any struct of tensors does.
@dynamicMemberLookup
public struct Weights: ParameterTree {
  enum Entry: Sendable {
    case tensor(Tensor)
    case subtree(Weights)
  }
  private(set) var entries: [(name: String, entry: Entry)] = []

  /// A tree without tensors.
  public init() {}

  /// The names at the top of the tree, in order.
  public var names: [String] { entries.map(\.name) }
  /// Whether there are no tensors.
  public var isEmpty: Bool { entries.isEmpty }

  /// The paths of all tensors with their types, in order.
  public var types: [(path: String, type: TensorType)] {
    entries.flatMap { name, entry in
      switch entry {
      case .tensor(let tensor): [(name, tensor.type)]
      case .subtree(let subtree): subtree.types.map { ("\(name).\($0.path)", $0.type) }
      }
    }
  }
  /// The number of parameters: elements of all tensors.
  public var count: Int { types.reduce(0) { $0 + $1.type.shape.count } }

  /// The tensor of a name; where there is none, a failed tensor that says which there are.
  public subscript(name: String) -> Tensor {
    get {
      if case .tensor(let tensor) = find(name) { return tensor }
      let have = names.isEmpty ? "they are empty" : "they have \(names.map { "'\($0)'" }.joined(separator: ", "))"
      let error = DescentError(.usage, "the weights have no tensor '\(name)': \(have)", at: Trace.current?.location)
      return Tensor(failure: error, type: TensorType(.f32, []))
    }
    set { set(name, .tensor(newValue)) }
  }
  /// The subtree of a name; empty where there is none. Setting an empty one removes the name.
  public subscript(name: String) -> Weights {
    get { if case .subtree(let subtree) = find(name) { subtree } else { Weights() } }
    set { set(name, newValue.isEmpty ? nil : .subtree(newValue)) }
  }
  /// The subtree of a position in a sequence.
  public subscript(index: Int) -> Weights {
    get { self["\(index)"] }
    set { self["\(index)"] = newValue }
  }
  public subscript(dynamicMember name: String) -> Tensor {
    get { self[name] }
    set { self[name] = newValue }
  }
  public subscript(dynamicMember name: String) -> Weights {
    get { self[name] }
    set { self[name] = newValue }
  }

  private func find(_ name: String) -> Entry? { entries.first { $0.name == name }?.entry }
  private mutating func set(_ name: String, _ entry: Entry?) {
    let index = entries.firstIndex { $0.name == name }
    switch (index, entry) {
    case (let index?, let entry?): entries[index].entry = entry
    case (let index?, nil): entries.remove(at: index)
    case (nil, let entry?): entries.append((name, entry))
    case (nil, nil): break
    }
  }
}

extension Weights {
  struct Name: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    for (name, entry) in entries {
      switch entry {
      case .tensor(let tensor): try container.encode(tensor, forKey: Name(stringValue: name))
      case .subtree(let subtree): try container.encode(subtree, forKey: Name(stringValue: name))
      }
    }
  }
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for name in container.allKeys {
      // What is not a tensor is a subtree.
      if let tensor = try? container.decode(Tensor.self, forKey: name) {
        entries.append((name.stringValue, .tensor(tensor)))
      } else {
        entries.append((name.stringValue, .subtree(try container.decode(Weights.self, forKey: name))))
      }
    }
  }
}

extension Weights: CustomStringConvertible {
  /// A line for each tensor: its path and its type.
  public var description: String { types.map { "\($0.path): \($0.type)" }.joined(separator: "\n") }
}
