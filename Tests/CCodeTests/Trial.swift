// Graphs run twice: by the interpreter and, many in one library, as compiled C on several numbers of threads.

import DescentCCode
import DescentDriver
import DescentIR
import DescentLoops
import DescentInterpreter
import DescentOps
import DescentPasses
import Dispatch
import Foundation
import Synchronization
import Testing

/// A graph with values for its inputs.
struct Trial: Sendable {
  /// Two outputs that must agree, as they are the same value computed in two ways.
  struct Twins: Sendable {
    var first: Int
    var second: Int
  }

  var name: String
  var graph: Graph
  var inputs: [HostArray]
  /// For each output the input whose memory it takes over.
  var donations: [Int?] = []
  /// Whether the graph passes run first; without them the kernels are those of the graph as written.
  var isOptimized = false
  /// So many steps run; from one to the next, an output that takes over an input's memory is that input.
  var steps = 1
  var twins: [Twins] = []
  /// Work below this is done by one thread; nil as it is for users.
  var parallelThreshold: Int?

  /// The program under its own prefix.
  func program(_ number: Int) throws -> StepProgram {
    StepProgram(
      try schedule(), prefix: "t\(number)", plan: parallelThreshold.map { Plan(parallelThreshold: $0) } ?? Plan())
  }
  func schedule() throws -> Schedule {
    // Whatever their size, values are kept or computed again.
    let graph = isOptimized ? try keepingLess(optimize(self.graph, check: true), leastBytes: 0) : self.graph
    let schedule = try fuse(graph, donations: donations)
    try schedule.graph.verify()
    return schedule
  }
}

extension Trial {
  /// Most multiply-adds that nests are interpreted for.
  private static let mostWork = 300_000

  /// In what the nests, interpreted, differ from the graph; nil where they are right, or more work than a test can wait for.
  func nestDifference(_ plan: StepPlan, _ expected: [HostArray], _ tolerance: Tolerance) -> String? {
    guard let results = interpreted(plan) else { return nil }
    for (k, (wanted, got)) in zip(expected, results).enumerated() {
      if let difference = difference(wanted, got.array(wanted.type), tolerance) {
        return "output \(k) of the nests: \(difference)\n\(plan.text)"
      }
    }
    return nil
  }
  /// What the nests make of it, shared out to so many; nil where that is more work than a test can wait for.
  func interpreted(_ plan: StepPlan, shares: Int = 3) -> [NestArray]? {
    guard plan.work.times(steps) <= Self.mostWork else { return nil }
    let arrays = plan.externals.enumerated().map { index, external in
      index < inputs.count ? NestArray(inputs[index]) : NestArray(external.type.dtype, count: external.type.shape.count)
    }
    for _ in 0..<steps { plan.interpret(arrays, shares: shares) }
    return plan.outputPlaces.map { arrays[$0] }
  }
}

/// The graph that `body` traces from inputs of the given types.
func traced(_ types: [TensorType], _ body: ([Tensor]) throws -> [Tensor]) throws -> Graph {
  let trace = Trace()
  return try trace.record {
    let inputs = types.enumerated().map { trace.input("x\($0.offset)", $0.element) }
    let outputs = try body(inputs)
    return try trace.finish(outputs.enumerated().map { (label: "y\($0.offset)", tensor: $0.element) })
  }
}

/// Numbers for the inputs of a graph: reals in -1..<2 (so that sums are not all cancellation), integers of 0...4.
func drawInputs(_ graph: Graph, seed: Int64, range: ClosedRange<Double> = -1...2) -> [HostArray] {
  graph.inputs.enumerated().map { number, id in
    let type = graph[id].type
    return Sample.Operand(type.dtype, type.shape, type.dtype.isFloating ? range : 0...4).draw(
      seed: seed &* 1000 &+ Int64(number))
  }
}

