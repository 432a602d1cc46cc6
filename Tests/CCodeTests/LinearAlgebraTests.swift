// Linear algebra: values, first and second derivatives and batches against JAX's, interpreted; then the same compiled. And what has
// no result: indefinite and singular matrices, equal eigenvalues, numbers that are not finite.

import DescentIR
import DescentInterpreter
import DescentOps
import DescentTransforms
import Foundation
import Testing

/// What Tests/fixtures/linear_algebra.py writes.
private struct Fixture: Decodable {
  struct Array: Decodable {
    var shape: [Int]
    var values: [Double]
    func array(_ dtype: DType) -> HostArray { HostArray(TensorType(dtype, Shape(shape))) { values[$0] } }
  }
  var x, directions, batch, gradient, second: [Array]
  var weights, value, tangent, ofBatch: Array

  static let all: [String: Fixture] = {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/linear_algebra.json")
    return try! JSONDecoder().decode([String: Fixture].self, from: try! Data(contentsOf: url))
  }()
}

@Suite struct LinearAlgebraTests {
  /// Value, tangent, batch, gradients and second derivatives along the directions, from arguments, directions, weights and batch.
  private func derivatives(_ item: LinearAlgebraCase, _ x: [Tensor]) -> [Tensor] {
    let count = (x.count - 1) / 3
    let (arguments, directions, weights, batch) = (
      Array(x[..<count]), Array(x[count..<2 * count]), x[2 * count], Array(x[(2 * count + 1)...])
    )
    let f = item.function
    let total: @Sendable ([Tensor]) -> Tensor = { sum(f($0) * weights) }
    let (value, tangent) = jvp(f)(arguments, directions)
    let gradient = grad(total)(arguments)
    return [value, tangent, vmap(f)(batch)] + gradient + hessianVectorProduct(total)(arguments, directions)
  }
  private func graph(_ item: LinearAlgebraCase, _ dtype: DType) throws -> (Graph, [HostArray]) {
    let fixture = try #require(Fixture.all[item.name], "no right numbers of \(item.name)")
    let inputs = (fixture.x + fixture.directions + [fixture.weights] + fixture.batch).map { $0.array(dtype) }
    return (try traced(inputs.map(\.type)) { derivatives(item, $0) }, inputs)
  }

  @Test(arguments: LinearAlgebraCase.all.map(\.name)) func isAsJAXHasIt(_ name: String) throws {
    let item = try #require(LinearAlgebraCase.all.first { $0.name == name }), fixture = try #require(Fixture.all[name])
    let (graph, inputs) = try graph(item, .f64)
    let expected = [fixture.value, fixture.tangent, fixture.ofBatch] + fixture.gradient + fixture.second
    let actual = try graph.evaluate(inputs)
    #expect(actual.count == expected.count)
    for (number, (a, b)) in zip(actual, expected).enumerated() {
      let scale = b.values.reduce(1) { Swift.max($0, Swift.abs($1)) }
      #expect(a.count == b.values.count)
      let worst = zip(a.doubles, b.values).reduce(0) { Swift.max($0, Swift.abs($1.0 - $1.1)) }
      #expect(worst <= 1e-9 * scale, "output \(number) is off by \(worst): \(a.doubles), not \(b.values)")
    }
  }

  @Test func compiled() throws {
    let trials = try LinearAlgebraCase.all.flatMap { item in
      try [DType.f32, .f64].map { dtype -> Trial in
        let (graph, inputs) = try graph(item, dtype)
        return Trial(name: "\(item.name) \(dtype.name)", graph: graph, inputs: inputs, isOptimized: true)
      }
    }
    try Fleet.check(trials, threads: [1, 3])
  }

  /// The greatest error of a factorisation of matrices that take blocks, whose sizes are no multiples of them.
  @Test func blocks() throws {
    let (m, n) = (150, 131)
    let x = Tensor(Sample.Operand(.f64, [m, n], -1...1).draw(seed: 3))
    let square = x[0..<n]
    let s = matmul(transpose(x), x), unit = oneHot(arange(n, dtype: .i32), classes: n, dtype: .f64)
    func expect(_ a: Tensor, _ b: Tensor, _ what: String) throws {
      let error = try max(abs(a - b)).scalar, size = try max(abs(b)).scalar
      #expect(error <= 1e-11 * Swift.max(size, 1), "\(what): \(error)")
    }
    let l = cholesky(s)
    try expect(matmul(l, transpose(l)), s, "cholesky")
    let (lower, upper, permutation) = lu(square)
    try expect(matmul(lower, upper), gather(square, permutation), "lu")
    try expect(matmul(square, inverse(square)), unit, "inverse")
    for isLower in [false, true] {
      let t = isLower ? lower : upper
      try expect(matmul(t, triangularSolve(t, s, lower: isLower)), s, "triangularSolve")
      try expect(
        matmul(transpose(t), triangularSolve(t, s, lower: isLower, transposed: true)), s, "triangularSolve")
    }
    let (q, r) = qr(x)
    try expect(matmul(q, r), x, "qr")
    try expect(matmul(transpose(q), q), unit, "q")
    let (w, v) = eigh(s)
    try expect(matmul(v * w, transpose(v)), s, "eigh")
    try expect(matmul(transpose(v), v), unit, "eigenvectors")
    for x in [x, transpose(x)] {
      let (u, values, vt) = svd(x)
      try expect(matmul(u * values, vt), x, "svd")
      try expect(matmul(transpose(u), u), unit, "left singular vectors")
      try expect(matmul(vt, transpose(vt)), unit, "right singular vectors")
    }
    // Of moderate norm, for the product loses what the factors are greater than it.
    try expect(matmul(expm(square * 0.125), expm(square * -0.125)), unit, "expm")
  }

