// Each rule of the simplifier by itself: text in, text out, and the same numbers.

import DescentIR
import DescentPasses
import Testing

/// A graph before and after simplification, in short form.
struct RuleCase: Sendable, CustomTestStringConvertible {
  var name: String
  var before: String
  var after: String
  /// Without `after`, the graph stays as it is.
  init(_ name: String, _ before: String, _ after: String? = nil) {
    (self.name, self.before, self.after) = (name, before, after ?? before)
  }
  var testDescription: String { name }
}

struct RuleTests {
  @Test(
    arguments: algebraCases + choicesCases + constantsCases + viewsCases + broadcastsCases + reductionsCases
      + contractionsCases + windowsCases + fieldsCases)
  func rule(_ item: RuleCase) throws {
    let before = try graph(item.before)
    let after = try simplify(before)
    try after.verify()
    #expect(after.short == item.after)
    #expect(try simplify(after).short == item.after, "simplified twice")
    let message = try difference(before, after, seed: 3)
    #expect(message == nil, "\(message ?? "")")
  }
}