extension Trial {
  /// What the interpreter makes of it.
  func expected() throws -> [HostArray] {
    var inputs = inputs
    var outputs: [HostArray] = []
    for _ in 0..<steps {
      outputs = try graph.evaluate(inputs)
      for (k, input) in donations.enumerated() {
        if let input, outputs[k].type == inputs[input].type { inputs[input] = outputs[k] }
      }
    }
    return outputs
  }

  /// A trial of a traced function.
  init(
    _ name: String, _ types: [TensorType], seed: Int64 = 1, donations: [Int?] = [], steps: Int = 1,
    _ body: ([Tensor]) throws -> [Tensor]
  ) throws {
    let graph = try traced(types, body)
    self.init(name: name, graph: graph, inputs: drawInputs(graph, seed: seed), donations: donations, steps: steps)
  }
}

/// One way to have the C compiled.
struct CBuild: Sendable {
  var name: String
  var flags: [String]
  static let optimized = CBuild(name: "-O3", flags: [])
  static let plain = CBuild(name: "-O0", flags: ["-O0"])
  static let withoutVectors = CBuild(name: "-O1 without vectors", flags: ["-O1", "-DDSC_NO_VECTORS"])
  static let quick = CBuild(name: "quick", flags: LibraryRequest.Effort.quick.flags)
}

/// Programs in a library, with the numbers of threads they run on.
struct Fleet {
  /// So many programs are built at once.
  static let size = 100

  /// Fails the test in force once for each trial with which something is wrong.
  static func check(
    _ trials: [Trial], threads: [Int] = [1, 2, 3, 4, 8], at location: Testing.SourceLocation = #_sourceLocation
  ) throws {
    for failure in try failures(trials, threads: threads).prefix(20) {
      Issue.record("\(failure)", sourceLocation: location)
    }
  }

  /// What is wrong with the trials, in words; empty where all is well.
  static func failures(_ trials: [Trial], threads: [Int] = [1, 2, 3, 4, 8], builds: [CBuild] = [.optimized]) throws
    -> [String]
  {
    try failing(trials, threads: threads, builds: builds).map { "\($0.trial.name): \($0.failure)" }
  }

  /// The trials with which something is wrong.
  ///
  /// Outputs must agree with the interpreter's within the one tolerance policy (integers and bools exactly), and twins with one
  /// another; inputs that nothing takes over must stay; and each number of threads and each build must give the same bits.
  static func failing(_ trials: [Trial], threads: [Int], builds: [CBuild] = [.optimized], size: Int = size) throws
    -> [(trial: Trial, failure: String)]
  {
    var failures: [(trial: Trial, failure: String)] = []
    var crews: [Crew] = []
    for start in stride(from: 0, to: trials.count, by: size) {
      var crew = Crew(number: start, trials: [], programs: [])
      for trial in trials[start..<min(start + size, trials.count)] {
        do {
          crew.programs.append(try trial.program(crew.trials.count))
          crew.trials.append(trial)
        } catch { failures.append((trial, "not compiled: \(error)")) }
      }
      crews.append(crew)
    }
    // All builds of all libraries side by side; what is found in the cache is there at once.
    let results = Mutex([Result<Library, any Error>?](repeating: nil, count: crews.count * builds.count))
    let settings = try Settings.current(), all = crews
    DispatchQueue.concurrentPerform(iterations: crews.count * builds.count) { index in
      let (crew, build) = (all[index / builds.count], builds[index % builds.count])
      let library = Result {
        try load(
          LibraryRequest(name: "trials\(crew.number)", source: librarySource(crew.programs), flags: build.flags),
          settings: settings)
      }
      results.withLock { $0[index] = library }
    }
    let libraries = results.withLock { $0.map { $0! } }
    for (index, crew) in crews.enumerated() {
      do {
        let built = try zip(builds, libraries[(index * builds.count)...]).map { (build: $0, library: try $1.get()) }
        for (trial, program) in zip(crew.trials, crew.programs) {
          if let failure = try failure(trial, program, built, threads) { failures.append((trial, failure)) }
        }
      } catch {
        // One of them does not compile as C: which one is found by halves.
        guard crew.trials.count > 1 else {
          failures.append((crew.trials[0], "\(error)"))
          continue
        }
        failures += try failing(crew.trials, threads: threads, builds: builds, size: (crew.trials.count + 1) / 2)
      }
    }
    return failures
  }

