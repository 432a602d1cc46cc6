// Characters as tokens, and windows of them.

import DescentData
import DescentIR
import Testing

@Suite struct TextTests {
  @Test func charactersAreSorted() throws {
    let tokenizer = CharacterTokenizer("to be, or not")
    #expect(String(tokenizer.vocabulary) == " ,benort" && tokenizer.count == 8)
    #expect(try tokenizer.encode("not b") == [4, 5, 7, 0, 2])
    #expect(try tokenizer.decode([4, 5, 7, 0, 2]) == "not b")
    #expect(CharacterTokenizer("ro ton ,eb") == tokenizer)
    let accents = "naïve Ωμέγα\r\n"
    let other = CharacterTokenizer(accents)
    #expect(try other.decode(try other.encode(accents)) == accents)
    #expect(try tokenizer.encode("") == [] && tokenizer.decode([]) == "")
  }

  @Test func unknownCharactersAndTokensAreErrors() throws {
    let tokenizer = CharacterTokenizer("abc")
    let line = #line + 1
    let error = #expect(throws: DescentError.self) { try tokenizer.encode("ab\"c") }
    #expect(error?.message.contains(#""\"""#) == true && error?.message.contains("place 2") == true)
    #expect(error?.location == SourceLocation("DataTests/TextTests.swift", UInt(line)))
    for token in [-1, 3] {
      let error = #expect(throws: DescentError.self) { try tokenizer.decode([0, token]) }
      #expect(error?.message.contains("token \(token)") == true && error?.message.contains("0..<3") == true)
    }
  }

  @Test func windowsAreFollowedByTheirTargets() throws {
    let data = try Dataset.windows(of: Array(10..<20), length: 3)
    #expect(data.inputs.type == TensorType(.i32, [3, 3]) && data.targets.type == data.inputs.type)
    #expect(try data.inputs.integers == Array(10..<19) && data.targets.integers == Array(11..<20))
    let dense = try Dataset.windows(of: [5, 6, 7, 8], length: 2, stride: 1)
    #expect(try dense.inputs.integers == [5, 6, 6, 7] && dense.targets.integers == [6, 7, 7, 8])
    #expect(try Dataset.windows(of: [1, 2], length: 1, stride: 7).inputs.integers == [1])
    // The last window needs a token after it.
    #expect(try Dataset.windows(of: Array(0..<6), length: 3).count == 1)
    #expect(try Dataset.windows(of: Array(0..<7), length: 3).count == 2)
  }

  @Test func impossibleWindowsAreErrors() {
    for (tokens, length, stride) in [
      ([1, 2], 2, 1), ([1, 2], 0, 1), ([1, 2], 1, 0), ([], 1, 1), ([1, 1 << 40], 1, 1),
    ] {
      let line = #line + 1
      let error = #expect(throws: DescentError.self) { try Dataset.windows(of: tokens, length: length, stride: stride) }
      #expect(error?.location?.line == line)
    }
  }
}
