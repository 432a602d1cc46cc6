// Loop nests as values: the statements of one function of a step, with the arrays that it is given.
// They are built by one function a family, rewritten, verified, interpreted and printed; text is made at the end and never read.
// Invariant: every variable and value is defined once, before it is used, in the scope it is used in or one around it.

import DescentIR
import DescentOps

/// A loop's variable, or a position computed in a body: what affine functions are functions of.
package struct LoopVariable: Hashable, Sendable {
  package var name: String
  /// It runs over 0 ..< extent.
  package var extent: Int
}

/// Memory of a function's own: an array, or a number that changes.
package struct Local: Hashable, Sendable {
  package var name: String
  package var dtype: DType
  /// nil for a number.
  package var count: Int?
  /// Whether it begins at a cache line, and what it holds, for people.
  package var isAligned = false
  package var type: TensorType?
  /// The node whose values it holds, if it holds those of one.
  package var node: NodeID?
}

package indirect enum Statement: Hashable, Sendable {
  /// A value, by its number.
  case define(Int, Expression)
  /// A variable of index arithmetic, by its number.
  case index(Int, Expression)
  /// A local array or number; a number may have one to begin with.
  case local(Int, Expression?)
  case store(Storage, Affine, Expression)
  /// What is there, combined with another value.
  case combine(Storage, Affine, Reducer, Expression)
  /// What is there, plus a product rounded once.
  case accumulate(Storage, Affine, Expression, Expression)
  case loop(ForLoop)
  /// Statements that are run where a truth value holds, by a branch that stays one.
  case when(Expression, [Statement])
  case scope([Statement])
  /// The partial sum of the next block joins those that wait.
  case push(SumStack)
  /// Leaves the sum of all blocks in `sum`.
  case finish(SumStack)
  case product(MatrixProduct)
  case draw(Draw)
  case matrices(MatrixCall)
  case show(Show)
  /// The nodes that the following statements compute.
  case comment([NodeID])
}

package struct ForLoop: Hashable, Sendable {
  package enum Mode: Hashable, Sendable {
    case plain
    /// Rows of a tile, for the lanes of vectors.
    case lanes
    /// Gone when a compiler has seen it.
    case unrolled
  }
  package var variable: Int
  package var lower: Expression
  package var upper: Expression
  package var step = 1
  package var mode = Mode.plain
  package var body: [Statement]
}

/// Partial sums of blocks, each of the same number of lanes, that wait for others of their size; `block` is the local that counts them.
package struct SumStack: Hashable, Sendable {
  package var stack: Storage
  package var stackAt: Affine
  package var sum: Storage
  package var sumAt: Affine
  package var lanes: Int
  package var block: Int
  package var dtype: DType
}

/// A matrix product of the runtime, with what is done with each element of it.
package struct MatrixProduct: Hashable, Sendable {
  /// An operand: where it begins in the batch at hand, and how its positions follow from the row and the column.
  package struct Operand: Hashable, Sendable {
    package enum Place: Hashable, Sendable {
      case strides(Int, Int)
      /// Functions of a running number over several dimensions, for each of its two.
      case functions(Digits, Digits)
    }
    package var storage: Storage
    package var start: Affine
    package var place: Place
  }
  /// Σ coefficient · digit of a number written in these dimensions.
  package struct Digits: Hashable, Sendable {
    package var dimensions: [Int]
    package var coefficients: [Int]
    /// For the function's name: what it is a function of.
    package var name: String

    /// From each multiple of `length` on, `length` numbers lie `stride` apart.
    package var run: (stride: Int, length: Int) {
      var (stride, length) = (0, 1)
      for (extent, coefficient) in zip(dimensions, coefficients).reversed() where extent > 1 {
        if length > 1, coefficient != stride * length { break }
        if length == 1 { stride = coefficient }
        length *= extent
      }
      return (stride, length)
    }
  }
  package var dtype: DType
  /// Batch loops around it, by their variables, and the sizes of one product.
  package var batch: [Int]
  package var rows: Int
  package var columns: Int
  package var depth: Int
  package var lhs: Operand
  package var rhs: Operand
  /// Whether the right operand was packed before; its place is still where it lay.
  package var isRightPacked = false
  /// Part of the steps alone, by a variable of the batch: `steps` steps from each multiple on, in blocks of `block`.
  package struct Part: Hashable, Sendable {
    package var variable: Int
    package var steps: Int
    package var block: Int
  }
  package var part: Part?
  /// The variables of rows and columns that the epilogue knows, each with all its kin from the outermost.
  package var rowVariables: [Int]
  package var columnVariables: [Int]
  /// The value that is the element.
  package var element: Int
  package var epilogue: [Statement]
}

