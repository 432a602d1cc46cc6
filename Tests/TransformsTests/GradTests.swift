// grad and valueAndGrad: every shape of tree, higher derivatives, auxiliary outputs, and the errors.

import DescentIR
import DescentOps
import DescentTransforms
import Foundation
import Testing

private struct Affine: ParameterTree, Equatable {
  enum Kind: String, Codable { case plain, squared }
  var weight: Tensor
  var bias: Tensor?
  var kind = Kind.plain
  var scale = 2.0
  static func == (a: Affine, b: Affine) -> Bool { a.kind == b.kind && a.scale == b.scale }
}
private struct Network: ParameterTree {
  var layers: [Affine]
  var named: [String: Tensor]
  var nothing: [Affine]
}

@Suite struct GradTests {
  private let x = Tensor([0.5, -1.5, 2])

  @Test func nestedTrees() throws {
    let network = Network(
      layers: [
        Affine(weight: x, bias: Tensor([1.0, 1, 1])), Affine(weight: x * 2, bias: nil, kind: .squared, scale: 3),
      ],
      named: ["b": Tensor(4.0), "a": Tensor(3.0)], nothing: [])
    let gradient = grad { @Sendable (n: Network) in
      var y = n.named["a"]! * n.named["b"]! * n.named["b"]!
      for layer in n.layers {
        let part = sum(layer.kind == .squared ? square(layer.weight) : layer.weight) * layer.scale
        y = y + part + (layer.bias.map { sum($0) * 5 } ?? Tensor(0.0))
      }
      return y
    }(network)
    #expect(
      try gradient.flattened().paths == ["layers.0.weight", "layers.0.bias", "layers.1.weight", "named.a", "named.b"])
    #expect(try gradient.layers[0].weight.doubles == [2, 2, 2])
    #expect(try gradient.layers[0].bias?.doubles == [5, 5, 5])
    #expect(try gradient.layers[1].weight.doubles == [6, -18, 24])
    #expect(gradient.layers[1].bias == nil && gradient.nothing.isEmpty)
    #expect(gradient.layers[1] == network.layers[1])
    #expect(try gradient.named["a"]?.scalar == 16 && gradient.named["b"]?.scalar == 24)
  }

  @Test func arraysOptionalsAndDictionaries() throws {
    #expect(try grad { @Sendable (p: [Tensor]) in sum(p[0] * p[1]) }([x, x + 1])[0].doubles == [1.5, -0.5, 3])
    // The optionals are variables: promoting an argument to an optional here crashes Swift 6.3.1.
    let (some, none): (Tensor?, Tensor?) = (x, nil)
    let ofOptional = grad { @Sendable (p: Tensor?) in p.map { sum(square($0)) } ?? Tensor(1.0) }
    #expect(try ofOptional(some)?.doubles == [1, -3, 4])
    #expect(ofOptional(none) == nil)
    let gradient = grad { @Sendable (p: [String: [Tensor]]) in sum(p["u"]![1]) }(["u": [x, x], "t": []])
    #expect(try gradient["u"]!.map { try $0.doubles } == [[0, 0, 0], [1, 1, 1]])
    #expect(gradient["t"]?.isEmpty == true)
  }

  @Test func onlyTheFirstArgumentIsDifferentiated() throws {
    let f = grad { @Sendable (p: Tensor, a: Tensor, b: [Tensor]) in sum(p * a * b[0]) }
    #expect(try f(x, x, [x * 0 + 2]).doubles == [1, -3, 4])
    #expect(try f(x, x, [x]).doubles == [0.25, 2.25, 4])
  }

  @Test func captureOfTheSameTensorIsAConstant() throws {
    let x = x
    #expect(try grad { @Sendable (p: Tensor) in sum(p * x) }(x).doubles == [0.5, -1.5, 2])
    // Within another transform the captured tensor is a node, the very one that is the argument.
    let outer = grad { @Sendable (q: Tensor) in sum(grad { @Sendable (p: Tensor) in sum(p * q * q) }(q)) }
    #expect(try outer(x).doubles == [1, -3, 4])
  }

  @Test func derivativesOfHigherOrder() throws {
    let points = [-1.3, 0.0, 0.4, 2.0]
    for p in points {
      let cube: @Sendable (Tensor) -> Tensor = { $0 * $0 * $0 }
      #expect(abs(try grad(grad(cube))(Tensor(p)).scalar - 6 * p) < 1e-14)
      #expect(abs(try grad(grad(grad(cube)))(Tensor(p)).scalar - 6) < 1e-14)
      let t = Foundation.tanh(p)
      let second = grad(grad { @Sendable (x: Tensor) in tanh(x) })
      #expect(abs(try second(Tensor(p)).scalar - -2 * t * (1 - t * t)) < 1e-14)
      let third = grad(second)
      #expect(abs(try third(Tensor(p)).scalar - (1 - t * t) * (6 * t * t - 2)) < 1e-14)
    }
  }

  /// f = |∇g|² with g = Σ tanh(x W): a gradient inside the function that is differentiated.
  @Test func gradientOfTheNormOfAGradient() throws {
    let w = Tensor([0.3, -0.2, 0.5, 0.1, 0.7, -0.4], shape: [3, 2])
    let f: @Sendable (Tensor) -> Tensor = { x in
      sum(square(grad { @Sendable (x: Tensor) in sum(tanh(matmul(x, w))) }(x)))
    }
    let gradient = try grad(f)(x).doubles
    let h = 1e-5
    for i in 0..<3 {
      func moved(_ by: Double) throws -> Double {
        var values = try x.doubles
        values[i] += by
        return try f(Tensor(values)).scalar
      }
      #expect(abs(try (moved(h) - moved(-h)) / (2 * h) - gradient[i]) < 1e-9)
    }
  }

  @Test func valueAndAuxiliary() throws {
    let (value, gradient) = valueAndGrad { @Sendable (p: Tensor) in sum(square(p)) }(x)
    #expect(try value.scalar == 6.5 && gradient.doubles == [1, -3, 4])
    let withAuxiliary = valueAndGrad { @Sendable (p: Tensor) -> (Tensor, [String: Tensor]) in
      (sum(square(p)), ["double": p * 2, "count": Tensor([Int32(3)])])
    }
    let (v, auxiliary, g) = withAuxiliary(x)
    #expect(try v.scalar == 6.5 && g.doubles == [1, -3, 4])
    #expect(try auxiliary["double"]?.doubles == [1, -3, 4] && auxiliary["count"]?.integers == [3])
  }

  @Test func whatDoesNotDependHasZeroGradient() throws {
    #expect(try grad { @Sendable (p: [Tensor]) in sum(p[0]) }([x, x])[1].doubles == [0, 0, 0])
    #expect(try grad { @Sendable (p: Tensor) in sum(stopGradient(p) * 3) }(x).doubles == [0, 0, 0])
    #expect(try grad { @Sendable (p: Tensor) in Tensor(2.0) }(x).doubles == [0, 0, 0])
  }

  @Test func aResultThatIsNoScalarIsAnError() {
    let line = #line + 1
    let gradient = grad { @Sendable (p: Tensor) in p * 2 }(x)
    let error = #expect(throws: DescentError.self) { try gradient.doubles }
    #expect(error?.kind == .gradient && error?.message.contains("f64[3]") == true)
    #expect(error?.location == SourceLocation("TransformsTests/GradTests.swift", UInt(line)))
    let integer = #expect(throws: DescentError.self) {
      try grad { @Sendable (p: Tensor) in sum(convert(p, to: .i32)) }(x).doubles
    }
    #expect(integer?.kind == .gradient && integer?.message.contains("i32[]") == true)
  }

  @Test func anIntegerLeafIsAnError() {
    let line = #line + 1
    let gradient = grad { @Sendable (p: [String: Tensor]) in sum(p["real"]!) }(["real": x, "count": Tensor([Int32(1)])])
    let error = #expect(throws: DescentError.self) { try gradient["real"]!.doubles }
    #expect(error?.kind == .gradient && error?.location?.line == line)
    #expect(error?.message.contains("'count'") == true && error?.message.contains("i32[1]") == true)
  }

  @Test func anErrorInsideTheFunctionKeepsItsLine() {
    let line = #line + 1
    let f: @Sendable (Tensor) -> Tensor = { sum(matmul($0, zeros([2, 2], dtype: .f64))) }
    for order in [grad(f), grad { @Sendable (x: Tensor) in sum(grad(f)(x)) }] {
      let error = #expect(throws: DescentError.self) { try order(x).doubles }
      #expect(error?.location?.line == line && error?.message.contains("[2,2]") == true)
    }
  }

  @Test func treesOfDifferentStructureAreAnError() {
    let sum = map([x], [x, x]) { $0 + $1 }
    #expect(throws: DescentError.self) { try sum[0].doubles }
  }
}
