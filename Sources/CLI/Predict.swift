// predict: what a trained network says of the rows of a file.

import ArgumentParser
import DescentData
import DescentDriver
import DescentIR
import DescentNN
import DescentOps

/// `PROGRAM predict`
package struct Predict<P: TrainingProgram>: ParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "predict", abstract: "Say what a trained network makes of the rows of a file.",
      discussion: """
        A table is read as the program's own data are: the columns by their names, in any order, or by their numbers; a \
        target may be among them. Arrays have a row for each prediction.
        """)
  }
  @OptionGroup(title: "Program options") var program: P
  @Argument(help: ArgumentHelp("The rows: a CSV, NPY or IDX file, plain or gzipped.", valueName: "file"))
  var input: String
  @Option(help: ArgumentHelp("A checkpoint with the parameters.", valueName: "file")) var weights: String
  @Option(
    help: ArgumentHelp("A CSV or NPY file for the predictions; else the standard output, as CSV.", valueName: "file"))
  var output: String?
  @Option(help: "What the file of the rows is, csv, npy or idx, where its name does not end in that.")
  var format: FileFormat?
  @Flag(help: "The class with the greatest output in place of the outputs.") var classes = false

  package init() {}

  package func validate() throws {
    if format == nil, FileFormat(path: input) == nil {
      throw ValidationError("'\(input)' ends in neither .csv, .tsv, .npy, .idx nor -ubyte; say --format")
    }
    if let output, FileFormat(path: output).map({ $0 == .idx }) ?? true || output.hasSuffix(".gz") {
      throw ValidationError("--output is '\(output)'; a name that ends in .csv or .npy is needed")
    }
  }
  package func run() throws { try run(on: .standard) }

  /// Predicts; the table goes to `console` where no file is named.
  package func run(on console: Console) throws {
    if let output { try SafeTensors.probe(output) }
    let training = try program.data().training
    let trainer = try program.trainer()
    let model = try trainer.load(checkpoint: weights).model
    let rows = try PredictionRows(input, format ?? FileFormat(path: input)!, like: training).rows
    let predictions = try Predictor(trainer, model).predictions(rows)
    let table = try PredictionTable(predictions, of: training, asClasses: classes)
    guard let output else {
      for line in try table.lines { try console.line(CSV.line(line)) }
      return
    }
    switch FileFormat(path: output) {
    case .npy: try NPY.write(table.values, to: output)
    default: try CSV.write(try table.lines, to: output)
    }
    try console.line("predictions: \(output)")
  }
}

/// What kind of file rows are in.
package enum FileFormat: String, ExpressibleByArgument, CaseIterable {
  case csv, npy, idx

  /// The kind that a name tells, gzipped or not.
  init?(path: String) {
    let name = path.lowercased()
    let stem = name.hasSuffix(".gz") ? name.dropLast(3) : name[...]
    if [".csv", ".tsv"].contains(where: stem.hasSuffix) {
      self = .csv
    } else if stem.hasSuffix(".npy") {
      self = .npy
    } else if stem.hasSuffix(".idx") || stem.hasSuffix("-ubyte") {
      self = .idx
    } else {
      return nil
    }
  }
}

/// A network compiled for blocks of rows, so that any number of rows builds nothing more.
struct Predictor<P: ParameterTree> {
  private let model: Model<P>
  private let network: @Sendable (Model<P>, Tensor) throws -> Tensor
  /// Rows at a time, where there are at most so many, and where there are more.
  private static var blocks: (few: Int, many: Int) { (32, 512) }

  init(_ trainer: Trainer<P>, _ model: Model<P>) {
    self.model = model
    network = compile { model, x in trainer.predict(model.parameters, x, model.context) }
  }

  /// The network's output for rows as they are in the data set. The last block is filled up with its last row.
  func predictions(_ rows: Tensor) throws -> Tensor {
    let count = rows.shape[0], block = count <= Self.blocks.few ? Self.blocks.few : Self.blocks.many
    var parts: [Tensor] = []
    for first in stride(from: 0, to: count, by: block) {
      let places = (first..<first + block).map { Int32(min($0, count - 1)) }
      let part = try network(model, gather(rows, Tensor(places)))
      guard part.rank > 0, part.shape[0] == block else {
        throw DescentError(
          .usage, "for \(block) rows the network gives \(part.type); a prediction for each of them is needed")
      }
      parts.append(part[0..<min(block, count - first)])
    }
    return concatenate(parts)
  }
}

/// Predictions as a table.
struct PredictionTable {
  let values: Tensor
  private let names: [String]
  /// The names of the classes where the values are classes that have names.
  private let classNames: [String]?

  init(_ predictions: Tensor, of data: Dataset, asClasses: Bool) throws {
    let columns = predictions.shape.dimensions.dropFirst().reduce(1, *)
    guard asClasses else {
      values = predictions
      let classes = data.classNames.flatMap { $0.count == columns ? $0 : nil }
      names = classes ?? (columns == 1 ? ["prediction"] : (0..<columns).map { "prediction_\($0)" })
      classNames = nil
      return
    }
    guard predictions.rank == 2, columns > 1 else {
      throw DescentError(
        .usage, "--classes needs an output for each class, [rows, classes]; the network gives \(predictions.type)")
    }
    values = argmax(predictions, axis: 1)
    names = ["class"]
    classNames = data.classNames.flatMap { $0.count == columns ? $0 : nil }
  }

  /// The header and the rows as texts.
  var lines: [[String]] {
    get throws {
      let table = reshape(values, [values.shape[0], names.count])
      let rows = try CSV.rows(of: table, names: names)
      guard let classNames else { return rows }
      return [names] + (try values.integers.map { [classNames[$0]] })
    }
  }
}
