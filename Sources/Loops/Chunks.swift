// Small networks: the batch on the lanes, and the whole way there and back in one function.
// Where a run of kernels works row by row and its sums over the rows are few, the rows are cut into chunks whose number follows
// from the sizes alone. A chunk goes through all the kernels in tiles of sixteen rows, a row a lane, with values in small arrays
// that stay in the cache; its sums over rows stay lanes apart. One barrier later the chunks' sums meet in a fixed tree, and the
// epilogue, the optimizer's update as a rule, follows. Threads decide only who does a chunk.

import DescentIR
import DescentOps
import DescentPasses

/// Kernels of one step as chunks.
struct Chunks {
  /// Sums over rows, in elements: each chunk carries them all, sixteenfold.
  private static let mostSums = 1_024
  /// Elements of a row that live within a tile.
  private static let mostLocals = 1_024
  /// Terms of a sum within a row.
  private static let longestSum = 64
  /// Terms of one row's that a lane takes in, at most.
  private static let mostTerms = 512

  /// What a kernel does in the tile.
  private enum Role { case map, accumulate, prologue, epilogue }

  let context: ProgramContext
  let kernels: [Kernel]
  let separate: [[LoopFunction]]
  private let rows: Int
  private var roles: [Role] = []
  /// Elements of a row, by the node whose values live within a tile.
  private var locals: [NodeID: Int] = [:]
  private var dtype = DType.f32
  /// Where the sums of each kernel that accumulates begin among all sums.
  private var offsets: [Int: Int] = [:]
  private var total = 0
  /// The most terms that a lane takes in from one tile.
  private var terms = 1

  private var graph: Graph { context.graph }
  private static var lanes: Int { ReductionOrder.rows }

  /// nil where the step is not of this kind.
  init?(_ context: ProgramContext, _ kernels: [Kernel], _ separate: [[LoopFunction]]) {
    self.context = context
    self.kernels = kernels
    self.separate = separate
    // The rows are the first axis that most contractions give.
    var counts: [Int: Int] = [:]
    for kernel in kernels {
      if let anchor = kernel.anchor, case .contraction = context.families[anchor.index],
        let first = kernel.domain.dimensions.first
      {
        counts[first, default: 0] += 1
      }
    }
    let candidates = counts.filter { $0.key >= 64 && $0.key % Self.lanes == 0 }
    guard let best = candidates.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else { return nil }
    rows = best.key
    guard assignRoles() else { return nil }
  }

  // MARK: Who takes part

  private func writes(_ kernel: Int) -> [Buffer] { buffers(kernel, where: \.isWritten) }
  private func buffers(_ kernel: Int, where test: (Parameter) -> Bool) -> [Buffer] {
    // Partial results pass between the functions of one kernel, and are nobody else's business.
    separate[kernel].flatMap { $0.parameters.filter(test).map(\.buffer) }.filter {
      if case .partial = $0 { false } else { true }
    }
  }
  /// What nodes of a kernel read from memory.
  private func sources(_ nodes: [NodeID], in kernel: Kernel) -> Set<Buffer> {
    var found: Set<Buffer> = [], seen: Set<NodeID> = []
    func visit(_ id: NodeID) {
      guard id != kernel.anchor, !kernel.members.contains(id), seen.insert(id).inserted else { return }
      if context.stored[id.index] { found.insert(context.buffer(id)) } else { graph[id].operands.forEach(visit) }
    }
    for id in nodes { graph[id].operands.forEach(visit) }
    return found
  }
  /// What a kernel reads while the chunks run, where a sum over rows leaves its epilogue for later; and what that reads.
  private func reads(_ kernel: Int, as role: Role) -> (first: Set<Buffer>, later: Set<Buffer>) {
    guard role == .accumulate, let anchor = kernels[kernel].anchor else {
      return (Set(buffers(kernel) { !$0.isWritten }), [])
    }
    return (sources([anchor], in: kernels[kernel]), sources(kernels[kernel].members, in: kernels[kernel]))
  }

