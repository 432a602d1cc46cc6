// What all functions of a step share, and one of them under construction.

import DescentIR
import DescentOps
import DescentPasses

/// What all functions of a step share.
struct ProgramContext {
  let schedule: Schedule
  let plan: Plan
  let stored: [Bool]
  let families: [Lowering]
  /// Cost of what is computed on the way to each node, in multiply-adds; 0 of what lies in memory.
  private let inlinedCosts: [Int]
  private let outputNumber: [NodeID: Int]

  init(_ schedule: Schedule, plan: Plan) {
    self.schedule = schedule
    self.plan = plan
    let graph = schedule.graph
    stored = schedule.stored
    families = graph.ids.map { graph.lowering(of: $0) }
    var costs: [Int] = []
    for id in graph.ids {
      var cost = 0
      if !stored[id.index] {
        cost = graph[id].operands.reduce(0) { $0.plus(costs[$1.index]) }
        if case .pointwise(let rule) = families[id.index] { cost = cost.plus(rule.cost) }
      }
      costs.append(cost)
    }
    inlinedCosts = costs
    outputNumber = Dictionary(graph.outputs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }
  var graph: Graph { schedule.graph }

  func buffer(_ id: NodeID) -> Buffer {
    if let input = graph[id].op as? Input { return .input(input.index) }
    if case .constant = families[id.index] { return .constant(id) }
    if let output = outputNumber[id] { return schedule.donations[output].map { .input($0) } ?? .output(output) }
    return .node(id)
  }
}

/// A function under construction: its arrays in the order of their first mention, its variables, values and locals.
/// A reference, for the builders of several bodies add to one function.
final class FunctionBuilder {
  let context: ProgramContext
  private(set) var parameters: [Parameter] = []
  private(set) var variables: [LoopVariable] = []
  private(set) var locals: [Local] = []
  private(set) var values: [String] = []

  init(_ context: ProgramContext) { self.context = context }

  var graph: Graph { context.graph }
  var extents: [Int] { variables.map(\.extent) }

  func parameter(_ buffer: Buffer, _ dtype: DType, node: NodeID?, isWritten: Bool) -> Storage {
    if let i = parameters.firstIndex(where: { $0.buffer == buffer }) {
      parameters[i].isWritten = parameters[i].isWritten || isWritten
      return .parameter(i)
    }
    parameters.append(Parameter(buffer: buffer, dtype: dtype, isWritten: isWritten, node: node))
    return .parameter(parameters.count - 1)
  }
  /// The array of a node.
  func array(_ id: NodeID, isWritten: Bool) -> Storage {
    parameter(context.buffer(id), graph[id].type.dtype, node: id, isWritten: isWritten)
  }
  func variable(_ name: String, _ extent: Int) -> Int {
    variables.append(LoopVariable(name: name, extent: extent))
    return variables.count - 1
  }
  /// Variables named i, j, k, … over these extents.
  func axes(_ extents: some Sequence<Int>, names: [String] = axisNames) -> [Int] {
    extents.enumerated().map {
      variable($0.offset < names.count ? names[$0.offset] : "\(names.last!)\($0.offset)", $0.element)
    }
  }
  static let axisNames = ["i", "j", "k", "m", "n", "o"]
  static let reducedNames = ["r", "s", "u", "v"]

  func local(_ name: String, _ dtype: DType, count: Int?) -> Int {
    locals.append(Local(name: name, dtype: dtype, count: count))
    return locals.count - 1
  }
  /// One like that of another function.
  func local(_ other: Local) -> Int {
    locals.append(other)
    return locals.count - 1
  }
  func variable(_ other: LoopVariable) -> Int { variable(other.name, other.extent) }
  /// A number that is one element of a node's value.
  func local(_ dtype: DType, of id: NodeID) -> Int {
    locals.append(Local(name: graph[id].op.name, dtype: dtype, count: nil, node: id))
    return locals.count - 1
  }
  /// An array for this many of a node's elements, at a cache line.
  func local(of id: NodeID, count: Int) -> Int {
    let type = graph[id].type
    locals.append(
      Local(name: graph[id].op.name, dtype: type.dtype, count: count, isAligned: true, type: type, node: id))
    return locals.count - 1
  }
  /// The number of a new value; `name` says what it is.
  func value(_ name: String) -> Int {
    values.append(name)
    return values.count - 1
  }
  func setExtent(_ variable: Int, _ extent: Int) { variables[variable].extent = extent }

  /// The function, with its body tidied.
  func finish(
    _ body: [Statement], _ execution: Execution, nodes: [NodeID], work: Int, partialBytes: Int = 0
  ) -> LoopFunction {
    var function = LoopFunction(nodes: nodes)
    function.body = body.tidied()
    (function.variables, function.locals, function.values) = (variables, locals, values)
    (function.execution, function.work, function.partialBytes) = (execution, work, partialBytes)
    // Arrays that only removed statements read are not parameters.
    var used = Set<Int>()
    function.body.forEachStatement { statement in
      func use(_ storage: Storage) { if case .parameter(let number) = storage { used.insert(number) } }
      for place in statement.places { use(place.storage) }
      for x in statement.expressions {
        x.forEach { part in
          switch part {
          case .load(let storage, _, _), .array(let storage, _, _): use(storage)
          case .literal, .position, .value, .infix, .negated, .call, .cast, .unsigned: break
          }
        }
      }
    }
    let kept = parameters.indices.filter { used.contains($0) }
    function.parameters = kept.map { parameters[$0] }
    if kept.count < parameters.count {
      let number = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
      func moved(_ storage: Storage) -> Storage {
        if case .parameter(let old) = storage { .parameter(number[old]!) } else { storage }
      }
      function.body = function.body.mapped(
        { x in
          switch x {
          case .load(let storage, let affine, let dtype): .load(moved(storage), affine, dtype)
          case .array(let storage, let affine, let dtype): .array(moved(storage), affine, dtype)
          case .literal, .position, .value, .infix, .negated, .call, .cast, .unsigned: x
          }
        }, place: { (moved($0), $1) })
    }
    return function
  }
}

extension ProgramContext {
  /// Cost of computing one element of these nodes.
  func cost(_ nodes: [NodeID]) -> Int {
    nodes.reduce(1) { total, id in
      if case .pointwise(let rule) = families[id.index] { total + rule.cost } else { total + 2 }
    }
  }
  /// Cost of what is computed on the way to an operand.
  func inlinedCost(_ id: NodeID) -> Int { inlinedCosts[id.index] }
}
