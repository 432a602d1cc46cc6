// Roots, least points and fixed points against closed forms, with derivatives, batches and compiled.

import DescentDriver
import DescentIR
import DescentOps
import DescentTransforms
import Foundation
import Testing

@Suite struct RootTests {
  typealias Method = @Sendable (@escaping @Sendable (Tensor) -> Tensor, Tensor, Tensor) -> Tensor
  private static let methods: [(String, Method)] = [
    ("bisect", { bisect($0, from: $1, to: $2) }), ("brent", { brent($0, from: $1, to: $2) }),
    ("newton", { f, low, high in newton(f, from: (low + high) * 0.5) }),
  ]
  private func near(_ x: Tensor, _ y: [Double], _ allowed: Double) throws -> Bool {
    let x = try x.doubles
    return x.count == y.count && zip(x, y).allSatisfy { abs($0 - $1) <= allowed * max(1, abs($1)) }
  }

  /// x³ = a: x, x' = a^(-2/3) / 3, x'' = -2/9 a^(-5/3).
  @Test(arguments: methods.indices) func cubeRoots(_ number: Int) throws {
    let method = Self.methods[number].1
    let a = Tensor([0.001, 0.5, 1, 8, 27])
    let root: @Sendable (Tensor) -> Tensor = { a in
      method({ x in x * x * x - a }, zerosLike(a) + 0.05, zerosLike(a) + 4)
    }
    let values = [0.001, 0.5, 1, 8, 27].map { pow($0, 1 / 3.0) }
    #expect(try near(root(a), values, 1e-14))
    let slopes = values.map { 1 / (3 * $0 * $0) }, second = values.map { -2 / (9 * pow($0, 5)) }
    let first: @Sendable (Tensor) -> Tensor = grad { a in sum(root(a)) }
    #expect(try near(first(a), slopes, 1e-12))
    #expect(try near(jvp(root)(a, onesLike(a)).1, slopes, 1e-12))
    #expect(try near(grad { a in sum(first(a)) }(a), second, 1e-10))
    #expect(try near(vmap(root)(a), values, 1e-14))
    #expect(try near(compile(root)(a), values, 1e-14))
    #expect(try near(compile(first)(a), slopes, 1e-12))
    let single = root(convert(a, to: .f32))
    #expect(single.dtype == .f32)
    #expect(try near(single, values, 1e-6))
  }

  @Test func whatHasNoRootIsNaNAndLeavesTheOthers() throws {
    let a = Tensor([2.0, -1, 9])
    for f in [bisect, brent]
      as [(@escaping @Sendable (Tensor) -> Tensor, Tensor, Tensor, Double?, StaticString, UInt) -> Tensor]
    {
      let x = try f({ x in x * x - a }, Tensor(0.0), Tensor(3.0), nil, #fileID, #line).doubles
      #expect(abs(x[0] - 2.0.squareRoot()) < 1e-14 && x[1].isNaN && x[2] == 3)
    }
    let never = try newton({ x in x * x + 1 }, from: Tensor([0.3]), limit: 20).doubles
    #expect(never[0].isNaN)
  }

  /// Hard ones of Brent's book: a flat root, a steep one, one at an end.
  @Test func brentIsRightWhereFunctionsAreHard() throws {
    let f: [@Sendable (Tensor) -> Tensor] = [
      { x in power(x - 1, 5) }, { x in tanh((x - 0.3) * 1e4) }, { x in exp(x) - 1 }, { x in x * x * x - 2 * x - 5 },
    ]
    let roots = [1, 0.3, 0, 2.0945514815423265]
    for (f, root) in zip(f, roots) {
      let x = try brent(f, from: Tensor(0.0), to: Tensor(3.0)).doubles[0]
      #expect(abs(x - root) < (root == 1 ? 1e-3 : 1e-12), "\(root): \(x)")
    }
  }

  /// (x - a)² eˣ + b has its least point at a; cos at the ends.
  @Test func leastPoints() throws {
    let a = Tensor([-0.5, 0.25, 0.9])
    let f: @Sendable (Tensor) -> (point: Tensor, value: Tensor) = { a in
      goldenSection({ x in square(x - a) * exp(x) + 3 * a }, from: Tensor(-1.0), to: Tensor(1.0))
    }
    #expect(try near(f(a).point, [-0.5, 0.25, 0.9], 1e-7))
    #expect(try near(f(a).value, [-1.5, 0.75, 2.7], 1e-13))
    #expect(try near(grad { a in sum(f(a).point) }(a), [1, 1, 1], 1e-6))
    #expect(try near(compile { (a: Tensor) in f(a).point }(a), [-0.5, 0.25, 0.9], 1e-7))
    let atEnd = goldenSection({ x in cos(x) }, from: Tensor([0.5, -1]), to: Tensor([2.0, 0.5]))
    #expect(try atEnd.point.doubles == [2, -1])
  }

  /// x = A x + b, x = (I - A)⁻¹ b; x = cos(a x).
  @Test func fixedPoints() throws {
    let a = Tensor([[0.5, 0.2], [-0.1, 0.3]]), b = Tensor([1.0, 2])
    let f: @Sendable (Tensor) -> Tensor = { b in fixedPoint(from: zerosLike(b)) { x in matmul(a, x) + b } }
    let wanted = try solve(eye(2, dtype: .f64) - a, b).doubles
    #expect(try near(f(b), wanted, 1e-12))
    let slopes = try matmul(transpose(inverse(eye(2, dtype: .f64) - a)), ones([2], dtype: .f64)).doubles
    #expect(try near(grad { b in sum(f(b)) }(b), slopes, 1e-9))
    let g: @Sendable (Tensor) -> Tensor = { a in fixedPoint(from: Tensor([0.5])) { x in cos(a * x) } }
    let x = try g(Tensor([1.0])).doubles[0]
    #expect(abs(x - 0.7390851332151607) < 1e-12)
    // x' = -x sin(a x) / (1 + a sin(a x)).
    let slope = -x * Foundation.sin(x) / (1 + Foundation.sin(x))
    #expect(try near(grad { a in sum(g(a)) }(Tensor([1.0])), [slope], 1e-9))
    let h = 1e-4
    let (up, down) = (
      try grad { a in sum(g(a)) }(Tensor([1 + h])).doubles[0], try grad { a in sum(g(a)) }(Tensor([1 - h])).doubles[0]
    )
    let first: @Sendable (Tensor) -> Tensor = grad { a in sum(g(a)) }
    #expect(try near(grad { a in sum(first(a)) }(Tensor([1.0])), [(up - down) / (2 * h)], 1e-6))
  }

  @Test func loopsWithABoundHaveDerivatives() throws {
    // Doubles until it is above 10: 3 → 12, so that the derivative is 4; from 6 once.
    let f: @Sendable (Tensor) -> Tensor = { x in whileLoop(x, limit: 20, while: { $0 .< 10.0 }) { $0 * 2 } }
    #expect(try f(Tensor(3.0)).doubles == [12])
    #expect(try grad(f)(Tensor(3.0)).doubles == [4])
    #expect(try vmap(f)(Tensor([3.0, 6, 11])).doubles == [12, 12, 11])
    #expect(try vmap(grad(f))(Tensor([3.0, 6, 11])).doubles == [4, 2, 1])
    let squares = map(over: Tensor([1.0, 2, 3])) { x in x * x }
    #expect(try squares.doubles == [1, 4, 9])
  }
}
