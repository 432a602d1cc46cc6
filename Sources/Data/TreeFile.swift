// Trees of tensors as safetensors files: written whole or not at all, and read back into a tree of the same form.

import DescentIR
import DescentRuntime

/// Writes a tree to a safetensors file, whole or not at all; a file that is there is replaced.
///
/// The tensors have their paths for names, as `layers.0.weight`; a tensor by itself is called `tensor`. Numbers, texts and truth
/// values beside them are notes of the file's `__metadata__`, under `setting.` and their paths. `load` gives the tree again.
/// Throws where an element of the tree failed, where two tensors have one path, and where the file cannot be written.
public func save(
  _ tree: some ParameterTree, to path: String, file: StaticString = #fileID, line: UInt = #line
) throws {
  let place = SourceLocation(file, line)
  let flat = try pinned(place) { try FlatTree(tree) }
  var seen: Set<String> = []
  let (names, settings) = (flat.namesInFile, flat.structure.settings)
  for name in names + settings.map(\.path) where !seen.insert(name).inserted {
    throw DescentError(
      .usage, "two parts of the tree have the path '\(name)', so that a file could not tell them apart", at: place)
  }
  var notes = ["format": SafeTensors.treeFormat, "version": version]
  for (path, value) in settings { notes[SafeTensors.settingPrefix + path] = "\(value)" }
  try SafeTensors(zip(names, flat.leaves).map { SafeTensors.Entry($0, $1) }, metadata: notes).write(to: path)
}

/// Reads a tree from a safetensors file, as `save` writes it or another program does: it has the form of `tree`, and the tensors of
/// the file. `tree` lends types, shapes and names, not its numbers; where the file says numbers and texts that stand beside the
/// tensors they are the file's, else those of `tree`.
///
/// A name that is missing, one that the tree does not have, another shape or another type: one error says all of it, with your line.
public func load<T: ParameterTree>(
  like tree: T, from path: String, file: StaticString = #fileID, line: UInt = #line
) throws -> T {
  let place = SourceLocation(file, line)
  let flat = try pinned(place) { try FlatTree(tree) }
  for leaf in flat.leaves { if case .failure(let error) = leaf.storage { throw error } }
  let contents = try SafeTensors.read(path)
  if contents.metadata["format"]?.hasPrefix(SafeTensors.checkpointFormats) == true {
    throw DescentError(
      .file, "\(path) is a checkpoint of a training run; Trainer.load(checkpoint:) gives its parameters", at: place)
  }
  var faults: [String] = []
  let leaves = contents.tensors(zip(flat.namesInFile, flat.leaves).map { ($0, $1.type) }, &faults)
  let structure = contents.settings(of: flat.structure, &faults)
  try SafeTensors.throwing(faults, path, place)
  return try FlatTree.rebuild(T.self, structure, leaves)
}

extension SafeTensors {
  /// The note `format` of files that `save` writes.
  static let treeFormat = "descent-tree-1"
  /// What the note `format` of checkpoints begins with.
  package static let checkpointFormats = "descent-checkpoint-"
  static let settingPrefix = "setting."

  /// The tensors of these names and types. `faults` gets what is missing, what differs, and what the file has beside them, but for
  /// names that `isKnown` knows.
  package func tensors(
    _ wanted: [(name: String, type: TensorType)], _ faults: inout [String], isKnown: (String) -> Bool = { _ in false }
  ) -> [Tensor] {
    let found = Dictionary(entries.map { ($0.name, $0.tensor) }) { first, _ in first }
    var tensors: [Tensor] = []
    for (name, type) in wanted {
      guard let tensor = found[name] else {
        faults.append("has no tensor '\(name)', \(type)")
        continue
      }
      if tensor.type != type { faults.append("'\(name)' is \(tensor.type), expected \(type)") }
      tensors.append(tensor)
    }
    let names = Set(wanted.map(\.name))
    for entry in entries where !names.contains(entry.name) && !isKnown(entry.name) {
      faults.append("has a tensor '\(entry.name)', \(entry.tensor.type), for which there is no place")
    }
    return tensors
  }

  /// The structure with the settings that the notes say. `faults` gets notes of settings that it does not have, and what is none.
  fileprivate func settings(of structure: TreeStructure, _ faults: inout [String]) -> TreeStructure {
    var notes = metadata.filter { $0.key.hasPrefix(Self.settingPrefix) }
    let result = structure.mapSettings { path, value in
      guard let text = notes.removeValue(forKey: Self.settingPrefix + path) else { return value }
      guard let read = value.reading(text) else {
        faults.append("says \(text.debugDescription) of '\(path)', expected \(value.kind)")
        return value
      }
      return read
    }
    for key in notes.keys.sorted() {
      faults.append("says something of '\(key.dropFirst(Self.settingPrefix.count))', for which there is no place")
    }
    return result
  }

  /// Throws where there are faults: one error that says the first of them, and how many more there are.
  package static func throwing(_ faults: [String], _ path: String, _ place: SourceLocation?) throws {
    if faults.isEmpty { return }
    let shown = faults.prefix(5).joined(separator: "; ")
    let more = faults.count > 5 ? "; and \(faults.count - 5) more such differences" : ""
    throw DescentError(.file, "\(path): \(shown)\(more)", at: place)
  }
}

extension FlatTree {
  /// The names of the tensors in a file: their paths.
  fileprivate var namesInFile: [String] { paths.map { $0.isEmpty ? "tensor" : $0 } }
}
