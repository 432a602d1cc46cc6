// One run of a schedule as calls of loop nests: what is called with which memory, and where threads wait for each other.
// Takes a schedule; gives functions, calls, the arena and barriers. No text: how it is printed is decided elsewhere.

import DescentIR
import DescentPasses

package struct StepPlan: Sendable {
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
  /// A call of a function.
  package struct Call: Sendable {
    /// Its number among the functions.
    package var function: Int
    package var buffers: [Buffer]
    package var nodes: [NodeID]
    package var work: Int
    package var isShared: Bool
    /// Whether all threads have ended the calls before when it begins.
    package var waits = false
    /// The arrays that it reads and writes.
    package var arrays: [TensorType]
  }
  /// A value in the arena, while the calls from the first to the last need it.
  package struct Temporary: Sendable {
    package var buffer: Buffer
    package var offset: Int
    package var life: Lifetime
  }

  package var schedule: Schedule
  /// What `io` points to: the inputs, then the outputs that take over no input's memory.
  package var externals: [External] = []
  /// For each output of the graph its place in `io`.
  package var outputPlaces: [Int] = []
  /// Constants of the graph that stand in `io` behind the externals, in their order: the others are text.
  package var givenConstants: [NodeID] = []
  /// The functions, each once.
  package var functions: [LoopFunction] = []
  package var calls: [Call] = []
  package var temporaries: [Temporary] = []
  /// Bytes of the arena without the threads' scratch memory.
  package var arenaBytes = 0
  /// Whether it is the body of a loop, which is given its threads' scratch memory.
  package var isBody: Bool
  package var plan: Plan

  /// How many barriers a step has.
  package var barriers: Int { calls.count(where: \.waits) }

  /// Bytes of a constant that is text whatever is asked for.
  private static let mostText = 512

  /// With `givesConstants` large constants are given beside the externals: as text they would cost a compiler seconds for each
  /// million.
  /// `trace` gets a line for each step of lowering: what it does, and what came of it.
  package init(
    _ schedule: Schedule, isBody: Bool = false, plan: Plan = Plan(), givesConstants: Bool = false,
    trace: ((String) -> Void)? = nil
  ) {
    self.schedule = schedule
    self.isBody = isBody
    self.plan = plan
    precondition(schedule.gathersFromLengths, "an array of unknown length is used by more than gathering")
    addExternals()
    let context = ProgramContext(schedule, plan: plan)
    let kernels = schedule.kernels.filter { $0.domain.count > 0 }
    let separate = kernels.map(context.functions)
    let naive = separate.flatMap { $0 }
    trace?("make the nests of each kernel: \(kernels.count) kernels, \(naive.count) functions")
    func report(_ phrase: String, _ functions: [LoopFunction]?) {
      trace?(phrase + (functions.map { ": \(naive.count) functions become \($0.count)" } ?? ": unchanged"))
    }
    let chunks = Chunks(context, kernels, separate)?.functions()
    report("take a small network's rows to the lanes, from input to gradient", chunks)
    let regions = chunks == nil && plan.joinsRows ? Regions(context, naive).functions() : naive
    report("join what goes over the same rows", regions.count < naive.count ? regions : nil)
    let lanes = (chunks ?? regions).map { $0.withShortLoopsOnLanes() }
    let changed = lanes.filter(\.changed).count
    trace?("take short loops to the lanes: " + (changed == 0 ? "unchanged" : "in \(changed) functions"))
    add(lanes.map(\.function))
    trace?("call equal functions by one name: \(calls.count) calls of \(functions.count) functions")
    if givesConstants { giveConstants() }
    trace?("give large constants beside the program: " + (givenConstants.isEmpty ? "none" : "\(givenConstants.count)"))
    place()
    let bytes = temporaries.reduce(0) { $0 + $1.life.bytes }
    trace?("place values whose lives do not meet in the same memory: \(bytes) bytes in \(arenaBytes)")
    addBarriers()
    trace?("let threads wait where one reads what another wrote: \(barriers) barriers")
  }

  private mutating func giveConstants() {
    let used = Set(calls.flatMap(\.buffers))
    givenConstants = schedule.graph.ids.filter {
      guard case .constant(let array) = schedule.graph.lowering(of: $0) else { return false }
      return array.type.byteCount > Self.mostText && used.contains(.constant($0))
    }
  }

  private mutating func addExternals() {
    let graph = schedule.graph
    externals = graph.inputs.enumerated().map {
      External(label: graph.label(ofInput: $0), type: graph[$1].type, isWritten: false, length: schedule.lengths[$0])
    }
    for (k, output) in graph.outputs.enumerated() {
      if let input = schedule.donations[k] {
        externals[input].isWritten = true
        outputPlaces.append(input)
      } else {
        outputPlaces.append(externals.count)
        externals.append(External(label: graph.outputLabels[k], type: graph[output].type, isWritten: true))
      }
    }
  }

  /// Adds calls; equal functions are one.
  private mutating func add(_ list: [LoopFunction]) {
    var known: [Int: [Int]] = [:], places: [Buffer: Int] = [:]
    for function in list {
      let number: Int
      if let same = known[function.hash]?.first(where: { functions[$0].isSame(as: function) }) {
        number = same
      } else {
        number = functions.count
        known[function.hash, default: []].append(number)
        functions.append(function)
      }
      let isShared: Bool
      switch function.execution {
      case .shared: isShared = function.work >= plan.parallelThreshold
      case .alone: isShared = false
      case .together(let all): isShared = all
      }
      calls.append(
        Call(
          function: number, buffers: function.parameters.map(\.buffer), nodes: function.nodes, work: function.work,
          isShared: isShared,
          arrays: function.parameters.compactMap { $0.node.map { schedule.graph[$0].type } }))
      noteLifetimes(function, &places)
    }
  }

  /// Gives each temporary its lifetime in calls.
  private mutating func noteLifetimes(_ function: LoopFunction, _ places: inout [Buffer: Int]) {
    let call = calls.count - 1
    for parameter in function.parameters {
      let bytes: Int
      switch parameter.buffer {
      case .node(let id): bytes = schedule.graph[id].type.byteCount
      case .partial: bytes = function.partialBytes
      case .input, .output, .constant: continue
      }
      if let known = places[parameter.buffer] {
        temporaries[known].life.last = call
      } else {
        places[parameter.buffer] = temporaries.count
        temporaries.append(
          Temporary(buffer: parameter.buffer, offset: 0, life: Lifetime(bytes: bytes, first: call, last: call)))
      }
    }
  }

  private mutating func place() {
    let plan = planMemory(temporaries.map(\.life))
    for (i, offset) in plan.offsets.enumerated() { temporaries[i].offset = offset }
    arenaBytes = plan.bytes
  }

  private mutating func addBarriers() {
    let places = Dictionary(
      uniqueKeysWithValues: temporaries.map { ($0.buffer, $0.offset..<$0.offset + $0.life.bytes) })
    // The calls since the last barrier; those by one thread follow each other anyway.
    var open: [Int] = []
    for call in calls.indices {
      if open.contains(where: { conflict($0, call, places) }) {
        calls[call].waits = true
        open = []
      }
      open.append(call)
    }
  }

  /// Whether two calls touch the same memory, one of them writing, and not both are made by the first thread alone.
  private func conflict(_ a: Int, _ b: Int, _ places: [Buffer: Range<Int>]) -> Bool {
    guard calls[a].isShared || calls[b].isShared else { return false }
    func touched(_ call: Int) -> [(buffer: Buffer, isWritten: Bool)] {
      zip(calls[call].buffers, functions[calls[call].function].parameters).map { ($0, $1.isWritten) }
    }
    func overlap(_ a: Buffer, _ b: Buffer) -> Bool {
      if a == b { return true }
      guard let x = places[a], let y = places[b] else { return false }
      return x.overlaps(y)
    }
    let others = touched(b)
    return touched(a).contains { x in
      others.contains { y in (x.isWritten || y.isWritten) && overlap(x.buffer, y.buffer) }
    }
  }

  /// The temporaries in order of their places: offset, bytes, calls that need them, what they are.
  package var memoryRows: [[String]] {
    temporaries.sorted { ($0.offset, $0.life.first) < ($1.offset, $1.life.first) }.map {
      ["\($0.offset)", "\($0.life.bytes)", "calls \($0.life.first)-\($0.life.last)", describe($0.buffer)]
    }
  }

  /// What a buffer is, for people.
  package func describe(_ buffer: Buffer) -> String {
    let graph = schedule.graph
    switch buffer {
    case .input(let i): return "input \(i) \(externals[i].typeText)"
    case .output(let k): return "output \(k)"
    case .node(let id), .constant(let id): return "\(graph[id].op.name) %\(id.index) \(graph[id].type)"
    case .partial(let id): return "partial results of \(graph[id].op.name) %\(id.index)"
    }
  }
}