  private mutating func assignRoles() -> Bool {
    var mapped: Set<Buffer> = [], late: Set<Buffer> = []
    for (number, kernel) in kernels.enumerated() {
      var role = self.role(kernel) ?? .prologue
      let isLate = !reads(number, as: role).first.isDisjoint(with: late)
      if isLate { role = .epilogue }
      let reads = reads(number, as: role)
      if role == .prologue, !reads.first.isDisjoint(with: mapped) { return false }
      if role == .map {
        // Its values must be wanted within the tile alone.
        guard kernel.stores.allSatisfy({ graph[$0].type.shape.dimensions.first == rows }) else { return false }
        for id in kernel.stores {
          guard case .node = context.buffer(id) else { return false }
          locals[id] = graph[id].type.shape.count / rows
        }
        mapped.formUnion(writes(number))
      } else {
        if isLate && !reads.first.isDisjoint(with: mapped) || !reads.later.isDisjoint(with: mapped) { return false }
        if role == .accumulate {
          offsets[number] = total
          total += kernel.domain.count
          terms = max(terms, termsOfRow(kernel))
          dtype = graph[kernel.anchor!].type.dtype
        }
        // Whatever is not needed before the chunks keeps its place after them.
        if role == .prologue { role = .epilogue }
        late.formUnion(role == .epilogue && !isLate ? [] : writes(number))
      }
      roles.append(role)
    }
    let maps = roles.indices.filter { roles[$0] == .map }
    guard maps.count > 1, total > 0, total <= Self.mostSums, terms <= Self.mostTerms,
      locals.values.reduce(0, +) <= Self.mostLocals
    else { return false }
    return assignBefore()
      && kernels.indices.allSatisfy { roles[$0] != .accumulate || graph[kernels[$0].anchor!].type.dtype == dtype }
  }

  /// Moves what the tile needs in front of it.
  private mutating func assignBefore() -> Bool {
    var needed: Set<Buffer> = []
    for number in kernels.indices where roles[number] == .map || roles[number] == .accumulate {
      needed.formUnion(reads(number, as: roles[number]).first)
    }
    func isInput(_ buffer: Buffer) -> Bool { if case .input = buffer { true } else { false } }
    for number in kernels.indices.reversed() where roles[number] == .epilogue {
      let written = writes(number)
      guard written.contains(where: { needed.contains($0) }) else { continue }
      // Memory of an input that is taken over here might still be read by a kernel that would now come later.
      if written.contains(where: isInput) {
        if written.allSatisfy({ !needed.contains($0) || isInput($0) }) { continue }
        return false
      }
      roles[number] = .prologue
      needed.formUnion(reads(number, as: .prologue).first)
    }
    return true
  }
  /// Terms of one row in a sum over the rows.
  private func termsOfRow(_ kernel: Kernel) -> Int { form(kernel).map { $0.reduced.reduce(1, *) / rows } ?? 1 }

  /// A kernel's sum.
  private func form(_ kernel: Kernel) -> ReductionForm? {
    guard let anchor = kernel.anchor else { return nil }
    if case .reduction(let reducer, let axes) = context.families[anchor.index] {
      return context.reductionForm(kernel, reducer, axes)
    }
    if case .contraction(let axes) = context.families[anchor.index] { return context.productForm(kernel, axes) }
    return nil
  }

  /// What a kernel could do in the tile by the shapes alone.
  private func role(_ kernel: Kernel) -> Role? {
    let isByRow = kernel.domain.dimensions.first == rows
    guard let anchor = kernel.anchor else { return isByRow ? .map : nil }
    guard graph[anchor].isReal, let form = form(kernel) else { return nil }
    let operand = graph[graph[anchor].operands[0]].type.shape
    if case .contraction(let axes) = context.families[anchor.index] {
      if isByRow { return .map }
      return axes.lhsContracting.contains { operand[$0] == rows } ? .accumulate : nil
    }
    guard case .reduction(_, let axes) = context.families[anchor.index], operand.dimensions.first == rows else {
      return nil
    }
    if !axes.contains(0) { return isByRow ? .map : nil }
    return form.reducer == .sum ? .accumulate : nil
  }

