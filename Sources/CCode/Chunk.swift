// Small networks: the batch on the lanes, and the whole way there and back in one function.
// Where a run of kernels works row by row and its sums over the rows are few, the rows are cut into chunks whose number follows
// from the sizes alone. A chunk goes through all the kernels in tiles of sixteen rows, a row a lane, with values in small arrays
// that stay in the cache; its sums over rows stay lanes apart. One barrier later the chunks' sums meet in a fixed tree, and the
// epilogue, the optimizer's update as a rule, follows. Threads decide only who does a chunk.

import DescentIR
import DescentPasses

/// Kernels of one step as chunks.
struct ChunkWriter {
  /// Sums over rows, in elements: each chunk carries them all, sixteenfold.
  private static let mostSums = 1_024
  /// Elements of a row that live within a tile.
  private static let mostLocals = 1_024
  /// Chunks at most, and tiles of a chunk at least: each chunk's sums cost something to begin and to combine.
  private static let mostChunks = 32, fewestTiles = 4

  /// Terms of a sum within a row.
  private static let longestSum = 64
  /// Terms that a lane takes in, one after another, before its sum joins a tree; of one row's at most `mostTerms`.
  private static let chain = 32, mostTerms = 512

  /// What a kernel does in the tile.
  private enum Role { case map, collect, before, after }

  let context: ProgramContext
  let kernels: [Kernel]
  let separate: [[KernelCode]]
  private let rows: Int
  private var roles: [Role] = []
  private var parameters = Parameters()
  private var locals: [NodeID: Int] = [:]
  private var dtype = DType.f32
  /// Where each collecting kernel's sums begin among all sums.
  private var offsets: [Int: Int] = [:]
  private var total = 0
  /// The most terms that a lane takes in from one tile.
  private var terms = 1

  private var graph: Graph { context.graph }
  private static var lanes: Int { Tile.lanes }
  /// The chunks' sums, under a number that no group of kernels gets: there are fewer.
  private var partials: Buffer { .partial(kernels.count) }

