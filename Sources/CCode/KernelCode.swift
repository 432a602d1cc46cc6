// One C function for each call of the step, and the loops around bodies.

import DescentIR
import DescentPasses

/// A kernel as C: a function over a range `lo ..< hi` of units that may be shared out among threads.
struct KernelCode {
  /// The function's name in `helpers` and `body`; the program gives each distinct text one name.
  static let placeholder = "@"

  var parameters: Parameters
  /// Functions of its own in front, which are no part of the text that equal kernels share.
  var prelude = ""
  /// Declarations before the function.
  var helpers: [String] = []
  var body: [String]
  /// The number of units as a C expression.
  var units: String
  /// Shares are cut at multiples of this.
  var grain = 1
  /// Rough cost of the whole in multiply-adds: a small one is not worth sharing out.
  var work: Int
  /// Bytes of scratch memory for each thread, as a C expression.
  var scratch: String?
  /// Bytes of partial results, which the call after this one combines.
  var partialBytes = 0
  /// The nodes that this function computes, for its comment.
  var nodes: [NodeID]
  /// Whether all threads call it together, with their number and count in place of a range.
  var isCollective = false
  /// Of a collective one, whether threads share its work; otherwise one calls it alone.
  var sharesItsWork = false

  /// The function's text with `@` for its name.
  var text: String {
    // In a collective one, other threads write between two barriers what this one reads after: restrict would say they do not.
    let restrict = isCollective ? "" : "DSC_RESTRICT "
    var list = parameters.entries.map { entry in
      "\(entry.isWritten ? "" : "const ")\(entry.dtype.cName) *\(restrict)\(entry.name)"
    }
    if scratch != nil { list.append("void *scratch") }
    let head = "static void \(Self.placeholder)(\(((isCollective ? ["int64_t thread", "int64_t threads"] : ["int64_t lo", "int64_t hi"]) + list).joined(separator: ", "))) {"
    return markingUnused(helpers + [head] + body.map { $0.indented(1) } + ["}"]).joined(separator: "\n")
  }
}

/// A loop that has been opened, and the text to open it.
struct Loop {
  var variable: Int
  var lower: String
  var upper: String
}

/// Of loops the one that threads share: the first wide one, else the widest.
func sharedLoop(_ loops: some Collection<Int>, _ variables: [LoopVariable]) -> Int? {
  loops.first { variables[$0].extent >= 64 } ?? loops.max { variables[$0].extent < variables[$1].extent }
}

/// Loops over all of their extents, but `shared`, which goes over a thread's share.
func opened(_ loops: some Sequence<Int>, _ variables: [LoopVariable], shared: Int? = nil) -> [Loop] {
  loops.map { $0 == shared ? Loop(variable: $0, lower: "lo", upper: "hi") : Loop(variable: $0, lower: "0", upper: cLiteral(variables[$0].extent)) }
}

/// Statements for a function that has no loop to share.
func withoutShares(_ shared: Int?) -> [String] { shared == nil ? ["(void)lo;", "(void)hi;"] : [] }

/// Bodies inside loops; `pragma` goes before each.
func nest(_ loops: [Loop], _ variables: [LoopVariable], _ body: [String], pragma: String = "") -> [String] {
  guard let loop = loops.first else { return body }
  let name = variables[loop.variable].name
  return ["\(pragma)for (int64_t \(name) = \(loop.lower); \(name) < \(loop.upper); \(name)++) {"]
    + nest(Array(loops.dropFirst()), variables, body, pragma: pragma).map { $0.indented(1) } + ["}"]
}

/// Which of the neighbouring loops `range` can be one loop, given everything that depends on them: an outer loop is dropped and
/// the inner one runs over the product, where each step of the outer is as good as a whole turn of the inner.
func merge(_ range: Range<Int>, _ variables: inout [LoopVariable], _ accesses: [Affine]) -> Set<Int> {
  var dropped: Set<Int> = Set(range.filter { variables[$0].extent == 1 })
  let kept = range.filter { !dropped.contains($0) }
  let extents = variables.map(\.extent)
  for (outer, inner) in zip(kept, kept.dropFirst()).reversed() {
    guard accesses.allSatisfy({ $0.coefficient(of: outer) == $0.coefficient(of: inner) * extents[inner] }) else { continue }
    dropped.insert(outer)
  }
  // The extents of dropped loops go to the next kept one inward.
  var carried = 1
  for variable in kept {
    if dropped.contains(variable) {
      carried *= variables[variable].extent
    } else {
      variables[variable].extent *= carried
      carried = 1
    }
  }
  return dropped
}

