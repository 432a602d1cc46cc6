// What a checkpoint says of an optimizer in words, so that a run that goes on with another one is told what differs.

import DescentIR

/// An optimizer in words: everything that decides its steps.
public struct OptimizerSummary: Sendable, Hashable {
  /// Its name and its numbers but for learning rates, as `Adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-08, weightDecay: 0.0)`.
  public var text: String
  /// Its learning rates; those of optimizers within follow.
  public var rates: [String]

  public init(_ text: String, rates: [String]) {
    self.text = text
    self.rates = rates
  }

  /// A rule with its numbers and its learning rate.
  init(_ name: String, _ numbers: KeyValuePairs<String, any CustomStringConvertible>, _ rate: any LearningRate) {
    self.init("\(name)(" + OptimizerSummary.list(numbers).joined(separator: ", ") + ")", rates: [rate.rateText])
  }

  /// A rule around another one, nil where that one has no words for itself.
  init?(_ name: String, _ numbers: KeyValuePairs<String, any CustomStringConvertible>, around inner: OptimizerSummary?)
  {
    guard let inner else { return nil }
    self.init(
      "\(name)(" + (OptimizerSummary.list(numbers) + [inner.text]).joined(separator: ", ") + ")", rates: inner.rates)
  }

  private static func list(_ numbers: KeyValuePairs<String, any CustomStringConvertible>) -> [String] {
    numbers.map { "\($0): \($1)" }
  }
}

extension Optimizer {
  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? { nil }
}
