// Reductions as C, and contractions that are small or of integers, which are reductions of products.
// The order of a sum follows from sizes and layout alone: sixteen virtual lanes along a contiguous axis, or one accumulator for
// each output. An accumulator takes in at most 32 terms in sequence; longer sums are blocks of so many whose results meet in a
// pairwise tree. Where the outputs are too few to share out, fixed parts are summed so by themselves and meet in another tree.

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
  /// The value that is combined at an index of the output loops and one of the reduced loops.
  var element: (inout Body, _ output: [Affine], _ reduced: [Affine]) -> String
  /// For a sum of products, the two factors.
  var factors: ((inout Body, _ output: [Affine], _ reduced: [Affine]) -> (String, String))?
  var cost: Int
}

extension ReductionForm {
  /// Two values combined, in C.
  func combined(_ a: String, _ b: String) -> String {
    switch reducer {
    case .sum: return Add.c(a, b, dtype)
    case .product: return Multiply.c(a, b, dtype)
    case .max: return dtype.isFloating ? "dsc_max_\(dtype.name)(\(a), \(b))" : "\(a) > \(b) ? \(a) : \(b)"
    case .min: return dtype.isFloating ? "dsc_min_\(dtype.name)(\(a), \(b))" : "\(a) < \(b) ? \(a) : \(b)"
    }
  }
  /// What combining starts with, in C.
  var start: String {
    switch reducer {
    case .sum: return cLiteral(0, dtype)
    case .product: return cLiteral(1, dtype)
    case .max, .min:
      let sign = reducer == .max ? "-" : ""
      switch dtype {
      case .f32: return sign + "INFINITY"
      case .f64: return "(double)\(sign)INFINITY"
      case .i32: return reducer == .max ? "INT32_MIN" : "INT32_MAX"
      case .i64: return reducer == .max ? "INT64_MIN" : "INT64_MAX"
      case .u8, .bool: return reducer == .max ? "0" : "255"
      }
    }
  }
}

extension ProgramContext {
  func reduction(_ kernel: Kernel, _ reducer: Reducer, _ axes: [Int]) -> [KernelCode] {
    ReductionWriter(self, reductionForm(kernel, reducer, axes)).write()
  }
  /// A contraction as a reduction of products.
  func productReduction(_ kernel: Kernel, _ axes: ContractionAxes) -> [KernelCode] {
    ReductionWriter(self, productForm(kernel, axes)).write()
  }

  func reductionForm(_ kernel: Kernel, _ reducer: Reducer, _ axes: [Int]) -> ReductionForm {
    let anchor = kernel.anchor!
    let operand = graph[anchor].operands[0]
    let shape = graph[operand].type.shape
    let kept = (0..<shape.rank).filter { !axes.contains($0) }
    return ReductionForm(
      kernel: kernel, reducer: reducer, dtype: graph[anchor].type.dtype, outputs: kernel.domain.dimensions,
      reduced: axes.map { shape[$0] },
      element: { body, output, reduced in
        var index = [Affine](repeating: Affine(), count: shape.rank)
        for (axis, value) in zip(kept, output) { index[axis] = value }
        for (axis, value) in zip(axes, reduced) { index[axis] = value }
        return body.value(operand, index)
      }, cost: 2 + inlinedCost(operand))
  }

  func productForm(_ kernel: Kernel, _ axes: ContractionAxes) -> ReductionForm {
    let anchor = kernel.anchor!
    let (lhs, rhs) = (graph[anchor].operands[0], graph[anchor].operands[1])
    let (lhsShape, rhsShape) = (graph[lhs].type.shape, graph[rhs].type.shape)
    let lhsFree = axes.lhsFree(lhsShape.rank), rhsFree = axes.rhsFree(rhsShape.rank)
    let dtype = graph[anchor].type.dtype
    func factors(_ body: inout Body, _ output: [Affine], _ reduced: [Affine]) -> (String, String) {
      var left = [Affine](repeating: Affine(), count: lhsShape.rank)
      var right = [Affine](repeating: Affine(), count: rhsShape.rank)
      for (i, axis) in axes.lhsBatch.enumerated() { left[axis] = output[i] }
      for (i, axis) in axes.rhsBatch.enumerated() { right[axis] = output[i] }
      for (i, axis) in lhsFree.enumerated() { left[axis] = output[axes.lhsBatch.count + i] }
      for (i, axis) in rhsFree.enumerated() { right[axis] = output[axes.lhsBatch.count + lhsFree.count + i] }
      for (i, axis) in axes.lhsContracting.enumerated() { left[axis] = reduced[i] }
      for (i, axis) in axes.rhsContracting.enumerated() { right[axis] = reduced[i] }
      return (body.value(lhs, left), body.value(rhs, right))
    }
    return ReductionForm(
      kernel: kernel, reducer: .sum, dtype: dtype, outputs: kernel.domain.dimensions,
      reduced: axes.lhsContracting.map { lhsShape[$0] },
      element: { body, output, reduced in
        let (a, b) = factors(&body, output, reduced)
        return body.define(dtype, Multiply.c(a, b, dtype))
      }, factors: factors, cost: 3)
  }

