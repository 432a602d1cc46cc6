// A text as a row of characters, for programs that learn to write: nine plays of Shakespeare where no other is named.

import Descent
import Foundation

public struct Characters: Sendable {
  /// Nothing but the text's characters decides the vocabulary, so every command has the same.
  public let tokenizer: CharacterTokenizer
  public let tokens: [Int]

  /// Reads a file of text, the plays where nil.
  public init(of file: String?) throws {
    let file = file ?? Bundle.module.path(forResource: "shakespeare", ofType: "txt") ?? "shakespeare.txt"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    tokenizer = CharacterTokenizer(text)
    tokens = try tokenizer.encode(text)
  }

  /// Windows of the text and the same windows one character on; the last tenth of the text is held out.
  public func windows(of length: Int) throws -> TrainingData {
    let split = tokens.count * 9 / 10
    return (
      try .windows(of: Array(tokens[..<split]), length: length),
      try .windows(of: Array(tokens[split...]), length: length)
    )
  }
}