  // MARK: The functions

  /// The functions in order: what comes before, the chunks, their trees and what comes after; nil where a kernel turns out to
  /// want another row's values.
  func functions() -> [LoopFunction]? {
    let order = ReductionOrder.Rows(rows: rows, terms: terms)
    let width = total * Self.lanes, stride = width * (1 + order.stack)
    let function = FunctionBuilder(context)
    let chunk = function.variable("chunk", order.chunks), base = function.variable("base", rows)
    let sums = function.parameter(partials, dtype, node: nil, isWritten: true)
    let start = Affine(variable: chunk) * stride
    var arrays: [NodeID: Int] = [:]
    for (id, perRow) in locals.sorted(by: { $0.key < $1.key }) {
      arrays[id] = function.local(of: id, count: perRow * Self.lanes)
    }
    let tile = Tile(region: self, function: function, arrays: arrays, base: base, sums: sums, sumsAt: start)
    var statements: [Statement] = []
    var nodes: [NodeID] = []
    var work = 0
    for (number, kernel) in kernels.enumerated() where roles[number] == .map || roles[number] == .accumulate {
      guard let block = tile.block(kernel, form(kernel), offset: roles[number] == .accumulate ? offsets[number] : nil)
      else { return nil }
      let computed = (kernel.anchor.map { [$0] } ?? []) + kernel.members
      statements += [.comment(computed)] + block
      nodes += computed
      work = work.plus(separate[number].reduce(0) { $0.plus($1.work) })
    }
    let body = tiles(statements, order, width: width, function, chunk: chunk, base: base, sums: sums)
    let (loops, execution) = function.loops(over: [chunk], shared: chunk, chunkSize: 1)
    var chunks = function.finish(
      arrays.sorted { $0.key < $1.key }.map { .local($0.value, nil) } + nested(loops, body), execution, nodes: nodes,
      work: max(work, 1 << 16), partialBytes: order.chunks * stride * dtype.byteSize)
    chunks.title = "forward and back, a tile of rows on the lanes"
    // After the chunks all keep their order: a kernel may read an input whose memory a later one takes over.
    let prologue = kernels.indices.filter { roles[$0] == .prologue }.flatMap { separate[$0] }
    let epilogue = kernels.indices.filter { roles[$0] == .accumulate || roles[$0] == .epilogue }
    return prologue + [chunks]
      + epilogue.flatMap { roles[$0] == .accumulate ? [tree($0, order.chunks, stride: stride)] : separate[$0] }
  }

  /// A chunk's tiles, in blocks whose sums meet in a tree where there are many.
  private func tiles(
    _ statements: [Statement], _ order: ReductionOrder.Rows, width: Int, _ function: FunctionBuilder, chunk: Int,
    base: Int, sums: Storage
  ) -> [Statement] {
    let start = Affine(variable: chunk) * (width * (1 + order.stack))
    let k = function.variable("k", width), end = function.variable("end", rows + 1)
    let clear = nested(
      [function.whole(k)], [.store(sums, start + Affine(variable: k), .literal(Scalar(integer: 0, dtype)))])
    let first = Expression.position(Affine(variable: chunk) * (order.tilesPerChunk * Self.lanes))
    let last = Expression.position(Affine(variable: end))
    func over(_ from: Expression, _ to: Expression) -> [Statement] {
      nested([OpenLoop(variable: base, lower: from, upper: to, step: Self.lanes)], statements)
    }
    var body: [Statement] = [
      .index(
        end,
        .least(
          .position((Affine(variable: chunk) + Affine(1)) * (order.tilesPerChunk * Self.lanes)), .position(Affine(rows))
        ))
    ]
    if order.stack == 0 {
      body += clear + over(first, last)
    } else {
      let step = order.tilesPerBlock * Self.lanes
      let from = function.variable("from", rows), to = function.variable("to", rows + 1)
      let block = function.local("block", .i64, count: nil)
      let stack = SumStack(
        stack: sums, stackAt: start + Affine(width), sum: sums, sumAt: start, lanes: width, block: block, dtype: dtype)
      let blocks: [Statement] =
        [.index(to, .least(.position(Affine(variable: from) + Affine(step)), last))] + clear
        + over(.position(Affine(variable: from)), .position(Affine(variable: to))) + [.push(stack)]
      body +=
        [.local(block, .position(Affine()))]
        + nested([OpenLoop(variable: from, lower: first, upper: last, step: step)], blocks) + [.finish(stack)]
    }
    return body
  }

