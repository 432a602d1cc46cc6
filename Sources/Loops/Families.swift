// The loop nests of the families but reductions: nests over results, products of matrices, folds, and those whose addresses
// depend on data. One function a family.

import DescentIR
import DescentOps
import DescentPasses

extension ProgramContext {
  /// The functions of a kernel.
  func functions(_ kernel: Kernel) -> [LoopFunction] {
    guard let anchor = kernel.anchor else { return [loops(kernel)] }
    switch families[anchor.index] {
    case .reduction(let reducer, let axes): return reduction(reductionForm(kernel, reducer, axes))
    case .contraction(let axes): return contraction(kernel, axes)
    case .argmax(let axis): return [argmax(kernel, axis)]
    case .loop(let form): return [scan(kernel, form)]
    case .fold(let sources): return [fold(kernel, sources)]
    case .scatterAdd(let axis): return [scatterAdd(kernel, axis)]
    case .random(let draw): return [random(kernel, draw)]
    case .input, .constant, .iota, .pointwise, .view, .reshape, .pad, .concatenate, .gather, .result:
      preconditionFailure("\(graph[anchor].op.name) anchors no kernel")
    }
  }

  /// A nest over the results' elements.
  private func loops(_ kernel: Kernel) -> LoopFunction {
    if kernel.members.count == 1, case .concatenate(let axis) = families[kernel.members[0].index] {
      return parts(kernel, axis)
    }
    let (function, axes, builder) = refined(kernel.domain) { builder, index in
      builder.computedHere = Set(kernel.members)
      builder.store(kernel, at: index)
    }
    let collapse = function.collapse(axes, builder.statements.accesses)
    function.apply(collapse)
    let shared = function.sharedLoop(collapse.kept)
    let (loops, execution) = function.opened(
      collapse.kept, shared: shared, grain: shared == collapse.kept.last ? 64 : 1)
    return function.finish(
      nested(loops, builder.statements.substituting(collapse.dropped)), execution, nodes: kernel.members,
      work: kernel.domain.count.times(cost(kernel.members)))
  }

  /// The parts of a concatenation one after another, a nest for each: what a part is made of is computed for its elements alone.
  private func parts(_ kernel: Kernel, _ axis: Int) -> LoopFunction {
    let id = kernel.members[0]
    let shape = kernel.domain
    let others = shape.dimensions.indices.filter { $0 != axis }
    let function = FunctionBuilder(self)
    let sizes = function.axes(shape.dimensions)
    let shared = function.sharedLoop(others.map { sizes[$0] }).map { sizes.firstIndex(of: $0)! }
    let (share, execution) = function.opened(
      shared.map { [sizes[$0]] } ?? [], shared: shared.map { sizes[$0] }, grain: shared == shape.rank - 1 ? 64 : 1)
    var (statements, start) = ([Statement](), 0)
    for operand in graph[id].operands {
      let part = graph[operand].type.shape
      guard part.count > 0 else { continue }
      let axes = function.axes(part.dimensions)
      var index = axes.map { Affine(variable: $0) }
      var builder = ElementBuilder(function)
      let value = builder.value(operand, index)
      index[axis] = index[axis] + Affine(start)
      builder.store(id, index, value)
      start += part[axis]
      let loops = axes.enumerated().map { place, variable in
        place == shared
          ? OpenLoop(variable: variable, lower: share[0].lower, upper: share[0].upper) : function.whole(variable)
      }
      statements += nested(loops, builder.statements)
    }
    let cost = 2.plus(graph[id].operands.reduce(0) { Swift.max($0, inlinedCost($1)) })
    return function.finish(statements, execution, nodes: [id], work: shape.count.times(cost))
  }

