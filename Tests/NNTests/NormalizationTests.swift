// What normalised rows are, running statistics within other layers, and inputs, weights and contexts that do not fit. That the
// numbers are right is for LayerFixtures.swift.

import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Testing

@Suite struct NormalizationTests {
  private func key(_ step: Int) -> RandomKey { RandomKey(seed: 3).fold(step) }

  @Test func rowsHaveMeanZeroAndVarianceOne() throws {
    let x = normal([6, 40], key: RandomKey(seed: 1), dtype: .f64, mean: 5, standardDeviation: 3)
    let layer = LayerNorm(epsilon: 0)
    let y = layer(try layer.initialize(input: x.type, seed: 1), x)
    #expect(try mean(y, axes: [1]).doubles.allSatisfy { abs($0) < 1e-14 })
    #expect(try variance(y, axes: [1]).doubles.allSatisfy { abs($0 - 1) < 1e-13 })
  }

  /// A mean that is large beside the deviations does not drown them: f32 at 4096 ± 1 still normalises to three digits.
  @Test func varianceIsCentred() throws {
    let x = normal([64, 4], key: RandomKey(seed: 1), mean: 4096)
    let exact = convert(x, to: .f64)
    for layer in [BatchNorm(affine: false), LayerNorm(affine: false)] as [any Layer] {
      let (a, b) = (layer(Weights(), x, Context(isTraining: true)), layer(Weights(), exact, Context(isTraining: true)))
      #expect(try zip(a.doubles, b.doubles).allSatisfy { abs($0 - $1) < 2e-3 })
    }
  }

  @Test func stateIsFoundWithinOtherLayers() throws {
    let model = Sequential {
      Residual(shortcut: BatchNorm(momentum: 1)) {
        Dense(3)
        BatchNorm(momentum: 1)
      }
      Parallel {
        BatchNorm(momentum: 1)
        Flatten()
      }
    }
    let type = TensorType(.f64, [16, 3])
    let paths = [
      "0.body.1.mean", "0.body.1.variance", "0.shortcut.mean", "0.shortcut.variance", "1.0.mean", "1.0.variance",
    ]
    let before = try model.initialState(input: type)
    #expect(before.types.map(\.path) == paths)
    let w = try model.initialize(input: type, seed: 1)
    let x = normal(type.shape, key: RandomKey(seed: 2), dtype: .f64)
    let state = RunningState(before)
    let trained = model(w, x, Context(isTraining: true, key: key(0), state: state))
    #expect(try state.current.flattened().paths == paths)
    #expect(
      try zip(before.flattened().leaves, state.current.flattened().leaves).allSatisfy { try $0.doubles != $1.doubles })
    // With a momentum of 1 inference differs from training by the unbiased variance alone.
    let inference = model(w, x, Context(state: state))
    #expect(inference.type == trained.type && trained.type == TensorType(.f64, [16, 6]))
    let (a, b) = (try trained.doubles, try inference.doubles)
    #expect(a != b)
    #expect(zip(a, b).allSatisfy { abs($0 - $1) < 0.3 })
  }

  @Test func trainingWithoutStateNormalises() throws {
    let x = normal([16, 3], key: RandomKey(seed: 2), dtype: .f64)
    let layer = BatchNorm(affine: false)
    let running = RunningState(try layer.initialState(input: x.type))
    let (a, b) = (
      layer(Weights(), x, Context(isTraining: true)), layer(Weights(), x, Context(isTraining: true, state: running))
    )
    #expect(try a.doubles == b.doubles)
  }

  @Test func inferenceWithoutStateIsAnError() throws {
    let line = #line + 1
    let layer = BatchNorm(affine: false)
    let error = #expect(throws: DescentError.self) { try layer(Weights(), zeros([4, 2])).doubles }
    #expect(error?.location?.line == line && error?.message.contains("running statistics") == true)
    let single = #expect(throws: DescentError.self) {
      try layer(Weights(), zeros([1, 2]), Context(isTraining: true)).doubles
    }
    #expect(single?.location?.line == line && single?.message.contains("f32[1,2]") == true)
  }

  @Test func inputsThatDoNotFit() {
    let cases: [(any Layer, TensorType)] = [
      (LayerNorm(axes: 3), TensorType(.f32, [4, 5])), (LayerNorm(axes: 0), TensorType(.f32, [4, 5])),
      (RMSNorm(), TensorType(.i32, [4, 5])), (GroupNorm(2), TensorType(.f32, [4, 5])),
      (GroupNorm(0), TensorType(.f32, [4, 5])), (GroupNorm(5), TensorType(.f32, [5])),
      (InstanceNorm(), TensorType(.f32, [4, 5])), (InstanceNorm(), TensorType(.f32, [4, 1, 5])),
      (BatchNorm(), TensorType(.f32, [5])), (BatchNorm(), TensorType(.f32, [0, 5])),
    ]
    for (layer, type) in cases {
      let first = #expect(throws: DescentError.self, "\(layer)") { try layer.initialize(input: type, seed: 1) }
      let second = #expect(throws: DescentError.self, "\(layer)") { try layer.output(input: type) }
      let third = #expect(throws: DescentError.self, "\(layer)") {
        try layer(Weights(), zeros(type.shape, dtype: type.dtype), Context(isTraining: true)).doubles
      }
      for error in [first, second, third] {
        #expect(error?.location?.file == "NNTests/NormalizationTests.swift")
        #expect(error?.message.contains("\(type)") == true, "\(String(describing: error))")
      }
    }
  }

  @Test func weightsThatDoNotFit() {
    let missing = #expect(throws: DescentError.self) { try LayerNorm()(Weights(), zeros([4, 5])).doubles }
    #expect(missing?.message.contains("no tensor 'weight'") == true)
    var w = Weights()
    (w.weight, w.bias) = (ones([1]), zeros([5]))
    let wrong = #expect(throws: DescentError.self) { try LayerNorm()(w, zeros([4, 5])).doubles }
    #expect(wrong?.message.contains("f32[1]") == true && wrong?.message.contains("f32[5]") == true)
  }

  @Test func branchesOfTwoTypesAreAnError() {
    let line = #line + 1
    let layer = Residual { Dense(3) }
    let type = TensorType(.f32, [4, 5])
    let error = #expect(throws: DescentError.self) { try layer.output(input: type) }
    #expect(error?.location?.line == line)
    #expect(error?.message.contains("f32[4,3]") == true && error?.message.contains("f32[4,5]") == true)
  }
}
