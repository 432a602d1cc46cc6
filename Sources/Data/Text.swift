// Text as tokens: a vocabulary of characters, and windows of a long row of tokens with the tokens that follow.

import DescentIR

/// Characters as numbers: those of a text, sorted, are 0, 1, ….
public struct CharacterTokenizer: Sendable, Hashable {
  /// The characters in the order of their numbers.
  public let vocabulary: [Character]

  /// The characters of `text`, each once, sorted.
  public init(_ text: String) { vocabulary = Set(text).sorted() }

  /// The number of characters.
  public var count: Int { vocabulary.count }

  /// The numbers of a text's characters; throws for one that the vocabulary has not, naming it and its place.
  public func encode(_ text: String, file: StaticString = #fileID, line: UInt = #line) throws -> [Int] {
    let numbers = Dictionary(uniqueKeysWithValues: zip(vocabulary, 0...))
    return try text.enumerated().map { place, character in
      guard let number = numbers[character] else {
        throw DescentError(
          .usage,
          "the character \(String(character).debugDescription) at place \(place) is not among the \(count) of "
            + "the vocabulary", at: SourceLocation(file, line))
      }
      return number
    }
  }

  /// The text of numbers; throws for one outside 0..<count.
  public func decode(_ tokens: some Sequence<Int>, file: StaticString = #fileID, line: UInt = #line) throws -> String {
    String(
      try tokens.map { token in
        guard vocabulary.indices.contains(token) else {
          throw DescentError(
            .usage, "the token \(token) is outside the vocabulary 0..<\(count)", at: SourceLocation(file, line))
        }
        return vocabulary[token]
      })
  }
}

extension Dataset {
  /// Windows of `length` tokens as inputs, and the same windows one token on as targets: both i32 [rows, length].
  ///
  /// A window begins at every `stride`-th token, `length` where nil, as long as it and the token after it are there. Throws
  /// where there is no window, and for a token that is no i32.
  public static func windows(
    of tokens: [Int], length: Int, stride: Int? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Dataset {
    let stride = stride ?? length
    guard length > 0, stride > 0, tokens.count > length else {
      throw DescentError(
        .usage,
        "windows of \(length) tokens at every \(stride)-th of \(tokens.count): a length and a stride of at least 1 "
          + "and more tokens than the length are needed", at: SourceLocation(file, line))
    }
    let numbers = try tokens.map { token in
      guard let number = Int32(exactly: token) else {
        throw DescentError(.usage, "the token \(token) is no i32", at: SourceLocation(file, line))
      }
      return number
    }
    let starts = Array(Swift.stride(from: 0, to: tokens.count - length, by: stride))
    func rows(_ offset: Int) -> Tensor {
      Tensor(starts.flatMap { numbers[($0 + offset)..<($0 + offset + length)] }, shape: [starts.count, length])
    }
    return try Dataset(inputs: rows(0), targets: rows(1))
  }
}
