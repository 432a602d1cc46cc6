// Where training made a number that is not finite: the steps at hand are run again, one by one and with the same bits, up to the
// one that made it, and that one is taken apart by the interpreter.

import DescentDriver
import DescentIR
import DescentInterpreter

extension TrainingSession {
  /// All that a step changes, as it stood once.
  struct Position {
    fileprivate let values: [HostArray]
    init(_ session: TrainingSession) { values = session.changing.map { $0.read() } }
  }
  private var changing: [MemoryArray] { parameterArrays + stateArrays + counters.all }

  /// What may help against a loss that is not a number.
  var adviceOnNumbers: String {
    "try a smaller learning rate" + (hasLabels ? ", and see whether a label lies outside the classes" : "")
      + "; --check-nan names the operation that made it"
  }

  /// Throws where the steps since a position made a loss, a parameter or a number of the optimizer's that is not finite, with the
  /// operation that made it.
  func check(since position: Position, _ steps: Int) throws {
    guard bad(since: position) != nil else { return }
    restore(position)
    for _ in 0..<steps {
      let before = Position(self)
      try stepStage.run(steps: 1)
      guard let number = bad(since: before) else { continue }
      let value = changing[number].read()
      restore(before)
      throw try explain(number, value)
    }
  }

  private func restore(_ position: Position) {
    for (array, value) in zip(changing, position.values) { array.load(value) }
  }

  /// The first of what changed that was finite and is not any more: the sum of losses, or else a parameter and so on. The sum of
  /// metrics is for people.
  private func bad(since position: Position) -> Int? {
    ([lossSum] + (0..<lossSum)).first { position.values[$0].isFinite && !changing[$0].read().isFinite }
  }
  /// The place of the sum of losses among what a step changes.
  private var lossSum: Int { parameterArrays.count + stateArrays.count + Counters.places.lossSum }

  private func explain(_ number: Int, _ value: HostArray) throws -> DescentError {
    let graph = graphs.step.graph
    let label = graph.outputLabels[number]
    let kind = value.doubles.contains(where: \.isNaN) ? "NaN" : "infinite"
    let what = "\(number == lossSum ? "the loss" : "'\(label)'") is \(kind) in step \(step + 1)"
    guard let origin = try graph.origin(ofOutput: number, stepStage.inputs) else {
      return DescentError(.usage, "\(what), and finite in the interpreter, which rounds in another order")
    }
    let hint =
      origin.maker == .constant && hasLabels ? " (a loss of classes does so where a label lies outside of them)" : ""
    return DescentError(.usage, "\(what): \(origin.message)\(hint)", at: origin.location)
  }
}
