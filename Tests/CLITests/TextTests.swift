// Texts that a program shows at its end.

import DescentCLI
import DescentData
import DescentIR
import DescentNN
import Testing

/// A straight line that says what it has learned.
private struct Speaker: TrainingProgram {
  static let name = "speaker"
  static let abstract = "A line."
  static let defaults = TrainingDefaults(epochs: 1)
  func data() throws -> TrainingData { try Line().data() }
  func trainer() throws -> Trainer<Weights> { try Line().trainer() }
  func finish(_ run: FinishedRun<Weights>) throws { try run.show("a\n\n\"b\"", as: "words") }
}

@Suite struct TextTests {
  @Test func linesOrOneObject() throws {
    let (plain, json) = (Lines(), Lines())
    try command(Speaker.self, Train<Speaker>.self, "train", "--engine", "interpreted").run(on: plain.console)
    #expect(plain.all.suffix(2) == ["a", "\"b\""])
    try command(Speaker.self, Train<Speaker>.self, "train", "--engine", "interpreted", "--json").run(on: json.console)
    let event = try #require(try json.events("text").first)
    #expect(event["name"] as? String == "words" && event["text"] as? String == "a\n\n\"b\"")
    #expect(
      try json.all.count == json.events("text").count + json.events("start").count + json.events("epoch").count
        + json.events("end").count)
  }
}
