// The numbers, texts and truth values of a tree beside its tensors, by their paths: walked, replaced, said in words.

extension TreeStructure {
  /// The same structure with what `change` makes of each value beside the tensors; it gets the value's path. Nil stays nil: it
  /// decides which tensors there are.
  package func mapSettings(
    at path: String = "", _ change: (_ path: String, _ value: TreeSetting) throws -> TreeSetting
  ) rethrows -> TreeStructure {
    switch self {
    case .leaf, .setting(.none): return self
    case .setting(let value): return .setting(try change(path, value))
    case .keyed(let fields):
      return .keyed(
        try fields.map {
          TreeField(name: $0.name, structure: try $0.structure.mapSettings(at: joinedPath(path, $0.name), change))
        })
    case .unkeyed(let items):
      return .unkeyed(
        try items.enumerated().map { try $0.element.mapSettings(at: joinedPath(path, "\($0.offset)"), change) })
    }
  }

  /// The values beside the tensors with their paths, in order.
  package var settings: [(path: String, value: TreeSetting)] {
    var all: [(path: String, value: TreeSetting)] = []
    _ = mapSettings {
      all.append((path: $0, value: $1))
      return $1
    }
    return all
  }
}

/// The path of a part within the part of a path.
func joinedPath(_ path: String, _ name: String) -> String { path.isEmpty ? name : path + "." + name }

extension TreeSetting: CustomStringConvertible {
  /// The value in words: a number in the fewest digits that give it again.
  package var description: String {
    switch self {
    case .none: "nil"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .uint(let value): "\(value)"
    case .real(let bits): "\(Double(bitPattern: bits))"
    case .string(let value): value
    }
  }

  /// A value of the same kind from such words; nil where they are none.
  package func reading(_ text: String) -> TreeSetting? {
    switch self {
    case .none: nil
    case .bool: Bool(text).map { .bool($0) }
    case .int: Int64(text).map { .int($0) }
    case .uint: UInt64(text).map { .uint($0) }
    case .real: Double(text).map { .real($0.bitPattern) }
    case .string: .string(text)
    }
  }

  /// What kind of value it is, for messages.
  package var kind: String {
    switch self {
    case .none: "nil"
    case .bool: "true or false"
    case .int: "a whole number"
    case .uint: "a whole number of at least 0"
    case .real: "a number"
    case .string: "a text"
    }
  }
}
