// Reductions as loop nests, and contractions that are small or of integers, which are reductions of products.
// `ReductionOrder` says in which order terms are taken; here that becomes loops.

import DescentIR
import DescentOps
import DescentPasses

/// What is combined, over which loops.
struct ReductionForm {
  var kernel: Kernel
  var reducer: Reducer
  var dtype: DType
  var outputs: [Int]
  var reduced: [Int]
  /// For a sum of products the two factors, else the one value that is combined, at an index of the outputs and one of the sum.
  var factors: (inout ElementBuilder, _ output: [Affine], _ reduced: [Affine]) -> [Expression]
  var cost: Int
}

extension ProgramContext {
  func reductionForm(_ kernel: Kernel, _ reducer: Reducer, _ axes: [Int]) -> ReductionForm {
    let anchor = kernel.anchor!
    let operand = graph[anchor].operands[0]
    let shape = graph[operand].type.shape
    let kept = (0..<shape.rank).filter { !axes.contains($0) }
    return ReductionForm(
      kernel: kernel, reducer: reducer, dtype: graph[anchor].type.dtype, outputs: kernel.domain.dimensions,
      reduced: axes.map { shape[$0] },
      factors: { builder, output, reduced in
        var index = [Affine](repeating: Affine(), count: shape.rank)
        for (axis, value) in zip(kept, output) { index[axis] = value }
        for (axis, value) in zip(axes, reduced) { index[axis] = value }
        return [builder.value(operand, index)]
      }, cost: 2.plus(inlinedCost(operand)))
  }

  func productForm(_ kernel: Kernel, _ axes: ContractionAxes) -> ReductionForm {
    let anchor = kernel.anchor!
    let (lhs, rhs) = (graph[anchor].operands[0], graph[anchor].operands[1])
    let (lhsShape, rhsShape) = (graph[lhs].type.shape, graph[rhs].type.shape)
    let lhsFree = axes.lhsFree(lhsShape.rank), rhsFree = axes.rhsFree(rhsShape.rank)
    return ReductionForm(
      kernel: kernel, reducer: .sum, dtype: graph[anchor].type.dtype, outputs: kernel.domain.dimensions,
      reduced: axes.lhsContracting.map { lhsShape[$0] },
      factors: { builder, output, reduced in
        var left = [Affine](repeating: Affine(), count: lhsShape.rank)
        var right = [Affine](repeating: Affine(), count: rhsShape.rank)
        for (i, axis) in axes.lhsBatch.enumerated() { left[axis] = output[i] }
        for (i, axis) in axes.rhsBatch.enumerated() { right[axis] = output[i] }
        for (i, axis) in lhsFree.enumerated() { left[axis] = output[axes.lhsBatch.count + i] }
        for (i, axis) in rhsFree.enumerated() { right[axis] = output[axes.lhsBatch.count + lhsFree.count + i] }
        for (i, axis) in axes.lhsContracting.enumerated() { left[axis] = reduced[i] }
        for (i, axis) in axes.rhsContracting.enumerated() { right[axis] = reduced[i] }
        return [builder.value(lhs, left), builder.value(rhs, right)]
      }, cost: 3)
  }

  func reduction(_ form: ReductionForm) -> [LoopFunction] {
    let first = ReductionNest(self, form)
    return first.order.part == nil ? [first.function()] : [first.parts(), ReductionNest(self, form).tree()]
  }
}

/// One function of a reduction.
private struct ReductionNest {
  let form: ReductionForm
  let builder: FunctionBuilder
  /// The value that is combined, and the statements that lead to it.
  private let element: [Statement], value: Expression
  /// What is done with a result, whose value has this number.
  private let epilogue: [Statement], result: Int
  private let outputs: [Int], reduced: [Int]
  let order: ReductionOrder
  private let isWide: Bool

