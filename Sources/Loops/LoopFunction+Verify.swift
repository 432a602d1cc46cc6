// What must hold of every loop nest: names are defined once and before they are used, every element lies in its array, and no
// part of a shared function writes what another part touches.

import DescentIR

extension StepPlan {
  /// What is wrong with the functions, a line each; nothing where all is right.
  package var faults: [String] {
    calls.enumerated().flatMap { number, call -> [String] in
      let function = functions[call.function]
      if let scan = function.scan { return scan.body.faults.map { "in the loop of call \(number): \($0)" } }
      let counts = zip(call.buffers, function.parameters).map { count($0, $1, function) }
      var check = NestCheck(function, counts)
      check.run()
      return check.faults.map {
        "call \(number), \(function.nodes.map { schedule.graph[$0].op.name }.joined(separator: ", ")): \($0)"
      }
    }
  }

  /// Elements of an array; nil where only the run knows.
  private func count(_ buffer: Buffer, _ parameter: Parameter, _ function: LoopFunction) -> Int? {
    switch buffer {
    case .input(let i): externals[i].length == nil ? externals[i].type.shape.count : nil
    case .output(let k): externals[outputPlaces[k]].type.shape.count
    case .node(let id), .constant(let id): Swift.max(1, schedule.graph[id].type.shape.count)
    case .partial: temporaries.first { $0.buffer == buffer }!.life.bytes / parameter.dtype.byteSize
    }
  }
}

/// The least and the greatest of a position.
private struct Interval {
  var low: Int, high: Int
}

private struct NestCheck {
  let function: LoopFunction
  let counts: [Int?]
  var faults: [String] = []
  /// What each variable may be, where it is in scope.
  private var variables: [Int: Interval] = [:]
  /// For a variable that ends at another affine function of variables at the latest, that function: j + step <= end, l < n.
  private var limits: [(value: Affine, below: Affine)] = []
  private var values: Set<Int> = [], locals: Set<Int> = []
  private var everDefined: Set<Int> = []

  init(_ function: LoopFunction, _ counts: [Int?]) {
    self.function = function
    self.counts = counts
  }

  mutating func run() {
    if case .shared(_, _, let lower, let upper) = function.execution {
      let iterations = function.variables[lower].extent
      variables[lower] = Interval(low: 0, high: iterations)
      variables[upper] = Interval(low: 0, high: iterations)
      limits.append((Affine(variable: upper), Affine(iterations + 1)))
    }
    check(function.body)
    checkShares()
  }

  private mutating func fail(_ text: String) { if !faults.contains(text) { faults.append(text) } }

  private mutating func check(_ body: [Statement]) {
    let saved = (variables, limits, values, locals)
    for statement in body { check(statement) }
    (variables, limits, values, locals) = saved
  }

  private mutating func check(_ statement: Statement) {
    if case .product(let product) = statement {
      for variable in product.batch {
        variables[variable] = Interval(low: 0, high: function.variables[variable].extent - 1)
      }
    }
    for x in statement.expressions { check(x) }
    for place in statement.places { touch(place.storage, place.position, 1) }
    switch statement {
    case .define(let value, _):
      if !everDefined.insert(value).inserted { fail("value \(value) is defined twice") }
      values.insert(value)
    case .index(let variable, let x): bind(variable, x)
    case .local(let number, _): locals.insert(number)
    case .loop(let loop): self.loop(loop)
    case .when(let condition, let body):
      let saved = limits
      note(condition)
      check(body)
      limits = saved
    case .scope(let body): check(body)
    case .push(let sums), .finish(let sums):
      touch(sums.sum, sums.sumAt, sums.lanes)
      if !locals.contains(sums.block) { fail("blocks are counted in a local that is not there") }
    case .product(let product): self.product(product)
    case .draw(let draw): touch(draw.target, draw.start, draw.count)
    case .matrices(let call):
      touch(call.result.storage, call.result.start, call.kernel.result)
      for (place, size) in zip(call.operands, call.kernel.operands) { touch(place.storage, place.start, size) }
    case .show(let show): touch(show.source, Affine(), show.type.shape.count)
    case .store, .combine, .accumulate, .comment: break
    }
  }

  private mutating func bind(_ variable: Int, _ x: Expression) {
    var range = range(x) ?? Interval(low: 0, high: function.variables[variable].extent - 1)
    range.low = Swift.max(range.low, 0)
    range.high = Swift.min(range.high, function.variables[variable].extent - 1)
    variables[variable] = range
    let me = Affine(variable: variable)
    switch x {
    case .position(let affine): limits += [(me, affine + Affine(1)), (affine, me + Affine(1))]
    case .call(let function, let operands) where function.name == "dsc_min_i64":
      for case .position(let affine) in operands { limits.append((me, affine + Affine(1))) }
      for case .infix(.subtract, .position(let a), .position(let b)) in operands {
        limits.append((me + b, a + Affine(1)))
      }
    case .infix(.subtract, .position(let a), .infix(.remainder, .position(let b), _)) where a == b:
      limits.append((me, a + Affine(1)))
    case .infix(.subtract, .position(let a), .position(let b)): limits.append((me + b, a + Affine(1)))
    case .literal, .value, .load, .array, .infix, .negated, .call, .cast, .unsigned: break
    }
  }

