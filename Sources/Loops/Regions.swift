// Regions: functions that go over the same rows, one after another, become one that takes each row through all of them.
// Takes the functions of a step in their order; gives them with runs of such functions joined. A row is a unit of the outermost
// loop, which threads share; what a function does for one row touches, of arrays that another one of the run writes, that row
// alone. Arrays that nothing outside the run wants become small ones of one row, which stay in the cache. Softmax, layer
// normalisation and cross-entropy become one function each. No value changes, and no bit: who computes what in which order
// within a row stays as it was.

import DescentIR
import DescentPasses

/// A function whose outermost loop, or two outermost loops taken as one, goes over rows.
private struct RowFunction {
  let function: LoopFunction
  /// How many rows it goes over, and what is done for one.
  let rows: Int
  let body: [Statement]
  /// The loop's variable.
  private let row: Int
  /// The variable of the second loop and its extent, where a row is one turn of that.
  private let column: (variable: Int, extent: Int)?
  /// Parameters of which a row's part alone is touched, by whole rows.
  private let regular: Set<Int>

  /// A function by its outermost loop, and by its two outermost where nothing stands between them.
  static func forms(of function: LoopFunction, counts: (Parameter) -> Int?) -> [RowFunction] {
    guard function.scan == nil, case .shared(.count(let rows), _, let lower, let upper) = function.execution,
      function.body.count == 1, case .loop(let loop) = function.body[0], loop.step == 1, loop.mode == .plain,
      loop.lower == .position(Affine(variable: lower)), loop.upper == .position(Affine(variable: upper)),
      function.variables[loop.variable].extent == rows,
      let one = RowFunction(function, rows, loop, column: nil, bounds: [lower, upper], counts)
    else { return [] }
    guard loop.body.count == 1, case .loop(let inner) = loop.body[0], inner.step == 1, inner.mode == .plain,
      inner.lower == .position(Affine()), case .position(let end) = inner.upper, end.terms.isEmpty,
      let two = RowFunction(
        function, rows * end.constant, inner, column: (inner.variable, end.constant), row: loop.variable,
        bounds: [lower, upper], counts)
    else { return [one] }
    return [one, two]
  }

