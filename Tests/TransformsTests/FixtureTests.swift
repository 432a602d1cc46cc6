// Every transform on a handful of functions that together use many operations, against JAX in f64. The functions and the numbers
// are those of Tests/fixtures/transforms.py.

import DescentIR
import DescentOps
import DescentTransforms
import Foundation
import Testing

/// The numbers of JAX.
struct TransformFixture: Decodable, Sendable {
  struct Array: Decodable, Sendable {
    var shape: [Int]
    var values: [Double]
    var tensor: Tensor { Tensor(values, shape: Shape(shape)) }
  }
  struct Case: Decodable, Sendable {
    var name: String
    var x, v, u, weights, batch: Array
    var value, jvp, vjp, jacobian, gradient, hessian, hvp, vmap, vmapOfGrad, vmapOfHVP, gradOfVmap, jvpOfVmap: Array
  }
  var cases: [Case]
  var rows, targets, a, b, c: Array
  var kernel, kernelTransposed, kernels, kernelGradients, kernelHessians, kernelJacobian: Array

  static let shared: TransformFixture = {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/transforms.json")
    return try! JSONDecoder().decode(TransformFixture.self, from: try! Data(contentsOf: url))
  }()
}

private let forwardTolerance = 1e-10
private let derivativeTolerance = 1e-8

/// Fails unless the tensor has the fixture's shape, and its numbers up to `tolerance` of the greatest of them (at least of 1).
func expect(
  _ actual: Tensor, _ expected: TransformFixture.Array, _ tolerance: Double, _ what: String,
  at location: Testing.SourceLocation = #_sourceLocation
) throws {
  #expect(actual.shape.dimensions == expected.shape, "\(what)", sourceLocation: location)
  let scale = expected.values.reduce(1) { max($0, abs($1)) }
  let numbers = try actual.doubles
  #expect(numbers.count == expected.values.count, "\(what)", sourceLocation: location)
  for (i, (a, b)) in zip(numbers, expected.values).enumerated() where !(abs(a - b) <= tolerance * scale) {
    Issue.record("\(what): element \(i) is \(a), not \(b)", sourceLocation: location)
    return
  }
}

/// The functions, from a vector to a vector.
enum Functions {
  typealias Function = @Sendable (Tensor) -> Tensor

  private static let rows = Tensor(TransformFixture.shared.rows.values, shape: [4, 3])
  private static let targets = Tensor(TransformFixture.shared.targets.values, shape: [4, 2])

  static func mlp(_ theta: Tensor) -> Tensor {
    let w1 = reshape(theta[0..<15], [3, 5]), b1 = theta[15..<20]
    let w2 = reshape(theta[20..<30], [5, 2]), b2 = theta[30..<32]
    return flatten(matmul(tanh(matmul(rows, w1) + b1), w2) + b2 - targets)
  }
  static func entropy(_ theta: Tensor) -> Tensor {
    let table = reshape(theta[0..<12], [6, 2]), w = reshape(theta[12..<20], [2, 4])
    let logits = matmul(gather(table, Tensor([Int32(5), 0, 2, 5, 1])), w)
    let labels = oneHot(Tensor([Int32(1), 3, 0, 2, 3]), classes: 4, dtype: .f64)
    return -sum(logSoftmax(logits) * labels, axes: [1])
  }
  static func reductions(_ x: Tensor) -> Tensor {
    let m = reshape(x, [3, 4])
    let norm = sqrt(sum(m * m, axes: [1]))
    let peaks = max(m, axes: [1]) * norm + min(m, axes: [1]) + product(m, axes: [1])
    return peaks + sum(power(abs(m), 1.7), axes: [1]) + logSumExp(m) + variance(m, axes: [1]) / (1.5 + m[.all, 2])
  }
  static func elements(_ x: Tensor) -> Tensor {
    let a = exp(x) * sin(x) + cos(x) / (1.3 + x * x)
    let b = log1p(x * x) + erf(x) + sigmoid(x * 2) - expm1(-x)
    let c = `where`(x .> 0.1, power(maximum(x, 0.3), 3), rsqrt(2 + x)) + log(3 + x) * minimum(x, -x)
    let d = concatenate([reverse(a)[1...], b[0..<1]]) * pad(c[stride(from: 0, to: 5, by: 2)], low: [1], high: [1])
    return flatten(transpose(outer(d, a + b)[.all, 1..<4])) + flatten(stack([c, d, b]))
  }
  static func named(_ name: String) -> Function {
    switch name {
    case "mlp": { mlp($0) }
    case "entropy": { entropy($0) }
    case "reductions": { reductions($0) }
    default: { elements($0) }
    }
  }
  static func kernel(_ x: Tensor, _ y: Tensor) -> Tensor { exp(-sum(square(x - y))) * dot(x, y) }
}

