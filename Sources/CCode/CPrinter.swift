// Loop functions as C: the one place where statements become text.

import DescentIR
import DescentLoops

/// A function as C, with the declarations that belong to it.
struct CPrinter: CNaming {
  let function: LoopFunction
  let name: String
  /// The parameters' names and, where they are known, types for people.
  let parameters: [(name: String, type: String?)]
  /// Of which nodes these are.
  let graph: Graph
  /// Nodes that lie in parameters under other nodes' names: what takes over an input's memory.
  let takenOver: [NodeID: String]

  var lines: [String] = []
  var level = 0
  var variableNames: [Int: String] = [:]
  var valueTexts: [Int: CText] = [:]
  private var localNames: [Int: String] = [:]
  /// Names that may not be given again where the printer stands.
  var taken: Set<String>

  init(
    _ function: LoopFunction, name: String, parameters: [(name: String, type: String?)], graph: Graph,
    takenOver: [NodeID: String]
  ) {
    self.function = function
    self.name = name
    self.parameters = parameters
    self.graph = graph
    self.takenOver = takenOver
    taken = Set(parameters.map(\.name) + ["scratch", "thread", "threads"])
  }

  // MARK: Names

  func name(ofVariable variable: Int) -> String { variableNames[variable]! }
  func text(ofValue value: Int) -> CText { valueTexts[value]! }
  func name(of storage: Storage) -> String {
    switch storage {
    case .parameter(let number): parameters[number].name
    case .local(let number): localNames[number]!
    }
  }
  func isNumber(_ storage: Storage) -> Bool {
    if case .local(let number) = storage { function.locals[number].count == nil } else { false }
  }
  /// A name that is not taken: the wanted one, or it with a number.
  mutating func fresh(_ wanted: String, numbered: Bool = false) -> String {
    var name = numbered ? wanted + "_0" : wanted
    var number = numbered ? 1 : 2
    while taken.contains(name) {
      name = "\(wanted)\(numbered ? "_" : "")\(number)"
      number += 1
    }
    taken.insert(name)
    return name
  }
  mutating func declare(variable: Int) -> String {
    let name = fresh(function.variables[variable].name)
    variableNames[variable] = name
    return name
  }

  // MARK: Lines

  mutating func line(_ text: String) { lines += wrapped(text.indented(level)) }
  /// What is printed within stands one step further in, and its names end with it.
  mutating func within(_ body: (inout CPrinter) -> Void) {
    let saved = taken
    level += 1
    body(&self)
    level -= 1
    taken = saved
  }

  /// The function's text.
  mutating func text() -> String {
    var head: [String] = []
    switch function.execution {
    case .shared(_, _, let lower, let upper):
      head = ["int64_t \(declare(variable: lower))", "int64_t \(declare(variable: upper))"]
    case .alone: break
    case .together: head = ["int64_t thread", "int64_t threads"]
    }
    // In a collective one, other threads write between two barriers what this one reads after: restrict would say they do not.
    let restrict = function.scan == nil ? "DSC_RESTRICT " : ""
    var list = zip(function.parameters, parameters).map { parameter, label in
      ("\(parameter.isWritten ? "" : "const ")\(parameter.dtype.cName) *\(restrict)\(label.name)", label.type)
    }
    if function.needsScratch { list.append(("void *scratch", nil)) }
    let entries = (head.isEmpty ? [] : [(head.joined(separator: ", "), nil)]) + list
    let start = "DSC_NOINLINE void \(name)("
    var prototype =
      [start]
      + entries.enumerated().map { number, entry in
        let isLast = number == entries.count - 1
        return "    " + entry.0 + (isLast ? ") {" : ",") + (entry.1.map { " /* \($0) */" } ?? "")
      }
    if entries.isEmpty { prototype = [start + "void) {"] }
    level = 1
    if let scan = function.scan { self.scan(scan) } else { statements(function.body) }
    return (helperLines + prototype + lines + ["}"]).joined(separator: "\n")
  }
  /// Declarations before the function.
  var helperLines: [String] = []

