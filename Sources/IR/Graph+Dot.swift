// The graph as Graphviz's DOT. Every text stands in quotes with its quotes and backslashes escaped, so no name becomes
// syntax.

extension Graph {
  /// A digraph: inputs as boxes, outputs doubly framed, the backward part in gray; edges from operand to user.
  package var dot: String {
    var lines = ["digraph {", "  rankdir=TB;", "  node [shape=ellipse, fontname=\"monospace\", fontsize=10];"]
    let outputs = Set(outputs)
    for id in ids {
      let node = self[id]
      var text = "%\(id.index) \(node.op.name)"
      if let input = node.op as? Input { text += " \(input.label)" }
      text += "\n\(node.result)"
      if let location = node.location { text += "\n\(location)" }
      var style = ""
      if node.op is Input { style += ", shape=box" }
      if outputs.contains(id) { style += ", peripheries=2" }
      if let adjoint = node.adjointOf {
        style += ", color=gray50, fontcolor=gray30, tooltip=\(dotQuoted("adjoint of \(adjoint)"))"
      }
      lines.append("  n\(id.index) [label=\(dotQuoted(text))\(style)];")
      lines += node.operands.map { "  n\($0.index) -> n\(id.index);" }
    }
    return (lines + ["}", ""]).joined(separator: "\n")
  }
}

/// A DOT string. Within quotes only `"` needs an escape, and `\` because labels give it a meaning; a line end is `\n`.
private func dotQuoted(_ text: String) -> String {
  var out = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": out += "\\\""
    case "\\": out += "\\\\"
    case "\n": out += "\\n"
    default: if scalar.value >= 32 && scalar.value != 127 { out.unicodeScalars.append(scalar) } else { out += "?" }
    }
  }
  return out + "\""
}
