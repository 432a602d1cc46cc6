// Small programs that the tests give commands to.

import ArgumentParser
import DescentCLI
import DescentData
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Synchronization

/// The digits of examples/data, a few hundred of them.
struct FewDigits: TrainingProgram {
  static let name = "few-digits"
  static let abstract = "Some digits."
  static let defaults = TrainingDefaults(epochs: 2, batch: 32, seed: 3)

  @Option var rows = 640

  func data() throws -> TrainingData {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../examples/data/digits.csv"
    let (training, heldOut) = try Dataset.csv(file, target: "label", classes: 10).prefix(rows).split(0.2, seed: 1)
    return (training, heldOut)
  }
  func trainer() throws -> Trainer<Weights> { try trainer(learningRate: 0.02) }
  func trainer(learningRate: Double) throws -> Trainer<Weights> {
    Trainer(
      Sequential {
        Dense(16, activation: .relu); Dense(10)
      }, input: TensorType(.f32, [1, 64]),
      optimizer: Adam(learningRate: learningRate), metric: .accuracy, prepare: { $0 / 16 },
      loss: { softmaxCrossEntropy($0, labels: $1) })
  }
}

/// A straight line through all points at once.
struct Line: TrainingProgram {
  static let name = "line"
  static let abstract = "A line."
  static let defaults = TrainingDefaults(epochs: 4, stepsPerEpoch: 25)

  func data() throws -> TrainingData {
    let x = linspace(-1, 1, count: 40)
    let rows = reshape(x, [40, 1])
    return (try Dataset(inputs: rows, targets: 2 * rows + 1), nil)
  }
  func trainer() throws -> Trainer<Weights> {
    Trainer(
      Dense(1), input: TensorType(.f32, [1, 1]), optimizer: SGD(learningRate: 0.3),
      loss: { meanSquaredError($0, $1) })
  }
}

/// The same line, until its loss has settled.
struct Settling: TrainingProgram {
  static let name = "settling"
  static let abstract = "A line."
  static let defaults = TrainingDefaults(epochs: 400, stepsPerEpoch: 25, stopping: Stopping(tolerance: 0.5))

  func data() throws -> TrainingData { try Line().data() }
  func trainer() throws -> Trainer<Weights> {
    Trainer(
      Dense(1), input: TensorType(.f32, [1, 1]), optimizer: SGD(learningRate: 0.001), loss: { meanSquaredError($0, $1) }
    )
  }
}

/// Keeps what a command writes.
final class Lines: Sendable {
  private let text = Mutex("")
  var console: Console { Console { [self] more in text.withLock { $0 += more } } }
  var all: [String] { text.withLock { $0.split(separator: "\n").map(String.init) } }
  /// The lines as JSON objects of one event.
  func events(_ name: String) throws -> [[String: Any]] {
    try all.compactMap { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
      .filter { $0["event"] as? String == name }
  }
}

/// A folder that is gone after `body`.
func withFolder<R>(_ body: (String) throws -> R) throws -> R {
  let folder = NSTemporaryDirectory() + "/cli-tests-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try body(folder)
}

/// The command that arguments name.
func command<P: TrainingProgram, C>(_ program: P.Type, _ type: C.Type, _ arguments: String...) throws -> C {
  guard let command = try Program<P>.parseAsRoot(arguments) as? C else {
    throw DescentError(.usage, "\(arguments) are not the arguments of \(C.self)")
  }
  return command
}
