// checkpoint, customGradient and cond: their derivatives in every mode, batched, nested, and of what they take from outside.

import DescentIR
import DescentOps
import DescentTransforms
import Foundation
import Testing

private func close(_ a: Tensor, _ b: Tensor, _ tolerance: Double = 1e-12) throws -> Bool {
  let (x, y) = (try a.doubles, try b.doubles)
  return a.type == b.type && zip(x, y).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}
private typealias Function = @Sendable (Tensor) -> Tensor

@Suite struct MarkTests {
  private let x = Tensor([0.5, -1.5, 2])
  private let rows = Tensor([0.5, -1.5, 2, 0.1, 0.2, -0.3], shape: [2, 3])

  /// All the ways to derive one function that must agree with those of another.
  private func expectSame(_ f: @escaping Function, _ g: @escaping Function, higher: Bool = true) throws {
    let v = Tensor([1.0, -0.5, 0.25])
    let (x, rows) = (x, rows)
    #expect(try close(f(x), g(x)))
    #expect(try close(grad(f)(x), grad(g)(x)))
    #expect(try close(jvp(f)(x, v).0, g(x)))
    #expect(try close(jvp(f)(x, v).1, jvp(g)(x, v).1))
    #expect(try close(vjp(f)(x).1(Tensor(3.0)), vjp(g)(x).1(Tensor(3.0))))
    #expect(try close(vmap(f)(rows), vmap(g)(rows)))
    #expect(try close(vmap(grad(f))(rows), vmap(grad(g))(rows)))
    let total: @Sendable (@escaping Function) -> Function = { f in { sum(square(vmap(f)($0))) } }
    #expect(try close(grad(total(f))(rows), grad(total(g))(rows)))
    guard higher else { return }
    #expect(try close(hessian(f)(x), hessian(g)(x)))
    #expect(try close(vmap(hessian(f))(rows), vmap(hessian(g))(rows)))
    let second: @Sendable (@escaping Function) -> Function = { f in
      { @Sendable (x: Tensor) in sum(grad { @Sendable (x: Tensor) in sum(square(grad(f)(x))) }(x) * v) }
    }
    #expect(try close(second(f)(x), second(g)(x)))
  }

  // MARK: checkpoint

  @Test func checkpointChangesNothing() throws {
    let w = Tensor([0.3, -0.2, 0.5, 0.1, 0.7, -0.4, 0.2, 0.9, -0.6], shape: [3, 3])
    let block: @Sendable (Tensor, Tensor) -> Tensor = { tanh(matmul($0, $1)) * sigmoid($0) }
    let plain: Function = { sum(exp(block(block($0, w), w))) }
    let saved = checkpoint(block)
    try expectSame({ sum(exp(saved(saved($0, w), w))) }, plain)
    // What it takes from outside, and checkpoints in checkpoints.
    let captured: Function = { x in
      let s = sum(x)
      return sum(
        exp(
          checkpoint { @Sendable (y: Tensor) in
            checkpoint { @Sendable (y: Tensor) in block(y, w * s) }(y) * s
          }(x)))
    }
    try expectSame(captured, { x in sum(exp(block(x, w * sum(x)) * sum(x))) })
    // As a whole, and of several results, one without a derivative.
    try expectSame(checkpoint(plain), plain)
    let several = checkpoint { @Sendable (x: Tensor) in [sin(x), cos(x), convert(x .> 0, to: .i32)] }
    try expectSame(
      { x in
        let parts = several(x)
        return sum(parts[0] * parts[1] * convert(parts[2], to: .f64))
      }, { x in sum(sin(x) * cos(x) * convert(x .> 0, to: .f64)) })
  }

  /// Gradients with respect to weights that a checkpointed closure captures.
  @Test func checkpointDerivesWhatItCaptures() throws {
    let x = x
    let f: Function = { w in sum(checkpoint { @Sendable (y: Tensor) in tanh(y * w) }(x)) }
    try expectSame(f, { w in sum(tanh(x * w)) })
  }

  // MARK: customGradient

  @Test func aRuleOfItsOwn() throws {
    // The same rule as the function's.
    let sine = customGradient({ @Sendable (x: Tensor) in sin(x) }, vjp: { x, _, dy in dy * cos(x) })
    try expectSame({ sum(sine($0) * $0) }, { sum(sin($0) * $0) })
    // The value in the rule: its derivative again goes by the rule.
    let exponential = customGradient({ @Sendable (x: Tensor) in exp(x) }, vjp: { _, y, dy in dy * y })
    try expectSame({ sum(exponential($0) * $0) }, { sum(exp($0) * $0) })
    // Another: the sign passes cotangents straight through, as if it were x.
    let straight = customGradient({ @Sendable (x: Tensor) in sign(x) }, vjp: { _, _, dy in dy })
    #expect(try straight(x).doubles == [1, -1, 1])
    #expect(try grad { @Sendable (x: Tensor) in sum(straight(x) * x) }(x).doubles == [1.5, -2.5, 3])
    #expect(try jvp(straight)(x, Tensor([1.0, 2, 3])).1.doubles == [1, 2, 3])
    // Twice the true derivative, and thrice the second.
    let square2 = customGradient({ @Sendable (x: Tensor) in sum(x * x) }, vjp: { x, _, dy in dy * x * x * x })
    #expect(try grad(square2)(x).doubles == [0.125, -3.375, 8])
    #expect(try hessian(square2)(x).doubles == [0.75, 0, 0, 0, 6.75, 0, 0, 0, 12])
  }

