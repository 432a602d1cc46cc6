// The constants of a trace in the order in which they come up, some of which become inputs: so a program that was built for one
// number serves others.

import Synchronization

/// Which constants of a trace are arguments, by their place among all that come up; those with one number are one argument.
package struct ConstantArguments: Sendable, Hashable {
  package var numbers: [Int: Int] = [:]
  package init(_ numbers: [Int: Int] = [:]) { self.numbers = numbers }
}

/// Keeps the constants of a trace and of its bodies. Those that are arguments become inputs of the outermost trace.
package final class ConstantLedger: Sendable {
  private struct State {
    var constants: [HostArray] = []
    var arguments: [(number: Int, value: HostArray, input: Tensor)] = []
    var conflicts = false
  }
  private let state = Mutex(State())
  private let arguments: ConstantArguments

  package init(_ arguments: ConstantArguments = ConstantArguments()) { self.arguments = arguments }

  /// All constants that came up, in order.
  package var constants: [HostArray] { state.withLock(\.constants) }
  /// The values of the arguments, in the order of their inputs.
  package var values: [HostArray] { state.withLock { $0.arguments.map(\.value) } }
  /// Whether two constants that are to be one argument had different values.
  package var conflicts: Bool { state.withLock(\.conflicts) }

  /// The input for a constant that comes up; nil where it stays a constant. `root` is the outermost trace.
  func input(for constant: HostArray, of root: Trace) -> Tensor? {
    state.withLock { state in
      state.constants.append(constant)
      guard let number = arguments.numbers[state.constants.count - 1] else { return nil }
      if let known = state.arguments.first(where: { $0.number == number }) {
        state.conflicts = state.conflicts || !known.value.isIdentical(to: constant)
        return known.input
      }
      let input = root.input("number.\(number)", constant.type)
      state.arguments.append((number: number, value: constant, input: input))
      return input
    }
  }
}