  /// Cost of what is computed on the way to an operand.
  func inlinedCost(_ id: NodeID) -> Int {
    if stored[id.index] { return 0 }
    var cost = graph[id].operands.reduce(0) { $0 + inlinedCost($1) }
    if case .pointwise(let rule) = families[id.index] { cost += rule.cost }
    return cost
  }
}

/// Writes one reduction.
private struct ReductionWriter {
  /// Virtual lanes of a sum along a contiguous axis. A constant of the system: it decides bits.
  static let lanes = 16
  /// Accumulators held at once, at most, where lanes lie across outputs; decides nothing but speed.
  static let tile = 64
  /// Terms that one accumulator takes in, one after another; decides bits.
  static let chain = 32
  /// Parts that a long sum with few outputs is cut into; decides bits.
  static let blocks = 32

  let context: ProgramContext
  let form: ReductionForm
  var variables: [LoopVariable]
  private let original: [LoopVariable]
  private var dropped: Set<Int> = []
  private let outputIndex: [Affine]
  private let reducedIndex: [Affine]
  private var loads: [Affine] = []

  init(_ context: ProgramContext, _ form: ReductionForm) {
    self.context = context
    self.form = form
    original = LoopVariable.over(form.outputs)
      + form.reduced.enumerated().map { LoopVariable(name: "r\($0.offset)", extent: $0.element) }
    variables = original
    outputIndex = form.outputs.indices.map { Affine(variable: $0) }
    reducedIndex = form.reduced.indices.map { Affine(variable: form.outputs.count + $0) }
    // A trial run tells what depends on which loop.
    let (inner, _) = element(Parameters())
    let outer = epilogue(inner.parameters, "acc")
    dropped = merge(0..<form.outputs.count, &variables, inner.accesses + outer.accesses)
    dropped.formUnion(merge(form.outputs.count..<original.count, &variables, inner.accesses))
    loads = inner.loads
  }

  private func element(_ parameters: Parameters) -> (Body, String) {
    var body = Body(context, parameters, original, dropped: dropped)
    let value = form.element(&body, outputIndex, reducedIndex)
    return (body, value)
  }
  private func epilogue(_ parameters: Parameters, _ accumulator: String) -> Body {
    var body = Body(context, parameters, original, dropped: dropped)
    body.computedHere = Set(form.kernel.members + [form.kernel.anchor!])
    body.set(form.kernel.anchor!, outputIndex, accumulator)
    context.store(form.kernel, &body, outputIndex)
    return body
  }

  private var outputs: [Int] { form.outputs.indices.filter { !dropped.contains($0) } }
  private var reduced: [Int] { (form.outputs.count..<original.count).filter { !dropped.contains($0) } }
  private func extent(_ variable: Int) -> Int { variables[variable].extent }
  private func name(_ variable: Int) -> String { variables[variable].name }
  private func isContiguous(_ variable: Int) -> Bool { loads.contains { $0.coefficient(of: variable) == 1 } }
  private var type: String { form.dtype.cName }

  private func combined(_ a: String, _ b: String) -> String { form.combined(a, b) }
  private var start: String { form.start }
  /// Halves an array of `count` values in place until one is left; the order is that of a tree.
  private func tree(_ count: String) -> [String] {
    [
      "for (int64_t n = \(count), half; n > 1; n = half) {",
      "  half = (n + 1) / 2;",
      "  for (int64_t l = 0; l < n - half; l++)",
      "    acc[l] = \(combined("acc[l]", "acc[l + half]"));",
      "}",
    ]
  }

  private var count: Int { outputs.reduce(1) { $0 * extent($1) } }
  private var terms: Int { reduced.reduce(1) { $0 * extent($1) } }
  private var work: Int { count.times(terms).times(form.cost).plus(count * context.cost(form.kernel.members)) }

  func write() -> [KernelCode] {
    let widest = outputs.map(extent).max() ?? 1
    if terms >= 4096, count.times(terms) >= 1 << 16, widest < 64 || count < 256, extent(reduced[0]) >= 4 { return blocked() }
    let shared = sharedLoop(outputs, variables)
    var parameters = Parameters()
    let lines = core(opened(outputs, variables, shared: shared), &parameters) { epilogue($0, $1) }
    return [
      KernelCode(
        parameters: parameters, body: withoutShares(shared) + lines,
        units: cLiteral(shared.map(extent) ?? 1), grain: shared != nil && shared == outputs.last ? 16 : 1, work: work,
        nodes: [form.kernel.anchor!] + form.kernel.members)
    ]
  }