  /// A contraction as a call of the runtime's matrix product, with the kernel's other nodes in its epilogue.
  private func contraction(_ kernel: Kernel, _ axes: ContractionAxes) -> [LoopFunction] {
    let anchor = kernel.anchor!
    let dtype = graph[anchor].type.dtype
    let form = graph.contractionLoops(anchor)
    guard dtype.isFloating, form.depth > 0, form.rows * form.columns > 1, let lhs = form.operands[0],
      let rhs = form.operands[1]
    else {
      return reduction(productForm(kernel, axes))
    }
    let function = FunctionBuilder(self)
    let batch = function.axes(form.batch, names: ["b"])
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

    /// Where an operand begins for the batch at hand: its variables come first in `position`.
    func operand(
      _ operand: StridedOperand, _ storage: Storage,
      _ loops: [(stride: Int?, name: String, dimensions: [Int], first: Int)]
    ) -> MatrixProduct.Operand {
      let start = batch.indices.reduce(Affine(operand.position.constant)) {
        $0 + Affine(variable: batch[$1]) * (form.batch[$1] > 1 ? operand.position.coefficient(of: $1) : 0)
      }
      if let a = loops[0].stride, let b = loops[1].stride {
        return .init(storage: storage, start: start, place: .strides(a, b))
      }
      let digits = loops.map { loop in
        MatrixProduct.Digits(
          dimensions: loop.dimensions,
          coefficients: loop.dimensions.indices.map { operand.position.coefficient(of: loop.first + $0) },
          name: loop.name)
      }
      return .init(storage: storage, start: start, place: .functions(digits[0], digits[1]))
    }
    let firstRow = batch.count, firstColumn = firstRow + rows.count, firstDepth = firstColumn + columns.count
    let depth = ("depth", form.depthDimensions, firstDepth)
    let product = MatrixProduct(
      dtype: dtype, batch: batch, rows: form.rows, columns: form.columns, depth: form.depth,
      lhs: operand(
        lhs, left,
        [
          (lhs.row, "row", form.rowDimensions, firstRow), (lhs.depth, depth.0, depth.1, depth.2),
        ]),
      rhs: operand(
        rhs, right,
        [
          (rhs.depth, depth.0, depth.1, depth.2), (rhs.column, "column", form.columnDimensions, firstColumn),
        ]),
      rowVariables: rowLoops.kept, columnVariables: columnLoops.kept, element: element,
      epilogue: builder.statements.substituting(dropped))
    let batches = form.batch.reduce(1, *)
    let units = Units.tiles(batches: batches, rows: form.rows, columns: form.columns, depth: form.depth)
    let lower = function.variable("lo", Int(Int32.max)), upper = function.variable("hi", Int(Int32.max))
    return [
      function.finish(
        [.product(product)], .shared(units, grain: 1, lower: lower, upper: upper), nodes: [anchor] + kernel.members,
        work: batches.times(form.rows).times(form.columns).times(form.depth.plus(cost(kernel.members))))
    ]
  }

  /// The index of the first greatest element; a NaN is greater than all.
  private func argmax(_ kernel: Kernel, _ axis: Int) -> LoopFunction {
    let anchor = kernel.anchor!
    let operand = graph[anchor].operands[0]
    let shape = graph[operand].type.shape
    let function = FunctionBuilder(self)
    let outputs = function.axes(kernel.domain.dimensions)
    let r = function.variable("r", shape[axis])
    let output = outputs.map { Affine(variable: $0) }
    var builder = ElementBuilder(function)
    var index = output
    index.insert(Affine(variable: r), at: axis)
    let value = builder.value(operand, index)
    let dtype = graph[operand].type.dtype
    let best = function.local("best", dtype, count: nil), arg = function.local("arg", .i32, count: nil)
    let known = Expression.load(.local(best), Affine(), dtype)
    var isBetter = Expression.infix(.greater, value, known)
    if dtype.isFloating {
      isBetter = .infix(.or, isBetter, .infix(.and, .infix(.notEqual, value, value), .infix(.equal, known, known)))
    }
    let isFirst = Expression.infix(.less, .load(.local(arg), Affine(), .i32), .literal(Scalar(integer: 0, .i32)))
    var end = ElementBuilder(function)
    end.store(anchor, output, .load(.local(arg), Affine(), .i32))
    let step: [Statement] =
      builder.statements + [
        .when(
          .infix(.or, isFirst, isBetter),
          [
            .store(.local(best), Affine(), value),
            .store(.local(arg), Affine(), .cast(.i32, .position(Affine(variable: r)))),
          ])
      ]
    let start: [Statement] = [
      .local(best, .literal(Scalar(integer: 0, dtype))), .local(arg, .literal(Scalar(integer: -1, .i32))),
    ]
    let shared = function.sharedLoop(outputs)
    let (loops, execution) = function.opened(outputs, shared: shared, grain: 1)
    return function.finish(
      nested(loops, start + nested([function.whole(r)], step) + end.statements), execution, nodes: [anchor],
      work: shape.count * 2)
  }

