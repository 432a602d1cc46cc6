// The text form of a graph: printed here, read back by Graph+Parser.swift. The same graph gives the same bytes.

extension Graph {
  /// The graph as text, a node a line; `parse` reads it back.
  package var text: String { text(withPlaces: true) }

  /// The same, or without the places in the user's files: of two programs that compute the same, the same text.
  package func text(withPlaces: Bool) -> String {
    var lines = ["graph {"]
    for id in ids {
      let node = self[id]
      var line = "  %\(id.index) = \(node.op.name)"
      line += node.operands.map { " %\($0.index)" }.joined()
      line += node.op.attributes.text(withPlaces: withPlaces) + " : \(node.result)"
      if withPlaces, let location = node.location { line += " @ \(quoted(location.file)):\(location.line)" }
      if let adjoint = node.adjointOf { line += " adjoint \(adjoint)" }
      lines.append(line)
    }
    let outputs = zip(outputs, outputLabels).map { "%\($0.index) \(quoted($1))" }
    lines.append("  return " + outputs.joined(separator: ", "))
    lines.append("}\n")
    return lines.joined(separator: "\n")
  }
}

/// A string in quotation marks with JSON's escapes.
package func quoted(_ string: String) -> String {
  var out = "\""
  for scalar in string.unicodeScalars {
    switch scalar {
    case "\"": out += "\\\""
    case "\\": out += "\\\\"
    case "\n": out += "\\n"
    default:
      if scalar.value < 32 {
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      } else {
        out.unicodeScalars.append(scalar)
      }
    }
  }
  return out + "\""
}

extension Attributes {
  /// ` {axes=[0,1], dtype=f32}`, or nothing where there are none.
  package var text: String { text(withPlaces: true) }

  fileprivate func text(withPlaces: Bool) -> String {
    if entries.isEmpty { return "" }
    return " {" + entries.map { "\($0.name)=\($0.value.text(withPlaces))" }.joined(separator: ", ") + "}"
  }
}

extension Attribute {
  fileprivate func text(_ withPlaces: Bool) -> String {
    switch self {
    case .int(let v): "\(v)"
    case .bool(let v): "\(v)"
    case .ints(let v): Shape(v).description
    case .real(let v): "real \(exactText(v))"
    case .string(let v): quoted(v)
    case .dtype(let v): v.name
    case .graph(let v): String(v.text(withPlaces: withPlaces).dropLast()).replacing("\n", with: "\n  ")
    case .array(let v):
      "array \(v.type) ("
        + (v.dtype.isFloating ? v.doubles.map(exactText) : v.ints.map(String.init)).joined(separator: " ") + ")"
    }
  }
}

/// A double as text that reads back to the same bits (but for the payload of a NaN).
package func exactText(_ value: Double) -> String {
  if value.isNaN { return "nan" }
  if value.isInfinite { return value < 0 ? "-inf" : "inf" }
  return "\(value)"
}
