// The text form: what is printed, and where the parser refuses.

import DescentIR
import DescentOps
import Testing

private let good = """
  graph {
    %0 = input {index=0, label="x", dtype=f32, shape=[2,3]} : f32[2,3]
    %1 = tanh %0 : f32[2,3] @ "A/main.swift":9
    %2 = sum %1 {axes=[1]} : f32[2] @ "A/main.swift":10 adjoint tanh
    return %2 "y", %1 "h"
  }

  """

/// One line of the good text replaced, with the line's number and a part of the message that is due.
private struct Refusal: Sendable, CustomTestStringConvertible {
  var line: Int
  var text: String
  var message: String
  var testDescription: String { text }
  init(_ line: Int, _ text: String, _ message: String) { (self.line, self.text, self.message) = (line, text, message) }
}

private let refusals = [
  Refusal(3, "%1 = tangent %0 : f32[2,3]", "unknown operation 'tangent'"),
  Refusal(3, "%2 = tanh %0 : f32[2,3]", "%2 is not defined before"),
  Refusal(3, "%0 = tanh %0 : f32[2,3]", "expected node %1"),
  Refusal(3, "%1 = tanh %1 : f32[2,3]", "%1 is not defined before"),
  Refusal(3, "%1 = tanh %0 : f32[3,2]", "tanh gives f32[2,3], not f32[3,2]"),
  Refusal(3, "%1 = tanh %0 : f16[2,3]", "expected a tensor type"),
  Refusal(3, "%1 = tanh %0 : f32[2,3", "expected ']'"),
  Refusal(3, "%1 = tanh %0 : f32[99999999999,99999999999]", "a reasonable shape"),
  Refusal(3, "%1 = tanh %0 : f32[2,3] and more", "expected the end of the line"),
  Refusal(3, "%1 = input {index=7, label=\"\", dtype=f32, shape=[2,3]} : f32[2,3]", "input 7 where input 1 is due"),
  Refusal(3, "%1 = reshape %0 {shape=[99999999999,99999999999]} : f32[6]", "a reasonable shape"),
  Refusal(3, "%1 = tanh %0 %0 : f32[2,3]", "tanh takes 1 operands, not 2"),
  Refusal(3, "%1 = tanh %0 : f32[2,3] @ \"A", "a string without an end"),
  Refusal(3, "%1 = tanh %0 : f32[2,3] @ \"A\\u12\":1", "expected four hexadecimal digits"),
  Refusal(4, "%2 = sum %1 : f32[2]", "attribute 'axes' is missing"),
  Refusal(4, "%2 = sum %1 {axes=1} : f32[2]", "attribute 'axes' is not a list of integers"),
  Refusal(4, "%2 = sum %1 {axes=[x]} : f32[2]", "expected an integer"),
  Refusal(4, "%2 = sum %1 {axes=[5]} : f32[2]", "sum over axes [5]"),
  Refusal(4, "%2 = constant {value=array f32[2] (1.0)} : f32[2]", "expected 2 numbers"),
  Refusal(4, "%2 = constant {value=array i32[1] (1.5)} : i32[1]", "expected a number of type i32"),
  Refusal(4, "%2 = compare %1 %1 {direction=\"up\"} : bool[2,3]", "there is no comparison 'up'"),
  Refusal(5, "return %7 \"y\"", "%7 is not defined before"),
  Refusal(5, "return %2", "expected"),
]

@Suite struct TextTests {
  @Test func printsWhatItReads() throws {
    let graph = try Graph.parse(good, operations: registry)
    #expect(graph.text == good)
    #expect(graph.outputLabels == ["y", "h"])
    #expect(graph[NodeID(2)].location == SourceLocation(file: "A/main.swift", line: 10))
    #expect(graph[NodeID(2)].adjointOf == "tanh")
    #expect(graph.uses[0] == [NodeID(1)])
  }

  @Test(arguments: refusals)
  private func refusesWithTheLine(_ refusal: Refusal) {
    var lines = good.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines[refusal.line - 1] = "  " + refusal.text
    let error = #expect(throws: DescentError.self) {
      try Graph.parse(lines.joined(separator: "\n"), operations: registry)
    }
    let message = error?.message ?? ""
    #expect(message.hasPrefix("line \(refusal.line) of a graph: "), "\(message)")
    #expect(message.contains(refusal.message), "\(message)")
  }

  @Test(arguments: ["", "graph {\n", "}\n", "%0 = input"])
  func refusesWhatIsNoGraph(_ text: String) {
    #expect(throws: DescentError.self) { try Graph.parse(text, operations: registry) }
  }

  /// Any prefix, and any one byte left out, is read or refused and never a crash.
  @Test func survivesDamage() {
    let characters = Array(good)
    for i in characters.indices {
      _ = try? Graph.parse(String(characters[..<i]), operations: registry)
      _ = try? Graph.parse(String(characters[..<i] + characters[(i + 1)...]), operations: registry)
      for other in ["\"", "-", "9", "[", "%", "\\"] {
        _ = try? Graph.parse(String(characters[..<i]) + other + String(characters[(i + 1)...]), operations: registry)
      }
    }
  }

  @Test(arguments: ["plain", "a \"b\" \\ c", "line\nbreak", "tab\t\u{1}", "θ λ 🙂", ""])
  func stringsReadBack(_ label: String) throws {
    var graph = Graph()
    graph.outputs = [graph.addInput(label, TensorType(.f32, []))]
    graph.outputLabels = [label]
    let again = try Graph.parse(graph.text, operations: registry)
    #expect(again.outputLabels == [label])
    #expect(again.label(ofInput: 0) == label)
  }

  @Test(arguments: [0.1, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, 1.7976931348623157e308, 1e22])
  func numbersReadBack(_ value: Double) throws {
    for dtype in [DType.f64, .f32] {
      var graph = Graph()
      let array = HostArray(TensorType(dtype, [1])) { _ in value }
      graph.outputs = [try graph.append(Constant(array), [])]
      graph.outputLabels = [""]
      let again = try Graph.parse(graph.text, operations: registry)
      let read = (again[NodeID(0)].op as? Constant)?.array.doubles[0]
      #expect(read?.bitPattern == array.doubles[0].bitPattern || (value.isNaN && read?.isNaN == true))
    }
  }
}
