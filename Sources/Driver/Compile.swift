// compile: a function of parameter trees becomes C, is built, loaded and called. One build for each structure of arguments.
// The first parameter is written apart from the pack as in grad: only so does Swift infer `compile(grad(f))`.

import DescentCCode
import DescentIR
import DescentInterpreter
import DescentOps
import DescentPasses
import DescentTransforms
import Synchronization

/// The same function, compiled to C. It is traced, built and loaded at the first call with arguments of a new structure or new
/// types; further calls run the library. Throws the errors of tracing and building.
///
/// Inside another transform it is the function itself, so that `grad(compiled)` and nesting work.
///
/// Where `DESCENT_CHECK` is `nan` or `1`, a result that is NaN or infinite and was made of finite numbers is an error, which names
/// the operation that made it, its line and its operands.
public func compile<P: ParameterTree, each A: ParameterTree, R: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> R
) -> @Sendable (P, repeat each A) throws -> R {
  let cache = CompiledFunction()
  return { (p: P, a: repeat each A) throws -> R in
    let call = Call()
    try call.add(p)
    repeat try call.add(each a)
    let (entry, leaves) = try cache.run(call) {
      try call.outputs(f(try call.traced(p), repeat try call.traced(each a)))
    }
    return try FlatTree.rebuild(R.self, entry[0], leaves)
  }
}

/// A function with two results.
public func compile<P: ParameterTree, each A: ParameterTree, R: ParameterTree, S: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> (R, S)
) -> @Sendable (P, repeat each A) throws -> (R, S) {
  let cache = CompiledFunction()
  return { (p: P, a: repeat each A) throws -> (R, S) in
    let call = Call()
    try call.add(p)
    repeat try call.add(each a)
    let (entry, leaves) = try cache.run(call) {
      let (r, s) = f(try call.traced(p), repeat try call.traced(each a))
      return try call.outputs(r) + call.outputs(s)
    }
    let split = entry[0].leafCount
    return (
      try FlatTree.rebuild(R.self, entry[0], Array(leaves[..<split])),
      try FlatTree.rebuild(S.self, entry[1], Array(leaves[split...]))
    )
  }
}

/// A function with three results, such as `valueAndGrad` with an auxiliary output.
public func compile<P: ParameterTree, each A: ParameterTree, R: ParameterTree, S: ParameterTree, T: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> (R, S, T)
) -> @Sendable (P, repeat each A) throws -> (R, S, T) {
  let cache = CompiledFunction()
  return { (p: P, a: repeat each A) throws -> (R, S, T) in
    let call = Call()
    try call.add(p)
    repeat try call.add(each a)
    let (entry, leaves) = try cache.run(call) {
      let (r, s, t) = f(try call.traced(p), repeat try call.traced(each a))
      return try call.outputs(r) + call.outputs(s) + call.outputs(t)
    }
    let first = entry[0].leafCount
    let second = first + entry[1].leafCount
    return (
      try FlatTree.rebuild(R.self, entry[0], Array(leaves[..<first])),
      try FlatTree.rebuild(S.self, entry[1], Array(leaves[first..<second])),
      try FlatTree.rebuild(T.self, entry[2], Array(leaves[second...]))
    )
  }
}

extension TreeStructure {
  fileprivate var leafCount: Int {
    switch self {
    case .leaf: 1
    case .setting: 0
    case .keyed(let fields): fields.reduce(0) { $0 + $1.structure.leafCount }
    case .unkeyed(let items): items.reduce(0) { $0 + $1.leafCount }
    }
  }
}

/// The arguments of one call. Used by one task, from the flattening of the arguments to the end of the call.
private final class Call {
  var arguments: [FlatTree] = []
  let trace = Trace()
  private var next = 0

  func add(_ argument: some ParameterTree) throws { arguments.append(try FlatTree(argument)) }

  /// The argument with inputs of the trace for its tensors; called for one argument after another.
  func traced<T: ParameterTree>(_ argument: T) throws -> T {
    if Trace.current !== trace { return argument }
    let flat = arguments[next]
    let name = arguments.count > 1 ? "\(next)" : ""
    next += 1
    return try FlatTree.rebuild(
      T.self, flat.structure,
      zip(flat.paths, flat.leaves).map { path, leaf in
        trace.input([name, path].filter { !$0.isEmpty }.joined(separator: "."), leaf.type)
      })
  }
  func outputs(_ result: some ParameterTree) throws -> [FlatTree] { [try FlatTree(result)] }

  /// What decides whether an earlier build serves.
  struct Key: Hashable {
    var structures: [TreeStructure]
    var types: [TensorType]
  }
  var key: Key { Key(structures: arguments.map(\.structure), types: arguments.flatMap { $0.leaves.map(\.type) }) }
  var leaves: [Tensor] { arguments.flatMap(\.leaves) }
}

/// The builds of one function.
private final class CompiledFunction: Sendable {
  private struct Build {
    var executable: Executable
    var structures: [TreeStructure]
    /// As it was traced, where results are checked.
    var graph: Graph?
  }
  private let builds = Mutex<[Call.Key: Build]>([:])

  func run(_ call: Call, _ body: () throws -> [FlatTree]) throws -> ([TreeStructure], [Tensor]) {
    if Trace.current != nil {
      let outputs = try body()
      return (outputs.map(\.structure), outputs.flatMap(\.leaves))
    }
    let inputs = try call.leaves.map { try $0.value }
    let key = call.key
    let build: Build
    if let known = builds.withLock({ $0[key] }) {
      build = known
    } else {
      let outputs = try call.trace.record(body)
      let labelled = outputs.flatMap { flat in zip(flat.paths, flat.leaves).map { (label: $0, tensor: $1) } }
      let graph = try call.trace.finish(labelled)
      let program = try prepare(graph, prefix: "compiled", givesConstants: true)
      let executable = try load([program])[0]
      let isChecked = try Settings.current().checks.contains(.numbers)
      build = Build(executable: executable, structures: outputs.map(\.structure), graph: isChecked ? graph : nil)
      builds.withLock { $0[key] = build }
    }
    let executable = build.executable
    let arrays = try executable.program.externals.enumerated().map { index, external in
      index < inputs.count ? try MemoryArray(inputs[index]) : try MemoryArray(external.type)
    }
    executable.run(arrays)
    for place in executable.program.outputPlaces { try arrays[place].type.checkRoom() }
    let results = executable.program.outputPlaces.map { arrays[$0].read() }
    try build.graph?.checkNumbers(results, inputs)
    return (build.structures, results.map { Tensor($0) })
  }
}

extension Graph {
  /// Throws where an output is not finite and an operation made it so of finite numbers.
  package func checkNumbers(_ results: [HostArray], _ inputs: [HostArray]) throws {
    for (number, result) in results.enumerated() where !result.isFinite {
      guard let origin = try origin(ofOutput: number, inputs), origin.maker == .operation else { continue }
      let name = outputLabels[number].isEmpty ? "the result" : "the result '\(outputLabels[number])'"
      throw DescentError(.usage, "\(name) is not finite: \(origin.message)", at: origin.location)
    }
  }
}
