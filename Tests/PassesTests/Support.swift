// A compact text form for tests, values to try graphs on, and when two values agree.

import DescentIR
import DescentInterpreter
import DescentOps

/// Lines of a graph in short form: `%0 = input f32[2]` and `return %1, %2`, the rest as in the full form.
func graph(_ short: String) throws -> Graph {
  var lines: [String] = []
  var inputs = 0
  for line in short.split(separator: "\n") {
    let words = line.split(separator: " ")
    if words.first == "return" {
      let outputs = words.dropFirst().enumerated().map { "\($1.filter { $0 != "," }) \"y\($0)\"" }
      lines.append("return " + outputs.joined(separator: ", "))
    } else if words.count == 4, words[2] == "input", let bracket = words[3].firstIndex(of: "[") {
      let attributes =
        "{index=\(inputs), label=\"x\(inputs)\", dtype=\(words[3][..<bracket]), shape=\(words[3][bracket...])}"
      lines.append("\(words[0]) = input \(attributes) : \(words[3])")
      inputs += 1
    } else {
      lines.append(String(line))
    }
  }
  return try Graph.parse((["graph {"] + lines + ["}"]).joined(separator: "\n"), operations: registry)
}

extension Graph {
  /// The short form of this graph.
  var short: String {
    text.split(separator: "\n").dropFirst().dropLast().map { line -> String in
      let line = String(line.drop { $0 == " " })
      if line.hasPrefix("return") { return "return " + outputs.map { "%\($0.index)" }.joined(separator: ", ") }
      guard line.contains(" = input ") else { return String(line) }
      return String(line.prefix { $0 != "{" }) + line.split(separator: " ").last!
    }.joined(separator: "\n")
  }

  /// Values for the inputs.
  func draw(seed: Int64) -> [HostArray] {
    inputs.enumerated().map { index, id in
      let operand = Sample.Operand(
        self[id].type.dtype, self[id].type.shape, self[id].type.dtype == .u8 ? 0...9 : -2...2)
      return operand.draw(seed: seed * 100 + Int64(index))
    }
  }

  /// The number of elements of the largest node: no reduction is longer.
  var longest: Int { nodes.map(\.type.shape.count).max() ?? 1 }
}

/// How far apart results may be that differ in the order of rounding: a few rounding steps for each node and each term
/// of the longest sum, relative to the size of the numbers.
func tolerance(_ dtype: DType, nodes: Int, length: Int) -> Double {
  let epsilon = dtype == .f32 ? Double(Float.ulpOfOne) : Double.ulpOfOne
  return epsilon * 4 * Double(nodes + length)
}

/// The first difference between two values beyond a relative tolerance, in words; nil where they agree. NaN agrees with
/// NaN.
func difference(_ a: HostArray, _ b: HostArray, _ tolerance: Double) -> String? {
  guard a.type == b.type else { return "types \(a.type) and \(b.type)" }
  guard a.dtype.isFloating else { return a == b ? nil : "\(a.ints) and \(b.ints)" }
  let (x, y) = (a.doubles, b.doubles)
  let size = (x + y).filter(\.isFinite).map { Swift.abs($0) }.max() ?? 0
  for i in x.indices
  where !(x[i] == y[i] || (x[i].isNaN && y[i].isNaN) || Swift.abs(x[i] - y[i]) <= tolerance * Swift.max(size, 1)) {
    return "element \(i): \(x[i]) and \(y[i])"
  }
  return nil
}

/// The difference between what two graphs compute of the same inputs, in words.
func difference(_ a: Graph, _ b: Graph, seed: Int64) throws -> String? {
  guard a.inputs.map({ a[$0].type }) == b.inputs.map({ b[$0].type }) else { return "inputs" }
  guard a.outputLabels == b.outputLabels else { return "labels \(a.outputLabels) and \(b.outputLabels)" }
  let inputs = a.draw(seed: seed)
  let bound = { tolerance($0, nodes: a.nodes.count, length: a.longest) }
  for (i, (x, y)) in zip(try a.evaluate(inputs), try b.evaluate(inputs)).enumerated() {
    if let difference = difference(x, y, bound(x.dtype)) { return "output \(i), \(difference)" }
  }
  return nil
}