/// An array that is printed under a name.
package struct Show: Hashable, Sendable {
  package var name: String
  package var type: TensorType
  package var source: Storage
}

/// Numbers from the counter-based generator.
package struct Draw: Hashable, Sendable {
  package var draw: RandomDraw
  package var dtype: DType
  package var target: Storage
  package var start: Affine
  package var seed: Expression
  package var stream: Expression
  package var count: Int
  /// The blocks that are drawn: a part that a thread has, or all.
  package var from: Expression
  package var to: Expression
  /// Blocks of numbers that one key gives.
  package var blocks: Int { (count + (dtype == .f64 ? 1 : 3)) / (dtype == .f64 ? 2 : 4) }
}

/// A matrix computed by a kernel of the runtime.
package struct MatrixCall: Hashable, Sendable {
  package struct Place: Hashable, Sendable {
    package var storage: Storage
    package var start: Affine
  }
  package var kernel: MatrixKernel
  package var dtype: DType
  package var operands: [Place]
  package var result: Place
}

/// Where a value lies in a step.
package enum Buffer: Hashable, Sendable {
  case input(Int)
  case output(Int)
  /// A temporary in the arena, by the node it holds.
  case node(NodeID)
  /// Numbers in the program's text.
  case constant(NodeID)
  /// Partial results of a node, which pass between the functions that compute it.
  case partial(NodeID)
}

/// An array that a function is given.
package struct Parameter: Hashable, Sendable {
  package var buffer: Buffer
  package var dtype: DType
  package var isWritten: Bool
  /// The node whose value it holds; nil for partial results.
  package var node: NodeID?
}

/// What threads do with a function.
package enum Execution: Hashable, Sendable {
  /// Each thread does a part of the iterations, cut at multiples of `chunkSize`: from the first variable to below the second.
  case shared(Iterations, chunkSize: Int, lower: Int, upper: Int)
  /// One of them does it.
  case alone
  /// All call it together, and share its work or leave it to the first.
  case together(isShared: Bool)
}
package enum Iterations: Hashable, Sendable {
  case count(Int)
  /// The macro-tiles of this many matrix products, which the target's vectors decide.
  case tiles(batches: Int, unit: Int, rows: Int, columns: Int, depth: Int, part: MatrixProduct.Part?)
}

/// One function of a step.
package struct LoopFunction: Sendable {
  package var parameters: [Parameter] = []
  package var variables: [LoopVariable] = []
  package var locals: [Local] = []
  /// What each value is, for its name.
  package var values: [String] = []
  package var execution: Execution = .alone
  package var body: [Statement] = []
  /// In place of statements: a loop of steps.
  package var scan: Scan?
  /// What several kernels in one have in common, for people.
  package var title: String?
  /// The nodes that it computes, the anchor first.
  package var nodes: [NodeID]
  /// Rough cost of the whole in multiply-adds: a small one is not worth sharing out.
  package var work = 0
  /// Bytes of the partial results that it writes.
  package var partialBytes = 0

  /// Whether another function is this one but for the arrays it is called with and the nodes it stands for.
  package func isSame(as other: LoopFunction) -> Bool {
    scan == nil && other.scan == nil && execution == other.execution
      && variables.map(\.extent) == other.variables.map(\.extent)
      && locals.map(\.dtype) == other.locals.map(\.dtype) && locals.map(\.count) == other.locals.map(\.count)
      && body.anonymous == other.body.anonymous && parameters.map(\.dtype) == other.parameters.map(\.dtype)
      && parameters.map(\.isWritten) == other.parameters.map(\.isWritten)
  }
  package var hash: Int {
    var hasher = Hasher()
    hasher.combine(body.anonymous)
    hasher.combine(execution)
    return hasher.finalize()
  }
}