  /// Squares of huge and of tiny numbers are not taken: what is of numbers times a power of two is that power of what it was.
  @Test(arguments: [0x1p-1000, 0x1p-600, 0x1p600, 0x1p1000]) func hugeAndTiny(_ scale: Double) throws {
    let x = Tensor(Sample.Operand(.f64, [5, 4], -1...1, diagonal: 1).draw(seed: 8)), square = x[0..<4]
    func expect(_ f: @Sendable (Tensor) -> [Tensor], _ x: Tensor) throws {
      for (number, (a, b)) in zip(f(x * scale), f(x)).enumerated() {
        #expect(try a.doubles == b.doubles || a.doubles == (b * scale).doubles, "result \(number)")
      }
    }
    try expect({ [eigh($0).values, eigh($0).vectors] }, square)
    try expect({ [svd($0).u, svd($0).s, svd($0).vt] }, x)
    try expect({ [qr($0).q, qr($0).r] }, x)
    try expect({ [lu($0).lower, lu($0).upper] }, square)
    try expect({ [solve($0, $0)] }, square)
    try expect({ [norm($0), norm($0, .two), norm($0, .one), norm($0, .infinity)] }, x)
  }

  @Test func matricesWithoutResult() throws {
    let indefinite = Tensor([1.0, 2, 2, 1], shape: [2, 2]), singular = Tensor([1.0, 2, 2, 4], shape: [2, 2])
    let l = try cholesky(indefinite).doubles
    #expect(l[0].isNaN && l[1] == 0 && l[2].isNaN && l[3].isNaN)
    #expect(try inverse(singular).doubles.allSatisfy { !$0.isFinite })
    #expect(try determinant(singular).scalar == 0)
    let (sign, logarithm) = slogdet(singular)
    #expect(try sign.scalar == 0 && logarithm.scalar == -.infinity)
    let p = pinv(singular)
    #expect(try zip(p.doubles, [0.04, 0.08, 0.08, 0.16]).allSatisfy { Swift.abs($0 - $1) < 1e-15 })
    for bad in [Double.nan, .infinity] {
      let x = Tensor([1.0, bad, bad, 1], shape: [2, 2])
      #expect(try eigh(x).values.doubles.allSatisfy(\.isNaN) && svd(x).s.doubles.allSatisfy(\.isNaN))
      #expect(try expm(x).doubles.allSatisfy(\.isNaN) && qr(x).r.doubles.contains(where: \.isNaN))
    }
    // Of rank 1: the vectors of what vanishes are orthonormal all the same.
    let (u, s, _) = svd(Tensor([0.0, 0, 0, 0, 3, 0], shape: [3, 2]))
    #expect(try s.doubles == [3, 0] && matmul(transpose(u), u).doubles == [1, 0, 0, 1])
  }

  /// As in JAX: of equal eigenvalues and singular values the derivatives are those of their sum, and those of the vectors NaN.
  @Test func equalEigenvalues() throws {
    let unit = Tensor([1.0, 0, 0, 0, 1, 0, 0, 0, 1], shape: [3, 3])
    #expect(try grad { sum(eigh($0).values) }(unit).doubles == unit.doubles)
    #expect(try grad { sum(svd($0).s) }(unit).doubles == unit.doubles)
    #expect(try grad { sum(eigh($0).vectors * Tensor([1.0, 2, 3])) }(unit).doubles.contains { !$0.isFinite })
  }

  /// Determinants of small matrices are polynomials, so that their derivatives are right at singular ones.
  @Test func derivativeOfSingularDeterminant() throws {
    let x = Tensor([1.0, 2, 2, 4], shape: [2, 2])
    #expect(try grad { determinant($0) }(x).doubles == [4, -2, -2, 1])
  }

  /// All that a function is made of is where it is called, within loops as well.
  @Test func functionsAreWhereTheyAreCalled() throws {
    for item in LinearAlgebraCase.all {
      let arguments = try #require(Fixture.all[item.name]).x.map { TensorType(.f64, Shape($0.shape)) }
      let graph = try traced(arguments) { [item.function($0)] }
      for node in graph.nodes where !(node.op is Input || node.op is Constant) {
        #expect(node.location?.file == "CCodeTests/LinearAlgebraCases.swift", "\(node.op.name) of \(item.name)")
      }
    }
  }
}
