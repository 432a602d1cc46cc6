// Rewrites of statements that change no value: loops that are one loop, values that are written where they are used.

import DescentIR
import DescentOps

/// Loops opened around a body, the first outermost.
struct OpenLoop {
  var variable: Int
  var lower: Expression = .position(Affine())
  var upper: Expression
  var step = 1
  var mode = ForLoop.Mode.plain
}

/// A body inside loops; a loop of one iteration is left out.
func nested(_ loops: some BidirectionalCollection<OpenLoop>, _ body: [Statement]) -> [Statement] {
  loops.reversed().reduce(body) { body, loop in
    if case .position(let lower) = loop.lower, case .position(let upper) = loop.upper, lower.terms.isEmpty,
      upper.terms.isEmpty,
      (1...loop.step).contains(upper.constant - lower.constant)
    {
      return body.substituting([loop.variable: lower])
    }
    return [
      .loop(
        ForLoop(
          variable: loop.variable, lower: loop.lower, upper: loop.upper, step: loop.step, mode: loop.mode, body: body))
    ]
  }
}

extension FunctionBuilder {
  /// A loop over all of a variable's extent.
  func whole(_ variable: Int, mode: ForLoop.Mode = .plain) -> OpenLoop {
    OpenLoop(variable: variable, upper: .position(Affine(variables[variable].extent)), mode: mode)
  }
}

/// Loops of which some have become one.
struct Collapse {
  /// The loops that are left.
  var kept: [Int]
  /// The others, which are 0 from now on.
  var dropped: [Int: Affine]
  /// The extents of those that are left.
  var extents: [Int: Int]
}

extension FunctionBuilder {
  /// Which of the neighbouring loops can be one loop, given everything that depends on them: an outer loop is dropped and the
  /// inner one runs over the product, where each step of the outer is as good as a whole turn of the inner.
  func collapse(_ loops: [Int], _ accesses: Set<Affine>) -> Collapse {
    var dropped = Set(loops.filter { variables[$0].extent == 1 })
    let long = loops.filter { !dropped.contains($0) }
    for (outer, inner) in zip(long, long.dropFirst()).reversed() {
      let turn = variables[inner].extent
      guard accesses.allSatisfy({ $0.coefficient(of: outer) == $0.coefficient(of: inner) * turn }) else { continue }
      dropped.insert(outer)
    }
    // The extents of dropped loops go to the next kept one inward.
    var result = Collapse(
      kept: [], dropped: Dictionary(uniqueKeysWithValues: dropped.map { ($0, Affine()) }), extents: [:])
    var carried = 1
    for variable in long {
      carried *= variables[variable].extent
      if dropped.contains(variable) { continue }
      result.kept.append(variable)
      result.extents[variable] = carried
      carried = 1
    }
    return result
  }
  func apply(_ collapse: Collapse) { for (variable, extent) in collapse.extents { setExtent(variable, extent) } }
}

extension [Statement] {
  /// All affine functions in them.
  package var accesses: Set<Affine> {
    var found: Set<Affine> = []
    forEachStatement { statement in
      for place in statement.places { found.insert(place.position) }
      for x in statement.expressions { x.forEach { part in if let affine = part.affine { found.insert(affine) } } }
    }
    return found
  }
  /// Positions of elements that are loaded.
  var loads: [Affine] {
    var found: [Affine] = []
    forEachStatement { statement in
      for x in statement.expressions {
        x.forEach { part in if case .load(_, let affine, _) = part { found.append(affine) } }
      }
    }
    return found
  }
}

extension Expression {
  /// The affine function of this part alone.
  var affine: Affine? {
    switch self {
    case .position(let affine), .load(_, let affine, _), .array(_, let affine, _): affine
    case .literal, .value, .infix, .negated, .call, .cast, .unsigned: nil
    }
  }
}

// MARK: Tidying

extension [Statement] {
  /// The same with values that nothing uses gone, those used once written where they are used, and arithmetic of constant
  /// positions done. A value stays a name where another loop would compute it again, or where a store may come between a load
  /// and its use.
  func tidied() -> [Statement] {
    var result = self
    while true {
      var uses = Uses(result)
      let next = result.inlining(&uses).map(\.folded)
      if next == result { return result }
      result = next
    }
  }

  /// Values used once that would make no long line where they are used.
  private static var longest: Int { 8 }

