// Regions: functions that go over the same rows, one after another, become one that takes each row through all of them.
// Takes the functions of a step in their order; gives them with runs of such functions joined. A row is a unit of the outermost
// loop, which threads share; what a function does for one row touches, of arrays that another one of the run writes, that row
// alone. Arrays that nothing outside the run wants become small ones of one row, which stay in the cache. Softmax, layer
// normalisation and cross-entropy become one function each. No value changes, and no bit: who computes what in which order
// within a row stays as it was.

import DescentIR
import DescentPasses

/// A function whose outermost loop goes over rows.
private struct RowFunction {
  let function: LoopFunction
  /// The loop's variable, how many rows it goes over, and what is done for one.
  let row: Int
  let rows: Int
  let body: [Statement]
  /// Parameters of which a row's part alone is touched, by whole rows.
  private let regular: Set<Int>

  init?(_ function: LoopFunction, counts: (Parameter) -> Int?) {
    guard function.scan == nil, case .shared(.count(let rows), _, let lower, let upper) = function.execution,
      function.body.count == 1, case .loop(let loop) = function.body[0], loop.step == 1, loop.mode == .plain,
      loop.lower == .position(Affine(variable: lower)), loop.upper == .position(Affine(variable: upper)),
      function.variables[loop.variable].extent == rows
    else { return nil }
    (self.function, self.rows, row, body) = (function, rows, loop.variable, loop.body)
    // Positions that follow from the row in another way than by whole rows.
    var tainted: Set<Int> = [lower, upper]
    var isPlain = true
    func depends(_ x: Expression) -> Bool {
      var found = false
      x.forEach { part in
        switch part {
        case .load, .array, .value: found = true
        case .position(let affine):
          if affine.terms.contains(where: { $0.variable == loop.variable || tainted.contains($0.variable) }) {
            found = true
          }
        case .literal, .infix, .negated, .call, .cast, .unsigned: break
        }
      }
      return found
    }
    loop.body.forEachStatement { statement in
      switch statement {
      case .index(let variable, let x): if depends(x) { tainted.insert(variable) }
      case .loop(let inner): if depends(inner.lower) || depends(inner.upper) { isPlain = false }
      case .product, .draw: isPlain = false
      case .define, .local, .store, .combine, .accumulate, .when, .scope, .push, .finish, .comment: break
      }
    }
    guard isPlain else { return nil }
    var irregular: Set<Int> = []
    func touch(_ storage: Storage, _ position: Affine) {
      guard case .parameter(let number) = storage else { return }
      let count = counts(function.parameters[number]) ?? 0
      let isRegular =
        count % rows == 0 && position.coefficient(of: loop.variable) == count / rows && count > 0
        && !position.terms.contains { tainted.contains($0.variable) }
      if !isRegular { irregular.insert(number) }
    }
    loop.body.forEachStatement { statement in
      for place in statement.places { touch(place.storage, place.position) }
      for x in statement.expressions {
        x.forEach { part in
          switch part {
          case .load(let storage, let position, _), .array(let storage, let position, _): touch(storage, position)
          case .literal, .position, .value, .infix, .negated, .call, .cast, .unsigned: break
          }
        }
      }
    }
    regular = Set(function.parameters.indices).subtracting(irregular)
  }

  func isRegular(_ buffer: Buffer) -> Bool {
    function.parameters.indices.allSatisfy { function.parameters[$0].buffer != buffer || regular.contains($0) }
  }
  /// Multiply-adds for one row.
  var workOfRow: Int { function.work / Swift.max(rows, 1) }
  /// Whether what is done for a row is a loop, or sums.
  var hasLoops: Bool { body.contains { if case .loop = $0 { true } else { !$0.inner.isEmpty } } }
}

extension LoopFunction {
  /// Whether the order of two functions matters: one writes what the other touches.
  fileprivate func conflicts(with other: LoopFunction) -> Bool {
    parameters.contains { a in
      other.parameters.contains { b in a.buffer == b.buffer && (a.isWritten || b.isWritten) }
    }
  }
}

/// The functions of a step, with regions in it.
struct Regions {
  /// Rows at least, so that threads have something to share; and elements at least of a row of an array that had no rows.
  private static let fewestRows = 32, shortestRow = 16
  /// Work for a row at most of what has no loop within a row: along the rows its lanes were full.
  private static let mostScalar = 24
  /// Bytes at most of all arrays of one row.
  private static let mostLocal = 1 << 15
  /// Nodes at most of a run: compilers take more than linear time for long functions.
  private static let mostNodes = 96
  /// Functions that a run may leave behind it, which do not care.
  private static let mostSkipped = 6

  private struct Run {
    var members: [RowFunction]
    var rows: Int
    var skipped: [LoopFunction] = []
  }

