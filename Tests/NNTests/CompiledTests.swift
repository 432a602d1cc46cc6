// Whole training steps and initialization as C, against the same code run by the interpreter.

import DescentDriver
import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Testing

@Suite(.serialized) struct CompiledTests {
  static let model = Sequential {
    Dense(7)
    ReLU()
    Dense(3)
  }
  static let optimizers: [any Optimizer] = [
    SGD(learningRate: 0.1), SGD(learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01),
    Adam(learningRate: 0.01),
  ]

  @Test(arguments: optimizers.indices) func stepsAreTheInterpreters(_ index: Int) throws {
    try check(Self.optimizers[index])
  }
  private func check(_ optimizer: some Optimizer) throws {
    let x = normal([16, 5], key: RandomKey(seed: 3), dtype: .f64)
    let labels = Tensor((0..<16).map { Int32($0 % 3) })
    let model = Self.model
    let loss = valueAndGrad { @Sendable (w: Weights, x: Tensor) in softmaxCrossEntropy(model(w, x), labels: labels) }
    let step = {
      @Sendable (w: Weights, state: OptimizerState<Weights>, x: Tensor, step: Tensor) -> (
        Tensor, Weights, OptimizerState<Weights>
      ) in
      let (value, gradient) = loss(w, x)
      let updated = optimizer.update(w, gradient: gradient, state: state, step: step)
      return (value, updated.parameters, updated.state)
    }
    let compiled = compile(step)
    var (w, state) = (try model.initialize(input: x.type, seed: 1), OptimizerState<Weights>())
    state = optimizer.initialState(w)
    var (v, other) = (w, state)
    for index in 0..<5 {
      let (a, b): (Tensor, Tensor)
      (a, w, state) = step(w, state, x, Tensor(Int64(index)))
      (b, v, other) = try compiled(v, other, x, Tensor(Int64(index)))
      #expect(OptimizerTests.difference(try b.doubles, try a.doubles) < 1e-12)
    }
    #expect(try w.flattened().paths == v.flattened().paths)
    for (a, b) in zip(try w.flattened().leaves, try v.flattened().leaves) {
      #expect(OptimizerTests.difference(try b.doubles, try a.doubles) < 1e-10)
    }
  }

  @Test func initializationIsTheInterpreters() throws {
    let draw = { @Sendable (key: RandomKey) -> Weights in
      do { return try Self.model.initialize(input: TensorType(.f32, [16, 5]), key: key) } catch { return Weights() }
    }
    let compiled = try compile(draw)(RandomKey(seed: 4))
    let expected = draw(RandomKey(seed: 4))
    #expect(try compiled.flattened().paths == ["0.weight", "0.bias", "2.weight", "2.bias"])
    for (a, b) in zip(try compiled.flattened().leaves, try expected.flattened().leaves) {
      #expect(OptimizerTests.difference(try a.doubles, try b.doubles) < 1e-6)
    }
  }
}
