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

  private var lines: [String] = []
  private var level = 0
  private var variableNames: [Int: String] = [:]
  private var valueTexts: [Int: CText] = [:]
  private var localNames: [Int: String] = [:]
  /// Names that may not be given again where the printer stands.
  private var taken: Set<String>

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
  private mutating func fresh(_ wanted: String, numbered: Bool = false) -> String {
    var name = numbered ? wanted + "_0" : wanted
    var number = numbered ? 1 : 2
    while taken.contains(name) {
      name = "\(wanted)\(numbered ? "_" : "")\(number)"
      number += 1
    }
    taken.insert(name)
    return name
  }
  private mutating func declare(variable: Int) -> String {
    let name = fresh(function.variables[variable].name)
    variableNames[variable] = name
    return name
  }

  // MARK: Lines

  private mutating func line(_ text: String) { lines += wrapped(text.indented(level)) }
  /// What is printed within stands one step further in, and its names end with it.
  private mutating func within(_ body: (inout CPrinter) -> Void) {
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
    let start = "static void \(name)("
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
  private var helperLines: [String] = []

  private mutating func statements(_ body: [Statement]) { for statement in body { self.statement(statement) } }

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
    case .comment(let nodes): for text in comment(nodes) { line("/* \(text) */") }
    }
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

  // MARK: Matrix products

  private mutating func product(_ product: MatrixProduct) {
    let t = product.dtype.cName
    // The epilogue receives its arrays, and the batch's index, in a struct.
    let used = product.epilogue.storages.compactMap { if case .parameter(let number) = $0 { number } else { nil } }
    let fields = Array(Set(used)).sorted().map { number in
      (
        name: parameters[number].name,
        type: "\(function.parameters[number].isWritten ? "" : "const ")\(function.parameters[number].dtype.cName) *",
        number: number
      )
    }
    let accesses = product.epilogue.variables
    let batch = product.batch.filter { function.variables[$0].extent > 1 }
    var epilogue = self
    (epilogue.lines, epilogue.level) = ([], 0)
    epilogue.taken.formUnion(["env", "e", "acc", "acc_stride", "row", "rows", "col", "cols", "r", "c"])
    let batchNames = batch.map { epilogue.declare(variable: $0) }
    for (variable, name) in zip(batch, batchNames) { variableNames[variable] = name }
    taken.formUnion(batchNames)

    epilogue.line("typedef struct {")
    epilogue.within {
      for field in fields { $0.line("\(field.type)\(field.name);") }
      for name in batchNames { $0.line("int64_t \(name);") }
    }
    epilogue.line("} \(name)_env;")
    epilogue.line("")
    epilogue.lines += [
      "DSC_INLINE void \(name)_finish(",
      "    const void *env, const \(t) *acc, int64_t acc_stride, int64_t row, int64_t rows, int64_t col, int64_t cols) {",
    ]
    epilogue.within {
      $0.line("const \($0.name)_env *const e = (const \($0.name)_env *)env;")
      for field in fields { $0.line("\(field.type)DSC_RESTRICT const \(field.name) = e->\(field.name);") }
      for (variable, name) in zip(batch, batchNames) where accesses.contains(variable) {
        $0.line("const int64_t \(name) = e->\(name);")
      }
      $0.line("for (int64_t r = 0; r < rows; r++) {")
      $0.within {
        $0.digits("row", "r", product.rowVariables, accesses)
        $0.line("for (int64_t c = 0; c < cols; c++) {")
        $0.within {
          $0.digits("col", "c", product.columnVariables, accesses)
          $0.valueTexts[product.element] = CText(text: "acc[r * acc_stride + c]", precedence: .primary)
          $0.statements(product.epilogue)
        }
        $0.line("}")
      }
      $0.line("}")
    }
    epilogue.line("}")
    epilogue.line("")
    helperLines += epilogue.lines

    let size = "dsc_gemm_sizes(\(product.rows), \(product.columns), \(product.depth))"
    let operands = [(product.lhs, "a"), (product.rhs, "b")].map {
      operand($0.0, $0.1, "dsc_gemm_\(product.dtype.name)")
    }
    let call = "dsc_gemm_\(product.dtype.name)(\(size), \(operands[0]), \(operands[1]), "
    let env = (fields.map(\.name) + batchNames).joined(separator: ", ")
    guard case .shared(.tiles(let batches, _, _, _), _, let lower, let upper) = function.execution else {
      preconditionFailure("a product is shared out")
    }
    let (lo, hi) = (name(ofVariable: lower), name(ofVariable: upper))
    if batches == 1 {
      line("const \(name)_env env = {\(env)};")
      return line("\(call)\(lo), \(hi), scratch, \(name)_finish, &env);")
    }
    line("const int64_t tiles = dsc_gemm_tiles(\(size));")
    line("for (int64_t u = \(lo); u < \(hi);) {")
    within { printer in
      printer.line("const int64_t batch = u / tiles, first = u % tiles, last = dsc_least(tiles, first + \(hi) - u);")
      let extents = batch.map { printer.function.variables[$0].extent }
      for (i, name) in batchNames.enumerated() {
        printer.line("const int64_t \(name) = \(digit("batch", extents, i));")
      }
      printer.line("const \(printer.name)_env env = {\(env)};")
      printer.line("\(call)first, last, scratch, \(printer.name)_finish, &env);")
      printer.line("u += last - first;")
    }
    line("}")
  }

  /// Declares the variables of running numbers over them.
  private mutating func digits(_ start: String, _ step: String, _ variables: [Int], _ used: Set<Int>) {
    let extents = variables.map { function.variables[$0].extent }
    let wanted = variables.indices.filter { used.contains(variables[$0]) }
    if wanted.isEmpty { line("(void)\(start);") }
    for i in wanted {
      let number = variables.count == 1 ? "\(start) + \(step)" : digit("(\(start) + \(step))", extents, i)
      line("const int64_t \(declare(variable: variables[i])) = \(number);")
    }
  }

  /// How an operand is told to the product: by the strides of its two loops, or, where one has none, by a function for each,
  /// which is declared beside.
  private mutating func operand(_ operand: MatrixProduct.Operand, _ side: String, _ product: String) -> String {
    let data = array(operand.storage, operand.start).text
    switch operand.place {
    case .strides(let a, let b): return "\(product)_strided(\(data), \(cLiteral(a)), \(cLiteral(b)))"
    case .functions(let first, let second):
      let names = [first, second].map { "\(name)_\(side)_\($0.name)" }
      for (digits, function) in zip([first, second], names) {
        let terms = digits.dimensions.indices.compactMap { i -> String? in
          let coefficient = digits.coefficients[i]
          guard digits.dimensions[i] > 1, coefficient != 0 else { return nil }
          let text = digit("i", digits.dimensions, i)
          let literal = cLiteral(coefficient)
          return coefficient == 1 ? text : "\(text) * \(coefficient < 0 ? "(\(literal))" : literal)"
        }
        helperLines += wrapped(
          "DSC_INLINE int64_t \(function)(int64_t i) { return \(terms.isEmpty ? "0 * i" : terms.joined(separator: " + ")); }"
        )
      }
      helperLines.append("")
      return "\(product)_indexed(\(data), \(names[0]), \(names[1]))"
    }
  }

  // MARK: Loops of steps

  private mutating func scan(_ scan: Scan) {
    var isShared = false
    if case .together(true) = function.execution { isShared = true }
    let arena = scan.arena.map { parameters[$0].name }
    let body = "\(name)_body"
    func barrier(_ printer: inout CPrinter) { if isShared { printer.line("DSC_BARRIER") } }
    // Where each array of the loop lies.
    var places: [Scan.Place: String] = [:]
    for (number, parameter) in parameters.enumerated() { places[.parameter(number)] = parameter.name }
    for argument in scan.arguments {
      guard case .arena(let offset) = argument.storage, places[argument.storage] == nil else { continue }
      let name = fresh("unread", numbered: true)
      places[argument.storage] = name
      line("\(argument.dtype.cName) *const \(name) = dsc_at_\(argument.dtype.suffix)(\(arena!), \(offset));")
    }
    // Carries begin as the operands are.
    for (from, to, bytes) in scan.carries {
      line("dsc_copy_share(\(places[to]!), \(parameters[from].name), \(cLiteral(bytes)), thread, threads);")
    }
    if !scan.carries.isEmpty { barrier(&self) }
    // What is only read is const, here and in the body's step, but not in the list between them.
    let pointers = scan.arguments.map { argument in
      let name = places[argument.storage]!
      let moved = argument.step == 0 ? name : "\(name) + t * \(cLiteral(argument.step))"
      if argument.isWritten { return moved }
      return "(void *)(uintptr_t)" + (argument.step == 0 ? name : "(\(moved))")
    }
    func step(_ printer: inout CPrinter) {
      let io = pointers.isEmpty ? "NULL" : "io"
      printer.line("\(body)_step(\(io), \(arena ?? "NULL"), (unsigned char *)scratch, thread, threads);")
    }
    func table(_ printer: inout CPrinter) {
      if !pointers.isEmpty { printer.line("void *const io[] = {\(pointers.joined(separator: ", "))};") }
    }
    if let length = scan.length {
      let last = cLiteral(length)
      let usesTime = scan.arguments.contains { $0.step != 0 }
      if usesTime, scan.isReversed {
        line("for (int64_t t = \(last) - 1; t >= 0; t--) {")
      } else {
        line("for (int64_t t = 0; t < \(last); t++) {")
      }
      within {
        table(&$0)
        step(&$0)
        barrier(&$0)
      }
      return line("}")
    }
    // All have read whether it goes on before anyone writes it.
    table(&self)
    line("while (1) {")
    let condition = places[scan.carries[0].to]!
    within {
      $0.line("const int goes_on = *\(condition) != 0;")
      barrier(&$0)
      $0.line("if (!goes_on)")
      $0.line("  break;")
      step(&$0)
      barrier(&$0)
    }
    line("}")
  }
}

