// Minimization of a function of parameters as a whole, without batches: L-BFGS (Nocedal, 1980; Nocedal and Wright, Numerical
// Optimization, 2nd ed., algorithms 7.4 and 7.5) with a line search for the strong Wolfe conditions. Vectors are kept here in
// f64; only the function, compiled or interpreted, is made of graph operations.

import DescentIR

/// What `minimize` came to.
public struct Minimum<P: ParameterTree>: Sendable {
  /// Why it stopped.
  public enum Reason: String, Sendable {
    /// No element of the gradient is greater than the tolerance.
    case gradient
    /// The value falls by less than the tolerance.
    case change
    /// As many iterations as allowed are done.
    case iterations
    /// Along the steepest descent no lower value was found: the end of the number format's precision, or a wrong gradient.
    case lineSearch
    /// The value falls without end along a direction: to -∞, or by steps 10²⁴ times the first. There is no minimum; the parameters
    /// are the last with a finite value.
    case unbounded
  }
  public var parameters: P
  public var value: Double
  /// The greatest absolute element of the gradient at the parameters.
  public var gradientNorm: Double
  public var iterations: Int
  /// Calls of the function.
  public var evaluations: Int
  public var reason: Reason
}

/// Minimizes a smooth function of parameters by L-BFGS, from `start` to a local minimum.
///
/// `f` gives the value, one number, and the gradient, as `valueAndGrad` makes it and `compile` speeds it up:
/// ```swift
/// let step = compile(valueAndGrad(loss))
/// let fit = try minimize({ try step($0, x, y) }, from: p)
/// ```
/// It stops where max |gradient| ≤ `gradientTolerance`, where an iteration lowers the value f by less than
/// `valueTolerance` · max(|f before|, |f after|, 1), or after `iterations` iterations; where the value falls without end, with the reason
/// `unbounded`. `history` is the number of past steps that
/// stand for the inverse Hessian. Throws what `f` throws, and where the value or gradient at the start is not finite.
public func minimize<P: ParameterTree>(
  _ f: (P) throws -> (Tensor, P), from start: P, iterations: Int = 1_000, history: Int = 10,
  gradientTolerance: Double = 1e-6, valueTolerance: Double = 1e-12, file: StaticString = #fileID, line: UInt = #line
) throws -> Minimum<P> {
  let flat = try FlatTree(start)
  var evaluations = 0
  var precision = 0.0

  func tree(_ x: [Double]) throws -> P {
    var next = 0
    return try start.replacing(
      flat.leaves.map { leaf in
        let first = next
        next += leaf.shape.count
        return Tensor(HostArray(leaf.type) { x[first + $0] })
      })
  }
  func evaluate(_ x: [Double]) throws -> (value: Double, gradient: [Double]) {
    evaluations += 1
    let (value, gradient) = try f(try tree(x))
    precision = value.dtype == .f64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
    return (try value.scalar, try gradient.flattened().leaves.flatMap { try $0.doubles })
  }

  let place = SourceLocation(file, line)
  var at = try Iterate(try flat.leaves.flatMap { try $0.doubles }, history: history, place, evaluate)
  func result(_ iterations: Int, _ reason: Minimum<P>.Reason) throws -> Minimum<P> {
    Minimum(
      parameters: try tree(at.x), value: at.value, gradientNorm: largest(at.gradient), iterations: iterations,
      evaluations: evaluations, reason: reason)
  }
  var iteration = 0
  while true {
    if largest(at.gradient) <= gradientTolerance { return try result(iteration, .gradient) }
    if iteration == iterations { return try result(iteration, .iterations) }
    let before = at.value
    switch try at.advance(precision, evaluate) {
    case .lower: iteration += 1
    case .none: return try result(iteration, .lineSearch)
    case .unbounded: return try result(iteration + 1, .unbounded)
    }
    if largest(at.gradient) > gradientTolerance,
      before - at.value < valueTolerance * max(abs(before), abs(at.value), 1)
    {
      return try result(iteration, .change)
    }
  }
}

/// Where the minimization stands, with the past steps that give the next direction.
private struct Iterate {
  private(set) var x: [Double]
  private(set) var value: Double
  private(set) var gradient: [Double]
  private var memory: Memory

