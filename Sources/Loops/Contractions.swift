// Contractions as calls of the runtime's matrix product, with the kernel's other nodes in its epilogue. Those that are too
// small for it, or of integers, are sums like others (Reductions.swift).

import DescentIR
import DescentOps
import DescentPasses

extension ProgramContext {
  func contraction(_ kernel: Kernel, _ axes: ContractionAxes) -> [LoopFunction] {
    let anchor = kernel.anchor!
    let form = graph.contractionLoops(anchor)
    guard graph[anchor].type.dtype.isFloating, form.depth > 0, form.rows * form.columns > 1, let lhs = form.operands[0],
      let rhs = form.operands[1]
    else {
      return reduction(productForm(kernel, axes))
    }
    let unit = MatrixProduct.unit(lhs.place(form, .lhs), form.columns, form.depth)
    if let cut = DepthCut(form, graph[anchor].type.dtype, unit: unit) {
      return deepContraction(kernel, form, lhs, rhs, cut)
    }
    let function = FunctionBuilder(self)
    let batch = function.axes(form.batch, names: ["b"])
    let product = product(kernel, form, lhs, rhs, batch: batch, function)
    let batches = form.batch.reduce(1, *)
    let iterations = product.iterations(batches: batches)
    let lower = function.variable("lo", Int(Int32.max)), upper = function.variable("hi", Int(Int32.max))
    return [
      function.finish(
        [.product(product)], .shared(iterations, chunkSize: 1, lower: lower, upper: upper),
        nodes: [anchor] + kernel.members,
        work: batches.times(form.rows).times(form.columns).times(form.depth.plus(cost(kernel.members))))
    ]
  }

  /// One product of the batch, whose loops are outside of it.
  private func product(
    _ kernel: Kernel, _ form: ContractionLoops, _ lhs: StridedOperand, _ rhs: StridedOperand, batch: [Int],
    _ function: FunctionBuilder
  ) -> MatrixProduct {
    let anchor = kernel.anchor!
    let dtype = graph[anchor].type.dtype
    let rows = function.axes(form.rowDimensions),
      columns = function.axes(form.columnDimensions, names: ["j", "k", "m"])
    let index = (batch + rows + columns).map { Affine(variable: $0) }
    let (left, right) = (function.array(lhs.base, isWritten: false), function.array(rhs.base, isWritten: false))
    let element = function.value(graph[anchor].op.name)
    var builder = ElementBuilder(function, computing: kernel.members + [anchor])
    builder.set(anchor, index, .value(element, dtype))
    builder.store(kernel, at: index)
    let accesses = builder.statements.accesses
    let (rowLoops, columnLoops) = (function.collapse(rows, accesses), function.collapse(columns, accesses))
    function.apply(rowLoops)
    function.apply(columnLoops)
    let ones = batch.filter { function.variables[$0].extent == 1 }
    let dropped = rowLoops.dropped.merging(columnLoops.dropped) { a, _ in a }
      .merging(ones.map { ($0, Affine()) }) { a, _ in a }
    return MatrixProduct(
      dtype: dtype, batch: batch, rows: form.rows, columns: form.columns, depth: form.depth,
      lhs: lhs.operand(left, form, .lhs, batch: batch), rhs: rhs.operand(right, form, .rhs, batch: batch),
      rowVariables: rowLoops.kept, columnVariables: columnLoops.kept, element: element,
      epilogue: builder.statements.substituting(dropped))
  }
}

extension MatrixProduct {
  /// Whether the left operand is read where it lies, run by run, though no strides say where: as the windows of a convolution are,
  /// whose rows are pixels in a line of the image and whose depth is channels of neighbouring pixels. With many columns packing
  /// it is shared among them; with very few the product is computed as its transpose.
  package var readsRuns: Bool { Self.readsRuns(lhs.place, columns, depth) }
  /// Threads take multiples of this many rows, so that runs are not divided.
  var unit: Int { Self.unit(lhs.place, columns, depth) }
  /// The macro-tiles of a number of batches.
  func iterations(batches: Int) -> Iterations {
    .tiles(batches: batches, unit: unit, rows: rows, columns: columns, depth: depth, part: part)
  }

  private static func readsRuns(_ left: Operand.Place, _ columns: Int, _ depth: Int) -> Bool {
    guard case .functions(let row, let step) = left else { return false }
    // The table of a block's runs has room for 32 of any length (DSC_GEMM_LEAST_RUN in descent_gemm.h).
    let hasRoom = step.run.length >= 8 || depth / step.run.length <= 32
    return row.run.length >= 7 && hasRoom && (5...128).contains(columns)
  }
  static func unit(_ left: Operand.Place, _ columns: Int, _ depth: Int) -> Int {
    guard readsRuns(left, columns, depth), case .functions(let row, _) = left else { return 12 }
    let run = row.run.length
    return run % 12 == 0 ? 12 : run <= 64 ? run : run % 32 == 0 ? 32 : run % 16 == 0 ? 16 : 12
  }
}

/// The operands of a product.
enum ProductSide { case lhs, rhs }

/// The rows, the columns or the depth of a product: its dimensions, and the first of their variables in operands' positions.
private struct ProductLoop {
  var name: String
  var dimensions: [Int]
  var first: Int
}

extension StridedOperand {
  /// The operand of a product whose batch has these variables.
  func operand(_ storage: Storage, _ form: ContractionLoops, _ side: ProductSide, batch: [Int])
    -> MatrixProduct.Operand
  {
    .init(storage: storage, start: start(batch, form), place: place(form, side))
  }
  /// Where the operand begins for the batch at hand: its variables come first in `position`.
  private func start(_ batch: [Int], _ form: ContractionLoops) -> Affine {
    batch.indices.reduce(Affine(position.constant)) {
      $0 + Affine(variable: batch[$1]) * (form.batch[$1] > 1 ? position.coefficient(of: $1) : 0)
    }
  }
  /// How its two loops go through the operand: by their strides or, where one has none, by a function for each.
  func place(_ form: ContractionLoops, _ side: ProductSide) -> MatrixProduct.Operand.Place {
    let firstColumn = form.batch.count + form.rowDimensions.count
    let deep = ProductLoop(
      name: "depth", dimensions: form.depthDimensions, first: firstColumn + form.columnDimensions.count)
    return switch side {
    case .lhs:
      place((ProductLoop(name: "row", dimensions: form.rowDimensions, first: form.batch.count), row), (deep, depth))
    case .rhs:
      place((deep, depth), (ProductLoop(name: "column", dimensions: form.columnDimensions, first: firstColumn), column))
    }
  }
  private func place(
    _ outer: (loop: ProductLoop, stride: Int?), _ inner: (loop: ProductLoop, stride: Int?)
  ) -> MatrixProduct.Operand.Place {
    if let a = outer.stride, let b = inner.stride { return .strides(a, b) }
    func digits(_ loop: ProductLoop) -> MatrixProduct.Digits {
      .init(
        dimensions: loop.dimensions,
        coefficients: loop.dimensions.indices.map { position.coefficient(of: loop.first + $0) }, name: loop.name)
    }
    return .functions(digits(outer.loop), digits(inner.loop))
  }
}