  /// Base and additions for each place of the result in the order of the indices: whoever owns a place does all its additions.
  private func scatterAdd(_ kernel: Kernel, _ axis: Int) -> LoopFunction {
    let anchor = kernel.anchor!
    let node = graph[anchor]
    let (base, indices, updates) = (node.operands[0], node.operands[1], node.operands[2])
    let shape = node.type.shape
    let others = shape.dimensions.indices.filter { $0 != axis }
    // The widest other axis is shared out; where all are narrow, the axis of the additions itself.
    let widest = others.max { shape[$0] < shape[$1] }
    let shared = widest.map { shape[$0] >= 32 || shape[$0] >= shape[axis] } == true ? widest! : axis
    let function = FunctionBuilder(self)
    let axes = function.axes(shape.dimensions)
    let (loops, execution) = function.opened(axes, shared: axes[shared], grain: shared == shape.rank - 1 ? 16 : 1)
    var copy = ElementBuilder(function)
    let place = axes.map { Affine(variable: $0) }
    copy.store(anchor, place, copy.value(base, place))
    let dtype = node.type.dtype, additions = graph[indices].type.shape.count
    let lost =
      ReductionOrder.isCompensated(additions: additions, dtype)
      ? function.parameter(.partial(anchor), dtype, node: nil, isWritten: true) : nil
    let clear: [Statement] = lost.map { [.store($0, .linear(place, shape), .number(0, dtype))] } ?? []

    // The axes again, that of the additions as an index which is read.
    let others2 = function.axes(shape.dimensions)
    let numbers = function.axes(graph[indices].type.shape.dimensions, names: FunctionBuilder.reducedNames)
    let number = numbers.map { Affine(variable: $0) }, target = others2.map { Affine(variable: $0) }
    var pick = ElementBuilder(function)
    let picked = Expression.cast(.i64, pick.value(indices, number))
    var add = ElementBuilder(function)
    let update = add.value(updates, Array(target[..<axis]) + number + Array(target[(axis + 1)...]))
    let array = function.array(anchor, isWritten: true)
    let inner = others.map { other -> OpenLoop in
      other == shared
        ? OpenLoop(variable: others2[other], lower: loops[other].lower, upper: loops[other].upper)
        : function.whole(others2[other])
    }
    let at = function.variable("at", shape[axis])
    let (from, to): (Expression, Expression) =
      shared == axis
      ? (loops[axis].lower, loops[axis].upper) : (.position(Affine()), .position(Affine(shape[axis])))
    let row = Expression.position(Affine(variable: at))
    let element = Affine.linear(target, shape)
    let addition =
      lost.map { function.compensated(array, lost: $0, element, update) } ?? [.combine(array, element, .sum, update)]
    let sums = nested(inner, add.statements + addition).substituting([others2[axis]: Affine(variable: at)])
    let picks: [Statement] =
      pick.statements + [
        .index(at, picked),
        .when(.infix(.and, .infix(.greaterOrEqual, row, from), .infix(.less, row, to)), sums),
      ]
    return function.finish(
      nested(loops, copy.statements + clear) + nested(numbers.map { function.whole($0) }, picks), execution,
      nodes: [anchor],
      work: shape.count + graph[updates].type.shape.count * 2,
      partialBytes: lost == nil ? 0 : node.type.byteCount)
  }

  private func random(_ kernel: Kernel, _ draw: RandomDraw) -> LoopFunction {
    let anchor = kernel.anchor!
    let node = graph[anchor]
    let keys = graph[node.operands[0]].type.shape
    let count = node.type.shape.count / (keys.count / 2)
    // Keys of an array are variables of one loop; a single one needs none.
    let function = FunctionBuilder(self)
    let dimensions = Array(keys.dimensions.dropLast())
    let axes = function.axes(dimensions)
    let index = axes.map { Affine(variable: $0) }
    var builder = ElementBuilder(function)
    let seed = builder.value(node.operands[0], index + [Affine()])
    let stream = builder.value(node.operands[0], index + [Affine(1)])
    var one = Draw(
      draw: draw, dtype: node.type.dtype, target: function.array(anchor, isWritten: true),
      start: Affine.linear(index, Shape(dimensions)) * count, seed: seed, stream: stream, count: count,
      from: .position(Affine()), to: .position(Affine()))
    one.to = .position(Affine(one.blocks))
    let work = node.type.shape.count * (draw == .normal ? 40 : 10)
    guard let first = axes.first else {
      let lower = function.variable("lo", one.blocks), upper = function.variable("hi", one.blocks + 1)
      (one.from, one.to) = (.position(Affine(variable: lower)), .position(Affine(variable: upper)))
      return function.finish(
        builder.statements + [.draw(one)], .shared(.count(one.blocks), grain: 16, lower: lower, upper: upper),
        nodes: [anchor], work: work)
    }
    let (loops, execution) = function.opened(axes, shared: first, grain: 1)
    return function.finish(nested(loops, builder.statements + [.draw(one)]), execution, nodes: [anchor], work: work)
  }

