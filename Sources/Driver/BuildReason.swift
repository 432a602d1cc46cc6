// Why an earlier build does not serve: the first thing in which two calls of a function differ, in words.

import DescentIR

/// What is built for a call, and what is another there than at the last build.
struct BuildReason {
  let text: String

  /// `known`: the arguments and the graph of the last build that is most like it; nil for the first.
  init(_ key: CallKey, _ graph: Graph, _ known: (key: CallKey, graph: Graph)?) {
    guard let known else {
      text = "built, for \(key.types.flatMap { $0 }.map(\.description).joined(separator: ", "))"
      return
    }
    text = "built again: " + (Self.types(key, known.key) ?? Self.numbers(key, known.key, graph, known.graph))
  }

  /// The first tensor that is of another type, or that only one of two calls has.
  private static func types(_ key: CallKey, _ known: CallKey) -> String? {
    for (number, (new, old)) in zip(key.paths, known.paths).enumerated() where new != old {
      return "argument \(number) has the tensors [\(new.joined(separator: ", "))],"
        + " the last time [\(old.joined(separator: ", "))]"
    }
    for (number, (new, old)) in zip(key.types, known.types).enumerated() {
      for (path, (a, b)) in zip(key.paths[number], zip(new, old)) where a != b {
        return "\(name(number, path)) is \(a), the last time \(b)"
      }
    }
    return key.form == known.form ? nil : "the arguments have other parts beside their tensors than the last time"
  }

  /// The numbers that are others, and the first operation that is another for it.
  private static func numbers(_ key: CallKey, _ known: CallKey, _ graph: Graph, _ old: Graph) -> String {
    var parts: [String] = []
    for (number, (a, b)) in zip(key.structures, known.structures).enumerated() {
      for (new, old) in zip(a.settings, b.settings) where new.value != old.value {
        parts.append("\(name(number, new.path)) is \(new.value), the last time \(old.value)")
      }
    }
    let numbers = parts.isEmpty ? "the function itself has changed" : parts.joined(separator: "; ")
    guard let place = zip(graph.nodes, old.nodes).first(where: { $0 != $1 }) else {
      return numbers + "; the graph has \(graph.nodes.count) operations, the last time \(old.nodes.count)"
    }
    func words(_ node: Node) -> String { "'\(node.op.name)'" + (node.location.map { " at \($0)" } ?? "") }
    let change =
      place.0.op.name == place.1.op.name && place.0.location == place.1.location
      ? "\(words(place.0)) is another" : "\(words(place.0)) stands where \(words(place.1)) stood"
    return "\(numbers), and so \(change)"
  }

  private static func name(_ argument: Int, _ path: String) -> String {
    path.isEmpty ? "argument \(argument)" : "'\(path)' of argument \(argument)"
  }
}
