// Another learning rate for an optimizer, as `--lr` asks for it: a tensor that the step is given, so that one program trains with
// any rate. A rate that is the optimizer's own gives the bits of the optimizer as it is.

import DescentIR
import DescentOps

extension Optimizer {
  public func replacingRates(_ change: (any LearningRate) -> any LearningRate) -> (any Optimizer)? { nil }

  /// This optimizer with another rate in one place.
  func replacing(_ rate: WritableKeyPath<Self, any LearningRate>, _ change: (any LearningRate) -> any LearningRate)
    -> any Optimizer
  {
    var copy = self
    copy[keyPath: rate] = change(self[keyPath: rate])
    return copy
  }
  /// This optimizer with what `change` makes of the one within.
  func replacing(
    _ inner: WritableKeyPath<Self, any Optimizer>, _ change: (any LearningRate) -> any LearningRate
  ) -> (any Optimizer)? {
    guard let changed = self[keyPath: inner].replacingRates(change) else { return nil }
    var copy = self
    copy[keyPath: inner] = changed
    return copy
  }

  /// What another rate is set in place of: the base of the first rate. Nil where a rate cannot be set.
  var ownRate: (base: Double, isConstant: Bool)? {
    var rates: [any LearningRate] = []
    guard
      replacingRates({
        rates.append($0); return $0
      }) != nil, let base = rates.first?.baseRate, base > 0, base < .infinity
    else { return nil }
    return (base, rates.count == 1 && isNumber(rates[0]))
  }

  /// This optimizer with `rate`, a scalar f64, in place of its own: a constant rate is that; a schedule, and the rates of other
  /// groups of parameters, are scaled by rate / base.
  func with(rate: Tensor) -> any Optimizer {
    guard let base = ownRate?.base else { return self }
    return replacingRates { SetRate(own: $0, base: base, rate: rate) } ?? self
  }
}

private func isNumber(_ rate: any LearningRate) -> Bool { rate is Double || rate is Float || rate is Int }

/// A rate that is set.
private struct SetRate: LearningRate {
  var own: any LearningRate
  var base: Double
  var rate: Tensor
  func rate(step: Tensor) -> Tensor {
    // One that is the base exactly stays what it is told to be, without a rounding.
    isNumber(own) && own.baseRate == base ? rate : convert(own.rate(step: step), to: .f64) * (rate / base)
  }
}

/// The rate of a run, and what a checkpoint says of it; `Runtime/include/descent_trainer.h` has the same words.
struct RunRate {
  var value: Double
  var text: String

  /// `own` is the text of the optimizer's own rates. Throws where a rate is asked for that cannot be set.
  init(_ asked: Double?, of optimizer: any Optimizer, own: String) throws {
    value = try RunRate.value(asked, of: optimizer)
    let rate = optimizer.ownRate
    text =
      value == rate?.base ?? 0
      ? own : rate?.isConstant == true ? numberText(value) : "\(own), scaled to \(numberText(value))"
  }

  /// The rate of a run; 0 where the optimizer has none that could be set.
  static func value(_ asked: Double?, of optimizer: any Optimizer) throws -> Double {
    guard let asked else { return optimizer.ownRate?.base ?? 0 }
    guard asked > 0, asked < .infinity else {
      throw DescentError(.usage, "a learning rate of \(asked); a number above 0 is needed")
    }
    guard optimizer.ownRate != nil else {
      throw DescentError(
        .usage,
        "the learning rate of \(type(of: optimizer)) cannot be set: it is a function without a base, or of the optimizer's own"
      )
    }
    return asked
  }
}
