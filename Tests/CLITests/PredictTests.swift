// predict: rows of files through a checkpoint, as the network itself predicts; what is wrong is one error.

import ArgumentParser
import DescentCLI
import DescentData
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

/// A table with a header, a category and a target of texts.
private struct Penguins: TrainingProgram {
  static let name = "penguins"
  static let abstract = "Penguins by their bills."
  static let defaults = TrainingDefaults(epochs: 1, batch: 4)
  @Option var table = ""

  func data() throws -> TrainingData {
    let data = try Dataset.csv(
      table, target: "species", columns: ["island", "bill"], missing: .dropped, categories: ["species", "island"])
    return (data, nil)
  }
  func trainer() throws -> Trainer<Weights> {
    Trainer(
      Sequential { Dense(2) }, input: TensorType(.f32, [1, 2]), optimizer: Adam(),
      loss: { softmaxCrossEntropy($0, labels: $1) })
  }
}

/// A table without a header, with its target last.
private struct Plain: TrainingProgram {
  static let name = "plain"
  static let abstract = "Two numbers to one."
  static let defaults = TrainingDefaults(epochs: 1, batch: 4)
  @Option var table = ""

  func data() throws -> TrainingData {
    (try Dataset.csv(table, target: -1, header: .no, separator: ";", decimal: ","), nil)
  }
  func trainer() throws -> Trainer<Weights> {
    Trainer(
      Dense(1), input: TensorType(.f32, [1, 2]), optimizer: Adam(),
      loss: { mean(square(reshape($0, [$1.shape[0]]) - $1)) })
  }
}

@Suite struct PredictTests {
  /// The parameters after a short training, in a checkpoint.
  private func trained<P: TrainingProgram>(_ program: P, _ path: String) throws -> Trainer<P.Parameters> {
    let (data, trainer) = (try program.data().training, try program.trainer())
    var options = TrainingOptions(epochs: 1, batch: P.defaults.batch)
    options.checkpoint = path
    _ = try trainer.fit(data, options: options)
    return trainer
  }
  /// The network's output, interpreted.
  private func expected<P: ParameterTree>(_ trainer: Trainer<P>, _ checkpoint: String, _ rows: Tensor) throws -> Tensor
  {
    let model = try trainer.load(checkpoint: checkpoint).model
    return trainer.predict(model.parameters, rows, model.context)
  }
  private func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// 40 and 600 rows: one block that is not full, and two. Every kind of file gives the same numbers.
  @Test(arguments: [40, 600]) func arraysAndTables(_ count: Int) throws {
    try withFolder { folder in
      let (weights, out) = (folder + "/w", folder + "/out")
      let program = try FewDigits.parse(["--rows", "700"])
      let trainer = try trained(program, weights)
      let rows = try program.data().training.inputs[0..<min(count, 560)]
      let input = concatenate([rows, rows])[0..<count]
      try NPY.write(input, to: folder + "/x.npy")
      try CSV.write(input, names: try program.data().training.featureNames, to: folder + "/x.csv")
      for (name, result) in [("x.npy", "a.npy"), ("x.csv", "b.csv"), ("x.npy", "c.csv")] {
        let lines = Lines()
        try command(
          FewDigits.self, Predict<FewDigits>.self, "predict", folder + "/" + name, "--weights", weights, "--output",
          out + result
        ).run(on: lines.console)
        #expect(lines.all == ["predictions: \(out + result)"])
      }
      let all = try NPY.read(out + "a.npy")
      #expect(all.type == TensorType(.f32, [count, 10]))
      let difference = try zip(all.doubles, expected(trainer, weights, input).doubles).map { abs($0 - $1) }.max() ?? 1
      #expect(difference < 1e-4)
      let table = try CSV.read(out + "b.csv", header: .yes)
      #expect(table.names == (0..<10).map { "prediction_\($0)" })
      #expect(try table.features.doubles == all.doubles)
      #expect(try CSV.read(out + "c.csv", header: .yes).features.doubles == all.doubles)
    }
  }

