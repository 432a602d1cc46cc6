// The size of an optimizer's step: a number, or a function of the step.

import DescentIR
import DescentOps

/// A number, or anything that gives one for each step.
public protocol LearningRate: Sendable {
  /// The rate for `step`, a scalar i64 that counts from 0; a scalar of f64 (or f32).
  func rate(step: Tensor) -> Tensor
  /// What a checkpoint says of it; unless a type says it better, its name and a checksum of the graph of `rate`.
  var rateText: String { get }
}

extension LearningRate {
  public var rateText: String { "\(Self.self) \(checksum(of: self))" }
}

extension Double: LearningRate {
  public func rate(step: Tensor) -> Tensor { Tensor(self) }
  public var rateText: String { numberText(self) }
}
extension Float: LearningRate {
  public func rate(step: Tensor) -> Tensor { Tensor(Double(self)) }
  public var rateText: String { numberText(Double(self)) }
}
extension Int: LearningRate {
  public func rate(step: Tensor) -> Tensor { Tensor(Double(self)) }
  public var rateText: String { numberText(Double(self)) }
}

/// A learning rate as a function of the step: `Schedule { step in 0.1 / (1 + 0.01 * step) }`.
public struct Schedule: LearningRate {
  private let body: @Sendable (Tensor) -> Tensor
  private let place: Place
  /// The name and numbers of one that Schedules.swift defines.
  private var name: (@Sendable () -> String)?

  /// `body` takes the step as a scalar f64, counting from 0, and gives the rate.
  public init(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable (Tensor) -> Tensor
  ) {
    self.body = body
    place = Place(file, line)
  }
  init(
    named name: @escaping @Sendable () -> String, _ file: StaticString, _ line: UInt, _ body: @escaping @Sendable (Tensor) -> Tensor
  ) {
    self.init(file: file, line: line, body)
    self.name = name
  }

  public func rate(step: Tensor) -> Tensor { body(convert(step, to: .f64, file: place.file, line: place.line)) }
  public var rateText: String { name?() ?? "a function \(checksum(of: self))" }
}

/// A checksum of the graph of a rate.
private func checksum(of rate: some LearningRate) -> String {
  let trace = Trace()
  let graph = try? trace.finish([("rate", trace.record { rate.rate(step: trace.input("step", TensorType(.i64, []))) })])
  return graph.map { checksum(of: $0) } ?? "that fails"
}