/// A digit of a number written in these dimensions, the last running fastest.
private func digit(_ number: String, _ dimensions: [Int], _ place: Int) -> String {
  let stride = dimensions[(place + 1)...].reduce(1, *)
  let quotient = stride == 1 ? number : "\(number) / \(stride)"
  return dimensions[..<place].allSatisfy { $0 == 1 } ? quotient : "\(quotient) % \(dimensions[place])"
}

extension LoopFunction {
  /// Whether it is given memory of the thread's own.
  var needsScratch: Bool {
    if scan != nil { return true }
    return body.contains { if case .product = $0 { true } else { false } }
  }
  /// The headers that its text needs.
  var headers: Set<String> {
    var found = scan?.body.headers ?? []
    body.forEachStatement { statement in
      switch statement {
      case .product(let product): found.insert("descent_gemm_\(product.dtype.name).h")
      case .draw: found.insert("descent_random.h")
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

extension [Statement] {
  /// The arrays that they touch.
  fileprivate var storages: Set<Storage> {
    var found: Set<Storage> = []
    forEachStatement { statement in
      for place in statement.places { found.insert(place.storage) }
      for x in statement.expressions {
        x.forEach { part in
          switch part {
          case .load(let storage, _, _), .array(let storage, _, _): found.insert(storage)
          case .literal, .position, .value, .infix, .negated, .call, .cast, .unsigned: break
          }
        }
      }
    }
    return found
  }
  /// The variables that they depend on.
  fileprivate var variables: Set<Int> { Set(accesses.flatMap { $0.terms.map(\.variable) }) }
}

extension DType {
  /// The name of the type in the runtime's functions.
  var suffix: String { self == .bool ? "u8" : name }
}
