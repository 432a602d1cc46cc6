// Short loops over neighbours, inside others: they go to the lanes of vectors. A compiler left to itself takes a short loop apart,
// then takes several turns of the loop around it together, and has to transpose what it loads and stores: six times the time.

import DescentIR

extension LoopFunction {
  /// The same with short innermost loops on lanes; and whether there are any.
  func withShortLoopsOnLanes() -> (function: LoopFunction, changed: Bool) {
    var result = self, changed = false
    let few = Set(locals.indices.filter { locals[$0].count.map { $0 <= ForLoop.most } ?? false })
    result.body = body.withShortLoopsOnLanes(isInside: false, few, &changed)
    return (result, changed)
  }
}

extension [Statement] {
  fileprivate func withShortLoopsOnLanes(isInside: Bool, _ few: Set<Int>, _ changed: inout Bool) -> [Statement] {
    map { statement in
      switch statement {
      case .loop(var loop):
        if isInside, loop.isShort, loop.body.allSatisfy({ $0.suitsLanes(few) }) {
          loop.mode = .lanes
          changed = true
        } else {
          loop.body = loop.body.withShortLoopsOnLanes(isInside: true, few, &changed)
        }
        return .loop(loop)
      case .when(let condition, let body):
        return .when(condition, body.withShortLoopsOnLanes(isInside: isInside, few, &changed))
      case .scope(let body): return .scope(body.withShortLoopsOnLanes(isInside: isInside, few, &changed))
      case .define, .index, .local, .store, .combine, .accumulate, .push, .finish, .product, .draw, .matrices, .show,
        .comment:
        return statement
      }
    }
  }
}

extension ForLoop {
  /// Turns at most.
  fileprivate static let most = 64
  /// Whether it has the turns of half a vector to four vectors, a number that compilers take apart.
  fileprivate var isShort: Bool {
    guard mode == .plain, step == 1, case .position(let from) = lower, case .position(let to) = upper,
      from.terms.isEmpty, to.terms.isEmpty
    else { return false }
    return (8...Self.most).contains(to.constant - from.constant)
  }
}

extension Statement {
  /// Whether each turn of a loop computes something of its own. Sums are cut for lanes where they are made; `few` are local arrays
  /// that a compiler keeps in registers if it takes the loops over them apart.
  fileprivate func suitsLanes(_ few: Set<Int>) -> Bool {
    switch self {
    case .define, .index, .store, .comment: !touches(few)
    case .local, .combine, .accumulate, .loop, .when, .scope, .push, .finish, .product, .draw, .matrices, .show: false
    }
  }
  private func touches(_ few: Set<Int>) -> Bool {
    [self].storages.contains { if case .local(let number) = $0 { few.contains(number) } else { false } }
  }
}
