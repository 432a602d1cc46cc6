// One run of a schedule as C: constants, kernels, and the step function that every thread executes together.
// Which way the step is printed (shared library, trainer, inference) is decided elsewhere.

import DescentIR
import DescentPasses

/// The calls of a step in order, with their memory.
package struct StepProgram: Sendable {
  /// An array that the caller supplies.
  package struct External: Sendable {
    package var label: String
    package var type: TensorType
    package var isWritten: Bool
    /// The external, a scalar i64, that says how long the first axis is, where only the run knows.
    package var length: Int?
    /// The type for people.
    package var typeText: String { length == nil ? type.description : type.text(firstAxis: "rows") }
  }
  /// A call of a kernel.
  package struct Call: Sendable {
    package var function: String
    package var nodes: [NodeID]
    package var work: Int
    package var isShared: Bool
    /// The arrays that it reads and writes.
    package var arrays: [TensorType]
  }

  package var schedule: Schedule
  /// What `io` points to: the inputs, then the outputs that take over no input's memory.
  package var externals: [External]
  /// For each output of the graph its place in `io`.
  package var outputPlaces: [Int]
  package var calls: [Call] = []
  /// Constants, kernels and the step function.
  package var text = ""
  /// Bytes of the arena without the threads' scratch memory.
  package var arenaBytes = 0
  /// The placement of temporaries, for people: node, type, offset, first and last call.
  package var memoryRows: [String] = []
  /// How many barriers a step has.
  package var barriers = 0
  /// The pieces of the step function, for the printing of another one: what it declares, and a line for each call.
  package var declarations: [String] = []
  package var callLines: [String] = []
  package var prefix: String
  /// Whether it is the body of a loop, which is given its threads' scratch memory.
  package var isBody: Bool

  /// Work below this many multiply-adds is done by one thread: sharing it out would cost more than it saves.
  package static let leastShared = 20_000
  package var leastShared: Int

  /// `leastShared` decides who does what, and no bits; tests make it 0, so that everything is shared out.
  package init(_ schedule: Schedule, prefix: String, isBody: Bool = false, leastShared: Int = leastShared) {
    self.schedule = schedule
    self.prefix = prefix
    self.isBody = isBody
    self.leastShared = leastShared
    let graph = schedule.graph
    precondition(schedule.gathersFromLengths, "an array of unknown length is used by more than gathering")
    externals = graph.inputs.enumerated().map {
      External(label: graph.label(ofInput: $0), type: graph[$1].type, isWritten: false, length: schedule.lengths[$0])
    }
    outputPlaces = []
    for (k, output) in graph.outputs.enumerated() {
      if let input = schedule.donations[k] {
        externals[input].isWritten = true
        outputPlaces.append(input)
      } else {
        outputPlaces.append(externals.count)
        externals.append(External(label: graph.outputLabels[k], type: graph[output].type, isWritten: true))
      }
    }
    var writer = StepWriter(ProgramContext(schedule, leastShared: leastShared), self)
    writer.write()
    self = writer.program
  }
}

private struct StepWriter {
  let context: ProgramContext
  var program: StepProgram
  private var codes: [KernelCode] = []
  private var groups = 0
  private var functions: [(text: String, name: String)] = []
  private var lifetimes: [(buffer: Buffer, life: Lifetime)] = []
  private var offsets: [Buffer: Int] = [:]

  init(_ context: ProgramContext, _ program: StepProgram) {
    self.context = context
    self.program = program
  }
  private var graph: Graph { context.graph }
  private var prefix: String { program.prefix }

  mutating func write() {
    let nonempty = context.schedule.kernels.filter { $0.domain.count > 0 }
    let separate = nonempty.map(code)
    var chunks = ChunkWriter(context, nonempty, separate)
    for group in chunks?.write() ?? separate { add(group) }
    number()
    place()
    program.text = constants() + kernels() + scratch() + step()
  }

  private func code(_ kernel: Kernel) -> [KernelCode] {
    guard let anchor = kernel.anchor else { return [context.loops(kernel)] }
    switch context.families[anchor.index] {
    case .reduction(let reducer, let axes): return context.reduction(kernel, reducer, axes)
    case .contraction(let axes): return context.contraction(kernel, axes)
    case .argmax(let axis): return [context.argmax(kernel, axis)]
    case .loop(let form): return [context.loop(kernel, form, prefix: prefix)]
    case .fold(let sources): return [context.fold(kernel, sources)]
    case .scatterAdd(let axis): return [context.scatterAdd(kernel, axis)]
    case .random(let draw): return [context.random(kernel, draw)]
    default: preconditionFailure("\(graph[anchor].op.name) anchors no kernel")
    }
  }