  /// The innermost loop whose turns with all loops within give one accumulator more terms than `chain`, cut in blocks of so
  /// many turns; nil for short sums, and where a tree
  /// is no more exact: a product is rounded as often in any order.
  /// `innermost` terms of the last loop go to accumulators of their own; the first loop may run over a part of so many turns.
  private func cut(_ innermost: Int, first: Int?) -> (loop: Int, turns: Int, stack: Int)? {
    guard form.dtype.isFloating, form.reducer == .sum else { return nil }
    var turns = reduced.map(extent)
    if let first, !turns.isEmpty { turns[0] = first }
    var chain = 1
    for i in turns.indices.reversed() {
      let own = i == turns.count - 1 ? (turns[i] + innermost - 1) / innermost : turns[i]
      guard chain * own > Self.chain else {
        chain *= own
        continue
      }
      let block = Swift.max(1, Self.chain / chain)
      let blocks = turns[..<i].reduce((own + block - 1) / block, *)
      return (reduced[i], i == turns.count - 1 ? block * innermost : block, Int.bitWidth - blocks.leadingZeroBitCount)
    }
    return nil
  }

  /// Statements that leave the sum in `acc`, an array of `lanes` accumulators: `inner(from, to)` takes in the terms of the
  /// innermost loop, or, where `inner` opens no loop of its own, those of one index of all reduced loops.
  private func summed(
    lanes: Int, innermost: Int, first: Int?, opens: Bool, _ inner: (_ from: String, _ to: String) -> [String]
  ) -> [String] {
    func bounds(_ variable: Int) -> (String, String) {
      first != nil && variable == reduced.first ? ("begin", "end") : ("0", cLiteral(extent(variable)))
    }
    /// The loops of `range`; `block` runs over one block.
    func loops(_ range: Range<Int>, block: Int?) -> [String] {
      func bounded(_ i: Int) -> (String, String) { reduced[i] == block ? ("from", "to") : bounds(reduced[i]) }
      let opened = opens && range.upperBound == reduced.count ? range.dropLast() : range[...]
      let body = opens && !range.isEmpty ? inner(bounded(range.upperBound - 1).0, bounded(range.upperBound - 1).1) : inner("", "")
      return nest(opened.map { Loop(variable: reduced[$0], lower: bounded($0).0, upper: bounded($0).1) }, variables, body)
    }
    let array = lanes == 1 ? "&acc" : "acc"
    let declaration = lanes == 1 ? "\(type) acc" : "\(type) acc[\(lanes)]"
    let clear = lanes == 1 ? ["acc = \(start);"] : ["for (int64_t l = 0; l < \(lanes); l++)", "  acc[l] = \(start);"]
    guard let cut = cut(innermost, first: first) else {
      let begin = lanes == 1 ? ["\(declaration) = \(start);"] : ["\(declaration);"] + clear
      // Where no loop is left there is still a scope: the epilogue gives the same names again.
      let body = loops(0..<reduced.count, block: nil)
      return begin + (reduced.isEmpty ? ["{"] + body.map { $0.indented(1) } + ["}"] : body)
    }
    let place = reduced.firstIndex(of: cut.loop)!
    let (from, to) = bounds(cut.loop)
    func tree(_ function: String) -> String {
      "dsc_tree_\(function)_\(form.dtype.name)"
    }
    let block = clear + loops(place..<reduced.count, block: cut.loop) + ["\(tree("push"))(stack, \(lanes), block++, \(array));"]
    let blocks = ["for (int64_t from = \(from); from < \(to); from += \(cut.turns)) {", "  const int64_t to = dsc_least(from + \(cut.turns), \(to));"]
      + block.map { $0.indented(1) } + ["}"]
    let outer = (0..<place).map { Loop(variable: reduced[$0], lower: bounds(reduced[$0]).0, upper: bounds(reduced[$0]).1) }
    return ["\(declaration), stack[\(lanes * cut.stack)];", "int64_t block = 0;"] + nest(outer, variables, blocks)
      + ["\(tree("finish"))(stack, \(lanes), block, \(array));"]
  }

