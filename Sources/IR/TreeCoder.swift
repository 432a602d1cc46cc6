// The encoder and decoder behind ParameterTree. They are private to this module; no data format is involved.
// Dictionaries are walked in the order of their keys, everything else in the order of its declaration.

/// A tree under construction or being read.
final class TreeNode {
  enum Content {
    case empty
    case leaf(Tensor)
    case setting(TreeSetting)
    case keyed([(name: String, node: TreeNode)])
    case unkeyed([TreeNode])
  }
  var content: Content = .empty
  init() {}

  init(_ structure: TreeStructure, _ leaves: inout ArraySlice<Tensor>) {
    switch structure {
    case .leaf: content = leaves.popFirst().map { .leaf($0) } ?? .empty
    case .setting(let value): content = .setting(value)
    case .keyed(let fields): content = .keyed(fields.map { ($0.name, TreeNode($0.structure, &leaves)) })
    case .unkeyed(let items): content = .unkeyed(items.map { TreeNode($0, &leaves) })
    }
  }

  func flatten(_ path: String, _ leaves: inout [(String, Tensor)]) -> TreeStructure {
    switch content {
    case .empty: return .keyed([])
    case .leaf(let tensor):
      leaves.append((path, tensor))
      return .leaf
    case .setting(let value): return .setting(value)
    case .keyed(let fields):
      return .keyed(
        fields.map { TreeField(name: $0.name, structure: $0.node.flatten(joinedPath(path, $0.name), &leaves)) })
    case .unkeyed(let items):
      return .unkeyed(items.enumerated().map { $0.element.flatten(joinedPath(path, "\($0.offset)"), &leaves) })
    }
  }

  func child(_ name: String) -> TreeNode? {
    guard case .keyed(let fields) = content else { return nil }
    return fields.first { $0.name == name }?.node
  }
  func addChild(_ name: String) -> TreeNode {
    var fields: [(name: String, node: TreeNode)] = []
    if case .keyed(let existing) = content { fields = existing }
    let node = TreeNode()
    content = .keyed(fields + [(name, node)])
    return node
  }
  func addItem() -> TreeNode {
    var items: [TreeNode] = []
    if case .unkeyed(let existing) = content { items = existing }
    let node = TreeNode()
    content = .unkeyed(items + [node])
    return node
  }
}

/// A dictionary with string keys, whatever its values: encoded in the order of its keys.
private protocol StringKeyed {
  func encodeSorted(into encoder: TreeEncoder) throws
}
extension Dictionary: StringKeyed where Key == String, Value: Encodable {
  func encodeSorted(into encoder: TreeEncoder) throws {
    encoder.node.content = .keyed([])
    for (key, value) in sorted(by: { $0.key < $1.key }) {
      try TreeEncoder(node: encoder.node.addChild(key), codingPath: encoder.codingPath).encodeAny(value)
    }
  }
}