  let context: ProgramContext
  private let list: [LoopFunction]
  /// How many functions touch each array.
  private let users: [Buffer: Int]

  init(_ context: ProgramContext, _ list: [LoopFunction]) {
    self.context = context
    self.list = list
    var users: [Buffer: Int] = [:]
    for function in list { for buffer in Set(function.parameters.map(\.buffer)) { users[buffer, default: 0] += 1 } }
    self.users = users
  }

  private func count(_ parameter: Parameter) -> Int? { parameter.node.map { context.graph[$0].type.shape.count } }

  func functions() -> [LoopFunction] {
    var result: [LoopFunction] = []
    var run: Run?
    func close() {
      guard let open = run else { return }
      // Without sums or loops within a row fusion has had its say.
      let isRegion = open.members.contains { $0.hasLoops || $0.rows > open.rows }
      result += (isRegion && open.members.count > 1 ? [joined(open)] : open.members.map(\.function)) + open.skipped
      run = nil
    }
    // What a run left behind may begin runs of its own.
    var queue = list[...]
    while let function = queue.popFirst() {
      let next = RowFunction(function, counts: count)
      if run != nil {
        if let next, !run!.skipped.contains(where: { $0.conflicts(with: function) }), join(&run!, next) { continue }
        if run!.members.count > 1 || next == nil, run!.skipped.count < Self.mostSkipped {
          run!.skipped.append(function)
          continue
        }
        let behind = run!.skipped
        run!.skipped = []
        close()
        queue = (behind + [function] + queue)[...]
        continue
      }
      if let next, next.rows >= Self.fewestRows {
        run = Run(members: [next], rows: next.rows)
      } else {
        result.append(function)
      }
    }
    if let behind = run?.skipped, !behind.isEmpty {
      run!.skipped = []
      close()
      return result + Regions(context, behind, users: users).functions()
    }
    close()
    return result
  }
  private init(_ context: ProgramContext, _ list: [LoopFunction], users: [Buffer: Int]) {
    (self.context, self.list, self.users) = (context, list, users)
  }

  /// Takes a function into a run, if it goes over the same rows and wants what the run has made.
  private func join(_ run: inout Run, _ next: RowFunction) -> Bool {
    let rows: Int
    if next.rows % run.rows == 0 {
      rows = run.rows
    } else if run.rows % next.rows == 0 {
      rows = next.rows
    } else {
      return false
    }
    let all = run.members + [next]
    guard rows >= Self.fewestRows, all.reduce(0, { $0 + $1.function.nodes.count }) <= Self.mostNodes else {
      return false
    }
    guard
      all.allSatisfy({ member in
        let parts = member.rows / rows
        return parts == 1 ? member.hasLoops || member.workOfRow <= Self.mostScalar : parts >= Self.shortestRow
      })
    else { return false }
    // What one writes and another touches, each must touch by its row.
    var isJoined = false
    for parameter in next.function.parameters {
      let others = run.members.filter { member in
        member.function.parameters.contains {
          $0.buffer == parameter.buffer && ($0.isWritten || parameter.isWritten)
        }
      }
      if others.isEmpty { continue }
      isJoined = true
      let touching = run.members.filter { $0.function.parameters.contains { $0.buffer == parameter.buffer } }
      guard (touching + [next]).allSatisfy({ $0.isRegular(parameter.buffer) }) else { return false }
    }
    guard isJoined else { return false }
    run.members.append(next)
    run.rows = rows
    return true
  }

  /// The one function that a run becomes.
  private func joined(_ run: Run) -> LoopFunction {
    let function = FunctionBuilder(context)
    let row = function.variable("row", run.rows)
    let (loops, execution) = function.opened([row], shared: row, grain: 1)
    let locals = localArrays(run, function)
    var body: [Statement] = locals.values.map(\.local).sorted().map { .local($0, nil) }
    for member in run.members {
      let parts = function.imported(member, into: row, of: run.rows, locals: locals)
      body.append(.comment(member.function.nodes))
      body += parts.contains { if case .loop = $0 { false } else { true } } ? [.scope(parts)] : parts
    }
    let work = run.members.reduce(0) { $0.plus($1.function.work) }
    var result = function.finish(
      nested(loops, body), execution, nodes: run.members.flatMap(\.function.nodes), work: work)
    result.title = "each of \(run.rows) rows through all of this"
    return result
  }

