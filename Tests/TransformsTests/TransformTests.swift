// What the transforms are besides right numbers: trees, constants, compositions, places and errors.

import DescentIR
import DescentOps
import DescentTransforms
import Foundation
import Testing

private struct Layer: ParameterTree { var W, b: Tensor }

private func close(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-12) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

@Suite struct TransformTests {
  private let x = Tensor([0.5, -1.5, 2])
  private let layer = Layer(W: Tensor([0.3, -0.2, 0.5, 0.1, 0.7, -0.4], shape: [3, 2]), b: Tensor([0.1, -0.3]))
  private let loss: @Sendable (Layer, Tensor) -> Tensor = { sum(square(tanh(matmul($1, $0.W) + $0.b))) }

  @Test func treesGoForwardAndBack() throws {
    let direction = map(layer) { $0 * 0.5 + 1 }
    // Bound first, as for `grad` with several arguments.
    let (gradientOfLoss, alongLoss, backThroughLoss) = (grad(loss), jvp(loss), vjp(loss))
    let gradient = gradientOfLoss(layer, x)
    let expected = try (sum(gradient.W * direction.W) + sum(gradient.b * direction.b)).scalar
    let (value, tangent) = alongLoss(layer, direction, x)
    #expect(close([try value.scalar, try tangent.scalar], [try loss(layer, x).scalar, expected]))
    let (_, pullBack) = backThroughLoss(layer, x)
    #expect(close(try pullBack(Tensor(1.0)).W.doubles, try gradient.W.doubles))
    #expect(close(try pullBack(Tensor(2.0)).b.doubles, try (gradient.b * 2).doubles))
    // A result that is a tree, with a leaf that has no derivative.
    let f: @Sendable (Tensor) -> [String: Tensor] = { ["square": $0 * $0, "top": argmax($0), "one": Tensor(1.0)] }
    let (_, push) = jvp(f)(x, Tensor([1.0, 0, 2]))
    #expect(try push["square"]?.doubles == [1, 0, 8] && push["top"]?.integers == [0] && push["one"]?.doubles == [0])
  }

  @Test func treesHaveHessians() throws {
    let (loss, x) = (loss, x)
    let (vector, restore) = ravel(layer)
    #expect(vector.shape == [8])
    #expect(try restore(vector).W.doubles == layer.W.doubles)
    let flat: @Sendable (Tensor) -> Tensor = { loss(restore($0), x) }
    let matrix = hessian(flat)(vector)
    let direction = map(layer) { $0 * 0.5 + 1 }
    let hvp = hessianVectorProduct(loss)
    let product = hvp(layer, direction, x)
    #expect(close(try ravel(product).vector.doubles, try matmul(matrix, ravel(direction).vector).doubles))
    #expect(close(try matrix.doubles, try transpose(matrix).doubles))
  }

  @Test func modesNest() throws {
    let cube: @Sendable (Tensor) -> Tensor = { $0 * $0 * $0 }
    let one = Tensor(1.0), two = Tensor(2.0)
    let along: @Sendable (Tensor) -> Tensor = { jvp(cube)($0, one).1 }
    #expect(try jvp(along)(two, one).1.scalar == 12)
    #expect(try grad(along)(two).scalar == 12)
    #expect(try jvp(grad(cube))(two, one).1.scalar == 12)
    #expect(try grad { @Sendable (x: Tensor) in vjp(cube)(x).1(x) }(two).scalar == 36)
    // The direction of an outer derivative is a constant to the inner one, and the other way round.
    let confused: @Sendable (Tensor) -> Tensor = { x in x * jvp({ @Sendable (y: Tensor) in x + y })(one, one).1 }
    #expect(try jvp(confused)(one, one).1.scalar == 1)
  }

  @Test func stopGradientStopsAllModes() throws {
    let f: @Sendable (Tensor) -> Tensor = { sum($0 * stopGradient($0)) }
    #expect(try grad(f)(x).doubles == [0.5, -1.5, 2])
    #expect(try jvp(f)(x, Tensor([1.0, 1, 1])).1.scalar == 1)
    #expect(try vmap(grad(f))(stack([x, x])).doubles == [0.5, -1.5, 2, 0.5, -1.5, 2])
  }

