// The builds of a compiled function, and which of them serves a call.

import DescentIR
import DescentInterpreter
import DescentTransforms
import Synchronization

/// The arguments of one call. Used by one task, from the flattening of the arguments to the end of the call.
final class Call {
  private var arguments: [FlatTree] = []
  private var trace: Trace?
  /// The structures of the arguments in the trace at hand: their numbers may be others.
  private var structures: [TreeStructure] = []
  private var next = 0

  func add(_ argument: some ParameterTree) throws { arguments.append(try FlatTree(argument)) }

  /// The argument with inputs of the trace for its tensors; called for one argument after another.
  func traced<T: ParameterTree>(_ argument: T) throws -> T {
    guard let trace, Trace.current === trace else { return argument }
    let flat = arguments[next]
    let structure = structures[next]
    let name = arguments.count > 1 ? "\(next)" : ""
    next += 1
    return try FlatTree.rebuild(
      T.self, structure,
      zip(flat.paths, flat.leaves).map { path, leaf in
        trace.input([name, path].filter { !$0.isEmpty }.joined(separator: "."), leaf.type)
      })
  }
  func outputs(_ result: some ParameterTree) throws -> [FlatTree] { [try FlatTree(result)] }

  /// The graph of the function, and the structures of its results.
  struct Traced {
    var graph: Graph
    var structures: [TreeStructure]
  }

  /// Traces the function on the arguments' types; with `nearby` at other numbers than theirs.
  func trace(_ ledger: ConstantLedger, nearby: Bool = false, _ body: () throws -> [FlatTree]) throws -> Traced {
    let trace = Trace(ledger: ledger)
    (self.trace, next) = (trace, 0)
    structures = arguments.map { nearby ? $0.structure.nearby : $0.structure }
    defer { self.trace = nil }
    let outputs = try trace.record(body)
    let labelled = outputs.flatMap { flat in zip(flat.paths, flat.leaves).map { (label: $0, tensor: $1) } }
    return Traced(graph: try trace.finish(labelled), structures: outputs.map(\.structure))
  }

  var key: CallKey {
    CallKey(
      structures: arguments.map(\.structure), paths: arguments.map(\.paths),
      types: arguments.map { $0.leaves.map(\.type) })
  }
  var leaves: [Tensor] { arguments.flatMap(\.leaves) }
}

/// What decides whether an earlier build serves.
struct CallKey: Hashable {
  var structures: [TreeStructure]
  var paths: [[String]]
  var types: [[TensorType]]

  /// The same without the numbers that stand beside the tensors.
  var form: CallKey {
    var form = self
    form.structures = structures.map(\.form)
    return form
  }
}

/// A function that is compiled when it is called.
final class CompiledFunction: Sendable {
  private struct Build: Sendable {
    var key: CallKey
    var executable: Executable
    /// As it was traced, the numbers as inputs.
    var graph: Graph
    var arguments: ConstantArguments
    /// The constants that came up in its trace.
    var constants: [HostArray]
  }
  /// What a call runs: a build, with the numbers that it is given behind the tensors.
  private struct Service: Sendable {
    var build: Build
    var numbers: [HostArray]
    var structures: [TreeStructure]
  }
  private struct State {
    var services: [CallKey: Service] = [:]
    var builds: [Build] = []
  }
  private let state = Mutex(State())
  private let place: SourceLocation
  /// Numbers for which the service is remembered; for more of them the function is traced again.
  private static let mostServices = 1_000

  init(_ place: SourceLocation) { self.place = place }

  func run(_ call: Call, _ body: () throws -> [FlatTree]) throws -> ([TreeStructure], [Tensor]) {
    if Trace.current != nil {
      let outputs = try body()
      return (outputs.map(\.structure), outputs.flatMap(\.leaves))
    }
    let key = call.key
    let leaves = try call.leaves.map { try $0.value }
    let service = try state.withLock { $0.services[key] } ?? serve(call, key, body)
    let inputs = leaves + service.numbers
    let executable = service.build.executable
    let arrays = try executable.program.externals.enumerated().map { index, external in
      index < inputs.count ? try MemoryArray(inputs[index]) : try MemoryArray(external.type)
    }
    executable.run(arrays)
    for place in executable.program.outputPlaces { try arrays[place].type.checkRoom() }
    let results = executable.program.outputPlaces.map { arrays[$0].read() }
    if try Settings.current().checks.contains(.numbers) { try service.build.graph.checkNumbers(results, inputs) }
    return (service.structures, results.map { Tensor($0) })
  }

  /// An earlier build for a call with new arguments, or a new one.
  private func serve(_ call: Call, _ key: CallKey, _ body: () throws -> [FlatTree]) throws -> Service {
    let builds = state.withLock(\.builds)
    let alike = builds.filter { $0.key.form == key.form }
    let service = try earlier(alike, call, body) ?? build(call, key, builds, alike, body)
    state.withLock { state in
      if state.services.count >= Self.mostServices { state.services = [:] }
      state.services[key] = service
    }
    return service
  }

  /// A build whose graph is that of this call, whatever its numbers were.
  private func earlier(_ builds: [Build], _ call: Call, _ body: () throws -> [FlatTree]) throws -> Service? {
    for arguments in Set(builds.map(\.arguments)) {
      let trace = try LedgerTrace(arguments) { try call.trace($0, body) }
      if trace.conflicts { continue }
      if let build = builds.first(where: { $0.arguments == arguments && $0.graph == trace.traced.graph }) {
        return Service(build: build, numbers: trace.values, structures: trace.traced.structures)
      }
    }
    return nil
  }

  private func build(
    _ call: Call, _ key: CallKey, _ builds: [Build], _ alike: [Build], _ body: () throws -> [FlatTree]
  ) throws -> Service {
    let plain = try LedgerTrace(ConstantArguments()) { try call.trace($0, body) }
    // The function may not be one for other numbers; then this one is built alone.
    let nearby =
      key.structures.contains(where: \.hasNumbers)
      ? try? LedgerTrace(ConstantArguments()) { try call.trace($0, nearby: true, body) } : nil
    // A trace with other operations says nothing of these.
    let others = [nearby?.constants, alike.last?.constants].compactMap { $0 }.filter {
      $0.map(\.type) == plain.constants.map(\.type)
    }
    let arguments = ConstantArguments(differing: [plain.constants] + others)
    let trace = arguments.numbers.isEmpty ? plain : try LedgerTrace(arguments) { try call.trace($0, body) }
    let graph = trace.traced.graph
    let known = alike.last ?? builds.last
    BuildLog.explain(
      "\(place): " + BuildReason(key, graph, known.map { ($0.key, $0.graph) }).text, try Settings.current())
    let executable = try load([try prepare(graph, prefix: "compiled", givesConstants: true)])[0]
    let build = Build(
      key: key, executable: executable, graph: graph, arguments: arguments, constants: trace.constants)
    state.withLock { $0.builds.append(build) }
    return Service(build: build, numbers: trace.values, structures: trace.traced.structures)
  }
}

extension Graph {
  /// Throws where an output is not finite and an operation made it so of finite numbers.
  fileprivate func checkNumbers(_ results: [HostArray], _ inputs: [HostArray]) throws {
    for (number, result) in results.enumerated() where !result.isFinite {
      guard let origin = try origin(ofOutput: number, inputs), origin.maker == .operation else { continue }
      let name = outputLabels[number].isEmpty ? "the result" : "the result '\(outputLabels[number])'"
      throw DescentError(.usage, "\(name) is not finite: \(origin.message)", at: origin.location)
    }
  }
}
