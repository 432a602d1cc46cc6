// A step as C: constants, functions, and the step function that every thread executes together.
// Which way the step is printed (shared library, trainer, inference) is decided elsewhere.

import DescentIR
import DescentLoops
import DescentPasses

/// A plan under a prefix for its names.
@dynamicMemberLookup
package struct StepProgram: Sendable {
  package var plan: StepPlan
  package var prefix: String
  /// Constants, functions and the step function.
  package var text = ""
  /// The pieces of the step function, for the printing of another one: what it declares, and the lines of each call.
  var declarations: [String] = []
  var callLines: [[String]] = []
  /// The function of each call.
  package private(set) var functionNames: [String] = []
  private let names: [Buffer: String]

  package subscript<T>(dynamicMember member: KeyPath<StepPlan, T>) -> T { plan[keyPath: member] }

  /// With `givesConstants` large constants stand in `io`, not in the text.
  package init(
    _ schedule: Schedule, prefix: String, plan: Plan = Plan(), givesConstants: Bool = false,
    trace: ((String) -> Void)? = nil
  ) {
    let step = StepPlan(schedule, plan: plan, givesConstants: givesConstants, trace: trace)
    self.init(step, prefix: prefix)
  }

  init(_ plan: StepPlan, prefix: String) {
    self.plan = plan
    self.prefix = prefix
    names = Self.names(plan, prefix)
    let functions = printedFunctions()
    text = constants() + functions + scratch() + step()
  }

  private var graph: Graph { plan.schedule.graph }

  /// Names of the memory: by what it holds, with a number of its own.
  private static func names(_ plan: StepPlan, _ prefix: String) -> [Buffer: String] {
    var names: [Buffer: String] = [:], counts: [String: Int] = [:]
    for buffer in plan.calls.flatMap(\.buffers) where names[buffer] == nil {
      switch buffer {
      case .input(let i): names[buffer] = "in\(i)"
      case .output(let k): names[buffer] = "out\(k)"
      case .constant(let id):
        names[buffer] = plan.givenConstants.contains(id) ? "constant_\(id.index)" : "\(prefix)_c\(id.index)"
      case .node(let id), .partial(let id):
        let operation = plan.schedule.graph[id].op.name
        let base = if case .partial = buffer { operation + "_parts" } else { operation }
        names[buffer] = "\(base)_\(counts[base, default: 0])"
        counts[base, default: 0] += 1
      }
    }
    return names
  }

  // MARK: Text

  private func constants() -> String {
    var text = ""
    let used = Set(plan.calls.flatMap(\.buffers))
    for id in graph.ids {
      guard used.contains(.constant(id)), !plan.givenConstants.contains(id),
        case .constant(let array) = graph.lowering(of: id)
      else { continue }
      // C has no arrays of no elements; this one is never read.
      let numbers = array.count > 0 ? cLiterals(array) : ["0"]
      text += "/* \(array.type) */\nstatic const \(array.dtype.cName) \(names[.constant(id)]!)[\(numbers.count)] = {\n"
      text += cTable(numbers) + "\n"
    }
    return text
  }

  private mutating func printedFunctions() -> String {
    var text = ""
    var numbers: [Int: String] = [:]
    for call in plan.calls {
      if let known = numbers[call.function] {
        functionNames.append(known)
        continue
      }
      let name = "\(prefix)_k\(numbers.count)"
      numbers[call.function] = name
      functionNames.append(name)
      let function = plan.functions[call.function]
      if let scan = function.scan { text += StepProgram(scan.body, prefix: name + "_body").text + "\n" }
      let labels = zip(function.parameters, call.buffers).map { parameter, buffer in
        (name: self.name(buffer, in: parameter), type: typeText(parameter))
      }
      let takenOver = graph.outputs.indices.compactMap { k -> (NodeID, String)? in
        guard let input = plan.schedule.donations[k], let place = call.buffers.firstIndex(of: .input(input)) else {
          return nil
        }
        return function.parameters[place].isWritten ? (graph.outputs[k], labels[place].name) : nil
      }
      var printer = CPrinter(
        function, name: name, parameters: labels, graph: graph, takenOver: Dictionary(takenOver) { first, _ in first })
      var comment = printer.comment(call.nodes)
      // What a tile computes stands before each part.
      if let title = function.title { comment = [title] }
      let head = "\(name.dropFirst(prefix.count + 1)): "
      comment[0] = "/* \(head)" + comment[0]
      comment[comment.count - 1] += " */"
      let commentLines = comment.enumerated().flatMap { wrapped(($0.offset == 0 ? "" : " *     ") + $0.element) }
      text += (commentLines + [printer.text(), "", ""]).joined(separator: "\n")
    }
    return text
  }
  /// A parameter's name: constants of the program are arrays like any other.
  private func name(_ buffer: Buffer, in parameter: Parameter) -> String {
    if case .constant(let id) = buffer { "constant_\(id.index)" } else { names[buffer]! }
  }

  private func typeText(_ parameter: Parameter) -> String? {
    guard let id = parameter.node else { return nil }
    if let input = graph[id].op as? Input { return plan.externals[input.index].typeText }
    return graph[id].type.description
  }

  /// The scratch memory of one thread: the largest that a function asks for.
  private func scratch() -> String {
    var lines: [String] = []
    var previous = "0"
    var seen: [String] = []
    for (call, function) in zip(plan.calls, functionNames) {
      guard let bytes = plan.functions[call.function].scratchBytes(function), !seen.contains(bytes) else { continue }
      let name = "\(prefix)_scratch\(seen.count)"
      if seen.isEmpty {
        lines += wrapped("  \(name) = (int)(\(bytes)),")
      } else {
        lines += wrapped("  \(name) = DSC_GREATER((int)(\(bytes)), \(previous)),")
      }
      previous = name
      seen.append(bytes)
    }
    lines.append("  \(prefix)_scratch = \(seen.isEmpty ? "0" : "(\(previous) + 63) / 64 * 64"),")
    lines.append("  \(prefix)_arena = \(plan.arenaBytes)")
    return "/* Bytes: each thread's scratch memory, and what all share. */\nenum {\n" + lines.joined(separator: "\n")
      + "\n};\n\n"
  }

  private func arguments(_ call: StepPlan.Call, _ first: [String]) -> String {
    let scratch = plan.functions[call.function].needsScratch ? ["scratch"] : []
    return (first + call.buffers.map { names[$0]! } + scratch).joined(separator: ", ")
  }
  /// The lines of a call; of one by the first thread alone its statement.
  private func lines(_ call: StepPlan.Call, _ function: String) -> [String] {
    switch plan.functions[call.function].execution {
    case .alone: return ["\(function)(\(arguments(call, [])));"]
    case .together(let isShared):
      return ["\(function)(\(arguments(call, isShared ? ["thread", "threads"] : ["0", "1"])));"]
    case .shared(let iterations, let chunkSize, _, _):
      guard call.isShared else { return ["\(function)(\(arguments(call, ["0", iterations.c])));"] }
      return [
        "if (dsc_share(&s, \(iterations.c), \(chunkSize), thread, threads))",
        "  \(function)(\(arguments(call, ["s.lo", "s.hi"])));",
      ]
    }
  }

  private mutating func step() -> String {
    callLines = zip(plan.calls, functionNames).map(lines)
    declarations = []
    var declared: Set<Buffer> = []
    for call in plan.calls {
      for (buffer, parameter) in zip(call.buffers, plan.functions[call.function].parameters)
      where declared.insert(buffer).inserted {
        if let line = declaration(buffer, parameter.dtype) { declarations += wrapped(line) }
      }
    }
    let needsScratch = plan.calls.contains { plan.functions[$0.function].needsScratch }
    if !plan.calls.contains(where: \.isShared) { declarations.append("(void)threads;") }
    if plan.calls.isEmpty { declarations.append("(void)thread;") }
    if !declared.contains(where: \.isExternal), plan.givenConstants.isEmpty { declarations.append("(void)io;") }
    if plan.isBody {
      if !needsScratch { declarations.append("(void)scratch;") }
      if plan.temporaries.isEmpty { declarations.append("(void)arena;") }
    } else if needsScratch {
      declarations.append("unsigned char *const scratch = arena + \(prefix)_arena + thread * \(prefix)_scratch;")
    } else if plan.temporaries.isEmpty {
      declarations.append("(void)arena;")
    }
    if plan.calls.contains(where: sharesUnits) { declarations.append("dsc_span s;") }

    var lines: [String] = []
    // Calls by the first thread that follow each other stand in one block.
    var alone: [String] = []
    func close() {
      if alone.count == 1 { lines += ["if (thread == 0)", "  " + alone[0]] }
      if alone.count > 1 { lines += ["if (thread == 0) {"] + alone.map { "  " + $0 } + ["}"] }
      alone = []
    }
    for (call, text) in zip(plan.calls, callLines) {
      if call.waits {
        close()
        lines.append("DSC_BARRIER")
      }
      if call.isShared {
        close()
        lines += text
      } else {
        alone += text
      }
    }
    close()
    var head = "static void \(prefix)_step(void *const *io, unsigned char *arena, "
    if plan.isBody { head += "unsigned char *scratch, " }
    head += "int64_t thread, int64_t threads) {"
    let body = (declarations + lines).flatMap { wrapped($0.indented(1)) }
    return (["/* One step, executed by all threads together. */"] + wrapped(head) + body + ["}", ""]).joined(
      separator: "\n")
  }

  private func sharesUnits(_ call: StepPlan.Call) -> Bool {
    guard case .shared = plan.functions[call.function].execution else { return false }
    return call.isShared
  }

  private func declaration(_ buffer: Buffer, _ dtype: DType) -> String? {
    let type = dtype.cName
    func external(_ place: Int) -> String {
      let entry = plan.externals[place]
      let const = entry.isWritten ? "" : "const "
      let label = commentName(entry.label, "argument \(place)")
      return
        "\(const)\(type) *const \(names[buffer]!) = (\(const)\(type) *)io[\(place)]; /* \(label) \(entry.typeText) */"
    }
    switch buffer {
    case .input(let i): return external(i)
    case .output(let k): return external(plan.outputPlaces[k])
    case .constant(let id):
      guard let place = plan.givenConstants.firstIndex(of: id) else { return nil }
      return
        "const \(type) *const \(names[buffer]!) = (const \(type) *)io[\(plan.externals.count + place)]; /* \(graph[id].type) */"
    case .node, .partial:
      let offset = plan.temporaries.first { $0.buffer == buffer }!.offset
      return
        "\(type) *const \(names[buffer]!) = dsc_at_\(dtype.suffix)(arena, \(offset)); /* \(plan.describe(buffer)) */"
    }
  }

  /// The step function's calls one by one, for a step that does something between them.
  func eachCall(_ body: (_ number: Int, _ lines: [String]) -> [String]) -> [String] {
    zip(plan.calls, callLines).enumerated().flatMap { number, call in
      body(number, call.0.isShared ? call.1 : ["if (thread == 0)"] + call.1.map { "  " + $0 })
    }
  }
}

