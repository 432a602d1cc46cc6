// compare, inspect and profile within this process; tolerances and text.

import ArgumentParser
import DescentCLI
import DescentData
import DescentIR
import DescentInterpreter
import DescentNN
import DescentOps
import Foundation
import Testing

@Suite struct CommandTests {
  @Test func compareAgrees() throws {
    let lines = Lines()
    try command(FewDigits.self, Compare<FewDigits>.self, "compare", "--steps", "5", "--json").run(on: lines.console)
    #expect(try lines.events("step").count == 5)
    let end = try #require(try lines.events("end").first)
    #expect(end["agree"] as? Bool == true)
    let speedup = try #require(end["speedup"] as? Double)
    #expect(speedup > 0)
    let text = Lines()
    try command(Line.self, Compare<Line>.self, "compare", "--steps", "12").run(on: text.console)
    #expect(text.all.last == "they agree")
  }

  @Test func inspectShowsEachStage() throws {
    func text(_ stage: String) throws -> String {
      let lines = Lines()
      try command(FewDigits.self, Inspect<FewDigits>.self, "inspect", stage).run(on: lines.console)
      return lines.all.joined(separator: "\n")
    }
    #expect(try text("graph").contains("\"predictions\""))
    #expect(try text("backward").contains("adjoint contract"))
    #expect(try text("schedule").hasPrefix("k0: "))
    #expect(try text("memory").contains("arena"))
    #expect(try text("c").contains("train_step("))
    #expect(try text("dot").hasPrefix("digraph {"))
    // What is printed parses back to a graph.
    _ = try Graph.parse(try text("graph"), operations: registry)
  }

  @Test func profileHasARowForEachKernel() throws {
    let lines = Lines()
    try command(FewDigits.self, Profile<FewDigits>.self, "profile", "--steps", "20", "--json").run(on: lines.console)
    let rows = try lines.events("kernel")
    #expect(rows.count > 5)
    #expect(abs(rows.reduce(0.0) { $0 + ($1["share"] as? Double ?? 0) } - 1) < 1e-6)
    #expect(rows.contains { ($0["where"] as? String)?.hasPrefix("CLITests/Programs.swift:") == true })
  }

  @Test func dotEscapesNames() {
    var graph = Graph()
    graph.outputs = [graph.addInput("a\"]; evil [label=\"\\", TensorType(.f32, [2]))]
    graph.outputLabels = ["out"]
    #expect(graph.dot.contains("label=\"%0 input a\\\"]; evil [label=\\\"\\\\\\nf32[2]\""))
  }

  @Test func tolerancePolicy() throws {
    #expect(Tolerance(.f32, longestSum: 100).relative > Tolerance(.f64, longestSum: 100).relative * 1e8)
    #expect(Tolerance(.i32, longestSum: 100).relative == 0)
    #expect(Tolerance(.f32, longestSum: 400).relative == 2 * Tolerance(.f32, longestSum: 100).relative)
    #expect(Tolerance.difference(1.0, 1.0) == 0 && Tolerance.difference(2.0, 1.0) == 0.5)
    #expect(Tolerance.difference(.nan, 1.0) == .infinity && Tolerance.difference(.nan, .nan) == 0)
    #expect(Tolerance.difference([3, 4], [3, 4]) == 0 && Tolerance.difference([0], [1, 2]) == .infinity)
    #expect(abs(Tolerance.difference([3, 4], [3, 3]) - 0.2) < 1e-12)
    #expect(Tolerance.difference([.infinity, 1], [1, 1]) == .infinity)
  }

  @Test func linesOfJSON() {
    #expect(
      JSON.line(["a": "q\"\n", "b": .double(.nan), "c": 1.5, "d": true]) == #"{"a":"q\"\n","b":null,"c":1.5,"d":true}"#)
  }
}
