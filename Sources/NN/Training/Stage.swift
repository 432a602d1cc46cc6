// A graph of a training run with the arrays that it works on.

import DescentDriver
import DescentIR
import DescentInterpreter

/// A graph ready to run, compiled or interpreted, on arrays in memory.
package final class Stage {
  private let state: StateGraph
  private let executable: Executable?
  /// The arrays in the order of the program's externals: inputs, then outputs that take over nothing.
  private let arrays: [MemoryArray]
  private let places: [Int]
  /// Values of the fixed inputs, which are large: read once by the interpreter.
  private var fixed: [Int: HostArray] = [:]

  /// Whether the time of each call is taken, and the sums so far.
  private let isProfiled: Bool
  package private(set) var seconds: [Double] = []

  package init(_ state: StateGraph, _ executable: Executable?, _ arrays: [MemoryArray], profiled: Bool = false) {
    isProfiled = profiled
    self.state = state
    self.executable = executable
    self.arrays = arrays
    var next = state.graph.inputs.count
    places = state.donations.map { donated in
      if let donated { return donated }
      defer { next += 1 }
      return next
    }
  }

  /// What the step would be given now.
  var inputs: [HostArray] { state.graph.inputs.indices.map { arrays[$0].read() } }

  /// Waits until the program is built at full effort.
  func settle() { executable?.settle() }

  package func run(steps: Int) throws {
    if let executable, isProfiled {
      let times = try executable.profile(arrays, steps: steps)
      seconds = seconds.isEmpty ? times : zip(seconds, times).map { $0 + $1 }
      return
    }
    if let executable { return executable.run(arrays, steps: steps) }
    for _ in 0..<steps {
      let inputs = state.graph.inputs.indices.map { index -> HostArray in
        if let value = fixed[index] { return value }
        let value = arrays[index].read()
        if state.fixedInputs.contains(index) { fixed[index] = value }
        return value
      }
      for (place, value) in zip(places, try state.graph.evaluate(inputs)) { arrays[place].load(value) }
    }
  }
}