  mutating func statements(_ body: [Statement]) { for statement in body { self.statement(statement) } }

  private mutating func statement(_ statement: Statement) {
    switch statement {
    case .define(let value, let x):
      let text = c(x)
      let name = fresh(function.values[value], numbered: true)
      valueTexts[value] = CText(text: name, precedence: .primary)
      line("const \(x.dtype.cName) \(name) = \(text);")
    case .index(let variable, let x):
      let text = c(x)
      line("const int64_t \(declare(variable: variable)) = \(text);")
    case .local(let number, let x):
      let local = function.locals[number]
      let name = fresh(local.name, numbered: local.node != nil)
      localNames[number] = name
      if let count = local.count {
        let comment = local.type.map { " /* \($0) */" } ?? ""
        line("\(local.dtype.cName) \(name)[\(count)]\(local.isAligned ? " DSC_ALIGNED(64)" : "");\(comment)")
      } else {
        line("\(local.dtype.cName) \(name)\(x.map { " = " + c($0) } ?? "");")
      }
    case .store(let storage, let position, let x): line("\(element(storage, position)) = \(c(x));")
    case .combine(let storage, let position, let reducer, let x):
      let place = element(storage, position)
      if reducer == .sum, x.dtype.isFloating { return line("\(place) += \(c(x));") }
      line("\(place) = \(c(reducer.combined(.load(storage, position, x.dtype), x)));")
    case .accumulate(let storage, let position, let a, let b):
      line("\(element(storage, position)) = \(c(.multiplyAdd(a, b, .load(storage, position, a.dtype))));")
    case .loop(let loop): self.loop(loop)
    case .when(let condition, let body):
      line("if (\(c(condition))) {")
      within {
        $0.line("DSC_BRANCH;")
        $0.statements(body)
      }
      line("}")
    case .scope(let body):
      line("{")
      within { $0.statements(body) }
      line("}")
    case .push(let sums): line("dsc_tree_push_\(sums.dtype.name)(\(stack(sums, "++")));")
    case .finish(let sums): line("dsc_tree_finish_\(sums.dtype.name)(\(stack(sums, "")));")
    case .product(let product): self.product(product)
    case .draw(let draw):
      let kind = draw.draw == .bits ? "bits" : "\(draw.draw.rawValue)_\(draw.dtype.name)"
      let seeds = [draw.seed, draw.stream].map { "(uint64_t)" + text($0).within(.unary) }
      line(
        "dsc_random_\(kind)("
          + ([array(draw.target, draw.start).text] + seeds + [cLiteral(draw.count), c(draw.from), c(draw.to)]).joined(
            separator: ", ") + ");")
    case .matrices(let call):
      let numbers =
        call.kernel.arguments.map { cLiteral($0) } + (call.kernel.tolerance.map { [cLiteral($0, .f64)] } ?? [])
      let arrays = (call.operands + [call.result]).map { array($0.storage, $0.start).text }
      let scratch = call.kernel.scratch > 0 ? ["(\(call.dtype.cName) *)scratch"] : []
      line("\(call.kernel.symbol(call.dtype))(\((numbers + arrays + scratch).joined(separator: ", ")));")
    case .show(let show): self.show(show)
    case .comment(let nodes): for text in comment(nodes) { line("/* \(text) */") }
    }
  }

  private mutating func show(_ show: Show) {
    let shape = show.type.shape.dimensions
    line("{")
    within {
      if !shape.isEmpty {
        $0.line("static const int64_t shape[] = {\(shape.map(String.init).joined(separator: ", "))};")
      }
      let arguments = [
        cString(show.name), "\(show.type.dtype.rawValue)", "\(shape.count)", shape.isEmpty ? "NULL" : "shape",
        $0.array(show.source, Affine()).text,
      ]
      $0.line("dsc_print_named(\(arguments.joined(separator: ", ")));")
    }
    line("}")
  }