  init(_ context: ProgramContext, _ form: ReductionForm) {
    self.form = form
    let function = FunctionBuilder(context)
    builder = function
    let outputs = function.axes(form.outputs)
    let reduced = function.axes(form.reduced, names: FunctionBuilder.reducedNames)
    let output = outputs.map { Affine(variable: $0) }
    var start = ElementBuilder(function)
    let factors = form.factors(&start, output, reduced.map { Affine(variable: $0) })
    let whole = factors.count == 2 ? Expression.arithmetic(.multiply, factors[0], factors[1]) : factors[0]
    let result = function.value(context.graph[form.kernel.anchor!].op.name)
    var end = ElementBuilder(function, computing: form.kernel.members + [form.kernel.anchor!])
    end.set(form.kernel.anchor!, output, .value(result, form.dtype))
    end.store(form.kernel, at: output)

    let inner: [Statement] = start.statements + [.when(whole, [])]
    let outer = function.collapse(outputs, inner.accesses.union(end.statements.accesses))
    let sum = function.collapse(reduced, inner.accesses)
    function.apply(outer)
    function.apply(sum)
    let dropped = outer.dropped.merging(sum.dropped) { first, _ in first }
    element = start.statements.substituting(dropped)
    value = whole.substituting(dropped)
    epilogue = end.statements.substituting(dropped)
    self.result = result
    self.outputs = outer.kept
    self.reduced = sum.kept
    let loads = ((element + [.when(value, [])]) as [Statement]).loads
    func isContiguous(_ variable: Int?) -> Bool {
      guard let variable else { return false }
      return loads.contains { $0.coefficient(of: variable) == 1 }
    }
    order = ReductionOrder(
      outputs: outer.kept.map { function.variables[$0].extent },
      reduced: sum.kept.map { function.variables[$0].extent },
      isContiguous: isContiguous(sum.kept.last), form.reducer, form.dtype)
    let last = outer.kept.last
    isWide = !order.isOnLanes && isContiguous(last) && function.variables[last ?? 0].extent >= 8
  }

  private func extent(_ variable: Int) -> Int { builder.variables[variable].extent }
  private var count: Int { outputs.reduce(1) { $0 * extent($1) } }
  private var terms: Int { reduced.reduce(1) { $0.times(extent($1)) } }
  private var members: [NodeID] { [form.kernel.anchor!] + form.kernel.members }
  private var work: Int {
    count.times(terms).times(form.cost).plus(count.times(builder.context.cost(form.kernel.members)))
  }
  private var identity: Expression { .literal(form.reducer.identity(form.dtype)) }

  /// The whole of it.
  func function() -> LoopFunction {
    let shared = builder.sharedLoop(outputs)
    let (loops, execution) = builder.loops(over: outputs, shared: shared, chunkSize: shared == outputs.last ? 16 : 1)
    let body = nest(loops) { epilogue.replacing([result: $0]) }
    return builder.finish(body, execution, nodes: members, work: work)
  }

  private var position: Affine { outputs.reduce(Affine()) { $0 * extent($1) + Affine(variable: $1) } }

  /// Partial results of fixed parts.
  func parts() -> LoopFunction {
    let size = order.part!, whole = extent(reduced[0]), parts = (whole + size - 1) / size
    let part = builder.variable("part", parts), begin = builder.variable("begin", whole + 1),
      end = builder.variable("end", whole + 1)
    let partial = builder.parameter(.partial(form.kernel.anchor!), form.dtype, node: nil, isWritten: true)
    let (loops, execution) = builder.loops(over: [part], shared: part, chunkSize: 1)
    let body = nest(outputs.map { builder.whole($0) }, first: (Affine(variable: begin), Affine(variable: end))) {
      [.store(partial, Affine(variable: part) * count + position, $0)]
    }
    let bounds: [Statement] = [
      .index(begin, .position(Affine(variable: part) * size)),
      .index(end, .least(.position(Affine(variable: begin) + Affine(size)), .position(Affine(whole)))),
    ]
    return builder.finish(
      nested(loops, bounds + body), execution, nodes: [form.kernel.anchor!], work: work,
      partialBytes: parts * count * form.dtype.byteSize)
  }