extension Buffer {
  fileprivate var isExternal: Bool {
    switch self {
    case .input, .output: true
    case .node, .constant, .partial: false
    }
  }
}

extension Iterations {
  /// The number as a C expression.
  var c: String {
    switch self {
    case .count(let count): cLiteral(count)
    case .tiles(let batches, let unit, let rows, let columns, let depth, let part):
      (batches == 1 ? "" : "\(batches) * ")
        + "dsc_gemm_tiles(\(gemmSizes(unit, rows, columns, part?.steps ?? depth)))"
    }
  }
}

/// The sizes of a matrix product, with the rows that threads take multiples of.
func gemmSizes(_ unit: Int, _ rows: Int, _ columns: Int, _ depth: Int) -> String {
  (unit == 12 ? "dsc_gemm_sizes(" : "dsc_gemm_sizes_by(\(unit), ") + "\(rows), \(columns), \(depth))"
}

extension LoopFunction {
  /// Bytes of a thread's own memory as a C expression, of the function under this name.
  func scratchBytes(_ name: String) -> String? {
    if scan != nil { return "\(name)_body_scratch" }
    var matrices: String?
    body.forEachStatement {
      guard case .matrices(let call) = $0, call.kernel.scratch > 0 else { return }
      matrices = "\(call.kernel.scratch) * sizeof(\(call.dtype.cName))"
    }
    if let matrices { return matrices }
    for statement in body {
      guard case .product(let product) = statement else { continue }
      func strides(_ operand: MatrixProduct.Operand) -> String {
        if case .strides(let a, let b) = operand.place {
          "\(cLiteral(a)), \(cLiteral(b))"
        } else {
          "DSC_GEMM_INDEXED, DSC_GEMM_INDEXED"
        }
      }
      let left = product.readsRuns ? "DSC_GEMM_BY_RUNS, DSC_GEMM_BY_RUNS" : strides(product.lhs)
      let depth = product.part?.steps ?? product.depth
      return "DSC_GEMM_SCRATCH_BYTES(\(product.rows), \(product.columns), \(depth), \(left), "
        + "\(product.isRightPacked ? "DSC_GEMM_PACKED, DSC_GEMM_PACKED" : strides(product.rhs)), sizeof(\(product.dtype.cName)))"
    }
    return nil
  }
}
