// The loop nests of families that have no file of their own: nests over results, and those whose addresses depend on data. One
// function a family.

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
    case .matrices(let form): return [matrices(kernel, form)]
    case .fold(let sources): return [fold(kernel, sources)]
    case .scatter(let axis, let combine): return [scatter(kernel, axis, combine)]
    case .random(let draw): return [random(kernel, draw)]
    case .print(let name): return [show(kernel, name)]
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
    let (loops, execution) = function.loops(
      over: collapse.kept, shared: shared, chunkSize: shared == collapse.kept.last ? 64 : 1)
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
    let (share, execution) = function.loops(
      over: shared.map { [sizes[$0]] } ?? [], shared: shared.map { sizes[$0] },
      chunkSize: shared == shape.rank - 1 ? 64 : 1)
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
    let (loops, execution) = function.loops(over: outputs, shared: shared, chunkSize: 1)
    return function.finish(
      nested(loops, start + nested([function.whole(r)], step) + end.statements), execution, nodes: [anchor],
      work: shape.count * 2)
  }

  /// Base and updates for each place of the result in the order of the indices: whoever owns a place does all its updates. Where the
  /// result takes over the base's memory only the places of updates are touched.
  private func scatter(_ kernel: Kernel, _ axis: Int, _ combine: Reducer?) -> LoopFunction {
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
    let (loops, execution) = function.loops(
      over: axes, shared: axes[shared], chunkSize: shared == shape.rank - 1 ? 16 : 1)
    var copy = ElementBuilder(function)
    let place = axes.map { Affine(variable: $0) }
    let isInPlace = buffer(base) == buffer(anchor)
    if !isInPlace { copy.store(anchor, place, copy.value(base, place)) }
    let dtype = node.type.dtype, additions = graph[indices].type.shape.count
    let lost =
      combine == .sum && ReductionOrder.isCompensated(additions: additions, dtype)
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
      lost.map { function.compensated(array, lost: $0, element, update) }
      ?? [combine.map { .combine(array, element, $0, update) } ?? .store(array, element, update)]
    let sums = nested(inner, add.statements + addition).substituting([others2[axis]: Affine(variable: at)])
    let picks: [Statement] =
      pick.statements + [
        .index(at, picked),
        .when(.infix(.and, .infix(.greaterOrEqual, row, from), .infix(.less, row, to)), sums),
      ]
    let start = copy.statements + clear
    return function.finish(
      (start.isEmpty ? [] : nested(loops, start)) + nested(numbers.map { function.whole($0) }, picks), execution,
      nodes: [anchor],
      work: (start.isEmpty ? 0 : shape.count) + graph[updates].type.shape.count * 2,
      partialBytes: lost == nil ? 0 : node.type.byteCount)
  }

  /// A call of the runtime's kernel for each matrix; threads share whole ones.
  private func matrices(_ kernel: Kernel, _ form: MatrixKernel) -> LoopFunction {
    let anchor = kernel.anchor!
    let node = graph[anchor]
    let count = node.type.shape.count / form.result
    let function = FunctionBuilder(self)
    let batch = function.variable("b", count)
    func place(_ id: NodeID, _ size: Int, isWritten: Bool) -> MatrixCall.Place {
      let start = count == 1 ? Affine() : Affine(variable: batch) * size
      return .init(storage: function.array(id, isWritten: isWritten), start: start)
    }
    let call = Statement.matrices(
      MatrixCall(
        kernel: form, dtype: graph[node.operands[0]].type.dtype,
        operands: zip(node.operands, form.operands).map { place($0, $1, isWritten: false) },
        result: place(anchor, form.result, isWritten: true)))
    let work = count.times(form.work)
    if count == 1 { return function.finish([call], .alone, nodes: [anchor], work: work) }
    let (loops, execution) = function.loops(over: [batch], shared: batch, chunkSize: 1)
    return function.finish(nested(loops, [call]), execution, nodes: [anchor], work: work)
  }

  /// A copy of the operand, which is then printed, all by one thread.
  private func show(_ kernel: Kernel, _ name: String) -> LoopFunction {
    let anchor = kernel.anchor!
    let function = FunctionBuilder(self)
    let axes = function.axes(kernel.domain.dimensions)
    var copy = ElementBuilder(function)
    let place = axes.map { Affine(variable: $0) }
    copy.store(anchor, place, copy.value(graph[anchor].operands[0], place))
    let show = Show(name: name, type: graph[anchor].type, source: function.array(anchor, isWritten: true))
    return function.finish(
      nested(axes.map { function.whole($0) }, copy.statements) + [.show(show)], .alone, nodes: [anchor],
      work: kernel.domain.count)
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
        builder.statements + [.draw(one)], .shared(.count(one.blocks), chunkSize: 16, lower: lower, upper: upper),
        nodes: [anchor], work: work)
    }
    let (loops, execution) = function.loops(over: axes, shared: first, chunkSize: 1)
    return function.finish(nested(loops, builder.statements + [.draw(one)]), execution, nodes: [anchor], work: work)
  }
}
