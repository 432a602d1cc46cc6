// A training run, or a trained network, as C that stands alone.

import DescentCCode
import DescentData
import DescentDriver
import DescentIR
import Foundation

extension Trainer {
  /// Writes a C program that trains as `fit` does, bit for bit: `trainer.c`, `Makefile`, `README.md`, and the data as
  /// NPY files where a program made them; data from files are read again from there.
  ///
  /// Epochs, steps, batch, seed and threads of `options` become its defaults. `prefix` begins every name in the C.
  /// Throws errors of the user's functions and of files; on failure the folder is as it was.
  public func emitTrainer(
    data: Dataset, validation: Dataset?, options: TrainingOptions, to directory: String, prefix: String = "descent"
  ) throws {
    try checkPrefix(prefix)
    if let threads = options.threads { try Threads.check(threads) }
    let graphs = try graphs(
      inputs: data.inputs.type, targets: data.targets.type,
      validation: validation.map { ($0.inputs.type, $0.targets.type) },
      batch: options.batch, stepsPerEpoch: options.stepsPerEpoch, measuresGradient: options.stopping.gradientNorm != nil)
    let programs = try programs(graphs, prefix: prefix + "_")
    var files = EmittedFiles()
    let rows = try rows(data, "", &files)
    let validationRows = try validation.map { try self.rows($0, "validation_", &files) }
    var trainer = StandaloneTrainer(
      prefix: prefix, metric: metric?.name, initialize: programs[0], train: programs[1], data: rows,
      validation: validationRows, batch: graphs.batch, stepsPerEpoch: graphs.stepsPerEpoch,
      isShuffled: graphs.isShuffled,
      defaults: .init(
        epochs: options.epochs, steps: options.steps, seed: options.seed, threads: options.threads,
        patience: options.stopping.patience, tolerance: options.stopping.tolerance,
        gradientNorm: options.stopping.gradientNorm.map { ($0, graphs.gradientNorm!) },
        keepsBest: try options.stoppingRule().keeps_best != 0),
      words: try words(graphs, inputs: data.inputs.type, targets: data.targets.type))
    trainer.evaluate = zip(programs.dropFirst(2), graphs.evaluate).map { ($0, $1.steps) }
    trainer.parameters = zip(graphs.parameterPaths, graphs.parameterTypes).map { ($0, $1) }
    trainer.state = zip(graphs.statePaths, graphs.stateTypes).map { ($0, $1) }
    files.add("trainer.c", try trainer.source())
    files.add("Makefile", trainer.makefile)
    files.add("README.md", trainer.readme)
    try files.write(to: directory)
  }

  /// Writes C that predicts for rows of type `inputs`, as they are in the data set, with these parameters and running state:
  /// `PREFIX.h`, `PREFIX.c` without heap, files or output, and an example with a `Makefile` and a `README.md`.
  ///
  /// Throws errors of the user's functions and of files; on failure the folder is as it was.
  public func emitInference(
    parameters: P, running: Weights = Weights(), inputs: TensorType, to directory: String, prefix: String = "descent"
  ) throws {
    try checkPrefix(prefix)
    try checkFileName(prefix)
    let flat = try FlatTree(Model(parameters, running: running))
    let trace = Trace()
    let output = try trace.record {
      let leaves = zip(flat.paths, flat.leaves).map { trace.input($0, $1.type) }
      let model = try FlatTree.rebuild(Model<P>.self, flat.structure, leaves)
      return predict(model.parameters, trace.input("inputs", inputs), model.context)
    }
    let program = try prepare(try trace.finish([("predictions", output)]), prefix: "\(prefix)_net", isSmall: true)
    let inference = try Inference(
      prefix: prefix, program: program, weights: zip(flat.paths, flat.leaves).map { ($0, try $1.value) }, input: inputs)
    var files = EmittedFiles()
    files.add("\(prefix).h", inference.header)
    files.add("\(prefix).c", inference.source)
    files.add("example.c", inference.example)
    files.add("Makefile", inference.makefile)
    files.add("README.md", inference.readme)
    try files.write(to: directory)
  }

  /// Where a trainer finds rows; those that are in memory become files beside it.
  private func rows(_ data: Dataset, _ name: String, _ files: inout EmittedFiles) throws -> StandaloneTrainer.Rows {
    var rows = StandaloneTrainer.Rows(
      reader: .npy, inputs: "\(name)inputs.npy", targets: "\(name)targets.npy", choices: [], classes: data.classes,
      inputType: data.inputs.type, targetType: data.targets.type)
    // A path that begins at the current folder would mean another file where the trainer runs.
    func absolute(_ path: String) -> String {
      path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
    switch data.source.origin {
    case .memory:
      files.add(rows.inputs) { try NPY.write(data.inputs, to: $0) }
      files.add(rows.targets) { try NPY.write(data.targets, to: $0) }
      return rows
    case .idx(let inputs, let targets):
      rows.reader = .idx
      (rows.inputs, rows.targets) = (absolute(inputs), absolute(targets))
    case .npy(let inputs, let targets): (rows.inputs, rows.targets) = (absolute(inputs), absolute(targets))
    case .csv(let path, let options):
      guard let target = options.target else { throw DescentError(.usage, "\(path): no target column was chosen") }
      rows.reader = .csv(
        .init(
          header: options.header.number, missing: options.missing.number, separator: options.separatorCode,
          decimal: options.decimalCode, dtype: options.dtype, targetType: options.targetType, target: column(target),
          skipped: options.skipped.map(column), categories: options.categories.map { (column($0.column), $0.labels ?? []) },
          limit: options.limit))
      (rows.inputs, rows.targets) = (absolute(path), "")
    }
    rows.choices = data.source.steps.map { step in
      switch step {
      case .prefix(let count): .first(count)
      case .split(let held, let seed, .training): .others(held: held, seed: seed)
      case .split(let held, let seed, .heldOut): .heldOut(held, seed: seed)
      }
    }
    return rows
  }

  private func column(_ column: CSV.Column) -> StandaloneTrainer.Column {
    switch column {
    case .name(let name): .name(name)
    case .index(let index): .index(index)
    }
  }
}
