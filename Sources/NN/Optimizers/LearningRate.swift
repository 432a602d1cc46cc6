// The size of an optimizer's step: a number, or a function of the step.

import DescentIR
import DescentOps

/// A number, or anything that gives one for each step.
public protocol LearningRate: Sendable {
  /// The rate for `step`, a scalar i64 that counts from 0; a scalar of f64 (or f32).
  func rate(step: Tensor) -> Tensor
  /// What a checkpoint says of it; unless a type says it better, its name and a checksum of the graph of `rate`.
  var rateText: String { get }
  /// What another rate is set in place of: a number itself, of a schedule the greatest rate as its definition has it. Nil, unless
  /// a type says it: the rate cannot be set then.
  var baseRate: Double? { get }
}

extension LearningRate {
  public var rateText: String { "\(Self.self) \(checksum(of: self))" }
  public var baseRate: Double? { nil }
}

extension Double: LearningRate {
  public func rate(step: Tensor) -> Tensor { Tensor(self) }
  public var rateText: String { numberText(self) }
  public var baseRate: Double? { self }
}
extension Float: LearningRate {
  public func rate(step: Tensor) -> Tensor { Tensor(Double(self)) }
  public var rateText: String { numberText(Double(self)) }
  public var baseRate: Double? { Double(self) }
}
extension Int: LearningRate {
  public func rate(step: Tensor) -> Tensor { Tensor(Double(self)) }
  public var rateText: String { numberText(Double(self)) }
  public var baseRate: Double? { Double(self) }
}

/// A learning rate as a function of the step: `Schedule { step in 0.1 / (1 + 0.01 * step) }`.
public struct Schedule: LearningRate {
  private let body: @Sendable (Tensor) -> Tensor
  private let place: SourceLocation
  public let baseRate: Double?
  /// The name and numbers of one that Schedules.swift defines.
  private var name: (@Sendable () -> String)?

  /// `body` takes the step as a scalar f64, counting from 0, and gives the rate. `base` is what `--lr X` is in place of: the whole
  /// schedule is then scaled by X / base; without it no other rate can be set.
  public init(
    base: Double? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (Tensor) -> Tensor
  ) {
    self.body = body
    baseRate = base
    place = SourceLocation(file, line)
  }
  init(
    named name: @escaping @Sendable () -> String, base: Double?, _ file: StaticString, _ line: UInt,
    _ body: @escaping @Sendable (Tensor) -> Tensor
  ) {
    self = pinned(file, line) { Self(base: base, body) }
    self.name = name
  }

  public func rate(step: Tensor) -> Tensor {
    let step = pinned(place) { convert(step, to: .f64) }
    return name == nil ? unpinned { body(step) } : pinned(place) { body(step) }
  }
  public var rateText: String { name?() ?? "a function \(checksum(of: self))" }
}

/// A checksum of the graph of a rate.
private func checksum(of rate: some LearningRate) -> String {
  let trace = Trace()
  let graph = try? trace.finish([("rate", trace.record { rate.rate(step: trace.input("step", TensorType(.i64, []))) })])
  return graph.map { checksum(of: $0) } ?? "that fails"
}
