// Products of few rows and columns over many steps, as the weights' gradients of convolutions are: the steps are cut into parts
// that threads share, each of some whole blocks of the sum, and a second function joins them. The tree of blocks stays as it is
// (ReductionOrder of descent_gemm.h): a part is one of its subtrees, or its end, so that no bit changes.

import DescentIR
import DescentOps
import DescentPasses

/// How the steps of a product are cut: parts of a few whole blocks.
struct DepthCut {
  /// A power of two, so that a part is a subtree; few, so that threads have something to share.
  private static let blocksOfPart = 8
  /// Macro-tiles at least that threads share without parts.
  private static let enoughTiles = 8
  /// Bytes at most of all parts' sums.
  private static let mostBytes = 1 << 22

  let parts: Int
  /// Steps of a part, and of a block (DSC_GEMM_BLOCK).
  let steps, block: Int

  /// Nil where the product is not to be cut.
  init?(_ form: ContractionLoops, _ dtype: DType, unit: Int) {
    let most = 2048 / dtype.byteSize, blocks = (form.depth + most - 1) / most
    guard form.batch.allSatisfy({ $0 == 1 }), blocks > Self.blocksOfPart,
      Self.macroTiles(form.rows, form.columns, form.depth, unit) < Self.enoughTiles
    else { return nil }
    block = (form.depth + blocks - 1) / blocks
    steps = block * Self.blocksOfPart
    parts = (form.depth + steps - 1) / steps
    guard parts.times(form.rows).times(form.columns).times(dtype.byteSize) <= Self.mostBytes else { return nil }
  }

  /// About as many as dsc_gemm_tiles says, which alone knows: a plan may be off.
  private static func macroTiles(_ rows: Int, _ columns: Int, _ depth: Int, _ unit: Int) -> Int {
    let size = columns <= 4 && rows > columns ? (columns, rows) : (rows, columns)
    func power(_ x: Int) -> Int { x < 2 ? 1 : Swift.min(64, 1 << (Int.bitWidth - 1 - x.leadingZeroBitCount)) }
    let fewest = ((size.0 + 383) / 384) * ((size.1 + 255) / 256)
    return Swift.min(64, fewest * power(size.0 / 24) * power(Swift.max(1, (size.1 + 31) / 32)))
  }
}

extension ProgramContext {
  /// The function that makes the parts' sums, and the one that joins them and does the rest.
  func deepContraction(
    _ kernel: Kernel, _ form: ContractionLoops, _ lhs: StridedOperand, _ rhs: StridedOperand, _ cut: DepthCut
  ) -> [LoopFunction] {
    [sums(kernel, form, lhs, rhs, cut), joined(kernel, form, cut)]
  }

  private func sums(
    _ kernel: Kernel, _ form: ContractionLoops, _ lhs: StridedOperand, _ rhs: StridedOperand, _ cut: DepthCut
  ) -> LoopFunction {
    let anchor = kernel.anchor!, dtype = graph[anchor].type.dtype
    let function = FunctionBuilder(self)
    let part = function.variable("part", cut.parts)
    let row = function.variable("i", form.rows), column = function.variable("j", form.columns)
    let (left, right) = (function.array(lhs.base, isWritten: false), function.array(rhs.base, isWritten: false))
    let sums = function.parameter(.partial(anchor), dtype, node: nil, isWritten: true)
    let element = function.value("sum")
    let place = (Affine(variable: part) * form.rows + Affine(variable: row)) * form.columns + Affine(variable: column)
    var product = MatrixProduct(
      dtype: dtype, batch: [part], rows: form.rows, columns: form.columns, depth: form.depth,
      lhs: lhs.operand(left, form, .lhs, batch: []), rhs: rhs.operand(right, form, .rhs, batch: []),
      rowVariables: [row], columnVariables: [column], element: element,
      epilogue: [.store(sums, place, .value(element, dtype))])
    product.part = .init(variable: part, steps: cut.steps, block: cut.block)
    let lower = function.variable("lo", Int(Int32.max)), upper = function.variable("hi", Int(Int32.max))
    return function.finish(
      [.product(product)], .shared(product.iterations(batches: cut.parts), chunkSize: 1, lower: lower, upper: upper),
      nodes: [anchor], work: form.rows.times(form.columns).times(form.depth),
      partialBytes: cut.parts * form.rows * form.columns * dtype.byteSize)
  }

  private func joined(_ kernel: Kernel, _ form: ContractionLoops, _ cut: DepthCut) -> LoopFunction {
    let anchor = kernel.anchor!, dtype = graph[anchor].type.dtype
    let function = FunctionBuilder(self)
    let dimensions = form.rowDimensions + form.columnDimensions
    let lanes = [16, 8, 4, 2, 1].first { (dimensions.last ?? 1) % $0 == 0 }!
    // The last dimension goes by lanes.
    let outer = function.axes(dimensions.dropLast() + [(dimensions.last ?? 1) / lanes])
    let lane = function.variable("l", lanes), part = function.variable("part", cut.parts)
    var index = outer.map { Affine(variable: $0) }
    index[index.count - 1] = index.last! * lanes + Affine(variable: lane)
    let place = Affine.linear(index, Shape(dimensions.isEmpty ? [1] : dimensions))
    let sums = function.parameter(.partial(anchor), dtype, node: nil, isWritten: false)
    let sum = function.local("acc", dtype, count: lanes)
    let levels = Int.bitWidth - (cut.parts - 1).leadingZeroBitCount
    let stack = function.local("stack", dtype, count: lanes * Swift.max(1, levels))
    let block = function.local("block", .i64, count: nil)
    let tree = SumStack(
      stack: .local(stack), stackAt: Affine(), sum: .local(sum), sumAt: Affine(), lanes: lanes, block: block,
      dtype: dtype)
    let count = form.rows * form.columns
    let element = function.value(graph[anchor].op.name)
    var builder = ElementBuilder(function, computing: kernel.members + [anchor])
    builder.set(anchor, dimensions.isEmpty ? [] : index, .value(element, dtype))
    builder.store(kernel, at: dimensions.isEmpty ? [] : index)
    let load = nested(
      [function.whole(lane, mode: .lanes)],
      [.store(.local(sum), Affine(variable: lane), .load(sums, Affine(variable: part) * count + place, dtype))])
    let finish: [Statement] =
      [.define(element, .load(.local(sum), Affine(variable: lane), dtype))] + builder.statements
    let body: [Statement] =
      [.local(sum, nil), .local(stack, nil), .local(block, .position(Affine()))]
      + nested([function.whole(part)], load + [.push(tree)]) + [.finish(tree)]
      + nested([function.whole(lane, mode: .lanes)], finish)
    let shared = function.sharedLoop(outer)
    let (loops, execution) = function.loops(over: outer, shared: shared, chunkSize: 1)
    return function.finish(
      nested(loops, body), execution, nodes: [anchor] + kernel.members,
      work: count.times(cut.parts.plus(cost(kernel.members))))
  }
}
