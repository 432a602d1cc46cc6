// Reads the text form. Takes text and the known operations; gives a verified graph or an error that names the line.

extension Graph {
  /// Parses the text form; `operations` are the kinds it may name (the registry).
  package static func parse(_ text: String, operations: [any NodeOp.Type]) throws -> Graph {
    var graph = Graph()
    var closed = false
    var begun = false
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map {
      (number: $0.offset, text: $0.element)
    }[...]
    while let (number, line) = lines.popFirst() {
      // A graph within a line reaches over lines; it is read first, and its place in the line is left empty.
      var scanner = Scanner(line)
      while begun, scanner.endsWithGraph {
        let inner = takeGraph(&lines)
        scanner.graphs.append(try parse(inner.text, operations: operations))
        scanner.append(inner.rest)
      }
      do {
        scanner.skipSpace()
        if scanner.atEnd || scanner.take("//") { continue }
        if scanner.take("graph {") {
          begun = true
        } else if scanner.take("}") {
          closed = true
        } else if scanner.take("return") {
          try parseReturn(&scanner, &graph)
        } else {
          try parseNode(&scanner, &graph, operations)
        }
        scanner.skipSpace()
        guard scanner.atEnd else { throw scanner.error("the end of the line") }
      } catch let error as DescentError {
        throw DescentError(.verification, "line \(number + 1) of a graph: \(error.message)")
      }
    }
    guard begun, closed else { throw DescentError(.verification, "a graph begins with 'graph {' and ends with '}'") }
    try graph.verify()
    return graph
  }

  /// The lines up to the brace that closes a graph, and what follows it in its line.
  private static func takeGraph(_ lines: inout ArraySlice<(number: Int, text: Substring)>) -> (
    text: String, rest: Substring
  ) {
    var inner = ["graph {"]
    var depth = 1
    while let (_, line) = lines.popFirst() {
      let trimmed = line.drop { $0 == " " }
      if trimmed.hasPrefix("}") { depth -= 1 }
      if depth == 0 { return ((inner + ["}"]).joined(separator: "\n"), trimmed.dropFirst()) }
      if line.hasSuffix("graph {") { depth += 1 }
      inner.append(String(line))
    }
    return (inner.joined(separator: "\n"), "")
  }

  private static func parseReturn(_ scanner: inout Scanner, _ graph: inout Graph) throws {
    repeat {
      scanner.skipSpace()
      if scanner.atEnd { return }
      graph.outputs.append(try scanner.node(below: graph.nodes.count))
      scanner.skipSpace()
      graph.outputLabels.append(try scanner.string())
    } while scanner.take(",")
  }

  private static func parseNode(_ s: inout Scanner, _ graph: inout Graph, _ operations: [any NodeOp.Type]) throws {
    guard try s.node(below: graph.nodes.count + 1).index == graph.nodes.count else {
      throw s.error("node %\(graph.nodes.count)")
    }
    try s.expect(" = ")
    let name = s.word()
    guard let kind = ([Input.self as any NodeOp.Type] + operations).first(where: { $0.name == name }) else {
      throw DescentError(.verification, "unknown operation '\(name)'")
    }
    var operands: [NodeID] = []
    while s.take(" %", keeping: 1) { operands.append(try s.node(below: graph.nodes.count)) }
    var attributes = Attributes([])
    if s.take(" {") {
      repeat {
        s.skipSpace()
        let name = s.word()
        try s.expect("=")
        attributes.entries.append((name: name, value: try s.attribute()))
      } while s.take(",")
      try s.expect("}")
    }
    try s.expect(" : ")
    let result = try s.result()
    var location: SourceLocation?
    if s.take(" @ ") {
      let file = try s.string()
      try s.expect(":")
      location = SourceLocation(file: file, line: try s.int())
    }
    let adjoint = s.take(" adjoint ") ? s.word() : nil
    let id = try graph.append(try kind.init(attributes), operands, at: location, adjointOf: adjoint)
    guard graph[id].result == result else {
      throw DescentError(.verification, "\(name) gives \(graph[id].result), not \(result)")
    }
  }
}

/// A cursor over one line.
private struct Scanner {
  private var rest: Substring
  /// Graphs that stand within the line, in order.
  var graphs: [Graph] = []
  init(_ line: Substring) { rest = line }

  var endsWithGraph: Bool { rest.hasSuffix("=graph {") }
  /// Puts what follows a graph in its place.
  mutating func append(_ text: Substring) { rest = rest.dropLast(2) + text }