  /// The chunks' sums of one kernel in their tree, first the chunks, then the lanes, and the epilogue.
  private func tree(_ number: Int, _ chunks: Int, stride: Int) -> LoopFunction {
    let kernel = kernels[number]
    let function = FunctionBuilder(context)
    let axes = function.axes(kernel.domain.dimensions)
    let index = axes.map { Affine(variable: $0) }
    let sums = function.parameter(partials, dtype, node: nil, isWritten: false)
    let acc = function.local("acc", dtype, count: Self.lanes), lane = function.variable("l", Self.lanes)
    let result = function.value(graph[kernel.anchor!].op.name)
    var end = ElementBuilder(function, computing: kernel.members + [kernel.anchor!])
    end.set(kernel.anchor!, index, .value(result, dtype))
    end.store(kernel, at: index)
    let place = (Affine.linear(index, kernel.domain) + Affine(offsets[number]!)) * Self.lanes + Affine(variable: lane)
    // Written out, so that what a compiler sees is straight vectors.
    func pairs(_ range: Range<Int>) -> Expression {
      if range.count == 1 { return .load(sums, place + Affine(range.lowerBound * stride), dtype) }
      let middle = range.lowerBound + (range.count + 1) / 2
      return .infix(.add, pairs(range.lowerBound..<middle), pairs(middle..<range.upperBound))
    }
    let body: [Statement] =
      [.local(acc, nil)]
      + nested([function.whole(lane, mode: .lanes)], [.store(.local(acc), Affine(variable: lane), pairs(0..<chunks))])
      + [.define(result, function.treeTotal(.local(acc), Self.lanes, .sum, dtype))] + end.statements
    let (loops, execution) = function.loops(over: axes, shared: axes.first, chunkSize: 1)
    return function.finish(
      nested(loops, body), execution, nodes: [kernel.anchor!] + kernel.members,
      work: kernel.domain.count * (chunks * 4 + context.cost(kernel.members) + 24))
  }
  /// The chunks' sums, under the name of the first node that they are of.
  private var partials: Buffer { .partial(kernels[offsets.keys.min()!].anchor!) }

  /// One kernel after another within a tile of rows.
  private struct Tile {
    let region: Chunks
    let function: FunctionBuilder
    let arrays: [NodeID: Int]
    /// The variable that is the tile's first row.
    let base: Int
    let sums: Storage, sumsAt: Affine

    /// A kernel's statements; nil where it wants another row's values. One that accumulates has its sums' place.
    func block(_ kernel: Kernel, _ form: ReductionForm?, offset: Int?) -> [Statement]? {
      if let form, let offset { return accumulated(form, offset) }
      return form.map(byRow) ?? mapped(kernel)
    }

    /// Statements for all lanes.
    private func lanes(row: Int, _ body: (Affine) -> [Statement]) -> [Statement] {
      let lane = Affine(variable: function.variable("l", ReductionOrder.rows))
      return nested(
        [function.whole(lane.terms[0].variable, mode: .lanes)],
        body(lane).substituting([row: Affine(variable: base) + lane]))
    }

