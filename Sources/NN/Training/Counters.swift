// What a training run counts, and the programs that it is made of: one value for each, under its name.

import DescentIR

/// One thing for each number that a run counts beside its state: tensors of a graph, arrays in memory, types.
///
/// Their order is that of the arrays which programs take; `dsc_trainer_put_counters` of descent_trainer.h has the same.
package struct Counters<Value> {
  /// Steps done since the start of training; in an evaluation rows measured.
  package var step: Value
  /// The first step whose loss was not finite, or -1.
  package var firstBadStep: Value
  /// The sum of losses since it was last set to zero.
  package var lossSum: Value
  /// The sum of metrics since it was last set to zero.
  package var metricSum: Value

  /// All in order.
  package var all: [Value] { [step, firstBadStep, lossSum, metricSum] }

  package init(step: Value, firstBadStep: Value, lossSum: Value, metricSum: Value) {
    (self.step, self.firstBadStep, self.lossSum, self.metricSum) = (step, firstBadStep, lossSum, metricSum)
  }
  /// One for each counter, made in order of its name and its type.
  package init(_ make: (_ label: String, _ type: TensorType) throws -> Value) rethrows {
    step = try make("step", TensorType(.i64, []))
    firstBadStep = try make("firstBadStep", TensorType(.i64, []))
    lossSum = try make("lossSum", TensorType(.f64, []))
    metricSum = try make("metricSum", TensorType(.f64, []))
  }
}

extension Counters<TensorType> {
  package static var types: Counters { Counters { $1 } }
}

extension Counters<Int> {
  /// The place of each among them.
  static var places: Counters {
    var next = 0
    return Counters { _, _ in
      defer { next += 1 }
      return next
    }
  }
}

extension Counters<Tensor> {
  /// With names, for the outputs of a graph.
  var labelled: [(label: String, tensor: Tensor)] {
    zip(Counters<String> { label, _ in label }.all, all).map { (label: $0, tensor: $1) }
  }
}

/// One thing for each program of a training run: its graph, its C, what runs it.
package struct Programs<Program> {
  package var initialize: Program
  package var step: Program
  /// For blocks of rows, each less than the one before.
  package var evaluate: [Program]

  package init(initialize: Program, step: Program, evaluate: [Program]) {
    (self.initialize, self.step, self.evaluate) = (initialize, step, evaluate)
  }

  /// What `transform` makes of all of them, in order.
  package func together<Other>(_ transform: ([Program]) throws -> [Other]) rethrows -> Programs<Other> {
    let others = try transform([initialize, step] + evaluate)
    return Programs<Other>(initialize: others[0], step: others[1], evaluate: Array(others[2...]))
  }
}

extension Programs: Sendable where Program: Sendable {}