  @Test func treesAndWhatTheRuleTakes() throws {
    let x = x
    let pick = customGradient(
      { @Sendable (p: [String: Tensor]) in gather(p["table"]!, p["index"]!) },
      vjp: { p, _, dy in ["table": scatterAdd(zerosLike(p["table"]!), p["index"]!, dy * 10), "index": p["index"]!] })
    let index = Tensor([Int32(2), 0])
    let f: Function = { sum(pick(["table": $0, "index": index]) * Tensor([1.0, 2])) }
    #expect(try grad(f)(x).doubles == [20, 0, 10])
    #expect(try vmap(grad(f))(rows).doubles == [20, 0, 10, 20, 0, 10])
    // A shared argument under vmap gets the sum over the batch.
    let product = customGradient(
      { @Sendable (p: [Tensor]) in p[0] * p[1] }, vjp: { p, _, dy in [dy * p[1], dy * p[0] * 2] })
    let total: @Sendable (Tensor, Tensor) -> Tensor = { w, rows in
      sum(vmap({ @Sendable (row: Tensor) in product([row, w]) })(rows))
    }
    let gradient = grad(total)
    #expect(try close(gradient(x, rows), sum(rows, axes: [0]) * 2))
    // Arguments of two types: forward mode adds what each contributes.
    let mixed = customGradient(
      { @Sendable (p: [Tensor]) in p[0] * convert(p[1], to: .f32) },
      vjp: { p, _, dy in [dy * convert(p[1], to: .f32), convert(dy * p[0], to: .f64) * 3] })
    let point = [Tensor([Float(2), 3]), Tensor([5.0, 7])]
    #expect(try jvp(mixed)(point, [Tensor([Float(1), 1]), Tensor([1.0, 10])]).1.doubles == [11, 97])
    // A tensor of the enclosing function in the rule, which is batched with it.
    let scaled: Function = { x in
      let s = sum(x)
      return sum(customGradient({ @Sendable (y: Tensor) in y * s }, vjp: { _, _, dy in dy * s })(x))
    }
    for i in 0..<2 { #expect(try close(vmap(grad(scaled))(rows)[i], grad(scaled)(rows[i]))) }
    #expect(try close(grad(scaled)(x), Tensor([1.0, 1, 1])))
  }

  @Test func aRuleThatDoesNotFit() {
    let line = #line + 1
    let f = customGradient({ @Sendable (x: Tensor) in sum(x) }, vjp: { _, _, dy in dy })
    let error = #expect(throws: DescentError.self) { try grad(f)(x).doubles }
    #expect(error?.location?.line == line && error?.message.contains("f64[], expected f64[3]") == true)
  }

  @Test func marksSayThatTheyCannotBeReadBack() throws {
    let trace = Trace()
    let graph = try trace.record {
      let x = trace.input("x", TensorType(.f64, [3]))
      return try trace.finish([("y", customGradient({ @Sendable (x: Tensor) in sin(x) }, vjp: { _, _, dy in dy })(x))])
    }
    #expect(graph.text.contains("customGradient %1 %0 {of=\"customGradient\", backward="))
    #expect(graph.text.contains("not to be read back"))
    #expect(throws: DescentError.self) { try Graph.parse(graph.text, operations: registry + [CustomGradient.self]) }
  }

  // MARK: cond

  @Test func condChooses() throws {
    let f: Function = { x in
      cond(sum(x) .> 0.5, then: { sum(sin(x)) }, else: { sum(x * x * x) })
    }
    try expectSame(f, { x in `where`(sum(x) .> 0.5, sum(sin(x)), sum(x * x * x)) })
    // Each element of a batch has its own choice.
    let values = vmap(f)(rows)
    #expect(try close(values[0], sum(sin(rows[0]))) && close(values[1], sum(rows[1] * rows[1] * rows[1])))
    let trees = cond(Tensor([true], shape: []), then: { [x, x * 2] }, else: { [x * 3, x] })
    #expect(try trees[1].doubles == [1, -3, 4])
  }

  @Test func theSideNotTakenLeaksNoNaN() throws {
    let f: @Sendable (Tensor) -> Tensor = { x in cond(x .> 0, then: { sqrt(x) * log(x) }, else: { x * x }) }
    let zero = Tensor(0.0), one = Tensor(1.0)
    #expect(try grad(f)(zero).scalar == 0)
    #expect(try jvp(f)(zero, one).1.scalar == 0)
    #expect(try jvp(grad(f))(zero, one).1.scalar == 2)
    #expect(try vmap(grad(f))(Tensor([0.0, -1, 1])).doubles == [0, -2, 1])
    // As `where` does, which is what the documentation says of it.
    #expect(try grad { @Sendable (x: Tensor) in `where`(x .> 0, sqrt(x) * log(x), x * x) }(zero).scalar.isNaN)
  }

  @Test func sidesThatDoNotFit() {
    let x = x
    let line = #line + 1
    let f: Function = { y in sum(cond(sum(y) .> 0, then: { y }, else: { y[0] })) }
    for result in [f(x), grad(f)(x)] {
      let error = #expect(throws: DescentError.self) { try result.doubles }
      #expect(error?.location?.line == line && error?.message.contains("f64[], expected f64[3]") == true)
    }
    let predicate = #expect(throws: DescentError.self) { try cond(x .> 0, then: { x }, else: { x }).doubles }
    #expect(predicate?.message.contains("bool[3]") == true && predicate?.location?.line == #line - 1)
  }
}