  /// A tangent has its primal's type on both sides of a conversion.
  @Test func conversionsConvertTangents() throws {
    let f: @Sendable (Tensor) -> Tensor = { convert(sin(convert($0, to: .f32)), to: .f64) * 2 }
    let (_, tangent) = jvp(f)(x, Tensor([1.0, 0, -1]))
    #expect(tangent.type == x.type)
    #expect(close(try tangent.doubles, try (cos(x) * Tensor([2.0, 0, -2])).doubles, 1e-6))
  }

  @Test func threeResults() throws {
    let f = valueAndGrad { @Sendable (x: Tensor) in (sum(x * x), [x + 1]) }
    let (value, auxiliary, gradient) = vmap(f, out: -1)(stack([x, x * 2]))
    #expect(try value.doubles == [6.5, 26] && gradient.shape == [3, 2])
    #expect(
      try auxiliary[0].doubles == [1.5, 2, -0.5, -2, 3, 5] && transpose(gradient).doubles == [1, -3, 4, 2, -6, 8])
  }

  // MARK: vmap

  @Test func perExampleGradients() throws {
    let rows = stack([x, x * 2, x - 1])
    let loss = loss, gradient = grad(loss), both = valueAndGrad(loss)
    let ofRows = vmap(gradient, in: [nil, 0]), bothOfRows = vmap(both, in: [nil, 0]), losses = vmap(loss, in: [nil, 0])
    let gradients = ofRows(layer, rows)
    #expect(gradients.W.shape == [3, 3, 2] && gradients.b.shape == [3, 2])
    for i in 0..<3 {
      let one = gradient(layer, rows[i])
      #expect(close(try gradients.W[i].doubles, try one.W.doubles))
      #expect(close(try gradients.b[i].doubles, try one.b.doubles))
    }
    let (values, same) = bothOfRows(layer, rows)
    #expect(values.shape == [3])
    #expect(close(try same.W.doubles, try gradients.W.doubles))
    // The gradient of the mean is the mean of the gradients.
    let whole = grad { @Sendable (layer: Layer) in mean(losses(layer, rows)) }(layer)
    #expect(close(try whole.W.doubles, try mean(gradients.W, axes: [0]).doubles))
  }

  @Test func resultsThatDoNotDependAreRepeated() throws {
    let f = vmap({ @Sendable (x: Tensor) in [Tensor([1.0, 2]), x] }, out: -1)
    let result = f(x)
    #expect(try result[0].doubles == [1, 1, 1, 2, 2, 2] && result[0].shape == [2, 3])
    #expect(try result[1].doubles == x.doubles)
  }

  @Test func randomNumbersFollowTheKey() throws {
    let draw: @Sendable (Tensor, RandomKey) -> Tensor = { $0 + normal([2], key: $1, dtype: .f64) }
    let zero = Tensor([0.0, 0, 0])
    let drawShared = vmap(draw, in: [0, nil]), drawOwn = vmap(draw)
    let shared = drawShared(zero, RandomKey(seed: 3))
    #expect(try shared[0].doubles == shared[2].doubles)
    let keys = RandomKey(seed: Tensor([Int64(3), 3, 3]), stream: Tensor([Int64(0), 1, 2]))
    let own = drawOwn(zero, keys)
    for i in 0..<3 {
      #expect(try own[i].doubles == normal([2], key: RandomKey(seed: 3, stream: i), dtype: .f64).doubles)
    }
  }

  // MARK: Errors

  private func location(_ line: Int) -> DescentIR.SourceLocation {
    DescentIR.SourceLocation(file: "TransformsTests/TransformTests.swift", line: line)
  }
  private func expectError(
    _ tensor: Tensor, _ line: Int, _ words: String..., at: Testing.SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: DescentError.self, sourceLocation: at) { try tensor.doubles }
    #expect(error?.location == location(line), "\(error.map { "\($0)" } ?? "")", sourceLocation: at)
    for word in words {
      #expect(error?.message.contains(word) == true, "\(error.map { "\($0)" } ?? "")", sourceLocation: at)
    }
  }

  @Test func axesThatDoNotFit() {
    let f: @Sendable (Tensor, Tensor) -> Tensor = { $0 + $1 }
    // Bound first, as for `grad` with several arguments.
    let axis = vmap(f, in: [0, 1]), both = vmap(f), one = vmap(f, in: [0]), none = vmap(f, in: [nil, nil])
    let place = #line - 1
    let out = vmap(f, out: 1)
    expectError(axis(x, x), place, "axis 1", "argument 1", "f64[3]")
    expectError(both(x, Tensor([1.0, 2])), place, "3 elements of argument 0", "2 of argument 1", "f64[2]")
    expectError(one(x, x), place, "1 arguments", "takes 2")
    expectError(none(x, x), place, "no batched tensor")
    expectError(out(x, x), place + 2, "axis 1", "1 axes")
    let tree: @Sendable ([String: Tensor]) -> Tensor = { $0["a"]! }
    expectError(vmap(tree)(["a": x, "b": Tensor(1.0)]), #line, "at 'b'")
    // Within another transform too.
    expectError(grad { @Sendable (y: Tensor) in sum(both(y, Tensor([1.0, 2]))) }(x), place, "3 elements")
  }

  @Test func tangentsAndCotangentsThatDoNotFit() {
    let f: @Sendable (Tensor) -> Tensor = { $0 * $0 }
    expectError(jvp(f)(x, Tensor([Float(1), 2, 3])).1, #line, "f32[3]", "f64[3]")
    expectError(jvp(f)(x, Tensor([1.0, 2])).0, #line, "f64[2]", "f64[3]")
    expectError(vjp(f)(x).1(Tensor(1.0)), #line, "f64[]", "f64[3]")
    expectError(jvp({ @Sendable (p: Layer) in p.b })(layer, Layer(W: layer.W, b: x)).1, #line, "'b'")
    expectError(jvp(f)(Tensor([Int32(1)]), Tensor([Int32(1)])).1, #line, "i32[1]")
    expectError(jacobian { @Sendable (x: Tensor) in argmax(x) }(x), #line, "i32[]")
    expectError(hessian { @Sendable (x: Tensor) in x * 2 }(x), #line, "f64[3]")
  }

  /// An error within the function is at the user's line, not at one of the batching rules'.
  @Test func anErrorInsideKeepsItsLine() {
    let line = #line + 1
    let f: @Sendable (Tensor) -> Tensor = { sum(matmul(expandDims($0, axis: 0), zeros([2, 2], dtype: .f64))) }
    let rows = stack([x, x])
    for result in [
      vmap(f)(rows), vmap(grad(f))(rows), jvp(f)(x, x).1, vjp(f)(x).0, jacobian(f)(x), hessian(f)(x), checkpoint(f)(x),
      grad(checkpoint(f))(x), grad { @Sendable (x: Tensor) in cond(sum(x) .> 0, then: { f(x) }, else: { sum(x) }) }(x),
    ] { expectError(result, line, "[2,2]") }
  }

  /// Batched nodes are at the place of those that they stand for, and so is what rules append.
  @Test func nodesAreWhereTheUserWroteThem() throws {
    let line = #line + 2
    let f: @Sendable (Tensor, Tensor) -> Tensor = { x, w in
      let y = softmax(matmul(x, w))
      let z = gather(y, argmax(x) + 0)
      return sum(z * product(x))
    }
    let lines = Set(line..<line + 3)
    let trace = Trace()
    let graph = try trace.record {
      let x = trace.input("x", TensorType(.f64, [4, 3])), w = trace.input("w", TensorType(.f64, [3, 3]))
      let gradients = vmap(grad(f), in: [0, nil]), values = vmap(f, in: [0, nil])
      let (y, z) = (gradients(x, w), values(x, w))
      let (_, t) = jvp({ @Sendable (x: Tensor) in f(x, w) })(x[0], x[0])
      return try trace.finish([("y", y), ("z", z), ("t", t)])
    }
    for node in graph.nodes where !(node.op is Constant || node.op is Input) {
      let location = try #require(node.location, "\(node.op.name)")
      #expect(location.file == "TransformsTests/TransformTests.swift", "\(node.op.name)")
      // The transforms' own nodes are where the transforms were called.
      let isOfTransform = (line + 3..<line + 13).contains(location.line)
      #expect(lines.contains(location.line) || isOfTransform, "\(node.op.name): \(location.line)")
    }
  }
}