  /// The loops over outputs, the sum within, and what is done with it.
  /// `part` limits the outermost reduced loop to `begin ..< end`, so many turns at most.
  private func core(
    _ loops: [Loop], part: Int? = nil, _ parameters: inout Parameters, _ finish: (Parameters, String) -> Body
  ) -> [String] {
    let (body, value) = element(parameters)
    parameters = body.parameters
    if let last = reduced.last, isContiguous(last), extent(last) >= Self.lanes {
      // Lanes along the sum.
      let end = finish(parameters, "acc[0]")
      parameters = end.parameters
      let step = body.lines + ["acc[l] = \(combined("acc[l]", value));"]
      let sum = summed(lanes: Self.lanes, innermost: Self.lanes, first: part, opens: true) { from, to in
        var lines = [
          "int64_t j = \(from);", "for (; j + \(Self.lanes) <= \(to); j += \(Self.lanes)) {",
          "  for (int64_t l = 0; l < \(Self.lanes); l++) {", "    const int64_t \(name(last)) = j + l;",
        ]
        lines += step.map { $0.indented(2) } + ["  }", "}"]
        if extent(last) % Self.lanes != 0 {
          lines += ["for (int64_t l = 0; l < \(to) - j; l++) {", "  const int64_t \(name(last)) = j + l;"]
          lines += step.map { $0.indented(1) } + ["}"]
        }
        return lines
      }
      return nest(loops, variables, ["{"] + (sum + tree("\(Self.lanes)") + end.lines).map { $0.indented(1) } + ["}"])
    }
    if let last = outputs.last, isContiguous(last), extent(last) >= 8 {
      // Lanes across outputs.
      let end = finish(parameters, "acc[l]")
      parameters = end.parameters
      let loop = loops.last!
      let tile = Swift.min(Self.tile, (extent(last) + 7) / 8 * 8)
      let place = "const int64_t \(name(last)) = j + l;"
      var lines = [
        "for (int64_t j = \(loop.lower); j < \(loop.upper); j += \(tile)) {",
        "  const int64_t n = dsc_least(\(tile), \(loop.upper) - j);",
      ]
      lines += summed(lanes: tile, innermost: 1, first: part, opens: false) { _, _ in
        ["for (int64_t l = 0; l < n; l++) {", "  \(place)"]
          + (body.lines + ["acc[l] = \(combined("acc[l]", value));"]).map { $0.indented(1) } + ["}"]
      }.map { $0.indented(1) }
      lines += (["for (int64_t l = 0; l < n; l++) {", "  \(place)"] + end.lines.map { $0.indented(1) } + ["}"]).map { $0.indented(1) }
      return nest(Array(loops.dropLast()), variables, lines + ["}"])
    }
    let end = finish(parameters, "acc")
    parameters = end.parameters
    let sum = summed(lanes: 1, innermost: 1, first: part, opens: false) { _, _ in
      body.lines + ["acc = \(combined("acc", value));"]
    }
    return nest(loops, variables, ["{"] + (sum + end.lines).map { $0.indented(1) } + ["}"])
  }

  /// Two functions: partial results of fixed blocks, then their tree and the epilogue.
  private func blocked() -> [KernelCode] {
    let outer = reduced[0]
    // Blocks of whole lanes, so that a lane's terms do not depend on where blocks begin.
    let unit = reduced.count == 1 ? Self.lanes : 1
    let size = (extent(outer) + Self.blocks * unit - 1) / (Self.blocks * unit) * unit
    let blocks = (extent(outer) + size - 1) / size
    let partial = Buffer.partial(-1)
    var parameters = Parameters()
    let position = outputs.reduce(Affine()) { $0 * extent($1) + Affine(variable: $1) }
    let loops = outputs.map { Loop(variable: $0, lower: "0", upper: cLiteral(extent($0))) }
    let first = core(loops, part: size, &parameters) { parameters, accumulator in
      var body = Body(context, parameters, original, dropped: dropped)
      let array = body.parameters.name(partial, form.dtype, node: nil, writing: true)
      body.lines.append("\(array)[b * \(count) + \(position.c(variables))] = \(accumulator);")
      return body
    }
    let stage1 = KernelCode(
      parameters: parameters,
      body: [
        "for (int64_t b = lo; b < hi; b++) {", "  const int64_t begin = b * \(size);",
        "  const int64_t end = dsc_least(begin + \(size), \(extent(outer)));",
      ] + first.map { $0.indented(1) } + ["}"],
      units: "\(blocks)", work: work, partialBytes: blocks * count * form.dtype.byteSize, nodes: [form.kernel.anchor!])

    var second = Parameters()
    let array = second.name(partial, form.dtype, node: nil, writing: false)
    let end = epilogue(second, "acc[0]")
    let sum = ["\(type) acc[\(blocks)];", "for (int64_t b = 0; b < \(blocks); b++)", "  acc[b] = \(array)[b * \(count) + \(position.c(variables))];"]
      + tree("\(blocks)")
    let shared = outputs.first
    let stage2 = KernelCode(
      parameters: end.parameters,
      body: withoutShares(shared) + nest(opened(outputs, variables, shared: shared), variables, ["{"] + (sum + end.lines).map { $0.indented(1) } + ["}"]),
      units: cLiteral(shared.map(extent) ?? 1), work: count * (blocks + context.cost(form.kernel.members)),
      nodes: [form.kernel.anchor!] + form.kernel.members)
    return [stage1, stage2]
  }
}
