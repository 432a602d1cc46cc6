// Text from a language model: its step from one token to the logits of the next is compiled, the choice among them is Swift.

import DescentDriver
import DescentIR
import DescentOps

/// Continues sequences of tokens, one token a step, with the keys and values of earlier ones kept.
///
/// The step is built at the first call for a number of sequences. The same weights, prompt, settings and seed give the same
/// tokens; sequences side by side do not change one another, but each draws numbers of its own.
public struct Generator: Sendable {
  public let model: LanguageModel
  /// Weights, caches, a token of each sequence and its position give logits and new caches.
  package let step: @Sendable (Weights, [KeyValueCache], Tensor, Tensor) throws -> (Tensor, [KeyValueCache])

  /// `engine` says who runs the steps.
  public init(_ model: LanguageModel, engine: Engine = .compiled) {
    self.model = model
    let body = { @Sendable (w: Weights, caches: [KeyValueCache], x: Tensor, position: Tensor) in
      model.decode(w, x, caches, position: position)
    }
    step = engine == .compiled ? compile(body) : body
  }

  /// `count` tokens that follow the prompt, which has at least one.
  public func generate(
    _ weights: Weights, prompt: [Int], count: Int, sampling: Sampling = Sampling(), seed: Int = 0,
    file: StaticString = #fileID, line: UInt = #line
  ) throws -> [Int] {
    try pinned(file, line) {
      try generate(weights, prompts: [prompt], count: count, sampling: sampling, seed: seed)[0]
    }
  }

  /// `count` tokens that follow each of the prompts, which are of one length, at least 1.
  ///
  /// Where a sequence has outgrown the model's context, the latter half of the context is read again as its beginning.
  /// Throws for prompts of other lengths, tokens outside the vocabulary, settings out of range, and errors of building.
  public func generate(
    _ weights: Weights, prompts: [[Int]], count: Int, sampling: Sampling = Sampling(), seed: Int = 0,
    file: StaticString = #fileID, line: UInt = #line
  ) throws -> [[Int]] {
    let location = SourceLocation(file, line)
    try sampling.check(at: location)
    guard let length = prompts.first?.count, length > 0, prompts.allSatisfy({ $0.count == length }), count >= 0 else {
      throw DescentError(
        .usage, "\(count) tokens after prompts of \(prompts.map(\.count)) tokens: one length of at least 1 is needed",
        at: location)
    }
    if let token = prompts.joined().first(where: { !(0..<model.vocabulary).contains($0) }) {
      throw DescentError(
        .usage, "a prompt with token \(token), which is outside the vocabulary 0..<\(model.vocabulary)", at: location)
    }
    var sequences = prompts
    let draws = prompts.indices.map { Philox(seed: Int64(seed), stream: Int64($0)) }
    var caches: [KeyValueCache] = []
    // Tokens of the sequences before `start` are forgotten; those before `read` are in the caches.
    var (start, read) = (0, 0)
    while sequences[0].count < length + count {
      let known = sequences[0].count
      if caches.isEmpty || read - start == model.context {
        // A prompt that is too long, or a full cache.
        start = known <= model.context ? 0 : known - max(model.context / 2, 1)
        (read, caches) = (start, try model.caches(sequences: sequences.count))
      }
      let tokens = Tensor(sequences.map { Int32($0[read]) })
      let (logits, grown) = try step(weights, caches, tokens, Tensor(Int64(read - start)))
      (caches, read) = (grown, read + 1)
      guard read == known else { continue }
      let numbers = try logits.doubles
      for index in sequences.indices {
        let row = Array(numbers[index * model.vocabulary..<(index + 1) * model.vocabulary])
        guard row.allSatisfy({ !$0.isNaN }) else {
          throw DescentError(.usage, "the model gives a logit that is not a number", at: location)
        }
        sequences[index].append(sampling.pick(row, draws[index].unit(known)))
      }
    }
    return sequences.map { Array($0.dropFirst(length)) }
  }
}

extension Philox {
  /// A uniform number in [0, 1) of 53 bits, from the block of this index.
  fileprivate func unit(_ index: Int) -> Double {
    let words = block(index)
    return Double((UInt64(words[1]) << 32 | UInt64(words[0])) >> 11) * 0x1p-53
  }
}
