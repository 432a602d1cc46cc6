// Which token comes next, given the logits of all.
//
// The most likely k: Fan et al., "Hierarchical neural story generation", 2018; the likeliest of mass p: Holtzman et al., "The
// curious case of neural text degeneration", 2020.

import DescentIR
import DescentOps

/// How a token is drawn from logits: with probabilities softmax(logits / temperature), less those that are cut off.
public struct Sampling: Sendable, Hashable {
  /// Above 0; 0 takes the greatest logit, the first of equal ones.
  public var temperature: Double
  /// Only this many of the most likely tokens are drawn; nil for all.
  public var topK: Int?
  /// Of those, only the most likely ones that together have at least this probability; nil for all.
  public var topP: Double?

  public init(temperature: Double = 1, topK: Int? = nil, topP: Double? = nil) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
  }
  /// The greatest logit.
  public static let greedy = Sampling(temperature: 0)

  /// Throws where a setting is out of range.
  func check(at location: SourceLocation) throws {
    guard temperature >= 0, temperature.isFinite else {
      throw DescentError(
        .usage, "a temperature of \(temperature); a finite number of at least 0 is needed", at: location)
    }
    guard topK ?? 1 >= 1 else { throw DescentError(.usage, "topK of \(topK!); at least 1 is needed", at: location) }
    guard topP.map({ $0 > 0 && $0 <= 1 }) ?? true else {
      throw DescentError(.usage, "topP of \(topP!); a number above 0 and up to 1 is needed", at: location)
    }
  }

  /// The probability of each token to be drawn; of equal logits the first counts as the likelier.
  public func probabilities(_ logits: [Double]) -> [Double] {
    let order = logits.indices.sorted { logits[$0] == logits[$1] ? $0 < $1 : logits[$0] > logits[$1] }
    var result = [Double](repeating: 0, count: logits.count)
    guard let best = order.first else { return [] }
    if temperature == 0 {
      result[best] = 1
      return result
    }
    var kept = order.prefix(topK ?? order.count)
    // By the generator's own exponential, which is the same wherever the interpreter is.
    let weights = kept.map { Double.exp((logits[$0] - logits[best]) / temperature) }
    let all = weights.reduce(0, +)
    if let topP {
      var mass = 0.0
      kept = kept.prefix(
        1
          + weights.prefix { weight in
            mass += weight
            return mass < topP * all
          }.count)
    }
    let total = weights.prefix(kept.count).reduce(0, +)
    for (token, weight) in zip(kept, weights) { result[token] = weight / total }
    return result
  }

  /// The token that a uniform number in 0..<1 falls to.
  package func pick(_ logits: [Double], _ unit: Double) -> Int {
    let p = probabilities(logits)
    var sum = 0.0
    let found = p.indices.first { index in
      sum += p[index]
      return p[index] > 0 && unit < sum
    }
    // Rounding may leave the sum of all just below the number.
    return found ?? p.lastIndex { $0 > 0 } ?? 0
  }
}