  private func inlining(_ uses: inout Uses) -> [Statement] {
    var result: [Statement] = []
    // Values that wait for their one use, which stands in this list of statements.
    var waiting: [Int: Expression] = [:]
    func insert(_ x: Expression) -> Expression {
      if waiting.isEmpty { return x }
      return x.rewritten { part in
        guard case .value(let value, _) = part, let other = waiting.removeValue(forKey: value) else { return part }
        return other
      }
    }
    /// Appends a statement that may write; those that still wait and load from memory are defined before it.
    func appendWriting(_ statement: Statement) {
      for (value, x) in waiting.sorted(by: { $0.key < $1.key }) where x.loads {
        waiting[value] = nil
        result.append(.define(value, x))
      }
      result.append(statement)
    }
    for statement in self {
      switch statement {
      case .define(let value, let x):
        guard let count = uses.values[value], count > 0 else { continue }
        let x = insert(x)
        if count == 1, !uses.isAway(value), x.leaves <= Self.longest {
          waiting[value] = x
        } else {
          result.append(.define(value, x))
        }
      case .index(let variable, let x):
        if uses.variables.contains(variable) { result.append(.index(variable, insert(x))) }
      case .local, .comment: result.append(statement.mapped(inner: { $0 }, insert))
      case .store, .combine, .accumulate, .loop, .when, .scope, .product, .draw, .matrices, .show, .push, .finish:
        appendWriting(statement.mapped(inner: { $0.inlining(&uses) }, insert))
      }
    }
    return result
  }
}

/// How often values are used, and by which statements' own expressions.
private struct Uses {
  var values: [Int: Int] = [:]
  var variables: Set<Int> = []
  /// Values that are used by statements of another list than the one that defines them.
  private var home: [Int: Int] = [:], away: Set<Int> = []
  private var list = 0

  init(_ statements: [Statement]) { visit(statements) }

  private mutating func visit(_ statements: [Statement]) {
    list += 1
    let here = list
    for statement in statements {
      for place in statement.places { use(place.position) }
      if case .product(let product) = statement {
        variables.formUnion(product.batch + product.rowVariables + product.columnVariables)
      }
      for x in statement.expressions {
        x.forEach { part in
          if let affine = part.affine { use(affine) }
          if case .value(let value, _) = part {
            values[value, default: 0] += 1
            if home[value] != here { away.insert(value) }
          }
        }
      }
      if case .define(let value, _) = statement { home[value] = here }
      if !statement.inner.isEmpty { visit(statement.inner) }
    }
  }
  private mutating func use(_ affine: Affine) { for term in affine.terms { variables.insert(term.variable) } }
  func isAway(_ value: Int) -> Bool { away.contains(value) }
}

extension Expression {
  /// Parts that have none themselves.
  var leaves: Int { operands.isEmpty ? 1 : operands.reduce(0) { $0 + $1.leaves } }
  /// Whether a part of it is read from memory.
  var loads: Bool {
    switch self {
    case .load, .array: true
    case .literal, .position, .value, .infix, .negated, .call, .cast, .unsigned: operands.contains(where: \.loads)
    }
  }
}

extension Statement {
  /// With sums and products of constant positions done.
  fileprivate var folded: Statement { mapped(inner: { $0.map(\.folded) }, { $0.rewritten(\.foldedPosition) }) }
}

extension Expression {
  fileprivate var foldedPosition: Expression {
    guard case .infix(let sign, .position(let a), .position(let b)) = self else { return self }
    let constants = a.terms.isEmpty && b.terms.isEmpty ? (a.constant, b.constant) : nil
    switch sign {
    case .add: return .position(a + b)
    case .subtract: return .position(a + b * -1)
    case .multiply:
      return a.terms.isEmpty ? .position(b * a.constant) : b.terms.isEmpty ? .position(a * b.constant) : self
    case .divide: return constants.map { $1 == 0 ? self : .position(Affine($0 / $1)) } ?? self
    case .remainder: return constants.map { $1 == 0 ? self : .position(Affine($0 % $1)) } ?? self
    case .and, .or, .xor, .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual: return self
    }
  }
}

extension FunctionBuilder {
  /// Statements and a value of them again, with values and variables of their own.
  func copied(_ statements: [Statement], _ result: Expression) -> ([Statement], Expression) {
    var fresh: [Int: Expression] = [:], moved: [Int: Affine] = [:], numbers: [Int: Int] = [:], indices: [Int: Int] = [:]
    statements.forEachStatement { statement in
      switch statement {
      case .define(let old, let x):
        numbers[old] = value(values[old])
        fresh[old] = .value(numbers[old]!, x.dtype)
      case .index(let old, _):
        indices[old] = variable(variables[old].name, variables[old].extent)
        moved[old] = Affine(variable: indices[old]!)
      case .local, .store, .combine, .accumulate, .loop, .when, .scope, .push, .finish, .product, .draw, .matrices,
        .show,
        .comment:
        break
      }
    }
    func renumbered(_ statements: [Statement]) -> [Statement] {
      statements.map { statement in
        switch statement {
        case .define(let old, let x): .define(numbers[old]!, x)
        case .index(let old, let x): .index(indices[old]!, x)
        case .local, .store, .combine, .accumulate, .loop, .when, .scope, .push, .finish, .product, .draw, .matrices,
          .show,
          .comment:
          statement.mapped(inner: renumbered, { $0 })
        }
      }
    }
    let x = result.replacing(fresh).substituting(moved)
    return (renumbered(statements).replacing(fresh).substituting(moved), x)
  }
}
