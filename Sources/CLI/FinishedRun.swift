// What a program gets when training has ended, and how it shows a picture of it.

import DescentData
import DescentIR
import DescentNN
import DescentPlot
import Foundation

/// A run that has ended: what came out, what it was trained on, and a place for pictures.
public struct FinishedRun<P: ParameterTree> {
  public let result: TrainingResult<P>
  public let training: Dataset
  public let validation: Dataset?
  let trainer: Trainer<P>
  let console: Console
  /// The folder of pictures; nil for the current one.
  let folder: String?
  let name: String
  let json: Bool
  /// Whether pictures are also drawn as text.
  let plot: Bool

  /// The network's output for rows as they are in the data set. Interpreted: meant for as many as a picture shows.
  public func predict(_ inputs: Tensor) throws -> Tensor {
    let output = trainer.predict(result.parameters, inputs, Context(state: RunningState(result.running)))
    _ = try output.value
    return output
  }

  /// Writes a picture as `PROGRAM-name.svg` and `PROGRAM-name.pdf`, says where, and draws it on a terminal.
  public func draw(_ picture: any Picture, as name: String) throws {
    if let folder { try makeFolder(folder) }
    let path = (folder.map { $0 + "/" } ?? "") + "\(self.name)-\(name)"
    try write(Data(picture.svg().utf8), path + ".svg")
    try write(Data(picture.pdf()), path + ".pdf")
    if json {
      let line: KeyValuePairs<String, JSON> = [
        "event": "picture", "path": .string(path + ".svg"), "pdf": .string(path + ".pdf"),
      ]
      return try console.line(JSON.line(line))
    }
    if plot {
      let text = picture.terminal(width: min(console.width, 100), color: console.hasColor)
      for line in text.split(separator: "\n", omittingEmptySubsequences: false) { try console.line(String(line)) }
    }
    try console.line("picture: \(path).svg, \(path).pdf")
  }

  private func write(_ data: Data, _ path: String) throws {
    do {
      try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw DescentError(.file, "\(path) cannot be written: \(error.localizedDescription)")
    }
  }

  /// Prints a text; with `--json` it is the line of an event "text" of this name.
  public func show(_ text: String, as name: String) throws {
    if json { return try console.line(JSON.line(["event": "text", "name": .string(name), "text": .string(text)])) }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) { try console.line(String(line)) }
  }

  /// Losses of training and validation over the epochs.
  public var lossCurves: Plot {
    let history = result.history
    let epochs = history.map { Double($0.epoch) }
    return Plot(
      x: .init("epoch"), y: .init("loss"),
      series: [.line("training", x: epochs, y: history.map(\.loss))]
        + (validation == nil ? [] : [.line("validation", x: epochs, y: history.compactMap(\.validationLoss))]))
  }
}
