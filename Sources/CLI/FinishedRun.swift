// What a program gets when training has ended, and how it shows a picture of it.

import DescentData
import DescentIR
import DescentNN
import Foundation

/// A run that has ended: what came out, what it was trained on, and a place for pictures.
public struct FinishedRun<P: ParameterTree> {
  public let result: TrainingResult<P>
  public let training: Dataset
  public let validation: Dataset?
  let trainer: Trainer<P>
  let console: Console
  let folder: String?
  let name: String
  let json: Bool
  let plot: Bool

  /// The network's output for rows as they are in the data set. Interpreted: meant for as many as a picture shows.
  public func predict(_ inputs: Tensor) throws -> Tensor {
    let output = trainer.predict(result.parameters, inputs)
    _ = try output.value
    return output
  }

  /// Writes a picture as `PROGRAM-name.svg` to the folder of the log, or else the current one, and says so.
  func keep(_ svg: String, as picture: String) throws {
    if let folder { try makeFolder(folder) }
    let path = (folder.map { $0 + "/" } ?? "") + "\(name)-\(picture).svg"
    do {
      try Data(svg.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw DescentError(.file, "\(path) cannot be written: \(error.localizedDescription)")
    }
    try console.line(json ? JSON.line(["event": "picture", "path": .string(path)]) : "picture: \(path)")
  }
}
