// Moves of a random program that apply functions of functions: scans, whileLoop, grad, jvp, vmap, checkpoint, customGradient, cond.
// Beside such a function stands another way to the same value, a loop written out, say; both are outputs, as twins.

import DescentIR
import DescentOps
import DescentTransforms

/// A function of some tensors, made of few operations that are drawn anew, but the same, at every call.
private struct Fragment: Sendable {
  var maker: Maker
  var moves: Int
  /// What it gives, made from what its operations make.
  var result: TensorType

  func callAsFunction(_ x: [Tensor]) -> Tensor { self(x, [result])[0] }
  func callAsFunction(_ x: [Tensor], _ results: [TensorType]) -> [Tensor] {
    var maker = maker
    // Its arguments come last, where the maker looks first.
    maker.pool += x
    for _ in 0..<moves { maker.depth < 2 && maker.dice.isLucky(12) ? maker.transform() : maker.operate() }
    return results.map { type in
      let value = maker.pickReal()
      // What is carried from step to step must stay bounded.
      return maker.fit(
        type.dtype.isFloating ? sin(value + (x.first.map { maker.fit($0, value.type) } ?? value)) : value, type)
    }
  }
}

extension Maker {
  private typealias Function = @Sendable ([Tensor]) -> Tensor

  /// Applies a transform to a function of its own.
  mutating func transform() {
    if depth == 0, dice.isLucky(10) { return repeated() }
    let types = (0..<1 + dice.below(2)).map { _ in small() }
    let x = types.map { fit(pickReal(), $0) }
    let result = TensorType(types[0].dtype, dice.isLucky(60) ? [] : small().shape)
    let (f, twin) = function(types, result)
    let sum: @Sendable (Tensor) -> Tensor = { DescentOps.sum($0 * 0.7 + square($0) * 0.3) }
    let scalar: Function = { sum(f($0)) }, scalarTwin: Function = { sum(twin($0)) }
    // One call in several ways; the twins double the work, and need not always be there.
    switch dice.below(depth == 0 ? 8 : 3) {
    case 0: both(f(x)) { twin(x) }
    case 1, 2:
      let g = grad(scalar), h = grad(scalarTwin)
      for (k, value) in g(x).enumerated() { both(value, k == 0) { h(x)[k] } }
    case 3:
      let tangent = x.map { sin(fit(pickReal(), $0.type) + 0.5) }
      let along = jvp(scalar), g = grad(scalarTwin)
      both(along(x, tangent).1) {
        zip(g(x), tangent).map { DescentOps.sum($0 * $1) }.reduce(filled(0, TensorType(result.dtype, []))) {
          $0 + convert($1, to: result.dtype)
        }
      }
    case 4:
      let wide = batched(x)
      let f = vmap(f)
      both(f(wide)) { stack((0..<wide[0].shape[0]).map { i in twin(wide.map { $0[i] }) }) }
    case 5:
      let wide = batched(x)
      let each = vmap(grad(scalar)), g = grad(scalarTwin)
      for (k, value) in each(wide).enumerated() {
        both(value, k == 0) { stack((0..<wide[0].shape[0]).map { i in g(wide.map { $0[i] })[k] }) }
      }
    case 6:
      // Second derivatives along a direction: forward over reverse, and reverse over reverse.
      let direction = x.map { sin(fit(pickReal(), $0.type)) }
      let hvp = hessianVectorProduct(scalar), g = grad(scalarTwin)
      let again = grad { @Sendable (x: [Tensor]) -> Tensor in
        zip(g(x), direction).map { convert(DescentOps.sum($0 * stopGradient($1)), to: .f64) }.reduce(Tensor(0.0), +)
      }
      for (k, value) in hvp(x, direction).enumerated() { both(value, k == 0) { again(x)[k] } }
    default:
      let g = grad(scalar)
      let again = grad { @Sendable (x: [Tensor]) -> Tensor in
        g(x).map { convert(mean(square($0)), to: .f64) }.reduce(Tensor(0.0), +)
      }
      for value in again(x) { add(value) }
    }
  }

  private mutating func both(_ value: Tensor, _ isWanted: Bool = true, _ other: () -> Tensor) {
    add(value)
    guard depth == 0, isWanted, dice.isLucky(60) else { return }
    measured.first.append(value)
    measured.second.append(other())
  }

  private mutating func small() -> TensorType {
    TensorType(dice.pick(real), Shape((0..<dice.below(3)).map { _ in Swift.min(dice.pick(sizes + [1, 2]), 4) }))
  }
  private mutating func batched(_ x: [Tensor]) -> [Tensor] {
    let count = 1 + dice.below(3)
    return x.map { fit(pickReal(), TensorType($0.dtype, Shape([count] + $0.shape.dimensions))) }
  }

