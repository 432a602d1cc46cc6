// What an operation holds beside its operands, in the form that the text form prints and the parser reads.

/// One attribute's value.
package enum Attribute: Sendable {
  case int(Int)
  case bool(Bool)
  case ints([Int])
  case real(Double)
  case string(String)
  case dtype(DType)
  case array(HostArray)
  case graph(Graph)
}

/// Named attributes in a fixed order.
package struct Attributes: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  package var entries: [(name: String, value: Attribute)]

  package init(_ entries: [(name: String, value: Attribute)]) { self.entries = entries }
  package init(dictionaryLiteral elements: (String, Attribute)...) {
    entries = elements.map { (name: $0.0, value: $0.1) }
  }
  package static func == (a: Attributes, b: Attributes) -> Bool {
    a.entries.count == b.entries.count
      && zip(a.entries, b.entries).allSatisfy { $0.name == $1.name && $0.value == $1.value }
  }

  private func find(_ name: String) throws -> Attribute {
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw DescentError(.verification, "attribute '\(name)' is missing")
    }
    return entry.value
  }
  private func mismatch(_ name: String, _ wanted: String) -> DescentError {
    DescentError(.verification, "attribute '\(name)' is not \(wanted)")
  }
  package func int(_ name: String) throws -> Int {
    guard case .int(let v) = try find(name) else { throw mismatch(name, "an integer") }
    return v
  }
  /// Nil where it is not there.
  package func optionalInt(_ name: String) throws -> Int? {
    try entries.contains { $0.name == name } ? int(name) : nil
  }
  package func bool(_ name: String) throws -> Bool {
    guard case .bool(let v) = try find(name) else { throw mismatch(name, "a truth value") }
    return v
  }
  package func ints(_ name: String) throws -> [Int] {
    guard case .ints(let v) = try find(name) else { throw mismatch(name, "a list of integers") }
    return v
  }
  package func real(_ name: String) throws -> Double {
    guard case .real(let v) = try find(name) else { throw mismatch(name, "a real number") }
    return v
  }
  package func string(_ name: String) throws -> String {
    guard case .string(let v) = try find(name) else { throw mismatch(name, "a string") }
    return v
  }
  package func dtype(_ name: String) throws -> DType {
    guard case .dtype(let v) = try find(name) else { throw mismatch(name, "an element type") }
    return v
  }
  package func graph(_ name: String) throws -> Graph {
    guard case .graph(let v) = try find(name) else { throw mismatch(name, "a graph") }
    return v
  }
  package func array(_ name: String) throws -> HostArray {
    guard case .array(let v) = try find(name) else { throw mismatch(name, "an array") }
    return v
  }
}