@Suite struct FixtureTests {
  static let fixture = TransformFixture.shared

  @Test(arguments: fixture.cases.indices) func derivatives(_ index: Int) throws {
    let item = Self.fixture.cases[index]
    let f = Functions.named(item.name)
    let (x, v, weights) = (item.x.tensor, item.v.tensor, item.weights.tensor)
    let s: Functions.Function = { sum(f($0) * weights) }

    try expect(f(x), item.value, forwardTolerance, "value")
    let (value, tangent) = jvp(f)(x, v)
    try expect(value, item.value, forwardTolerance, "value of jvp")
    try expect(tangent, item.jvp, derivativeTolerance, "jvp")
    let (y, pullBack) = vjp(f)(x)
    try expect(y, item.value, forwardTolerance, "value of vjp")
    try expect(pullBack(item.u.tensor), item.vjp, derivativeTolerance, "vjp")
    // The pull-back may be called again.
    try expect(pullBack(item.u.tensor), item.vjp, derivativeTolerance, "vjp")
    try expect(jacobian(f)(x), item.jacobian, derivativeTolerance, "jacobian")
    try expect(grad(s)(x), item.gradient, derivativeTolerance, "gradient")
    try expect(hessian(s)(x), item.hessian, derivativeTolerance, "hessian")
    try expect(hessianVectorProduct(s)(x, v), item.hvp, derivativeTolerance, "hvp")
  }

  @Test(arguments: fixture.cases.indices) func batches(_ index: Int) throws {
    let item = Self.fixture.cases[index]
    let f = Functions.named(item.name)
    let (v, weights, batch) = (item.v.tensor, item.weights.tensor, item.batch.tensor)
    let s: Functions.Function = { sum(f($0) * weights) }

    try expect(vmap(f)(batch), item.vmap, forwardTolerance, "vmap")
    let columns = vmap(f, in: [1], out: -1)(transpose(batch))
    try expect(transpose(columns), item.vmap, forwardTolerance, "vmap over columns")
    try expect(vmap(grad(s))(batch), item.vmapOfGrad, derivativeTolerance, "vmap of grad")
    let hvp = hessianVectorProduct(s)
    let product = vmap(hvp, in: [0, nil])
    try expect(product(batch, v), item.vmapOfHVP, derivativeTolerance, "vmap of hvp")
    let total: Functions.Function = { sum(square(vmap(s)($0))) }
    try expect(grad(total)(batch), item.gradOfVmap, derivativeTolerance, "grad of vmap")
    let along = jvp(vmap(s))(batch, reverse(batch, axes: [0])).1
    try expect(along, item.jvpOfVmap, derivativeTolerance, "jvp of vmap")
    // A pull-back within the trace that it was made in, batched.
    let rows: Functions.Function = { x in
      let (_, pullBack) = vjp(f)(x)
      return vmap(pullBack)(oneHot(arange(weights.shape[0], dtype: .i32), classes: weights.shape[0], dtype: .f64))
    }
    try expect(jvp(rows)(item.x.tensor, v).0, item.jacobian, derivativeTolerance, "vmap of a pull-back")
    // And outside every trace.
    try expect(rows(item.x.tensor), item.jacobian, derivativeTolerance, "vmap of a pull-back")
  }

  @Test func nested() throws {
    let fixture = Self.fixture
    let (a, b, c) = (fixture.a.tensor, fixture.b.tensor, fixture.c.tensor)
    let kernel: @Sendable (Tensor, Tensor) -> Tensor = { Functions.kernel($0, $1) }
    let matrix = vmap(vmap(kernel, in: [nil, 1]), in: [0, nil])
    try expect(matrix(a, b), fixture.kernel, forwardTolerance, "kernel")
    let transposed = vmap(vmap(kernel, in: [nil, 1]), in: [0, nil], out: 1)
    try expect(transposed(a, b), fixture.kernelTransposed, forwardTolerance, "kernel transposed")
    let shifted = vmap({ @Sendable (row: Tensor) in matrix(a + row, b) }, out: 2)
    try expect(shifted(c), fixture.kernels, forwardTolerance, "kernels")
    let gradients = vmap(vmap(grad(kernel), in: [nil, 1]), in: [0, nil])
    try expect(gradients(a, b), fixture.kernelGradients, derivativeTolerance, "gradients")
    let hessians = vmap(hessian(kernel), in: [0, nil])
    try expect(hessians(a, b[.all, 0]), fixture.kernelHessians, derivativeTolerance, "hessians")
    try expect(
      jacobian { @Sendable (a: Tensor) in matrix(a, b) }(a), fixture.kernelJacobian, derivativeTolerance, "jacobian")
  }
}