  /// Adds functions that may pass partial results to one another, which get a number of their own.
  private mutating func add(_ group: [KernelCode]) {
    for var code in group {
      for i in code.parameters.entries.indices where code.parameters.entries[i].buffer == .partial(-1) {
        code.parameters.entries[i].buffer = .partial(groups)
      }
      codes.append(code)
    }
    groups += 1
  }

  /// Gives each temporary its lifetime in calls.
  private mutating func number() {
    for (call, code) in codes.enumerated() {
      for entry in code.parameters.entries {
        let bytes: Int
        switch entry.buffer {
        case .node(let id): bytes = graph[id].type.byteCount
        case .partial: bytes = code.partialBytes
        default: continue
        }
        if let known = lifetimes.firstIndex(where: { $0.buffer == entry.buffer }) {
          lifetimes[known].life.last = call
        } else {
          lifetimes.append((entry.buffer, Lifetime(bytes: bytes, first: call, last: call)))
        }
      }
    }
  }

  private mutating func place() {
    let plan = planMemory(lifetimes.map(\.life))
    for (entry, offset) in zip(lifetimes, plan.offsets) { offsets[entry.buffer] = offset }
    program.arenaBytes = plan.bytes
    program.memoryRows = zip(lifetimes, plan.offsets).map { entry, offset in
      "\(offset)\t\(entry.life.bytes)\tcalls \(entry.life.first)-\(entry.life.last)\t\(describe(entry.buffer))"
    }
  }
  private func describe(_ buffer: Buffer) -> String {
    switch buffer {
    case .input(let i): "input \(i) \(program.externals[i].typeText)"
    case .output(let i): "output \(i)"
    case .node(let id), .constant(let id): "\(graph[id].op.name) %\(id.index) \(graph[id].type)"
    case .partial(let number): "partial results \(number)"
    }
  }

  // MARK: Text

  private func constants() -> String {
    var text = ""
    for id in graph.ids {
      guard case .constant(let array) = context.families[id.index],
        codes.contains(where: { $0.parameters.entries.contains { $0.buffer == .constant(id) } })
      else { continue }
      // C has no arrays of no elements; this one is never read.
      let numbers = array.count > 0 ? cLiterals(array) : ["0"]
      text += "/* \(array.type) */\nstatic const \(array.dtype.cName) \(name(.constant(id)))[\(numbers.count)] = {\n"
      for start in stride(from: 0, to: numbers.count, by: 12) {
        text += "    " + numbers[start..<min(start + 12, numbers.count)].joined(separator: ", ") + ",\n"
      }
      text += "};\n\n"
    }
    return text
  }

  private func name(_ buffer: Buffer) -> String {
    switch buffer {
    case .input(let i): "in\(i)"
    case .output(let k): "out\(k)"
    case .node(let id): "v\(id.index)"
    case .constant(let id): "\(prefix)_c\(id.index)"
    case .partial(let number): "partial\(number)"
    }
  }

  private mutating func kernels() -> String {
    var text = ""
    for code in codes {
      let body = code.text
      let name: String
      if let known = functions.first(where: { $0.text == body }) {
        name = known.name
      } else {
        name = "\(prefix)_k\(functions.count)"
        functions.append((body, name))
        text += code.prelude + comment(code, name) + body.replacing(KernelCode.placeholder, with: name) + "\n\n"
      }
      let arrays = code.parameters.entries.compactMap { $0.node.map { graph[$0].type } }
      program.calls.append(
        .init(function: name, nodes: code.nodes, work: code.work, 
          isShared: code.isCollective ? code.sharesItsWork : code.work >= program.leastShared, arrays: arrays))
    }
    return text
  }

  private func typeText(_ id: NodeID) -> String {
    if let input = graph[id].op as? Input { return program.externals[input.index].typeText }
    return graph[id].type.description
  }

  /// What a kernel computes, where the user wrote it, and the shapes of its arrays.
  private func comment(_ code: KernelCode, _ name: String) -> String {
    let node = graph[code.nodes[0]]
    let operations = code.nodes.map { graph[$0].op.name }.joined(separator: ", ")
    var head = "/* \(name.dropFirst(prefix.count + 1)): "
    if let adjoint = node.adjointOf { head += "adjoint of \(adjoint): " }
    head += operations
    if let location = node.location { head += "    \(location.comment)" }
    let arrays = code.parameters.entries.map { entry in
      let type = entry.node.map(typeText) ?? "\(entry.dtype.name) partial results"
      return "\(entry.name) \(type)\(entry.isWritten ? " written" : "")"
    }
    return head + "\n *   " + arrays.joined(separator: "   ") + " */\n"
  }