  /// What the nodes are, a formula for each that lies in memory, whose adjoint it is and where it was written.
  func comment(_ nodes: [NodeID]) -> [String] {
    var names = takenOver
    for (parameter, label) in zip(function.parameters, parameters) {
      if let node = parameter.node { names[node] = label.name }
    }
    for (number, local) in function.locals.enumerated() {
      if let node = local.node, let name = localNames[number] { names[node] = name }
    }
    // What reads parts and writes none sums them; the rest gives a value, or parts of one.
    let parts = function.parameters.compactMap { parameter -> NodeID? in
      guard !parameter.isWritten, case .partial = parameter.buffer else { return nil }
      return nodes[0]
    }
    let formula = Formula(graph: graph, name: { names[$0] }, parts: Set(parts))
    var lines = formula.lines(nodes)
    if lines.isEmpty { lines = ["parts of " + formula.text(nodes[0])] }
    let first = graph[nodes[0]]
    if let adjoint = first.adjointOf { lines[0] = "adjoint of \(adjoint): " + lines[0] }
    // Text is cut between words; a place stands whole on a line.
    if let place = first.location?.comment {
      if lines[0].count + place.count > 108 { lines.insert(place, at: 1) } else { lines[0] += "    \(place)" }
    }
    return lines
  }

  private func stack(_ sums: SumStack, _ after: String) -> String {
    [
      array(sums.stack, sums.stackAt).text, "\(sums.lanes)", localNames[sums.block]! + after,
      array(sums.sum, sums.sumAt).text,
    ]
    .joined(separator: ", ")
  }

  private mutating func loop(_ loop: ForLoop) {
    let (lower, upper) = (c(loop.lower), text(loop.upper).within(.sum))
    let saved = taken
    let name = declare(variable: loop.variable)
    let mode: String
    switch loop.mode {
    case .plain: mode = ""
    case .lanes: mode = "DSC_LANES "
    case .unrolled: mode = "DSC_UNROLL "
    }
    let step = loop.step == 1 ? "\(name)++" : "\(name) += \(loop.step)"
    let head = "\(mode)for (int64_t \(name) = \(lower); \(name) < \(upper); \(step))"
    let start = lines.count
    line(head + " {")
    within { $0.statements(loop.body) }
    if loop.mode == .plain, loop.body.count == 1, lines.count == start + 2 {
      // One line needs no braces, but after a macro, which clang-format takes for a type.
      lines[start] = head.indented(level)
    } else {
      line("}")
    }
    taken = saved
  }
}

extension LoopFunction {
  /// Whether it is given memory of the thread's own.
  var needsScratch: Bool {
    if scan != nil { return true }
    var found = false
    body.forEachStatement { statement in
      switch statement {
      case .product: found = true
      case .matrices(let call): found = found || call.kernel.scratch > 0
      case .define, .index, .local, .store, .combine, .accumulate, .loop, .when, .scope, .push, .finish, .draw,
        .show, .comment:
        break
      }
    }
    return found
  }
  /// The headers that its text needs.
  var headers: Set<String> {
    var found = scan?.body.headers ?? []
    body.forEachStatement { statement in
      switch statement {
      case .product(let product): found.insert("descent_gemm_\(product.dtype.name).h")
      case .draw: found.insert("descent_random.h")
      case .matrices(let call): found.insert(call.kernel.header(call.dtype))
      case .show: found.insert("descent_print.h")
      case .combine(_, _, let reducer, let x):
        reducer.combined(x, x).forEach {
          if case .call(let intrinsic, _) = $0, let header = intrinsic.header { found.insert(header) }
        }
      case .define, .index, .local, .store, .accumulate, .loop, .when, .scope, .push, .finish, .comment: break
      }
      for x in statement.expressions {
        x.forEach { if case .call(let intrinsic, _) = $0, let header = intrinsic.header { found.insert(header) } }
      }
    }
    return found
  }
}

extension StepPlan {
  /// The headers that its functions need.
  var headers: Set<String> { functions.reduce(into: []) { $0.formUnion($1.headers) } }
}

extension DType {
  /// The name of the type in the runtime's functions.
  var suffix: String { self == .bool ? "u8" : name }
}
