// Fixed points of functions of trees, and loops with a bound, which have derivatives.

import DescentIR
import DescentOps

/// x with x = `f`(x), from `start` by applying `f` again and again, until no element changes by more than `tolerance` times its size and
/// that of 1 (the type's accuracy where nil). NaN where that is not reached in `limit` steps. A value function iteration, an equilibrium.
///
/// Derivatives with respect to what `f` uses follow from the implicit function theorem, (I - ∂f/∂x)⁻¹ ∂f: the system is solved by
/// `gmres`; right up to third derivatives.
public func fixedPoint(
  from start: Tensor, tolerance: Double? = nil, limit: Int = 10_000, file: StaticString = #fileID, line: UInt = #line,
  _ f: @escaping @Sendable (Tensor) -> Tensor
) -> Tensor {
  pinned(file, line) {
    let x = stopGradient(convert(start, to: start.dtype.real))
    if case .failure = x.storage { return x }
    let allowed = tolerance ?? (x.dtype == .f32 ? 0x1p-20 : 0x1p-48)
    let last = whileLoop([x, Tensor(true), Tensor(Int32(0))], while: { $0[1] .& ($0[2] .< limit) }) { carry in
      let next = f(carry[0])
      let moves = any(abs(next - carry[0]) .> (1 + abs(next)) * allowed)
      return [next, moves, carry[2] + 1]
    }
    let found = stopGradient(`where`(last[1], Double.nan, last[0]))
    // Two steps of Newton's method for x - f(x) = 0, whose values are taken away: right up to third derivatives.
    func moved(_ x: Tensor) -> Tensor {
      let rest = f(x) - x
      let step = gmres({ v in v - jvp(f)(x, v).1 }, rest)
      return x + (step - stopGradient(step))
    }
    return moved(moved(found))
  }
}

/// Runs `body` as long as `condition` is true of the carry, and `limit` times at most. Unlike a loop without a bound it has
/// derivatives of any order: it always takes `limit` steps, of which those after the end leave the carry as it is.
public func whileLoop<Carry: ParameterTree>(
  _ initial: Carry, limit: Int, while condition: @Sendable (Carry) -> Tensor, file: StaticString = #fileID,
  line: UInt = #line, _ body: @Sendable (Carry) -> Carry
) -> Carry {
  pinned(file, line) {
    scan(initial, count: limit) { (carry: Carry, _: Tensor) in
      (cond(condition(carry), then: { body(carry) }, else: { carry }), [Tensor]())
    }.0
  }
}

/// `f` of each slice of `sequence` along its leaves' first axis, one after the other in one loop, the results stacked: where `vmap` would
/// need the memory of all at once.
public func map<Sequence: ParameterTree, Result: ParameterTree>(
  over sequence: Sequence, file: StaticString = #fileID, line: UInt = #line, _ f: @Sendable (Sequence) -> Result
) -> Result {
  pinned(file, line) {
    scan([Tensor](), over: sequence) { (carry: [Tensor], slice: Sequence) in (carry, f(slice)) }.1
  }
}