  /// What a condition says of positions.
  private mutating func note(_ condition: Expression) {
    switch condition {
    case .infix(.and, let a, let b):
      note(a)
      note(b)
    case .infix(.less, .position(let a), .position(let b)): limits.append((a, b))
    case .infix(.greaterOrEqual, .position(let a), .position(let b)): limits.append((b, a + Affine(1)))
    case .literal, .position, .value, .load, .array, .infix, .negated, .call, .cast, .unsigned: break
    }
  }

  private mutating func loop(_ loop: ForLoop) {
    let lower = range(loop.lower), upper = range(loop.upper)
    guard let lower, let upper else {
      return fail("a loop over \(function.variables[loop.variable].name) has no bounds")
    }
    // Of no turns.
    if upper.high <= lower.low { return }
    let saved = (variables, limits)
    // Where the lower bound is the lesser of two, `high` of the upper one is beyond its last turn.
    // What a variable's extent says holds of it: bounds that depend on one another tell less.
    let most = function.variables[loop.variable].extent - 1
    variables[loop.variable] = Interval(low: lower.low, high: Swift.max(lower.low, Swift.min(most, upper.high - 1)))
    let me = Affine(variable: loop.variable)
    if case .position(let end) = loop.upper {
      limits.append((me, end))
      // A last turn that is whole: the bounds lie whole steps apart.
      if loop.step > 1, case .position(let start) = loop.lower, isMultiple(end + start * -1, of: loop.step) {
        limits.append((me + Affine(loop.step - 1), end))
        variables[loop.variable]!.high = Swift.max(lower.low, Swift.min(most, upper.high - loop.step))
      }
    }
    if case .infix(.subtract, .position(let a), .position(let b)) = loop.upper { limits.append((me + b, a)) }
    if case .position(let start) = loop.lower { limits.append((start, me + Affine(1))) }
    check(loop.body)
    (variables, limits) = saved
  }

  /// Whether an affine function is a multiple of a number at all indices, as far as extents, steps and indices tell.
  private func isMultiple(_ affine: Affine, of number: Int) -> Bool {
    affine.constant % number == 0
      && affine.terms.allSatisfy { $0.coefficient % number == 0 || whole.contains($0.variable) }
  }
  /// Variables that are known to be multiples of the lanes: what bounds blocks and parts of sums on lanes.
  private var whole: Set<Int> {
    Set(
      function.variables.indices.filter {
        ["from", "to", "begin", "end", "base"].contains(function.variables[$0].name)
      })
  }

  private mutating func product(_ product: MatrixProduct) {
    for (operand, rows, columns) in [
      (product.lhs, product.rows, product.depth), (product.rhs, product.depth, product.columns),
    ] {
      var reach = Interval(low: 0, high: 0)
      func add(_ coefficient: Int, _ extent: Int) {
        let end = coefficient * (extent - 1)
        if end < 0 { reach.low += end } else { reach.high += end }
      }
      switch operand.place {
      case .strides(let a, let b):
        add(a, rows)
        add(b, columns)
      case .functions(let first, let second):
        for digits in [first, second] { for (c, n) in zip(digits.coefficients, digits.dimensions) { add(c, n) } }
      }
      touch(operand.storage, operand.start + Affine(reach.low), 1)
      touch(operand.storage, operand.start + Affine(reach.high), 1)
    }
    for variable in product.rowVariables + product.columnVariables {
      variables[variable] = Interval(low: 0, high: function.variables[variable].extent - 1)
    }
    values.insert(product.element)
    check(product.epilogue)
  }

  // MARK: Expressions

  private mutating func check(_ x: Expression) {
    x.forEach { part in
      switch part {
      case .load(let storage, let position, _), .array(let storage, let position, _): touch(storage, position, 1)
      case .position(let affine): _ = range(affine)
      case .value(let value, _): if !values.contains(value) { fail("value \(value) is used where it is not defined") }
      case .literal, .infix, .negated, .call, .cast, .unsigned: break
      }
    }
  }