  /// Their tree, and what is done with its results.
  func tree() -> LoopFunction {
    let size = order.part!, parts = (extent(reduced[0]) + size - 1) / size
    let partial = builder.parameter(.partial(form.kernel.anchor!), form.dtype, node: nil, isWritten: false)
    let part = builder.variable("part", parts), sums = builder.local("acc", form.dtype, count: parts)
    let shared = outputs.first
    let (loops, execution) = builder.loops(over: outputs, shared: shared, chunkSize: 1)
    let fill = nested(
      [builder.whole(part)],
      [
        .store(
          .local(sums), Affine(variable: part), .load(partial, Affine(variable: part) * count + position, form.dtype))
      ])
    let body: [Statement] =
      [.local(sums, nil)] + fill + [.define(result, builder.treeTotal(.local(sums), parts, form.reducer, form.dtype))]
      + epilogue
    return builder.finish(
      nested(loops, body), execution, nodes: members,
      work: count * (parts + builder.context.cost(form.kernel.members)))
  }

  /// The loops over outputs, the sum within, and what is done with it. `first` bounds the outermost loop of the sum.
  private func nest(_ loops: [OpenLoop], first: (Affine, Affine)? = nil, _ finish: (Expression) -> [Statement])
    -> [Statement]
  {
    if order.isOnLanes { return nested(loops, onLanes(first, finish)) }
    if isWide { return nested(loops.dropLast(), acrossOutputs(loops.last!, first, finish)) }
    let sum = builder.local("acc", form.dtype, count: nil)
    let body = summed(sum, first: first) { element + [.combine(.local(sum), Affine(), form.reducer, value)] }
    return nested(loops, body + finish(.load(.local(sum), Affine(), form.dtype)))
  }

  /// Lanes along the sum.
  private func onLanes(_ first: (Affine, Affine)?, _ finish: (Expression) -> [Statement]) -> [Statement] {
    let lanes = ReductionOrder.lanes, last = reduced.last!
    let sum = builder.local("acc", form.dtype, count: lanes)
    let result = summed(sum, first: first, lanes: lanes) { (from: Expression, to: Expression) -> [Statement] in
      func step(_ start: Affine, _ width: Expression, isLast: Bool) -> [Statement] {
        let lane = builder.variable("l", lanes)
        let (statements, x) = isLast ? (element, value) : builder.copied(element, value)
        let at = [last: start + Affine(variable: lane)]
        return nested(
          [OpenLoop(variable: lane, upper: width)],
          statements.substituting(at) + [
            .combine(.local(sum), Affine(variable: lane), form.reducer, x.substituting(at))
          ])
      }
      let j = builder.variable("j", extent(last)), all = Expression.position(Affine(lanes))
      if case .position(let a) = from, case .position(let b) = to, a.terms.isEmpty, b.terms.isEmpty {
        let rest = (b.constant - a.constant) % lanes, end = b.constant - rest
        let main =
          end - a.constant == lanes
          ? step(a, all, isLast: rest == 0)
          : nested(
            [OpenLoop(variable: j, lower: from, upper: .position(Affine(end)), step: lanes)],
            step(Affine(variable: j), all, isLast: rest == 0))
        return main + (rest == 0 ? [] : step(Affine(end), .position(Affine(rest)), isLast: true))
      }
      // Blocks and parts begin at whole lanes; only the last may end within.
      let isWhole = extent(last) % lanes == 0
      let end = builder.variable("end", extent(last) + 1)
      let upper = isWhole ? to : .position(Affine(variable: end))
      let main = nested(
        [OpenLoop(variable: j, lower: from, upper: upper, step: lanes)], step(Affine(variable: j), all, isLast: isWhole)
      )
      if isWhole { return main }
      let rest = Expression.infix(.remainder, to, .position(Affine(lanes)))
      return [.index(end, .infix(.subtract, to, rest))] + main
        + step(Affine(variable: end), .infix(.subtract, to, .position(Affine(variable: end))), isLast: true)
    }
    let total = builder.value(form.reducer.rawValue)
    return result + [.define(total, builder.treeTotal(.local(sum), lanes, form.reducer, form.dtype))]
      + finish(.value(total, form.dtype))
  }