    /// The statements with the tile's own arrays in place of whole ones; nil where an element of another row is wanted.
    private func within(_ row: Int, _ lane: Affine, _ statements: [Statement]) -> [Statement]? {
      var isInside = true
      func place(_ storage: Storage, _ position: Affine) -> (Storage, Affine) {
        guard case .parameter(let number) = storage, case .node(let id) = function.parameters[number].buffer,
          let array = arrays[id],
          let perRow = region.locals[id]
        else { return (storage, position) }
        let coefficient = position.coefficient(of: row)
        let rest = position + Affine(variable: row) * -coefficient
        if coefficient != perRow || !rest.isWithin(0..<perRow, function.extents) { isInside = false }
        return (.local(array), rest * ReductionOrder.rows + lane)
      }
      let result = statements.mapped(
        { x in
          guard case .load(let storage, let position, let dtype) = x else { return x }
          let to = place(storage, position)
          return .load(to.0, to.1, dtype)
        }, place: place)
      return isInside ? result : nil
    }

    private func mapped(_ kernel: Kernel) -> [Statement]? {
      let row = function.variable("row", region.rows)
      let others = function.axes(kernel.domain.dimensions.dropFirst())
      var builder = ElementBuilder(function, computing: kernel.members)
      builder.store(kernel, at: ([row] + others).map { Affine(variable: $0) })
      return nestedLanes(others, row) { within(row, $0, builder.statements) }
    }

    private func nestedLanes(_ loops: [Int], _ row: Int, _ body: (Affine) -> [Statement]?) -> [Statement]? {
      var isInside = true
      let result = lanes(row: row) { lane in
        guard let statements = body(lane) else {
          isInside = false
          return []
        }
        return statements
      }
      return isInside ? nested(loops.map { function.whole($0) }, result) : nil
    }

    /// A reduction or contraction that gives each row its own result.
    private func byRow(_ form: ReductionForm) -> [Statement]? {
      // Its loops are unrolled.
      guard form.reduced.reduce(1, *) <= Chunks.longestSum else { return nil }
      let row = function.variable("row", region.rows)
      let others = function.axes(form.outputs.dropFirst())
      let reduced = function.axes(form.reduced, names: FunctionBuilder.reducedNames)
      let output = ([row] + others).map { Affine(variable: $0) }
      let acc = function.local("acc", form.dtype, count: nil)
      let step = step(form, output, reduced.map { Affine(variable: $0) }, .local(acc), Affine())
      let result = function.value(region.graph[form.kernel.anchor!].op.name)
      var end = ElementBuilder(function, computing: form.kernel.members + [form.kernel.anchor!])
      end.set(form.kernel.anchor!, output, .value(result, form.dtype))
      end.store(form.kernel, at: output)
      // The short loops are unrolled, so that the lanes are the innermost loop and the accumulator stays in a register.
      let body: [Statement] =
        [.local(acc, .literal(form.reducer.identity(form.dtype)))]
        + nested(reduced.map { function.whole($0, mode: .unrolled) }, step)
        + end.statements.replacing([result: .load(.local(acc), Affine(), form.dtype)])
      return nestedLanes(others, row) { within(row, $0, body) }
    }

    /// A sum over the rows: each lane adds up its own.
    private func accumulated(_ form: ReductionForm, _ offset: Int) -> [Statement]? {
      guard let place = form.reduced.firstIndex(of: region.rows) else { return nil }
      let outputs = function.axes(form.outputs)
      let reduced = function.axes(form.reduced, names: FunctionBuilder.reducedNames)
      let output = outputs.map { Affine(variable: $0) }, row = reduced[place]
      let sum = (Affine.linear(output, Shape(form.outputs)) + Affine(offset)) * ReductionOrder.rows
      return nestedLanes(outputs + reduced.filter { $0 != row }, row) { lane in
        within(row, lane, step(form, output, reduced.map { Affine(variable: $0) }, sums, sumsAt + sum + lane))
      }
    }

    /// Takes one element into an accumulator.
    private func step(
      _ form: ReductionForm, _ output: [Affine], _ reduced: [Affine], _ sum: Storage, _ at: Affine
    ) -> [Statement] {
      var builder = ElementBuilder(function)
      let factors = form.factors(&builder, output, reduced)
      return builder.statements
        + [
          factors.count == 2
            ? .accumulate(sum, at, factors[0], factors[1]) : .combine(sum, at, form.reducer, factors[0])
        ]
    }
  }
}
