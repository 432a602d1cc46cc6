// The data of a standalone trainer: carried as files in the folder `data` beside it, so that it can be moved to another machine;
// files that are too large for that are named, and expected there.
// Invariant: no path of this machine is in what is emitted.

import DescentCCode
import DescentData
import DescentIR
import Foundation

/// The folder `data` of a trainer as it comes about.
struct TrainerData {
  /// The files that go with the trainer.
  var files = EmittedFiles()
  /// Whether files of this machine go with it.
  let isCarried: Bool
  /// Names in the folder, with the path of what is there; nil of what a program made.
  private var names: [(name: String, path: String?)] = []

  /// For these data sets, whose files go with the trainer where they have at most so many bytes in all. Rows that a program made are carried whatever their size, as they are nowhere else.
  init(_ datasets: [Dataset], mostBytes: Int) {
    let paths = Set(datasets.flatMap(\.source.paths).map(Self.standardized))
    let sizes = paths.map { path -> Int? in
      var facts = stat()
      return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG ? Int(facts.st_size) : nil
    }
    // What came out of a pipe cannot be read again.
    isCarried = !sizes.contains(nil) && sizes.reduce(0) { $0 + $1! } <= mostBytes
  }

  private static func standardized(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

  /// A name in the folder that nothing else has: `base`, where need be with the part that it plays in front.
  private mutating func claim(_ base: String, _ part: String, path: String?) -> String {
    var name = base
    while names.contains(where: { $0.name == name }) { name = "\(part)-\(name)" }
    names.append((name, path))
    return "data/" + name
  }

  /// The place beside the trainer of a file of this machine; `part` is the part that it plays.
  private mutating func place(_ path: String, _ part: String) -> String {
    let path = Self.standardized(path)
    if let known = names.first(where: { $0.path == path }) { return "data/" + known.name }
    let name = claim((path as NSString).lastPathComponent, part, path: path)
    if isCarried { files.add(name, copyOf: path) }
    return name
  }

  /// The place of a file that is made for the trainer.
  mutating func made(_ name: String) -> String { claim(name, "made", path: nil) }

  /// Where a trainer finds the rows of a data set; `name` begins the names of files that are made for them.
  mutating func rows(_ data: Dataset, _ name: String) throws -> StandaloneTrainer.Rows {
    var source = data.source
    switch source.origin {
    case .memory:
      let (inputs, targets) = (made("\(name)inputs.npy"), made("\(name)targets.npy"))
      files.add(inputs) { try NPY.write(data.inputs, to: $0) }
      files.add(targets) { try NPY.write(data.targets, to: $0) }
      // They are the rows after all steps.
      source = DataSource(.npy(inputs: inputs, targets: targets))
    case .idx(let inputs, let targets):
      source.origin = .idx(inputs: place(inputs, "\(name)inputs"), targets: place(targets, "\(name)targets"))
    case .npy(let inputs, let targets):
      source.origin = .npy(inputs: place(inputs, "\(name)inputs"), targets: place(targets, "\(name)targets"))
    case .csv(let path, let options):
      guard options.target != nil else { throw DescentError(.usage, "\(path): no target column was chosen") }
      source.origin = .csv(path: place(path, "\(name)table"), options: options)
    }
    source.classes = data.classes
    return StandaloneTrainer.Rows(source: source, inputType: data.inputs.type, targetType: data.targets.type)
  }
}

extension DataSource {
  /// The files that rows are read from.
  fileprivate var paths: [String] {
    switch origin {
    case .csv(let path, _): [path]
    case .idx(let inputs, let targets), .npy(let inputs, let targets): [inputs, targets]
    case .memory: []
    }
  }
}