  /// The adjoint of overlapping windows: each result element sums what the windows over it hold. The owner of a result computes all
  /// of its sum, over the elements of a window in sequence, so no two threads share one.
  private func fold(_ kernel: Kernel, _ sources: [AxisSource]) -> LoopFunction {
    let anchor = kernel.anchor!
    let operand = graph[anchor].operands[0]
    let from = graph[operand].type.shape, shape = kernel.domain, dtype = graph[anchor].type.dtype
    let folded = sources.indices.filter { sources[$0].terms.count == 2 }
    let function = FunctionBuilder(self)
    let outputs = function.axes(shape.dimensions)
    // Loops over the elements of a window, and the number of the window that they lead to.
    var operandIndex = [Affine](repeating: Affine(), count: from.rank)
    for (axis, source) in zip(outputs, sources) where source.terms.count == 1 {
      operandIndex[source.terms[0].axis] = Affine(variable: axis)
    }
    struct Tap {
      var element: Int
      var isInside: Expression
      var window: Statement
    }
    var taps: [Tap] = []
    for axis in folded {
      let (window, element) = (sources[axis].terms[0], sources[axis].terms[1])
      let (size, count) = (from[element.axis], from[window.axis])
      let tap = function.variable("tap", size), number = function.variable("window", count)
      operandIndex[element.axis] = Affine(variable: tap)
      operandIndex[window.axis] = Affine(variable: number)
      let distance = Expression.position(Affine(variable: outputs[axis]) + Affine(variable: tap) * -element.stride)
      let stride = Expression.position(Affine(window.stride)), zero = Expression.position(Affine())
      var isInside = Expression.infix(
        .and, .infix(.greaterOrEqual, distance, zero),
        .infix(.less, distance, .position(Affine((count - 1) * window.stride + 1))))
      if window.stride > 1 {
        isInside = .infix(.and, isInside, .infix(.equal, .infix(.remainder, distance, stride), zero))
      }
      taps.append(
        Tap(
          element: tap, isInside: isInside,
          window: .index(number, window.stride == 1 ? distance : .infix(.divide, distance, stride))))
    }
    func tapped(_ inner: [Statement]) -> [Statement] {
      taps.reversed().reduce(inner) { inner, tap in
        nested([function.whole(tap.element)], [.when(tap.isInside, [tap.window] + inner)])
      }
    }
    var element = ElementBuilder(function)
    let value = element.value(operand, operandIndex)
    let result = function.value(graph[anchor].op.name)
    var end = ElementBuilder(function, computing: kernel.members + [anchor])
    let index = outputs.map { Affine(variable: $0) }
    end.set(anchor, index, .value(result, dtype))
    end.store(kernel, at: index)
    let zero = Expression.literal(Scalar(integer: 0, dtype))
    let last = shape.rank - 1
    let isWide = !folded.contains(last) && shape[last] >= 8
    let open = isWide ? Array(outputs.dropLast()) : outputs
    let shared = function.sharedLoop(open)
    let (loops, execution) = function.opened(open, shared: shared, grain: 1)
    let body: [Statement]
    if isWide {
      let tile = Swift.min(64, (shape[last] + 7) / 8 * 8)
      let sum = function.local("acc", dtype, count: tile)
      let j = function.variable("j", shape[last]), n = function.variable("n", tile + 1)
      let isOne = shape[last] <= tile
      let start = isOne ? Affine() : Affine(variable: j)
      func lanes(_ body: (Affine) -> [Statement]) -> [Statement] {
        let lane = function.variable("l", tile)
        let width = isOne ? Expression.position(Affine(shape[last])) : .position(Affine(variable: n))
        return nested(
          [OpenLoop(variable: lane, upper: width)],
          body(Affine(variable: lane)).substituting([outputs[last]: start + Affine(variable: lane)]))
      }
      let lane = function.variable("l", tile)
      let tileBody: [Statement] =
        [.local(sum, nil)]
        + nested([function.whole(lane)], [.store(.local(sum), Affine(variable: lane), zero)])
        + tapped(lanes { element.statements + [.combine(.local(sum), $0, .sum, value)] })
        + lanes { end.statements.replacing([result: .load(.local(sum), $0, dtype)]) }
      let width = Expression.least(.position(Affine(tile)), .position(Affine(shape[last]) + Affine(variable: j) * -1))
      body =
        isOne
        ? tileBody
        : nested(
          [OpenLoop(variable: j, upper: .position(Affine(shape[last])), step: tile)], [.index(n, width)] + tileBody)
    } else {
      let sum = function.local("acc", dtype, count: nil)
      body =
        [.local(sum, zero)] + tapped(element.statements + [.combine(.local(sum), Affine(), .sum, value)])
        + end.statements.replacing([result: .load(.local(sum), Affine(), dtype)])
    }
    return function.finish(
      nested(loops, body), execution, nodes: [anchor] + kernel.members,
      work: from.count.times(2.plus(inlinedCost(operand))).plus(shape.count.times(cost(kernel.members))))
  }
}