extension ProgramContext {
  /// A body that computes and stores a kernel's nodes at the index of its domain.
  func store(_ kernel: Kernel, _ body: inout Body, _ index: [Affine]) {
    let stores = Set(kernel.stores)
    // All values before all stores: memory that is taken over is read before it is written.
    // Among scalars may be a member of another rank with its one element.
    func place(_ member: NodeID) -> [Affine] {
      let rank = graph[member].type.shape.rank
      return rank == index.count ? index : [Affine](repeating: Affine(), count: rank)
    }
    for member in kernel.members { _ = body.value(member, place(member)) }
    if let anchor = kernel.anchor, stores.contains(anchor) { body.store(anchor, index, body.value(anchor, index)) }
    for member in kernel.members where stores.contains(member) { body.store(member, place(member), body.value(member, place(member))) }
  }

  /// Cost of computing one element of these nodes.
  func cost(_ nodes: [NodeID]) -> Int {
    nodes.reduce(1) { total, id in
      if case .pointwise(let rule) = families[id.index] { total + rule.cost } else { total + 2 }
    }
  }

  /// The parts of a concatenation one after another, a nest for each: what a part is made of is computed for its elements alone.
  private func parts(_ kernel: Kernel, _ axis: Int) -> KernelCode {
    let id = kernel.members[0]
    let shape = kernel.domain
    let others = shape.dimensions.indices.filter { $0 != axis }
    let shared = sharedLoop(others, LoopVariable.over(shape.dimensions))
    var parameters = Parameters()
    var (lines, names, start) = ([String](), 0, 0)
    for operand in graph[id].operands {
      let part = graph[operand].type.shape
      guard part.count > 0 else { continue }
      let variables = LoopVariable.over(part.dimensions)
      var index = variables.indices.map { Affine(variable: $0) }
      var body = Body(self, parameters, variables, names: names)
      let value = body.value(operand, index)
      index[axis] = index[axis] + Affine(start)
      body.store(id, index, value)
      (parameters, names, start) = (body.parameters, body.counter, start + part[axis])
      lines += nest(opened(variables.indices, variables, shared: shared), variables, body.lines)
    }
    let cost = 2 + graph[id].operands.reduce(0) { Swift.max($0, inlinedCost($1)) }
    return KernelCode(
      parameters: parameters, body: withoutShares(shared) + lines,
      units: cLiteral(shared.map { shape[$0] } ?? 1), grain: shared == shape.rank - 1 ? 64 : 1, work: shape.count * cost, nodes: [id])
  }

  /// A nest over the results' elements.
  func loops(_ kernel: Kernel) -> KernelCode {
    if kernel.members.count == 1, case .concatenate(let axis) = families[kernel.members[0].index] { return parts(kernel, axis) }
    let shape = kernel.domain
    var variables = LoopVariable.over(shape.dimensions)
    let index = shape.dimensions.indices.map { Affine(variable: $0) }
    func write(_ variables: [LoopVariable], _ dropped: Set<Int>) -> Body {
      var body = Body(self, Parameters(), variables, dropped: dropped)
      body.computedHere = Set(kernel.members)
      store(kernel, &body, index)
      return body
    }
    let dropped = merge(0..<shape.rank, &variables, write(variables, []).accesses)
    let original = LoopVariable.over(shape.dimensions)
    let body = write(original, dropped)
    let kept = (0..<shape.rank).filter { !dropped.contains($0) }
    let shared = sharedLoop(kept, variables)
    let lines = withoutShares(shared) + nest(opened(kept, variables, shared: shared), variables, body.lines)
    return KernelCode(
      parameters: body.parameters, body: lines, units: cLiteral(shared.map { variables[$0].extent } ?? 1),
      grain: shared != nil && shared == kept.last ? 64 : 1, work: shape.count * cost(kernel.members), nodes: kernel.members)
  }
}