// MARK: Walks

extension Statement {
  /// Statements within, of this one alone.
  package var inner: [Statement] {
    switch self {
    case .loop(let loop): loop.body
    case .when(_, let body), .scope(let body): body
    case .product(let product): product.epilogue
    case .define, .index, .local, .store, .combine, .accumulate, .push, .finish, .draw, .matrices, .show, .comment: []
    }
  }

  /// The same with everything replaced: statements within, expressions, and positions in arrays.
  package func mapped(
    inner: ([Statement]) -> [Statement], _ f: (Expression) -> Expression,
    place: (Storage, Affine) -> (Storage, Affine) = { ($0, $1) }
  ) -> Statement {
    switch self {
    case .define(let value, let x): return .define(value, f(x))
    case .index(let variable, let x): return .index(variable, f(x))
    case .local(let number, let x): return .local(number, x.map(f))
    case .store(let storage, let position, let x):
      let to = place(storage, position)
      return .store(to.0, to.1, f(x))
    case .combine(let storage, let position, let reducer, let x):
      let to = place(storage, position)
      return .combine(to.0, to.1, reducer, f(x))
    case .accumulate(let storage, let position, let a, let b):
      let to = place(storage, position)
      return .accumulate(to.0, to.1, f(a), f(b))
    case .loop(var loop):
      loop.lower = f(loop.lower)
      loop.upper = f(loop.upper)
      loop.body = inner(loop.body)
      return .loop(loop)
    case .when(let condition, let body): return .when(f(condition), inner(body))
    case .scope(let body): return .scope(inner(body))
    case .push(var sums), .finish(var sums):
      (sums.stack, sums.stackAt) = place(sums.stack, sums.stackAt)
      (sums.sum, sums.sumAt) = place(sums.sum, sums.sumAt)
      if case .push = self { return .push(sums) }
      return .finish(sums)
    case .product(var product):
      let (lhs, rhs) = (place(product.lhs.storage, product.lhs.start), place(product.rhs.storage, product.rhs.start))
      (product.lhs.storage, product.lhs.start) = lhs
      (product.rhs.storage, product.rhs.start) = rhs
      product.epilogue = inner(product.epilogue)
      return .product(product)
    case .draw(var draw):
      (draw.target, draw.start) = place(draw.target, draw.start)
      (draw.seed, draw.stream, draw.from, draw.to) = (f(draw.seed), f(draw.stream), f(draw.from), f(draw.to))
      return .draw(draw)
    case .matrices(var call):
      func moved(_ at: MatrixCall.Place) -> MatrixCall.Place {
        let to = place(at.storage, at.start)
        return .init(storage: to.0, start: to.1)
      }
      (call.operands, call.result) = (call.operands.map(moved), moved(call.result))
      return .matrices(call)
    case .show(var show):
      show.source = place(show.source, Affine()).0
      return .show(show)
    case .comment: return self
    }
  }

  /// The expressions of this statement alone.
  package var expressions: [Expression] {
    switch self {
    case .define(_, let x), .index(_, let x), .store(_, _, let x), .combine(_, _, _, let x), .when(let x, _): [x]
    case .local(_, let x): x.map { [$0] } ?? []
    case .accumulate(_, _, let a, let b): [a, b]
    case .loop(let loop): [loop.lower, loop.upper]
    case .draw(let draw): [draw.seed, draw.stream, draw.from, draw.to]
    case .scope, .push, .finish, .product, .matrices, .show, .comment: []
    }
  }
  /// The places of arrays that this statement alone reads or writes outside its expressions.
  package var places: [(storage: Storage, position: Affine, isWritten: Bool)] {
    switch self {
    case .store(let storage, let position, _), .combine(let storage, let position, _, _),
      .accumulate(let storage, let position, _, _):
      [(storage, position, true)]
    case .push(let sums), .finish(let sums): [(sums.stack, sums.stackAt, true), (sums.sum, sums.sumAt, true)]
    case .product(let product):
      [(product.lhs.storage, product.lhs.start, false), (product.rhs.storage, product.rhs.start, false)]
    case .draw(let draw): [(draw.target, draw.start, true)]
    case .matrices(let call):
      call.operands.map { ($0.storage, $0.start, false) } + [(call.result.storage, call.result.start, true)]
    case .show(let show): [(show.source, Affine(), false)]
    case .define, .index, .local, .loop, .when, .scope, .comment: []
    }
  }
}

