// The size of an optimizer's step: a number, or a function of the step.

import DescentIR
import DescentOps

/// A number, or anything that gives one for each step.
public protocol LearningRate: Sendable {
  /// The rate for `step`, a scalar i64 that counts from 0; a scalar of f64 (or f32).
  func rate(step: Tensor) -> Tensor
}

extension Double: LearningRate { public func rate(step: Tensor) -> Tensor { Tensor(self) } }
extension Float: LearningRate { public func rate(step: Tensor) -> Tensor { Tensor(Double(self)) } }
extension Int: LearningRate { public func rate(step: Tensor) -> Tensor { Tensor(Double(self)) } }

/// A learning rate as a function of the step: `Schedule { step in 0.1 / (1 + 0.01 * step) }`.
public struct Schedule: LearningRate {
  private let body: @Sendable (Tensor) -> Tensor
  private let place: Place

  /// `body` takes the step as a scalar f64, counting from 0, and gives the rate.
  public init(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable (Tensor) -> Tensor
  ) {
    self.body = body
    place = Place(file, line)
  }
  public func rate(step: Tensor) -> Tensor { body(convert(step, to: .f64, file: place.file, line: place.line)) }
}