  private init?(
    _ function: LoopFunction, _ rows: Int, _ loop: ForLoop, column: (variable: Int, extent: Int)?, row: Int? = nil,
    bounds: Set<Int>, _ counts: (Parameter) -> Int?
  ) {
    (self.function, self.rows, self.column, body) = (function, rows, column, loop.body)
    self.row = row ?? loop.variable
    // Positions that follow from the row in another way than by whole rows.
    let own: Set<Int> = [self.row, loop.variable]
    guard let tainted = Self.tainted(loop.body, by: own, bounds) else { return nil }
    var irregular: Set<Int> = []
    let row = self.row
    func touch(_ storage: Storage, _ position: Affine) {
      guard case .parameter(let number) = storage else { return }
      let count = counts(function.parameters[number]) ?? 0
      let coefficient = position.coefficient(of: column?.variable ?? row)
      let isRegular =
        count % rows == 0 && coefficient == count / rows && count > 0
        && (column == nil || position.coefficient(of: row) == coefficient * column!.extent)
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

  /// Variables computed from the row or from what is loaded; nil where loops depend on such.
  private static func tainted(_ body: [Statement], by own: Set<Int>, _ bounds: Set<Int>) -> Set<Int>? {
    var tainted = bounds
    var isPlain = true
    func depends(_ x: Expression) -> Bool {
      var found = false
      x.forEach { part in
        switch part {
        case .load, .array, .value: found = true
        case .position(let affine):
          found = found || affine.terms.contains { own.contains($0.variable) || tainted.contains($0.variable) }
        case .literal, .infix, .negated, .call, .cast, .unsigned: break
        }
      }
      return found
    }
    body.forEachStatement { statement in
      switch statement {
      case .index(let variable, let x): if depends(x) { tainted.insert(variable) }
      case .loop(let inner): if depends(inner.lower) || depends(inner.upper) { isPlain = false }
      case .product, .draw, .matrices, .show: isPlain = false
      case .define, .local, .store, .combine, .accumulate, .when, .scope, .push, .finish, .comment: break
      }
    }
    return isPlain ? tainted : nil
  }

  /// Statements that must stand before the body for row number `here`, and what the row's variables are in a position.
  func placed(at here: Affine, in builder: FunctionBuilder) -> (before: [Statement], rowOf: (Affine) -> [Int: Affine]) {
    let row = row
    guard let column else { return ([], { _ in [row: here] }) }
    let extent = column.extent
    let i = builder.variable("i", rows / extent), j = builder.variable("j", extent)
    let before: [Statement] = [
      .index(i, .infix(.divide, .position(here), .position(Affine(extent)))),
      .index(j, .infix(.remainder, .position(here), .position(Affine(extent)))),
    ]
    let apart = [row: Affine(variable: i), column.variable: Affine(variable: j)]
    let together = [row: Affine(), column.variable: here]
    return (
      before,
      { position in
        let isOne = position.coefficient(of: row) == position.coefficient(of: column.variable) * extent
        return isOne ? together : apart
      }
    )
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
  /// Nodes at most of a run: compilers take more than linear time for long functions.
  private static let mostNodes = 96
  /// Functions that a run may leave behind it, which do not care.
  private static let mostSkipped = 6

  private struct Run {
    var members: [RowFunction]
    var rows: Int
    /// All forms of each member.
    var forms: [[RowFunction]]
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
      let forms = RowFunction.forms(of: function, counts: count)
      if run != nil {
        if !run!.skipped.contains(where: { $0.conflicts(with: function) }), join(&run!, forms) { continue }
        if run!.members.count > 1 || forms.isEmpty, run!.skipped.count < Self.mostSkipped {
          run!.skipped.append(function)
          continue
        }
        let behind = run!.skipped
        run!.skipped = []
        close()
        queue = (behind + [function] + queue)[...]
        continue
      }
      if let first = forms.last(where: { $0.rows >= Self.fewestRows }) {
        run = Run(members: [first], rows: first.rows, forms: [forms])
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

  /// Takes a function into a run, if it goes over the same rows and wants what the run has made. Of the numbers of rows that
  /// all can go over the greatest is taken: the arrays of one row are smallest.
  private func join(_ run: inout Run, _ next: [RowFunction]) -> Bool {
    guard let function = next.first?.function,
      run.forms.reduce(function.nodes.count, { $0 + $1[0].function.nodes.count }) <= Self.mostNodes
    else { return false }
    let forms = run.forms + [next]
    for rows in Set(forms.joined().map(\.rows)).sorted(by: >) where rows >= Self.fewestRows {
      let members = forms.compactMap { member($0, over: rows) }
      guard members.count == forms.count, isByRows(members) else { continue }
      run = Run(members: members, rows: rows, forms: forms, skipped: run.skipped)
      return true
    }
    return false
  }
  /// The form of a function that goes over `count` rows, or over whole parts of them.
  private func member(_ forms: [RowFunction], over rows: Int) -> RowFunction? {
    forms.first { form in
      guard form.rows % rows == 0 else { return false }
      let parts = form.rows / rows
      return form.hasLoops || (parts == 1 ? form.workOfRow <= Self.mostScalar : parts >= Self.shortestRow)
    }
  }
  /// Whether what one writes and another touches is touched by its row alone; and whether the last wants something of the others.
  private func isByRows(_ members: [RowFunction]) -> Bool {
    let (before, last) = (members.dropLast(), members.last!)
    var isJoined = false
    for parameter in last.function.parameters {
      let touching = before.filter { $0.function.parameters.contains { $0.buffer == parameter.buffer } }
      let isShared =
        !touching.isEmpty
        && (parameter.isWritten
          || touching.contains { $0.function.parameters.contains { $0.buffer == parameter.buffer && $0.isWritten } })
      if isShared { isJoined = true }
    }
    guard isJoined else { return false }
    let written = Set(members.flatMap { $0.function.parameters.filter(\.isWritten).map(\.buffer) })
    return written.allSatisfy { buffer in
      let touching = members.filter { $0.function.parameters.contains { $0.buffer == buffer } }
      return touching.count == 1 || touching.allSatisfy { $0.isRegular(buffer) }
    }
  }

  /// The one function that a run becomes.
  private func joined(_ run: Run) -> LoopFunction {
    let function = FunctionBuilder(context)
    let row = function.variable("row", run.rows)
    let (loops, execution) = function.loops(over: [row], shared: row, chunkSize: 1)
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
    var room = context.plan.mostLocal
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
    let (before, rowOf) = member.placed(at: here, in: self)
    let body =
      before + RowImport(member, to: self, row: row, rowOf: rowOf, locals: locals).statements(member.body)
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
  /// What stands for each old variable, but for the row's, which depend on the position that they are in.
  private var moved: [Int: Affine] = [:]
  private let rowOf: (Affine) -> [Int: Affine]

  init(
    _ member: RowFunction, to function: FunctionBuilder, row: Int, rowOf: @escaping (Affine) -> [Int: Affine],
    locals: [Buffer: RowArray]
  ) {
    (source, self.function, self.row, self.rowOf, self.locals) = (member.function, function, row, rowOf, locals)
    member.body.forEachStatement { statement in
      switch statement {
      case .loop(let loop): variables[loop.variable] = function.variable(source.variables[loop.variable])
      case .index(let old, _): variables[old] = function.variable(source.variables[old])
      case .define(let old, _): values[old] = function.value(source.values[old])
      case .local(let old, _): own[old] = function.local(source.locals[old])
      case .store, .combine, .accumulate, .when, .scope, .push, .finish, .product, .draw, .matrices, .show, .comment:
        break
      }
    }
    for (old, new) in variables { moved[old] = Affine(variable: new) }
  }

  private func placed(_ position: Affine) -> Affine {
    position.substituting(moved.merging(rowOf(position)) { _, row in row })
  }
  private func place(_ storage: Storage, _ position: Affine) -> (Storage, Affine) {
    let position = placed(position)
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
    case .position(let affine): return .position(placed(affine))
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