  private struct Crew: Sendable {
    var number: Int
    var trials: [Trial]
    var programs: [StepProgram]
  }

  private static func failure(
    _ trial: Trial, _ program: StepProgram, _ libraries: [(build: CBuild, library: Library)], _ threads: [Int]
  ) throws -> String? {
    let expected = try trial.expected()
    let tolerance = Tolerance(trial.graph, steps: trial.steps)
    for twins in trial.twins {
      if let difference = difference(expected[twins.second], expected[twins.first], tolerance) {
        return "outputs \(twins.first) and \(twins.second) should agree, interpreted: \(difference)"
      }
    }
    if let fault = program.faults.first { return "its nests: \(fault)" }
    if let difference = trial.nestDifference(program.plan, expected, tolerance) { return difference }
    var first: [HostArray]?
    for (build, library) in libraries {
      // The thread count was varied by the first build.
      for count in first == nil ? threads : Array(threads.suffix(1)) {
        let arrays = try program.externals.enumerated().map { index, external in
          index < trial.inputs.count ? try MemoryArray(trial.inputs[index]) : try MemoryArray(external.type)
        }
        try Executable(program, in: library, threads: count).run(arrays, steps: trial.steps)
        let results = program.outputPlaces.map { arrays[$0].read() }
        for (index, input) in trial.inputs.enumerated() where !program.externals[index].isWritten {
          if !sameBits(arrays[index].read(), input) { return "input \(index) was written" }
        }
        if let first {
          for (k, (a, b)) in zip(first, results).enumerated() where !sameBits(a, b) {
            return
              "output \(k) by \(build.name) on \(count) threads has other bits than by \(libraries[0].build.name) on \(threads[0])"
          }
        } else {
          for (k, (wanted, got)) in zip(expected, results).enumerated() {
            if let difference = difference(wanted, got, tolerance) { return "output \(k): \(difference)" }
          }
          first = results
        }
      }
    }
    return nil
  }
}

struct TrialError: Error, CustomStringConvertible { var description: String }

/// Byte for byte.
func sameBits(_ a: HostArray, _ b: HostArray) -> Bool {
  a.type == b.type && a.withBytes { x in b.withBytes { y in x.elementsEqual(y) } }
}

/// Why `got` is not `wanted`; nil where they agree.
func difference(_ wanted: HostArray, _ got: HostArray, _ tolerance: Tolerance) -> String? {
  guard wanted.type == got.type else { return "type \(got.type), expected \(wanted.type)" }
  guard wanted.dtype.isFloating else {
    guard let i = zip(wanted.ints, got.ints).enumerated().first(where: { $1.0 != $1.1 })?.offset else { return nil }
    return "element \(i) of \(wanted.type) is \(got.ints[i]), expected \(wanted.ints[i])"
  }
  let relative = Tolerance.difference(wanted.doubles, got.doubles)
  guard !(relative <= tolerance.relative) else { return nil }
  let (x, y) = (wanted.doubles, got.doubles)
  let worst = x.indices.max { distance(x[$0], y[$0]) < distance(x[$1], y[$1]) } ?? 0
  return
    "\(wanted.type) differs by \(relative), allowed \(tolerance.relative); element \(worst) is \(y[worst]), expected \(x[worst])"
}

private func distance(_ a: Double, _ b: Double) -> Double {
  if a == b || (a.isNaN && b.isNaN) { return 0 }
  return (a - b).isFinite ? abs(a - b) : .infinity
}
