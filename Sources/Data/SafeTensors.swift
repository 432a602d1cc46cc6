// Named tensors in one file (huggingface/safetensors), the format of checkpoints, by Runtime/include/descent_safetensors*.h.
// Invariant: the same tensors and metadata make the same bytes; no two names are equal strings.

import DescentIR
import DescentRuntime

/// Named tensors and notes, as a safetensors file holds them.
public struct SafeTensors: Sendable {
  /// A tensor and its name.
  public struct Entry: Sendable {
    public var name: String
    public var tensor: Tensor

    public init(_ name: String, _ tensor: Tensor) {
      self.name = name
      self.tensor = tensor
    }
  }

  /// The tensors in the file's order.
  public var entries: [Entry]
  /// The names of tensors that the file had in another type.
  package private(set) var converted: Set<String> = []
  /// The notes of `__metadata__`; they are written in the order of their keys.
  public var metadata: [String: String]

  public init(_ entries: [Entry] = [], metadata: [String: String] = [:]) {
    self.entries = entries
    self.metadata = metadata
  }

  /// The names in the file's order.
  public var names: [String] { entries.map(\.name) }
  /// The tensor of that name.
  public subscript(name: String) -> Tensor? { entries.first { $0.name == name }?.tensor }

  /// Reads a file; throws an error that names the file and what was expected. Tensors of f16 and bf16 become f32, i8, i16 and
  /// u16 become i32, u32 and u64 i64, which a note tells.
  public static func read(_ path: String) throws -> SafeTensors {
    var file = dsc_safetensors()
    defer { dsc_safetensors_free(&file) }
    try callingC(path) { dsc_safetensors_open($0, &file, $1) }
    var result = SafeTensors()
    var seen: Set<String> = []
    var notes: [String: Int] = [:]
    for i in 0..<Int(file.count) {
      let name = String(cString: file.entries[i].name)
      // Bytes that differ may be the same text to Swift: a letter with its accent, and a letter followed by its accent.
      guard seen.insert(name).inserted else {
        throw DescentError(.file, "\(path): two tensors have names that are the same text, \(name.debugDescription)")
      }
      if let note = file.entries[i].array.note {
        notes[note, default: 0] += 1
        result.converted.insert(name)
      }
      result.entries.append(Entry(name, Tensor(try HostArray(copying: file.entries[i].array, of: path))))
    }
    for (note, count) in notes.sorted(by: { $0.key < $1.key }) {
      ReadingNotes.shared.say("\(path): \(note), in \(count) of \(file.count) tensors")
    }
    for i in 0..<Int(file.metadata_count) {
      let key = String(cString: file.metadata[i].key)
      guard result.metadata.updateValue(String(cString: file.metadata[i].value), forKey: key) == nil else {
        throw DescentError(.file, "\(path): two keys of __metadata__ are the same text, \(key.debugDescription)")
      }
    }
    return result
  }

  /// Throws where a file could not be written to `path`: a folder, a device, or no place to write. Removes what killed
  /// processes left of one.
  package static func probe(_ path: String) throws { try callingC(path) { dsc_replace_probe($0, $1) } }

  /// Writes the file, whole or not at all; one that is there is replaced.
  public func write(to path: String) throws {
    let arrays = try entries.map { try $0.tensor.value }
    // Swift lends the memory of an array for the length of one call, C wants all of it at once: a copy.
    let sizes = arrays.map { ($0.type.byteCount + 7) / 8 * 8 }
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: sizes.reduce(8, +), alignment: 8)
    defer { copy.deallocate() }
    var raw: [Raw] = []
    var used = 0
    for (i, array) in arrays.enumerated() {
      let place = UnsafeMutableRawBufferPointer(rebasing: copy[used..<used + sizes[i]])
      array.withBytes { place.copyMemory(from: $0) }
      raw.append(Raw(name: entries[i].name, type: array.type, data: UnsafeRawPointer(copy.baseAddress! + used)))
      used += sizes[i]
    }
    try SafeTensors.write(raw, metadata: metadata, to: path)
  }

  /// A tensor in memory that stays while it is written, such as a part of a training program's arena.
  package struct Raw {
    package var name: String
    package var type: TensorType
    package var data: UnsafeRawPointer

    package init(name: String, type: TensorType, data: UnsafeRawPointer) {
      self.name = name
      self.type = type
      self.data = data
    }
  }

  /// Writes tensors without copying them; as `write(to:)` otherwise.
  package static func write(_ tensors: [Raw], metadata: [String: String], to path: String) throws {
    let notes = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for text in tensors.map(\.name) + notes.flatMap({ [$0.key, $0.value] }) where text.utf8.contains(0) {
      throw DescentError(.file, "\(path): \(text.debugDescription) cannot be written, as it holds a zero byte")
    }
    var writer = dsc_safetensors_writer()
    dsc_safetensors_begin(&writer)
    defer { dsc_safetensors_end(&writer) }
    // The writer keeps the first failure and reports it when it is to write, so the calls in between need no check.
    for (key, value) in notes { _ = dsc_safetensors_metadata(&writer, key, value) }
    for tensor in tensors {
      let sizes = tensor.type.shape.dimensions.map { Int64($0) }
      _ = dsc_safetensors_add(
        &writer, tensor.name, tensor.type.dtype.rawValue, Int32(clamping: sizes.count), sizes, tensor.data)
    }
    try callingC(path) { dsc_safetensors_write(&writer, $0, $1) }
  }
}