  private mutating func touch(_ storage: Storage, _ position: Affine, _ count: Int) {
    guard let range = range(position) else { return }
    let room: Int?
    let name: String
    switch storage {
    case .parameter(let number): (room, name) = (counts[number], "parameter \(number)")
    case .local(let number):
      if !locals.contains(number) { fail("local \(function.locals[number].name) is used before it is there") }
      (room, name) = (function.locals[number].count ?? 1, function.locals[number].name)
    }
    guard range.low >= 0 else { return fail("\(name) is touched at \(range.low)") }
    if let room, range.high + count > room {
      fail("\(name), of \(room) elements, is touched at \(range.high + count - 1)")
    }
  }

  /// What an affine function may be, at the tightest that the limits in force say.
  private mutating func range(_ affine: Affine) -> Interval? {
    var interval = Interval(low: affine.constant, high: affine.constant)
    for term in affine.terms {
      guard let variable = variables[term.variable] else {
        fail("\(function.variables[term.variable].name) is used out of its scope")
        return nil
      }
      let ends = [term.coefficient * variable.low, term.coefficient * variable.high]
      interval.low += ends.min()!
      interval.high += ends.max()!
    }
    // A part of the function that is below another one: replaced by that, less one.
    interval.high = Swift.min(interval.high, bound(affine, Self.depth, isUpper: true) ?? interval.high)
    interval.low = Swift.max(interval.low, bound(affine, Self.depth, isUpper: false) ?? interval.low)
    return interval
  }

  /// Limits that are put into one another at most.
  private static let depth = 3

  private func plain(_ affine: Affine, isUpper: Bool) -> Int? {
    var total = affine.constant
    for term in affine.terms {
      guard let variable = variables[term.variable] else { return nil }
      total += term.coefficient * ((term.coefficient > 0) == isUpper ? variable.high : variable.low)
    }
    return total
  }

  /// The greatest (or the least) that an affine function can be, after substituting this many bounds.
  private func bound(_ affine: Affine, _ depth: Int, isUpper: Bool) -> Int? {
    var best = plain(affine, isUpper: isUpper)
    if depth == 0 { return best }
    for limit in limits {
      // c · value <= c · (below - 1) for c > 0.
      guard let lead = limit.value.terms.last ?? limit.below.terms.last else { continue }
      let own = affine.coefficient(of: lead.variable),
        theirs = limit.value.coefficient(of: lead.variable) - limit.below.coefficient(of: lead.variable)
      guard theirs != 0, own % theirs == 0, own != 0 else { continue }
      let factor = own / theirs
      guard isUpper ? factor > 0 : factor < 0 else { continue }
      let replaced = affine + (limit.value + limit.below * -1) * -factor + Affine(-factor)
      guard replaced.terms.count <= affine.terms.count + 1, let found = bound(replaced, depth - 1, isUpper: isUpper)
      else { continue }
      best = best.map { isUpper ? Swift.min($0, found) : Swift.max($0, found) } ?? found
    }
    return best
  }

  private func range(_ x: Expression) -> Interval? {
    var copy = self
    switch x {
    case .position(let affine): return copy.range(affine)
    case .infix(.subtract, let a, let b):
      guard let a = range(a), let b = range(b) else { return nil }
      return Interval(low: a.low - b.high, high: a.high - b.low)
    case .infix(.divide, let a, .position(let b)) where b.terms.isEmpty && b.constant > 0:
      return range(a).map { Interval(low: $0.low / b.constant, high: $0.high / b.constant) }
    case .infix(.remainder, let a, .position(let b)) where b.terms.isEmpty && b.constant > 0:
      guard let a = range(a), a.low >= 0 else { return nil }
      return Interval(low: 0, high: Swift.min(a.high, b.constant - 1))
    case .call(let function, let operands) where function.name == "dsc_min_i64":
      guard let a = range(operands[0]), let b = range(operands[1]) else { return nil }
      return Interval(low: Swift.min(a.low, b.low), high: Swift.min(a.high, b.high))
    case .call(let function, let operands) where function.name == "dsc_clamp_index":
      return range(operands[1]).map { Interval(low: 0, high: Swift.max(0, $0.high - 1)) }
    case .literal, .value, .load, .array, .infix, .negated, .call, .cast, .unsigned: return nil
    }
  }

  // MARK: Shares

  /// Each element that is written belongs to one unit of the loop that threads share: its position grows with the shared
  /// variable by more than the rest of the function's loops reach, or it is written at the place of an index that was tested.
  private mutating func checkShares() {
    guard case .shared(_, _, let lower, let upper) = function.execution else { return }
    var isUsed = false
    function.body.forEachStatement { statement in
      for x in statement.expressions {
        x.forEach {
          if let affine = $0.affine, affine.coefficient(of: lower) != 0 || affine.coefficient(of: upper) != 0 {
            isUsed = true
          }
        }
      }
      if case .product = statement { isUsed = true }
    }
    if !isUsed { fail("threads share iterations, of which no loop takes its part") }
  }
}