  /// The scratch memory of one thread: the largest that a kernel asks for.
  private func scratch() -> String {
    var lines: [String] = []
    var previous = "0"
    var seen: [String] = []
    for code in codes {
      guard let bytes = code.scratch, !seen.contains(bytes) else { continue }
      let name = "\(prefix)_scratch\(seen.count)"
      lines.append("  \(name) = (int)(\(bytes)) > \(previous) ? (int)(\(bytes)) : \(previous),")
      previous = name
      seen.append(bytes)
    }
    lines.append("  \(prefix)_scratch = (\(previous) + 63) / 64 * 64,")
    lines.append("  \(prefix)_arena = \(program.arenaBytes)")
    return "/* Bytes: each thread's scratch memory, and what all share. */\nenum {\n" + lines.joined(separator: "\n") + "\n};\n\n"
  }

  private mutating func step() -> String {
    var declarations: [String] = []
    var declared: Set<Buffer> = []
    for code in codes {
      for entry in code.parameters.entries where declared.insert(entry.buffer).inserted {
        if let line = declaration(entry.buffer, entry.dtype) { declarations.append(line) }
      }
    }
    var lines: [String] = []
    // The calls since the last barrier; those by one thread follow each other anyway.
    var open: [Int] = []
    for call in codes.indices {
      if open.contains(where: { conflict($0, call) }) {
        lines.append("DSC_BARRIER")
        program.barriers += 1
        open = []
      }
      open.append(call)
      let code = codes[call], function = program.calls[call].function
      let arguments = code.parameters.entries.map { name($0.buffer) } + (code.scratch == nil ? [] : ["scratch"])
      if code.isCollective {
        let all = program.calls[call].isShared
        program.callLines.append(
          (all ? "" : "if (thread == 0) ") + "\(function)(" + ((all ? ["thread", "threads"] : ["0", "1"]) + arguments).joined(separator: ", ") + ");")
      } else if program.calls[call].isShared {
        program.callLines.append("{ const dsc_span s = dsc_share(\(code.units), \(code.grain), thread, threads); if (s.lo < s.hi) \(function)("
          + (["s.lo", "s.hi"] + arguments).joined(separator: ", ") + "); }")
      } else {
        program.callLines.append("if (thread == 0) \(function)(" + (["0", code.units] + arguments).joined(separator: ", ") + ");")
      }
      lines.append(program.callLines[call])
    }
    let needsScratch = codes.contains { $0.scratch != nil }
    let usesThreads = program.calls.contains(where: \.isShared)
    var text = "/* One step, executed by all threads together. */\n"
    text += "static void \(prefix)_step(void *const *io, unsigned char *arena, "
    if program.isBody { text += "unsigned char *scratch, " }
    text += "int64_t thread, int64_t threads) {\n"
    if !usesThreads { declarations.append("(void)threads;") }
    if codes.isEmpty { declarations.append("(void)thread;") }
    if declarations.allSatisfy({ !$0.contains("io[") }) { declarations.append("(void)io;") }
    if program.isBody {
      if !needsScratch { declarations.append("(void)scratch;") }
      if offsets.isEmpty { declarations.append("(void)arena;") }
    } else if needsScratch {
      declarations.append("unsigned char *const scratch = arena + \(prefix)_arena + thread * \(prefix)_scratch;")
    } else if offsets.isEmpty {
      declarations.append("(void)arena;")
    }
    program.declarations = declarations
    text += (declarations + lines).map { $0.indented(1) }.joined(separator: "\n")
    return text + "\n}\n"
  }

  private func declaration(_ buffer: Buffer, _ dtype: DType) -> String? {
    let type = dtype.cName
    func external(_ place: Int) -> String {
      let entry = program.externals[place]
      let const = entry.isWritten ? "" : "const "
      let label = commentName(entry.label, "argument \(place)")
      return "\(const)\(type) *const \(name(buffer)) = (\(const)\(type) *)io[\(place)]; /* \(label) \(entry.typeText) */"
    }
    switch buffer {
    case .input(let i): return external(i)
    case .output(let k): return external(program.outputPlaces[k])
    case .constant: return nil
    case .node, .partial:
      return "\(type) *const \(name(buffer)) = (\(type) *)(void *)(arena + \(offsets[buffer]!)); /* \(describe(buffer)) */"
    }
  }

  /// Whether two calls touch the same memory, one of them writing, and not both are made by thread 0 alone.
  private func conflict(_ a: Int, _ b: Int) -> Bool {
    guard program.calls[a].isShared || program.calls[b].isShared else { return false }
    return codes[a].parameters.entries.contains { x in
      codes[b].parameters.entries.contains { y in (x.isWritten || y.isWritten) && overlap(x.buffer, y.buffer) }
    }
  }
  private func overlap(_ a: Buffer, _ b: Buffer) -> Bool {
    if a == b { return true }
    guard let x = offsets[a], let y = offsets[b] else { return false }
    func bytes(_ buffer: Buffer) -> Int { lifetimes.first { $0.buffer == buffer }!.life.bytes }
    return x < y + bytes(b) && y < x + bytes(a)
  }
}