struct TreeEncoder: Encoder {
  var node: TreeNode
  var codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func encodeAny(_ value: some Encodable) throws {
    if let dictionary = value as? any StringKeyed {
      try dictionary.encodeSorted(into: self)
    } else {
      try value.encode(to: self)
    }
  }
  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    if case .keyed = node.content {} else { node.content = .keyed([]) }
    return KeyedEncodingContainer(Keyed<Key>(encoder: self))
  }
  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.content = .unkeyed([])
    return Unkeyed(encoder: self)
  }
  func singleValueContainer() -> any SingleValueEncodingContainer { Single(encoder: self) }

  fileprivate struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    var encoder: TreeEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }
    private func child(_ key: Key) -> TreeEncoder {
      TreeEncoder(node: encoder.node.addChild(key.stringValue), codingPath: codingPath + [key])
    }
    func encodeNil(forKey key: Key) throws { child(key).node.content = .setting(.none) }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try child(key).encodeAny(value) }
    func nestedContainer<K: CodingKey>(keyedBy type: K.Type, forKey key: Key) -> KeyedEncodingContainer<K> {
      child(key).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { child(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { TreeEncoder(node: encoder.node.addChild("super"), codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder { child(key) }
  }

  fileprivate struct Unkeyed: UnkeyedEncodingContainer {
    var encoder: TreeEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { if case .unkeyed(let items) = encoder.node.content { items.count } else { 0 } }
    private func child() -> TreeEncoder { TreeEncoder(node: encoder.node.addItem(), codingPath: codingPath) }
    func encodeNil() throws { child().node.content = .setting(.none) }
    func encode<T: Encodable>(_ value: T) throws { try child().encodeAny(value) }
    func nestedContainer<K: CodingKey>(keyedBy type: K.Type) -> KeyedEncodingContainer<K> {
      child().container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { child().unkeyedContainer() }
    func superEncoder() -> any Encoder { child() }
  }

  fileprivate struct Single: SingleValueEncodingContainer {
    var encoder: TreeEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }
    private func set(_ value: TreeSetting) { encoder.node.content = .setting(value) }
    func encodeNil() throws { set(.none) }
    func encode(_ value: Bool) throws { set(.bool(value)) }
    func encode(_ value: String) throws { set(.string(value)) }
    func encode(_ value: Double) throws { set(.real(value.bitPattern)) }
    func encode(_ value: Float) throws { set(.real(Double(value).bitPattern)) }
    func encode(_ value: Int) throws { set(.int(Int64(value))) }
    func encode(_ value: Int8) throws { set(.int(Int64(value))) }
    func encode(_ value: Int16) throws { set(.int(Int64(value))) }
    func encode(_ value: Int32) throws { set(.int(Int64(value))) }
    func encode(_ value: Int64) throws { set(.int(value)) }
    func encode(_ value: UInt) throws { set(.uint(UInt64(value))) }
    func encode(_ value: UInt8) throws { set(.uint(UInt64(value))) }
    func encode(_ value: UInt16) throws { set(.uint(UInt64(value))) }
    func encode(_ value: UInt32) throws { set(.uint(UInt64(value))) }
    func encode(_ value: UInt64) throws { set(.uint(value)) }
    func encode<T: Encodable>(_ value: T) throws { try encoder.encodeAny(value) }
  }
}

struct TreeDecoder: Decoder {
  var node: TreeNode
  var codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func decodeAny<T: Decodable>(_ type: T.Type) throws -> T { try T(from: self) }

  func mismatch(_ wanted: String) -> DescentError {
    let path = codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    return DescentError(.usage, "the tree has no \(wanted) at '\(path)'")
  }
  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .keyed(let fields) = node.content else { throw mismatch("fields") }
    return KeyedDecodingContainer(Keyed<Key>(decoder: self, fields: fields))
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    switch node.content {
    case .unkeyed(let items): return Unkeyed(decoder: self, items: items)
    case .keyed(let fields) where fields.isEmpty: return Unkeyed(decoder: self, items: [])
    default: throw mismatch("list")
    }
  }
  func singleValueContainer() throws -> any SingleValueDecodingContainer { Single(decoder: self) }

  fileprivate struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    var decoder: TreeDecoder
    var fields: [(name: String, node: TreeNode)]
    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { fields.compactMap { Key(stringValue: $0.name) } }
    func contains(_ key: Key) -> Bool { decoder.node.child(key.stringValue) != nil }
    private func child(_ key: Key) throws -> TreeDecoder {
      guard let node = decoder.node.child(key.stringValue) else { throw decoder.mismatch("field '\(key.stringValue)'") }
      return TreeDecoder(node: node, codingPath: codingPath + [key])
    }
    func decodeNil(forKey key: Key) throws -> Bool {
      if case .setting(.none) = try child(key).node.content { true } else { false }
    }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try child(key).decodeAny(type) }
    func nestedContainer<K: CodingKey>(keyedBy type: K.Type, forKey key: Key) throws -> KeyedDecodingContainer<K> {
      try child(key).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      try child(key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder {
      guard let node = decoder.node.child("super") else { throw decoder.mismatch("superclass") }
      return TreeDecoder(node: node, codingPath: codingPath)
    }
    func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }
  }

  fileprivate struct Unkeyed: UnkeyedDecodingContainer {
    var decoder: TreeDecoder
    var items: [TreeNode]
    var currentIndex = 0
    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { items.count }
    var isAtEnd: Bool { currentIndex >= items.count }
    private mutating func next() throws -> TreeDecoder {
      guard !isAtEnd else { throw decoder.mismatch("item \(currentIndex)") }
      defer { currentIndex += 1 }
      return TreeDecoder(node: items[currentIndex], codingPath: codingPath)
    }
    mutating func decodeNil() throws -> Bool {
      guard !isAtEnd, case .setting(.none) = items[currentIndex].content else { return false }
      currentIndex += 1
      return true
    }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().decodeAny(type) }
    mutating func nestedContainer<K: CodingKey>(keyedBy type: K.Type) throws -> KeyedDecodingContainer<K> {
      try next().container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try next() }
  }

  fileprivate struct Single: SingleValueDecodingContainer {
    var decoder: TreeDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }
    private var setting: TreeSetting? { if case .setting(let value) = decoder.node.content { value } else { nil } }
    private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
      switch setting {
      case .int(let v): if let v = T(exactly: v) { return v }
      case .uint(let v): if let v = T(exactly: v) { return v }
      default: break
      }
      throw decoder.mismatch("integer")
    }
    func decodeNil() -> Bool { setting == TreeSetting.none }
    func decode(_ type: Bool.Type) throws -> Bool {
      guard case .bool(let v) = setting else { throw decoder.mismatch("boolean") }
      return v
    }
    func decode(_ type: String.Type) throws -> String {
      guard case .string(let v) = setting else { throw decoder.mismatch("string") }
      return v
    }
    func decode(_ type: Double.Type) throws -> Double {
      guard case .real(let bits) = setting else { throw decoder.mismatch("number") }
      return Double(bitPattern: bits)
    }
    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.decodeAny(type) }
  }
}