  /// What a line search found: a lower point, none, or a fall without end.
  enum Outcome { case lower, none, unbounded }

  /// The start; throws unless value and gradient are finite there.
  init(
    _ x: [Double], history: Int, _ place: SourceLocation,
    _ evaluate: ([Double]) throws -> (value: Double, gradient: [Double])
  ) throws {
    (value, gradient) = try evaluate(x)
    self.x = x
    memory = Memory(capacity: history)
    guard gradient.count == x.count else {
      throw DescentError(
        .usage, "minimize got a gradient of \(gradient.count) numbers for \(x.count) parameters", at: place)
    }
    guard value.isFinite, gradient.allSatisfy(\.isFinite) else {
      throw DescentError(
        .usage, "minimize needs a finite value and gradient at the start; the value is \(value)", at: place)
    }
  }

  /// One iteration: along the direction of the past steps or, where they lead nowhere, along the steepest descent. The values
  /// of the function are known to the relative `precision`.
  mutating func advance(
    _ precision: Double, _ evaluate: ([Double]) throws -> (value: Double, gradient: [Double])
  ) throws -> Outcome {
    while true {
      var direction = memory.direction(gradient)
      if dot(direction, gradient) >= 0 {
        // Rounding has spoilt the history.
        memory.forget()
        direction = memory.direction(gradient)
      }
      // Without a history the direction has no natural length.
      let trial = memory.isEmpty ? min(1, 1 / gradient.reduce(0) { $0 + abs($1) }) : 1
      let from = LinePoint(step: 0, value: value, slope: dot(direction, gradient), gradient: gradient)
      let (smallest, noise) = (1e-9 / largest(direction), 8 * precision * abs(value))
      let point = try searchLine(from: from, trial: trial, smallest: smallest, noise: noise) { step in
        let (value, gradient) = try evaluate(along(x, step, direction))
        return LinePoint(step: step, value: value, slope: dot(direction, gradient), gradient: gradient)
      }
      if point.isUnbounded {
        move(to: point, direction)
        return .unbounded
      }
      if point.step > 0 {
        memory.add(step: direction.map { $0 * point.step }, change: zip(point.gradient, gradient).map { $0 - $1 })
        move(to: point, direction)
        return .lower
      }
      if memory.isEmpty { return .none }
      memory.forget()
    }
  }
  private mutating func move(to point: LinePoint, _ direction: [Double]) {
    x = along(x, point.step, direction)
    (value, gradient) = (point.value, point.gradient)
  }
}

/// Past steps s and the changes y of the gradient over them, the latest last.
private struct Memory {
  private let capacity: Int
  private var pairs: [(s: [Double], y: [Double], rho: Double)] = []

  init(capacity: Int) { self.capacity = max(capacity, 0) }
  var isEmpty: Bool { pairs.isEmpty }
  mutating func forget() { pairs = [] }

  mutating func add(step s: [Double], change y: [Double]) {
    let curvature = dot(s, y)
    // Only positive curvature keeps the approximation of the inverse Hessian positive definite.
    guard curvature > Double.ulpOfOne * dot(y, y), capacity > 0 else { return }
    if pairs.count == capacity { pairs.removeFirst() }
    pairs.append((s, y, 1 / curvature))
  }

  /// -H g by the two-loop recursion, where H begins as sᵀy / yᵀy of the last pair.
  func direction(_ gradient: [Double]) -> [Double] {
    var q = gradient.map { -$0 }
    guard let last = pairs.last else { return q }
    var alphas: [Double] = []
    for pair in pairs.reversed() {
      let alpha = pair.rho * dot(pair.s, q)
      q = along(q, -alpha, pair.y)
      alphas.append(alpha)
    }
    let scale = 1 / (last.rho * dot(last.y, last.y))
    q = q.map { $0 * scale }
    for (pair, alpha) in zip(pairs, alphas.reversed()) { q = along(q, alpha - pair.rho * dot(pair.y, q), pair.s) }
    return q
  }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
private func along(_ x: [Double], _ step: Double, _ d: [Double]) -> [Double] { zip(x, d).map { $0 + step * $1 } }
/// The greatest absolute element.
private func largest(_ x: [Double]) -> Double { x.reduce(0) { max($0, abs($1)) } }