  /// Columns are found by their names in whatever order, with the target or without; classes by their names.
  @Test func tablesByTheNamesOfTheirColumns() throws {
    try withFolder { folder in
      let (table, weights) = (folder + "/t.csv", folder + "/w")
      try write(
        "bill,island,species,note\n1,B,gentoo,x\n2,A,adelie,y\n3,B,gentoo,z\n,A,adelie,u\n5,A,gentoo,\n6,B,adelie,v\n",
        to: table)
      let trainer = try trained(try Penguins.parse(["--table", table]), weights)
      func predict(_ text: String, _ more: String...) throws -> [String] {
        try write(text, to: folder + "/x.csv")
        let lines = Lines()
        let arguments = ["predict", folder + "/x.csv", "--weights", weights, "--table", table] + more
        let command = try #require(try Program<Penguins>.parseAsRoot(arguments) as? Predict<Penguins>)
        try command.run(on: lines.console)
        return lines.all
      }
      let lines = try predict("extra,bill,island\nq,4,A\nr,-1,B\n")
      let wanted = try expected(trainer, weights, Tensor([0, 4, 1, -1] as [Float], shape: [2, 2])).floats
      #expect(lines[0] == "adelie,gentoo" && lines.count == 3)
      let numbers = lines.dropFirst().flatMap { $0.split(separator: ",").map { Float($0)! } }
      #expect(zip(numbers, wanted).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(try predict("species,island,bill\n?,A,4\n?,B,-1\n") == lines)
      let classes = try predict("bill,island\n4,A\n-1,B\n", "--classes")
      #expect(classes == ["class"] + [0, 2].map { wanted[$0] >= wanted[$0 + 1] ? "adelie" : "gentoo" })
      for (text, message) in [
        ("bill\n4\n", "no column is named \"island\""), ("bill,island\n4,C\n", "the label \"C\" is none of the 2"),
        ("bill,island\n,A\n", "line 2, column 1 (\"bill\")"),
      ] {
        let error = #expect(throws: DescentError.self) { try predict(text) }
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
      }
    }
  }

  /// A table without a header has the columns of the training data, with the target or without.
  @Test func tablesByTheNumberOfTheirColumns() throws {
    try withFolder { folder in
      let (table, weights) = (folder + "/t.csv", folder + "/w")
      try write("1;2,5;0\n3;4;1\n5;6;2\n7;8;3\n", to: table)
      let trainer = try trained(try Plain.parse(["--table", table]), weights)
      let wanted = try expected(trainer, weights, Tensor([4, 1.5, -1, 2] as [Float], shape: [2, 2])).floats
      for text in ["4;1,5\n-1;2\n", "4;1,5;9\n-1;2;9\n"] {
        try write(text, to: folder + "/x.csv")
        let lines = Lines()
        try command(
          Plain.self, Predict<Plain>.self, "predict", folder + "/x.csv", "--weights", weights, "--table", table
        ).run(on: lines.console)
        #expect(lines.all[0] == "prediction" && lines.all.count == 3)
        #expect(zip(lines.all.dropFirst(), wanted).allSatisfy { abs(Float($0)! - $1) < 1e-5 })
      }
      try write("4\n1\n", to: folder + "/x.csv")
      let error = #expect(throws: DescentError.self) {
        try command(
          Plain.self, Predict<Plain>.self, "predict", folder + "/x.csv", "--weights", weights, "--table", table
        ).run(on: Lines().console)
      }
      #expect(error?.message.contains("holds f32[2,1]; expected rows of type f32[2]") == true)
    }
  }

  @Test func whatDoesNotFitIsOneError() throws {
    try withFolder { folder in
      let weights = folder + "/w"
      _ = try trained(try Line.parse([]), weights)
      func error(_ input: Tensor, weights: String, _ more: String...) throws -> String {
        try NPY.write(input, to: folder + "/x.npy")
        let arguments = ["predict", folder + "/x.npy", "--weights", weights] + more
        let command = try #require(try Program<Line>.parseAsRoot(arguments) as? Predict<Line>)
        let error = #expect(throws: DescentError.self) { try command.run(on: Lines().console) }
        return error?.message ?? ""
      }
      #expect(try error(zeros([3, 2]), weights: weights).contains("holds f32[3,2]; expected rows of type f32[1]"))
      #expect(try error(zeros([0, 1]), weights: weights).contains("has no rows"))
      #expect(try error(zeros([1, 1]), weights: folder + "/none").contains("none"))
      #expect(
        try error(zeros([1, 1]), weights: weights, "--classes").contains("--classes needs an output for each class"))
      #expect(try error(zeros([1, 1]), weights: weights, "--output", folder + "/no/y.csv").contains("no/y.csv"))
      let other = folder + "/other"
      _ = try trained(try FewDigits.parse([]), other)
      #expect(try error(zeros([1, 1]), weights: other).contains("has a tensor 'parameters.0.weight'"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/no"))
    }
  }

  @Test(arguments: [
    ["predict"], ["predict", "x.csv"], ["predict", "x", "--weights", "w"],
    ["predict", "x.csv", "--weights", "w", "--output", "y.txt"],
    ["predict", "x.csv", "--weights", "w", "--output", "y.csv.gz"],
    ["predict", "x.csv", "--weights", "w", "--format", "json"],
  ]) func usageErrors(_ arguments: [String]) {
    do {
      let command = try Program<FewDigits>.parseAsRoot(arguments)
      Issue.record("\(arguments) were taken as \(command)")
    } catch {
      #expect(Program<FewDigits>.exitCode(for: error).rawValue == 64)
    }
  }
}