  var atEnd: Bool { rest.isEmpty }
  mutating func skipSpace() { rest = rest.drop { $0 == " " } }
  func error(_ wanted: String) -> DescentError {
    DescentError(.verification, "expected \(wanted) at '\(rest.prefix(24))'")
  }
  /// Takes `prefix` if it is next, leaving its last `keeping` characters.
  mutating func take(_ prefix: String, keeping: Int = 0) -> Bool {
    guard rest.hasPrefix(prefix) else { return false }
    rest = rest.dropFirst(prefix.count - keeping)
    return true
  }
  mutating func expect(_ prefix: String) throws {
    guard take(prefix) else { throw error("'\(prefix)'") }
  }
  mutating func word() -> String { String(takeWhile { $0.isLetter || $0.isNumber || $0 == "_" }) }
  private mutating func takeWhile(_ test: (Character) -> Bool) -> Substring {
    let taken = rest.prefix(while: test)
    rest = rest.dropFirst(taken.count)
    return taken
  }
  mutating func int() throws -> Int {
    guard let value = Int(takeWhile { $0.isNumber || $0 == "-" }) else { throw error("an integer") }
    return value
  }
  mutating func real() throws -> Double {
    let word = takeWhile { !" ,)}".contains($0) }
    guard let value = Double(word) else { throw DescentError(.verification, "expected a number at '\(word)'") }
    return value
  }
  mutating func node(below limit: Int) throws -> NodeID {
    try expect("%")
    let index = try int()
    guard (0..<limit).contains(index) else { throw DescentError(.verification, "%\(index) is not defined before") }
    return NodeID(index)
  }
  mutating func ints() throws -> [Int] {
    try expect("[")
    var values: [Int] = []
    if take("]") { return values }
    repeat { values.append(try int()) } while take(",")
    try expect("]")
    // Lists are shapes and positions in them: with this bound no arithmetic of an operation overflows.
    let size = values.reduce(1.0) { $0 * Swift.max(Double($1.magnitude), 1) }
    guard size < 0x1p40 else { throw error("a reasonable shape") }
    return values
  }
  mutating func type() throws -> TensorType {
    guard let dtype = DType(name: word()) else { throw error("a tensor type") }
    let dimensions = try ints()
    var count = 1
    for d in dimensions {
      let (product, overflow) = count.multipliedReportingOverflow(by: max(d, 1))
      guard d >= 0, !overflow, product < 1 << 40 else { throw error("a reasonable shape") }
      count = product
    }
    return TensorType(dtype, Shape(dimensions))
  }
  mutating func result() throws -> NodeResult {
    guard take("(") else { return .tensor(try type()) }
    var types: [TensorType] = []
    while !take(")") {
      if !types.isEmpty { try expect(", ") }
      types.append(try type())
    }
    return .several(types)
  }
  mutating func string() throws -> String {
    try expect("\"")
    var out = ""
    while let c = rest.popFirst() {
      if c == "\"" { return out }
      guard c == "\\" else { out.append(c); continue }
      switch rest.popFirst() {
      case "n": out.append("\n")
      case "u":
        guard let code = UInt32(rest.prefix(4), radix: 16), let scalar = Unicode.Scalar(code) else {
          throw error("four hexadecimal digits")
        }
        rest = rest.dropFirst(4)
        out.unicodeScalars.append(scalar)
      case let other?: out.append(other)
      case nil: break
      }
    }
    throw DescentError(.verification, "a string without an end")
  }
  mutating func attribute() throws -> Attribute {
    if take("graph"), !graphs.isEmpty { return .graph(graphs.removeFirst()) }
    if take("real ") { return .real(try real()) }
    if take("array ") {
      let type = try type()
      try expect(" (")
      var values: [Substring] = []
      while !take(")") {
        skipSpace()
        let word = takeWhile { $0 != " " && $0 != ")" }
        if word.isEmpty && atEnd { throw error("')'") }
        if !word.isEmpty { values.append(word) }
      }
      guard values.count == type.shape.count else { throw error("\(type.shape.count) numbers") }
      func build<T: Element>(_: T.Type) throws -> HostArray {
        HostArray(
          type.shape,
          try values.map { word -> T in
            if T.dtype.isFloating, let value = Double(word) { return T(clamping: value) }
            guard !T.dtype.isFloating, let value = Int(word) else { throw error("a number of type \(type.dtype.name)") }
            return T(wrapping: value)
          })
      }
      return .array(try dispatch(type.dtype) { try build($0) })
    }
    if rest.hasPrefix("[") { return .ints(try ints()) }
    if rest.hasPrefix("\"") { return .string(try string()) }
    if let first = rest.first, first.isNumber || first == "-" { return .int(try int()) }
    let word = word()
    if let truth = Bool(word) { return .bool(truth) }
    guard let dtype = DType(name: word) else { throw error("an attribute") }
    return .dtype(dtype)
  }
}
