// The adjoint of overlapping windows: each result element sums what the windows over it hold. The owner of a result computes all
// of its sum, over the elements of a window in sequence, so no two threads share one.

import DescentIR
import DescentOps
import DescentPasses

extension ProgramContext {
  func fold(_ kernel: Kernel, _ sources: [AxisSource]) -> LoopFunction {
    let anchor = kernel.anchor!
    let operand = graph[anchor].operands[0]
    let from = graph[operand].type.shape, shape = kernel.domain, dtype = graph[anchor].type.dtype
    let function = FunctionBuilder(self)
    let outputs = function.axes(shape.dimensions)
    let windows = FoldWindows(sources, of: from, outputs, function)
    var element = ElementBuilder(function)
    let value = element.value(operand, windows.index)
    let result = function.value(graph[anchor].op.name)
    var end = ElementBuilder(function, computing: kernel.members + [anchor])
    let index = outputs.map { Affine(variable: $0) }
    end.set(anchor, index, .value(result, dtype))
    end.store(kernel, at: index)
    let nest = Fold(
      function: function, dtype: dtype, windows: windows, element: element.statements, value: value,
      end: end.statements, result: result)
    let last = shape.rank - 1
    // Lanes go along the last axis, where each of its elements has the same windows.
    let isWide = sources[last].terms.count != 2 && shape[last] >= 8
    let open = isWide ? Array(outputs.dropLast()) : outputs
    let shared = function.sharedLoop(open)
    let (loops, execution) = function.loops(over: open, shared: shared, chunkSize: 1)
    return function.finish(
      nested(loops, isWide ? nest.wide(outputs[last], shape[last]) : nest.narrow()), execution,
      nodes: [anchor] + kernel.members,
      work: from.count.times(2.plus(inlinedCost(operand))).plus(shape.count.times(cost(kernel.members))))
  }
}

/// The windows over a result element: loops over the elements of a window, and the number of the window that each leads to.
private struct FoldWindows {
  private struct Tap {
    var element: Int
    var isInside: Expression
    var window: Statement
  }
  /// The operand's element, in terms of the outputs and the taps' variables.
  private(set) var index: [Affine]
  private var taps: [Tap] = []
  private let function: FunctionBuilder

  init(_ sources: [AxisSource], of from: Shape, _ outputs: [Int], _ function: FunctionBuilder) {
    self.function = function
    index = [Affine](repeating: Affine(), count: from.rank)
    for (axis, source) in zip(outputs, sources) where source.terms.count == 1 {
      index[source.terms[0].axis] = Affine(variable: axis)
    }
    for (output, source) in zip(outputs, sources) where source.terms.count == 2 {
      let (window, element) = (source.terms[0], source.terms[1])
      let (size, count) = (from[element.axis], from[window.axis])
      let tap = function.variable("tap", size), number = function.variable("window", count)
      index[element.axis] = Affine(variable: tap)
      index[window.axis] = Affine(variable: number)
      let distance = Expression.position(Affine(variable: output) + Affine(variable: tap) * -element.stride)
      let stride = Expression.position(Affine(window.stride)), zero = Expression.position(Affine())
      var isInside = Expression.infix(
        .and, .infix(.greaterOrEqual, distance, zero),
        .infix(.less, distance, .position(Affine((count - 1) * window.stride + 1))))
      if window.stride > 1 {
        isInside = .infix(.and, isInside, .infix(.equal, .infix(.remainder, distance, stride), zero))
      }
      let quotient = window.stride == 1 ? distance : .infix(.divide, distance, stride)
      taps.append(Tap(element: tap, isInside: isInside, window: .index(number, quotient)))
    }
  }

  /// A body for each element of the windows that is there.
  func tapped(_ inner: [Statement]) -> [Statement] {
    taps.reversed().reduce(inner) { inner, tap in
      nested([function.whole(tap.element)], [.when(tap.isInside, [tap.window] + inner)])
    }
  }
}

/// What a fold does for one element or one row of its result.
private struct Fold {
  let function: FunctionBuilder
  let dtype: DType
  let windows: FoldWindows
  /// The statements that lead to an element of the operand, and its value.
  let element: [Statement]
  let value: Expression
  /// What becomes of the sum, which is the value `result`.
  let end: [Statement]
  let result: Int

  private var zero: Expression { .literal(Scalar(integer: 0, dtype)) }

  /// One sum.
  func narrow() -> [Statement] {
    let sum = function.local("acc", dtype, count: nil)
    return [.local(sum, zero)] + windows.tapped(element + [.combine(.local(sum), Affine(), .sum, value)])
      + end.replacing([result: .load(.local(sum), Affine(), dtype)])
  }

  /// Sums along the last axis side by side, in tiles of as many as fit an array.
  func wide(_ last: Int, _ size: Int) -> [Statement] {
    let tile = Swift.min(function.context.plan.tile, (size + 7) / 8 * 8)
    let sum = function.local("acc", dtype, count: tile)
    let j = function.variable("j", size), n = function.variable("n", tile + 1)
    let isOne = size <= tile
    let start = isOne ? Affine() : Affine(variable: j)
    func lanes(_ body: (Affine) -> [Statement]) -> [Statement] {
      let lane = function.variable("l", tile)
      let width = isOne ? Expression.position(Affine(size)) : .position(Affine(variable: n))
      return nested(
        [OpenLoop(variable: lane, upper: width)],
        body(Affine(variable: lane)).substituting([last: start + Affine(variable: lane)]))
    }
    let lane = function.variable("l", tile)
    let body: [Statement] =
      [.local(sum, nil)]
      + nested([function.whole(lane)], [.store(.local(sum), Affine(variable: lane), zero)])
      + windows.tapped(lanes { element + [.combine(.local(sum), $0, .sum, value)] })
      + lanes { end.replacing([result: .load(.local(sum), $0, dtype)]) }
    if isOne { return body }
    let width = Expression.least(.position(Affine(tile)), .position(Affine(size) + Affine(variable: j) * -1))
    return nested([OpenLoop(variable: j, upper: .position(Affine(size)), step: tile)], [.index(n, width)] + body)
  }
}
