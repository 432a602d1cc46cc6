// A training run, or a trained network, as C that stands alone.

import DescentCCode
import DescentData
import DescentDriver
import DescentIR
import DescentPasses
import Foundation

extension Trainer {
  /// Writes a C program that trains as `fit` does, bit for bit: `trainer.c`, `Makefile`, `README.md`, and the data in the folder
  /// `data`, as NPY files where a program made them, else as copies of the files that they came from. Files of more than
  /// `mostBytes` in all are not copied: the trainer and its README name them, and say what they must hold.
  ///
  /// Epochs, steps, batch, learning rate, seed and threads of `options` become its defaults; `batches` are other sizes of batches
  /// that it may be asked for, each of which is a step program of its own. `prefix` begins every name in the C.
  /// Throws errors of the user's functions and of files; on failure the folder is as it was.
  public func emitTrainer(
    data: Dataset, validation: Dataset?, options: TrainingOptions, batches: [Int] = [], to directory: String,
    prefix: String = "descent", mostBytes: Int = 64 << 20
  ) throws {
    try checkPrefix(prefix)
    if let threads = options.threads { try Threads.check(threads) }
    let steps = try graphs(data, validation, options, batches)
    let graphs = steps[0]
    let words = try steps.map { try self.words($0, inputs: data.inputs.type, targets: data.targets.type) }
    let trains = try zip(steps, words).map { step, words in
      let program = try program(step.step, "\(prefix)_train" + (steps.count == 1 ? "" : "\(step.batch)"))
      return StandaloneTrainer.Batch(program, rows: step.batch, isShuffled: step.isShuffled, checksum: words.program)
    }
    let rate = optimizer.ownRate
    var carried = TrainerData([data] + (validation.map { [$0] } ?? []), mostBytes: mostBytes)
    let rows = try carried.rows(data, "")
    let validationRows = try validation.map { try carried.rows($0, "validation_") }
    var trainer = StandaloneTrainer(
      prefix: prefix, metric: metric?.name,
      initialize: try program(graphs.initialize, "\(prefix)_initialize"), batches: trains,
      evaluate: try graphs.evaluate.map { (try program($0.state, "\(prefix)_evaluate\($0.rows)"), $0.rows) },
      data: rows, validation: validationRows, constantsFile: carried.made("constants.safetensors"),
      counters: Counters.types.all, stepsPerEpoch: max(1, options.stepsPerEpoch ?? 1),
      defaults: .init(
        epochs: options.epochs, steps: options.steps, seed: options.seed, threads: options.threads,
        patience: options.stopping.patience, tolerance: options.stopping.tolerance,
        gradientNorm: options.stopping.gradientNorm.map { ($0, graphs.gradientNorm!) },
        keepsBest: try options.stoppingRule().keeps_best != 0),
      rate: .init(
        own: rate?.base ?? 0, value: try RunRate.value(options.learningRate, of: optimizer),
        isConstant: rate?.isConstant ?? false),
      words: (words[0].optimizer, words[0].learningRate))
    trainer.parameters = zip(graphs.parameterPaths, graphs.parameterTypes).map { ($0, $1) }
    trainer.state = zip(graphs.statePaths, graphs.stateTypes).map { ($0, $1) }
    trainer.isCarried = carried.isCarried
    var files = carried.files
    files.add("trainer.c", try trainer.source())
    files.add("Makefile", trainer.makefile)
    files.add("README.md", trainer.readme)
    let constants = trainer.constants
    if !constants.entries.isEmpty { files.add(trainer.constantsFile, writing: constants.write) }
    try files.write(to: directory)
  }

  /// The graphs for each size of batches. Throws where two are one, since a batch has at most all rows, or where they do not keep
  /// the same state.
  private func graphs(
    _ data: Dataset, _ validation: Dataset?, _ options: TrainingOptions, _ batches: [Int]
  ) throws -> [TrainingGraphs] {
    let sizes = [options.batch] + batches.map { $0 }
    let all = try sizes.enumerated().map { number, batch in
      try graphs(
        inputs: data.inputs.type, targets: data.targets.type,
        validation: number > 0 ? nil : validation.map { ($0.inputs.type, $0.targets.type) }, batch: batch,
        stepsPerEpoch: options.stepsPerEpoch, measuresGradient: options.stopping.gradientNorm != nil,
        forAnyRows: true)
    }
    for (number, graphs) in all.enumerated() {
      if all[..<number].contains(where: { $0.batch == graphs.batch }) {
        let reason = graphs.isShuffled ? "" : ", which is all rows"
        throw DescentError(
          .usage, "two of the batches \(sizes.map { $0 ?? data.count }) have \(graphs.batch) rows\(reason)")
      }
      guard graphs.statePaths == all[0].statePaths, graphs.stateTypes == all[0].stateTypes else {
        throw DescentError(.usage, "batches of \(all[0].batch) and of \(graphs.batch) rows keep states of other types")
      }
    }
    return all
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
    // A device has no place to print to.
    let graph = try removeEffects(try trace.finish([("predictions", output)]))
    let program = try prepare(graph, prefix: "\(prefix)_net", isSmall: true)
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
}