  private mutating func fragment(_ result: TensorType, moves: Int) -> Fragment {
    var inner = self
    inner.dice = dice.forked()
    inner.depth += 1
    inner.measured = Measured()
    // What it takes from outside, besides its arguments.
    inner.pool = (0..<1 + dice.below(2)).map { _ in fit(pickReal(), small()) }
    return Fragment(maker: inner, moves: moves, result: result)
  }

  /// A function, and another that gives the same.
  private mutating func function(_ types: [TensorType], _ result: TensorType) -> (Function, Function) {
    let plain = fragment(result, moves: 1 + dice.below(4))
    switch dice.below(7) {
    case 0: return ({ plain($0) }, { plain($0) })
    case 1: return (checkpoint { plain($0) }, { plain($0) })
    case 2:
      let rule = { @Sendable (x: [Tensor], y: Tensor, dy: Tensor) -> [Tensor] in
        grad { @Sendable (x: [Tensor]) in DescentOps.sum(plain(x) * dy) }(x)
      }
      return (customGradient({ plain($0) }, vjp: rule), { plain($0) })
    case 3:
      let other = fragment(result, moves: 1 + dice.below(3))
      let isPositive = { @Sendable (x: [Tensor]) in DescentOps.sum(x[0]) .> 0.3 }
      return (
        { x in cond(isPositive(x), then: { plain(x) }, else: { other(x) }) },
        { x in `where`(isPositive(x), plain(x), other(x)) }
      )
    default: return scanned(types, result)
    }
  }

  /// A scan over some steps, and the same written out.
  private mutating func scanned(_ types: [TensorType], _ result: TensorType) -> (Function, Function) {
    let length = dice.pick([1, 2, 2, 3, 4, 6]), isReversed = dice.isLucky(40), isCounted = dice.isLucky(25)
    let carried = (0..<1 + dice.below(3)).map { _ in small() }, stepped = (0..<dice.below(3)).map { _ in small() }
    let sequences = (0..<(isCounted ? 0 : 1 + dice.below(2))).map { _ -> TensorType in
      let type = small()
      return TensorType(type.dtype, Shape([length] + type.shape.dimensions))
    }
    let body = fragment(carried[0], moves: 1 + dice.below(3))
    // The arguments become carries, sequences, or constants of the body.
    let start = fragment(carried[0], moves: 0), end = fragment(result, moves: 1)
    let role = dice.below(3)
    @Sendable func step(_ carry: [Tensor], _ slices: [Tensor], _ x: [Tensor]) -> ([Tensor], [Tensor]) {
      let all = body((role == 2 ? x : []) + slices + carry, carried + stepped)
      return (Array(all.prefix(carried.count)), Array(all.dropFirst(carried.count)))
    }
    @Sendable func prepared(_ x: [Tensor]) -> ([Tensor], [Tensor]) {
      var maker = start.maker
      maker.pool = role == 2 ? maker.pool : x
      return (carried.map { maker.fit(maker.pickReal(), $0) }, sequences.map { maker.fit(maker.pickReal(), $0) })
    }
    let looped: Function = { x in
      let (carry, whole) = prepared(x)
      let (last, results) =
        isCounted
        ? scan(carry, count: length, isReversed: isReversed) { (c: [Tensor], t: Tensor) in
          step(c, [convert(t, to: .f32) * 0.1], x)
        }
        : scan(carry, over: whole, isReversed: isReversed) { (c: [Tensor], s: [Tensor]) in step(c, s, x) }
      return end(last + results)
    }
    let unrolled: Function = { x in
      var (carry, whole) = prepared(x)
      var results = [[Tensor]](repeating: [], count: length)
      for t in isReversed ? Array((0..<length).reversed()) : Array(0..<length) {
        let slices = isCounted ? [Tensor(Float(0.1) * Float(t))] : whole.map { $0[t] }
        (carry, results[t]) = step(carry, slices, x)
      }
      whole = stepped.indices.map { k in stack(results.map { $0[k] }) }
      return end(carry + whole)
    }
    return (looped, unrolled)
  }

  /// A loop of as many steps as numbers ask for, without a backward pass.
  private mutating func repeated() {
    let x = stopGradient(fit(pickReal(), small()))
    let body = fragment(x.type, moves: 1 + dice.below(2))
    let most = 2 + dice.below(4)
    let last = whileLoop([x, Tensor(Int32(0))], while: { (mean($0[0]) .< 0.4) .& ($0[1] .< most) }) { c in
      [body([c[0]]), c[1] + 1]
    }
    add(stopGradient(last[0]))
    add(last[1])
  }
}