  /// Lanes across outputs.
  private func acrossOutputs(_ loop: OpenLoop, _ first: (Affine, Affine)?, _ finish: (Expression) -> [Statement])
    -> [Statement]
  {
    let last = loop.variable, extent = extent(last)
    let tile = Swift.min(builder.context.plan.tile, (extent + 7) / 8 * 8)
    let sum = builder.local("acc", form.dtype, count: tile)
    // One tile, all of it this thread's, needs no loop.
    let isOne = extent <= tile && loop.upper == .position(Affine(extent))
    let j = builder.variable("j", extent), n = builder.variable("n", tile + 1)
    let start = isOne ? Affine() : Affine(variable: j)
    let width = isOne ? Expression.position(Affine(extent)) : .position(Affine(variable: n))
    func lanes(_ body: (Affine) -> [Statement]) -> [Statement] {
      let lane = builder.variable("l", tile)
      return nested(
        [OpenLoop(variable: lane, upper: width)],
        body(Affine(variable: lane)).substituting([last: start + Affine(variable: lane)]))
    }
    let body =
      summed(sum, first: first, width: tile) {
        lanes { lane in element + [.combine(.local(sum), lane, form.reducer, value)] }
      } + lanes { lane in finish(.load(.local(sum), lane, form.dtype)) }
    if isOne { return body }
    let least = Expression.least(.position(Affine(tile)), .infix(.subtract, loop.upper, .position(Affine(variable: j))))
    return nested([OpenLoop(variable: j, lower: loop.lower, upper: loop.upper, step: tile)], [.index(n, least)] + body)
  }

  /// Leaves the sum of what `inner` takes in, at one index of all loops of the sum, in accumulators.
  private func summed(_ sum: Int, first: (Affine, Affine)?, width: Int = 1, _ inner: () -> [Statement]) -> [Statement] {
    summed(sum, first: first, lanes: width, opens: false) { _, _ in inner() }
  }
  /// The same, where `inner` goes over the innermost loop itself.
  private func summed(
    _ sum: Int, first: (Affine, Affine)?, lanes: Int, opens: Bool = true,
    _ inner: (Expression, Expression) -> [Statement]
  ) -> [Statement] {
    let zero = Expression.position(Affine())
    func bounds(_ i: Int) -> (Expression, Expression) {
      i == 0
        ? first.map { (.position($0.0), .position($0.1)) } ?? (zero, .position(Affine(extent(reduced[i]))))
        : (zero, .position(Affine(extent(reduced[i]))))
    }
    func loops(from place: Int, block: (Expression, Expression)?) -> [Statement] {
      func bounded(_ i: Int) -> (Expression, Expression) { i == place ? block ?? bounds(i) : bounds(i) }
      let range = place..<reduced.count
      let opened = opens ? range.dropLast() : range
      let body =
        opens && !range.isEmpty
        ? inner(bounded(range.upperBound - 1).0, bounded(range.upperBound - 1).1) : inner(zero, zero)
      return nested(opened.map { OpenLoop(variable: reduced[$0], lower: bounded($0).0, upper: bounded($0).1) }, body)
    }
    let isArray = builder.locals[sum].count != nil
    let clear: [Statement]
    if isArray {
      let lane = builder.variable("l", lanes)
      clear = nested([builder.whole(lane)], [.store(.local(sum), Affine(variable: lane), identity)])
    } else {
      clear = [.store(.local(sum), Affine(), identity)]
    }
    guard let cut = order.cut else {
      return (isArray ? [.local(sum, nil)] + clear : [.local(sum, identity)]) + loops(from: 0, block: nil)
    }
    let stack = builder.local("stack", form.dtype, count: lanes * cut.stack)
    let block = builder.local("block", .i64, count: nil)
    let (lower, upper) = bounds(cut.loop)
    let from = builder.variable("from", extent(reduced[cut.loop])),
      to = builder.variable("to", extent(reduced[cut.loop]) + 1)
    let (begin, end) = (Affine(variable: from), Affine(variable: to))
    let sums = SumStack(
      stack: .local(stack), stackAt: Affine(), sum: .local(sum), sumAt: Affine(), lanes: lanes, block: block,
      dtype: form.dtype)
    let turns: [Statement] =
      [.index(to, .least(.position(begin + Affine(cut.turns)), upper))] + clear
      + loops(from: cut.loop, block: (.position(begin), .position(end)))
      + [.push(sums)]
    let outer = (0..<cut.loop).map { OpenLoop(variable: reduced[$0], lower: bounds($0).0, upper: bounds($0).1) }
    return [.local(sum, nil), .local(stack, nil), .local(block, zero)]
      + nested(outer + [OpenLoop(variable: from, lower: lower, upper: upper, step: cut.turns)], turns)
      + [.finish(sums)]
  }
}