extension [Statement] {
  /// The same with nothing that tells of which nodes they are.
  fileprivate var anonymous: [Statement] {
    map { if case .comment = $0 { .comment([]) } else { $0.mapped(inner: \.anonymous, { $0 }) } }
  }
  /// Calls `visit` with every statement, those around others first.
  package func forEachStatement(_ visit: (Statement) -> Void) {
    for statement in self {
      visit(statement)
      statement.inner.forEachStatement(visit)
    }
  }
  /// Every expression replaced, parts first, and every place.
  package func mapped(
    _ f: (Expression) -> Expression, place: (Storage, Affine) -> (Storage, Affine) = { ($0, $1) }
  ) -> [Statement] {
    map { $0.mapped(inner: { $0.mapped(f, place: place) }, { $0.rewritten(f) }, place: place) }
  }
  /// With variables replaced by functions of others.
  package func substituting(_ variables: [Int: Affine]) -> [Statement] {
    variables.isEmpty ? self : mapped({ $0.substitutingHere(variables) }, place: { ($0, $1.substituting(variables)) })
  }
  /// With values replaced by expressions.
  package func replacing(_ values: [Int: Expression]) -> [Statement] {
    values.isEmpty ? self : mapped { $0.replacingHere(values) }
  }
}

extension Expression {
  /// Every part replaced, the innermost first.
  package func rewritten(_ f: (Expression) -> Expression) -> Expression {
    let parts = operands
    return f(parts.isEmpty ? self : with(parts.map { $0.rewritten(f) }))
  }
  fileprivate func substitutingHere(_ variables: [Int: Affine]) -> Expression {
    switch self {
    case .position(let affine): .position(affine.substituting(variables))
    case .load(let storage, let affine, let dtype): .load(storage, affine.substituting(variables), dtype)
    case .array(let storage, let affine, let dtype): .array(storage, affine.substituting(variables), dtype)
    case .literal, .value, .infix, .negated, .call, .cast, .unsigned: self
    }
  }
  fileprivate func replacingHere(_ values: [Int: Expression]) -> Expression {
    if case .value(let value, _) = self, let other = values[value] { other } else { self }
  }
  package func substituting(_ variables: [Int: Affine]) -> Expression { rewritten { $0.substitutingHere(variables) } }
  package func replacing(_ values: [Int: Expression]) -> Expression { rewritten { $0.replacingHere(values) } }
  package func forEach(_ visit: (Expression) -> Void) {
    visit(self)
    for part in operands { part.forEach(visit) }
  }
}

extension Affine {
  package func substituting(_ variables: [Int: Affine]) -> Affine {
    guard terms.contains(where: { variables[$0.variable] != nil }) else { return self }
    return terms.reduce(Affine(constant)) {
      $0 + (variables[$1.variable] ?? Affine(variable: $1.variable)) * $1.coefficient
    }
  }
}

extension [Statement] {
  /// The arrays that they touch.
  package var storages: Set<Storage> {
    var found: Set<Storage> = []
    forEachStatement { statement in
      for place in statement.places { found.insert(place.storage) }
      for x in statement.expressions {
        x.forEach { part in
          switch part {
          case .load(let storage, _, _), .array(let storage, _, _): found.insert(storage)
          case .literal, .position, .value, .infix, .negated, .call, .cast, .unsigned: break
          }
        }
      }
    }
    return found
  }
}