  /// nil where the step is not of this kind.
  init?(_ context: ProgramContext, _ kernels: [Kernel], _ separate: [[KernelCode]]) {
    self.context = context
    self.kernels = kernels
    self.separate = separate
    // The rows are the first axis that most contractions give.
    var counts: [Int: Int] = [:]
    for kernel in kernels {
      if let anchor = kernel.anchor, case .contraction = context.families[anchor.index], let first = kernel.domain.dimensions.first {
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
  private func buffers(_ kernel: Int, where test: (Parameters.Entry) -> Bool) -> [Buffer] {
    // Partial results pass between the functions of one kernel, and are nobody else's business.
    separate[kernel].flatMap { $0.parameters.entries.filter(test).map(\.buffer) }.filter { $0 != .partial(-1) }
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
    guard role == .collect, let anchor = kernels[kernel].anchor else { return (Set(buffers(kernel) { !$0.isWritten }), []) }
    return (sources([anchor], in: kernels[kernel]), sources(kernels[kernel].members, in: kernels[kernel]))
  }

  private mutating func assignRoles() -> Bool {
    var mapped: Set<Buffer> = [], late: Set<Buffer> = []
    for (number, kernel) in kernels.enumerated() {
      var role = self.role(kernel) ?? .before
      let isLate = !reads(number, as: role).first.isDisjoint(with: late)
      if isLate { role = .after }
      let reads = reads(number, as: role)
      if role == .before, !reads.first.isDisjoint(with: mapped) { return false }
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
        if role == .collect {
          offsets[number] = total
          total += kernel.domain.count
          terms = max(terms, termsOfRow(kernel))
          dtype = graph[kernel.anchor!].type.dtype
        }
        // Whatever is not needed before the chunks keeps its place after them.
        if role == .before { role = .after }
        late.formUnion(role == .after && !isLate ? [] : writes(number))
      }
      roles.append(role)
    }
    let maps = roles.indices.filter { roles[$0] == .map }
    guard maps.count > 1, total > 0, total <= Self.mostSums, terms <= Self.mostTerms, locals.values.reduce(0, +) <= Self.mostLocals else { return false }
    return assignBefore() && kernels.indices.allSatisfy { roles[$0] != .collect || graph[kernels[$0].anchor!].type.dtype == dtype }
  }

  /// Moves what the tile needs in front of it.
  private mutating func assignBefore() -> Bool {
    var needed: Set<Buffer> = []
    for number in kernels.indices where roles[number] == .map || roles[number] == .collect {
      needed.formUnion(reads(number, as: roles[number]).first)
    }
    for number in kernels.indices.reversed() where roles[number] == .after {
      let written = writes(number)
      guard written.contains(where: { needed.contains($0) }) else { continue }
      // Memory of an input that is taken over here might still be read by a kernel that would now come later.
      let takesOver = written.contains { if case .input = $0 { true } else { false } }
      if takesOver {
        if written.allSatisfy({ buffer in !needed.contains(buffer) || isInput(buffer) }) { continue }
        return false
      }
      roles[number] = .before
      needed.formUnion(reads(number, as: .before).first)
    }
    return true
  }
  /// Terms of one row in a sum over the rows.
  private func termsOfRow(_ kernel: Kernel) -> Int {
    let anchor = kernel.anchor!
    let shape = graph[graph[anchor].operands[0]].type.shape
    switch context.families[anchor.index] {
    case .reduction(_, let axes): return axes.reduce(1) { $0 * shape[$1] } / rows
    case .contraction(let axes): return axes.lhsContracting.reduce(1) { $0 * shape[$1] } / rows
    default: return 1
    }
  }
  private func isInput(_ buffer: Buffer) -> Bool { if case .input = buffer { true } else { false } }

  /// What a kernel could do in the tile by the shapes alone.
  private func role(_ kernel: Kernel) -> Role? {
    let isByRow = kernel.domain.dimensions.first == rows
    guard let anchor = kernel.anchor else { return isByRow ? .map : nil }
    let operand = graph[graph[anchor].operands[0]].type.shape
    guard graph[anchor].type.dtype.isFloating else { return nil }
    switch context.families[anchor.index] {
    case .reduction(let reducer, let axes):
      if isByRow, operand.dimensions.first == rows, !axes.contains(0) { return .map }
      return reducer == .sum && operand.dimensions.first == rows && axes.contains(0) ? .collect : nil
    case .contraction(let axes):
      if isByRow { return .map }
      return axes.lhsContracting.contains { operand[$0] == rows } ? .collect : nil
    default: return nil
    }
  }

  // MARK: The functions

  /// The calls in order, in groups: what comes before, the chunks, their trees and what comes after; nil where a kernel turns out
  /// to want another row's values.
  mutating func write() -> [[KernelCode]]? {
    let tiles = rows / Self.lanes
    let tilesPerChunk = max(Self.fewestTiles, (tiles + Self.mostChunks - 1) / Self.mostChunks)
    let chunks = (tiles + tilesPerChunk - 1) / tilesPerChunk
    // Long chunks are blocks of tiles, whose sums wait in a stack behind those of the block at hand.
    let tilesPerBlock = Swift.max(1, Self.chain / terms), blocks = (tilesPerChunk + tilesPerBlock - 1) / tilesPerBlock
    let width = total * Self.lanes
    let stack = blocks == 1 ? 0 : Int.bitWidth - blocks.leadingZeroBitCount
    let sums = parameters.name(partials, dtype, node: nil, writing: true)
    var statements: [String] = []
    var nodes: [NodeID] = []
    var work = 0
    for (number, kernel) in kernels.enumerated() where roles[number] == .map || roles[number] == .collect {
      guard let block = block(number, kernel) else { return nil }
      statements += ["/* " + ((kernel.anchor.map { [$0] } ?? []) + kernel.members).map { graph[$0].op.name }.joined(separator: ", ") + " */"]
      statements += block
      nodes += (kernel.anchor.map { [$0] } ?? []) + kernel.members
      work += separate[number].reduce(0) { $0 + $1.work }
    }
    var body = locals.sorted { $0.key < $1.key }.map { id, perRow in
      "DSC_ALIGNED(64) \(graph[id].type.dtype.cName) v\(id.index)[\(perRow * Self.lanes)]; /* \(graph[id].type) */"
    }
    body += ["for (int64_t chunk = lo; chunk < hi; chunk++) {"]
    body += [
      "\(dtype.cName) *const sums = \(sums) + chunk * \(width * (1 + stack));",
      "const int64_t end = dsc_least((chunk + 1) * \(tilesPerChunk * Self.lanes), \(rows));",
    ].map { $0.indented(1) }
    let clear = ["for (int64_t k = 0; k < \(width); k++)", "  sums[k] = 0;"]
    func tileLoop(from: String, to: String) -> [String] {
      ["for (int64_t base = \(from); base < \(to); base += \(Self.lanes)) {"] + statements.map { $0.indented(1) } + ["}"]
    }
    if stack == 0 {
      body += (clear + tileLoop(from: "chunk * \(tilesPerChunk * Self.lanes)", to: "end")).map { $0.indented(1) }
    } else {
      let step = tilesPerBlock * Self.lanes
      let push = ["dsc_tree_push_\(dtype.name)(sums + \(width), \(width), block++, sums);"]
      body += ["int64_t block = 0;", "for (int64_t from = chunk * \(tilesPerChunk * Self.lanes); from < end; from += \(step)) {",
        "  const int64_t to = dsc_least(from + \(step), end);"].map { $0.indented(1) }
      body += (clear + tileLoop(from: "from", to: "to") + push).map { $0.indented(2) }
      body += ["  }", "  dsc_tree_finish_\(dtype.name)(sums + \(width), \(width), block, sums);"]
    }
    body += ["}"]
    let tileCode = KernelCode(
      parameters: parameters, body: body, units: "\(chunks)", work: max(work, 1 << 16),
      partialBytes: chunks * width * (1 + stack) * dtype.byteSize, nodes: nodes)
    // After the chunks all keep their order: a kernel may read an input whose memory a later one takes over.
    let before = kernels.indices.filter { roles[$0] == .before }.map { separate[$0] }
    let after = kernels.indices.filter { roles[$0] == .collect || roles[$0] == .after }
    return before + [[tileCode]] + after.map { roles[$0] == .collect ? [tree($0, chunks, stride: width * (1 + stack))] : separate[$0] }
  }

  /// One kernel within the tile.
  private mutating func block(_ number: Int, _ kernel: Kernel) -> [String]? {
    guard let anchor = kernel.anchor else { return mapBlock(kernel) }
    let form: ReductionForm
    switch context.families[anchor.index] {
    case .reduction(let reducer, let axes): form = context.reductionForm(kernel, reducer, axes)
    case .contraction(let axes): form = context.productForm(kernel, axes)
    default: return nil
    }
    return roles[number] == .map ? rowBlock(form) : collectBlock(form, offsets[number]!)
  }

  /// A body within the tile; `row` is the number of the variable that is the row.
  private func body(_ variables: [LoopVariable], row: Int, _ kernel: Kernel, computes: Bool, names: Int = 0) -> Body {
    var body = Body(context, parameters, variables, names: names)
    body.tile = Tile(locals: locals, row: row)
    if computes { body.computedHere = Set(kernel.members + (kernel.anchor.map { [$0] } ?? [])) }
    return body
  }
  /// Statements for all lanes.
  private func lanes(_ lines: [String]) -> [String] {
    let row = lines.contains { $0.contains("row") } ? ["  const int64_t row = base + l;"] : []
    return ["DSC_LANES for (int64_t l = 0; l < \(Self.lanes); l++) {"] + row + lines.map { $0.indented(1) } + ["}"]
  }

  private mutating func mapBlock(_ kernel: Kernel) -> [String]? {
    let variables = kernel.domain.dimensions.enumerated().map { LoopVariable(name: $0.offset == 0 ? "row" : "i\($0.offset)", extent: $0.element) }
    var body = body(variables, row: 0, kernel, computes: true)
    context.store(kernel, &body, variables.indices.map { Affine(variable: $0) })
    parameters = body.parameters
    return body.tile!.failed ? nil : nest(opened(variables.indices.dropFirst(), variables), variables, lanes(body.lines))
  }

  /// A reduction or contraction that gives each row its own result.
  private mutating func rowBlock(_ form: ReductionForm) -> [String]? {
    // Its loops are unrolled.
    guard form.reduced.reduce(1, *) <= Self.longestSum else { return nil }
    var variables = form.outputs.enumerated().map { LoopVariable(name: $0.offset == 0 ? "row" : "i\($0.offset)", extent: $0.element) }
    variables += form.reduced.enumerated().map { LoopVariable(name: "r\($0.offset)", extent: $0.element) }
    let output = form.outputs.indices.map { Affine(variable: $0) }
    guard let (step, start, names) = step(form, variables, row: 0, output, "acc") else { return nil }
    var end = body(variables, row: 0, form.kernel, computes: true, names: names)
    end.set(form.kernel.anchor!, output, "acc")
    context.store(form.kernel, &end, output)
    parameters = end.parameters
    guard !end.tile!.failed else { return nil }
    // The short loops are unrolled, so that the lanes are the innermost loop and the accumulator stays in a register.
    let sum = ["\(form.dtype.cName) acc = \(start);"]
      + nest(opened(form.outputs.count..<variables.count, variables), variables, step, pragma: "DSC_UNROLL ")
    return nest(opened(1..<form.outputs.count, variables), variables, lanes(sum + end.lines))
  }

  /// A sum over the rows: each lane adds up its own.
  private mutating func collectBlock(_ form: ReductionForm, _ offset: Int) -> [String]? {
    guard let rowPlace = form.reduced.firstIndex(of: rows) else { return nil }
    let row = form.outputs.count + rowPlace
    var variables = LoopVariable.over(form.outputs)
    variables += form.reduced.enumerated().map { LoopVariable(name: $0.offset == rowPlace ? "row" : "r\($0.offset)", extent: $0.element) }
    let output = form.outputs.indices.map { Affine(variable: $0) }
    let place = Affine.linear(output, Shape(form.outputs)) + Affine(offset)
    let sum = place == Affine() ? "sums[l]" : "sums[(\(place.c(variables))) * \(Self.lanes) + l]"
    guard let (step, _, _) = step(form, variables, row: row, output, sum) else { return nil }
    return nest(opened(variables.indices.filter { $0 != row }, variables), variables, lanes(step))
  }

  /// The statement that takes one element into an accumulator, and the value it starts with.
  private mutating func step(
    _ form: ReductionForm, _ variables: [LoopVariable], row: Int, _ output: [Affine], _ accumulator: String
  ) -> (lines: [String], start: String, names: Int)? {
    let reduced = form.reduced.indices.map { Affine(variable: form.outputs.count + $0) }
    var body = body(variables, row: row, form.kernel, computes: false)
    let next: String
    if let factors = form.factors {
      let (a, b) = factors(&body, output, reduced)
      next = "dsc_fma_\(form.dtype.name)(\(a), \(b), \(accumulator))"
    } else {
      next = form.combined(accumulator, form.element(&body, output, reduced))
    }
    parameters = body.parameters
    return body.tile!.failed ? nil : (body.lines + ["\(accumulator) = \(next);"], form.start, body.counter)
  }

  /// The chunks' sums of one kernel in their tree, first the chunks, then the lanes, and the epilogue.
  private func tree(_ number: Int, _ chunks: Int, stride: Int) -> KernelCode {
    let kernel = kernels[number]
    let variables = LoopVariable.over(kernel.domain.dimensions)
    let index = variables.indices.map { Affine(variable: $0) }
    var end = Body(context, Parameters(), variables)
    let sums = end.parameters.name(partials, dtype, node: nil, writing: false)
    end.computedHere = Set(kernel.members + [kernel.anchor!])
    end.set(kernel.anchor!, index, "acc[0]")
    context.store(kernel, &end, index)
    let place = (Affine.linear(index, kernel.domain) + Affine(offsets[number]!)).c(variables)
    // Written out, so that what a compiler sees is straight vectors.
    func pairs(_ range: Range<Int>) -> String {
      if range.count == 1 { return "s[\(range.lowerBound * stride) + l]" }
      let middle = range.lowerBound + (range.count + 1) / 2
      return "(\(pairs(range.lowerBound..<middle)) + \(pairs(middle..<range.upperBound)))"
    }
    var lines = [
      "const \(dtype.cName) *const s = \(sums) + (\(place)) * \(Self.lanes);", "\(dtype.cName) acc[\(Self.lanes)];",
      "DSC_LANES for (int64_t l = 0; l < \(Self.lanes); l++)", "  acc[l] = \(pairs(0..<chunks));",
    ]
    for width in [8, 4, 2, 1] {
      lines += ["for (int64_t l = 0; l < \(width); l++)", "  acc[l] = acc[l] + acc[l + \(width)];"]
    }
    lines += end.lines
    let loops = opened(variables.indices, variables, shared: 0)
    return KernelCode(
      parameters: end.parameters,
      body: (variables.isEmpty ? ["(void)lo;", "(void)hi;"] : []) + nest(loops, variables, ["{"] + lines.map { $0.indented(1) } + ["}"]),
      units: cLiteral(variables.first?.extent ?? 1), work: kernel.domain.count * (chunks * 4 + context.cost(kernel.members) + 24),
      nodes: [kernel.anchor!] + kernel.members)
  }
}