  /// Arrays of one row in place of whole ones that only the run touches, the first ones first, as long as there is room.
  private func localArrays(_ run: Run, _ function: FunctionBuilder) -> [Buffer: RowArray] {
    var touched: [Buffer: Int] = [:], order: [(Buffer, NodeID)] = []
    for member in run.members {
      for parameter in member.function.parameters {
        if touched[parameter.buffer] == nil, let id = parameter.node { order.append((parameter.buffer, id)) }
        touched[parameter.buffer, default: 0] += 1
      }
    }
    var room = Self.mostLocal
    var arrays: [Buffer: RowArray] = [:]
    for (buffer, id) in order {
      guard case .node = buffer, touched[buffer] == users[buffer],
        run.members.allSatisfy({ $0.isRegular(buffer) })
      else { continue }
      let type = context.graph[id].type, size = type.shape.count / run.rows
      let bytes = size * type.dtype.byteSize
      guard bytes <= room else { continue }
      room -= bytes
      let local =
        size == 1 ? function.local(type.dtype, of: id) : function.local(of: id, count: size)
      arrays[buffer] = RowArray(local: local, size: size)
    }
    return arrays
  }
}

/// The part of one row of an array, as memory of a function's own.
private struct RowArray {
  var local: Int
  var size: Int
}

extension FunctionBuilder {
  /// What a function does for one of the rows, with its variables, values and arrays as those of this one.
  fileprivate func imported(
    _ member: RowFunction, into row: Int, of rows: Int, locals: [Buffer: RowArray]
  ) -> [Statement] {
    let parts = member.rows / rows
    let part = parts == 1 ? nil : variable("j", parts)
    let here = Affine(variable: row) * parts + (part.map { Affine(variable: $0) } ?? Affine())
    let body = RowImport(member, to: self, row: row, as: here, locals: locals).statements(member.body)
    return part.map { nested([whole($0)], body) } ?? body
  }
}

/// How the statements of one function become those of another.
private struct RowImport {
  private let source: LoopFunction
  private let function: FunctionBuilder
  /// The row's variable in the new function.
  private let row: Int
  /// Arrays of one row that stand for whole ones.
  private let locals: [Buffer: RowArray]
  /// The numbers in the new function, by the old ones: of variables, values and local arrays.
  private var variables: [Int: Int] = [:], values: [Int: Int] = [:], own: [Int: Int] = [:]
  /// What stands for each old variable, that of the row included.
  private var moved: [Int: Affine]

  init(_ member: RowFunction, to function: FunctionBuilder, row: Int, as here: Affine, locals: [Buffer: RowArray]) {
    (source, self.function, self.row, self.locals) = (member.function, function, row, locals)
    moved = [member.row: here]
    member.body.forEachStatement { statement in
      switch statement {
      case .loop(let loop): variables[loop.variable] = function.variable(source.variables[loop.variable])
      case .index(let old, _): variables[old] = function.variable(source.variables[old])
      case .define(let old, _): values[old] = function.value(source.values[old])
      case .local(let old, _): own[old] = function.local(source.locals[old])
      case .store, .combine, .accumulate, .when, .scope, .push, .finish, .product, .draw, .comment: break
      }
    }
    for (old, new) in variables { moved[old] = Affine(variable: new) }
  }

  private func place(_ storage: Storage, _ position: Affine) -> (Storage, Affine) {
    let position = position.substituting(moved)
    switch storage {
    case .local(let old): return (.local(own[old]!), position)
    case .parameter(let number):
      let old = source.parameters[number]
      if let array = locals[old.buffer] {
        return (.local(array.local), position + Affine(variable: row) * -position.coefficient(of: row))
      }
      return (function.parameter(old.buffer, old.dtype, node: old.node, isWritten: old.isWritten), position)
    }
  }
  private func expression(_ x: Expression) -> Expression {
    switch x {
    case .position(let affine): return .position(affine.substituting(moved))
    case .load(let storage, let position, let dtype):
      let to = place(storage, position)
      return .load(to.0, to.1, dtype)
    case .array(let storage, let position, let dtype):
      let to = place(storage, position)
      return .array(to.0, to.1, dtype)
    case .value(let old, let dtype): return .value(values[old]!, dtype)
    case .literal, .infix, .negated, .call, .cast, .unsigned: return x
    }
  }
  func statements(_ body: [Statement]) -> [Statement] {
    body.map { statement in
      switch statement.mapped(inner: statements, { $0.rewritten(expression) }, place: place) {
      case .define(let old, let x): return .define(values[old]!, x)
      case .index(let old, let x): return .index(variables[old]!, x)
      case .local(let old, let x): return .local(own[old]!, x)
      case .loop(var loop):
        loop.variable = variables[loop.variable]!
        return .loop(loop)
      case .push(var sums):
        sums.block = own[sums.block]!
        return .push(sums)
      case .finish(var sums):
        sums.block = own[sums.block]!
        return .finish(sums)
      case let other: return other
      }
    }
  }
}