extension FunctionBuilder {
  /// `x` added to a number in memory, less what the rounding of the addition before lost, and what this one loses kept
  /// (Kahan, 1965): the error of a sum is that of one rounding, whatever the number of terms. Where the sum is infinite
  /// nothing is lost.
  func compensated(_ array: Storage, lost: Storage, _ at: Affine, _ x: Expression) -> [Statement] {
    let dtype = x.dtype, old = Expression.load(array, at, dtype)
    let term = value("term"), sum = value("sum"), excess = value("excess")
    let (t, s, e) = (Expression.value(term, dtype), Expression.value(sum, dtype), Expression.value(excess, dtype))
    func minus(_ a: Expression, _ b: Expression) -> Expression { .arithmetic(.subtract, a, b) }
    return [
      .define(term, minus(x, .load(lost, at, dtype))),
      .define(sum, .arithmetic(.add, old, t)),
      .define(excess, minus(minus(s, old), t)),
      .store(lost, at, .choice(.truth(.equal, minus(e, e), .number(0, dtype)), e, .number(0, dtype))),
      .store(array, at, s),
    ]
  }

  /// The values of an array combined in a tree; it leaves nothing of them.
  func treeTotal(_ array: Storage, _ count: Int, _ reducer: Reducer, _ dtype: DType) -> Expression {
    let name = dtype == .bool ? "u8" : dtype.name
    return .call(
      Intrinsic("dsc_tree_\(reducer.rawValue)_\(name)", dtype),
      [.array(array, Affine(), dtype), .position(Affine(count))])
  }

  /// Of loops the one that threads share: the first wide one, else the widest.
  func sharedLoop(_ loops: [Int]) -> Int? {
    loops.first { variables[$0].extent >= 32 } ?? loops.max { variables[$0].extent < variables[$1].extent }
  }

  /// Loops over all of their extents, but `shared`, which goes over a thread's share; and how the function is executed.
  func loops(over loops: [Int], shared: Int?, chunkSize: Int) -> ([OpenLoop], Execution) {
    guard let shared else { return (loops.map { whole($0) }, .alone) }
    let extent = variables[shared].extent
    let lower = variable("lo", extent), upper = variable("hi", extent + 1)
    let opened = loops.map { loop in
      loop == shared
        ? OpenLoop(variable: loop, lower: .position(Affine(variable: lower)), upper: .position(Affine(variable: upper)))
        : whole(loop)
    }
    return (opened, .shared(.count(extent), chunkSize: chunkSize, lower: lower, upper: upper))
  }
}
