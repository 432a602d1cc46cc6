// Shapes, paths, the list builder, running state, tied weights, and errors that name both shapes and the line.

import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Testing

/// The mean over the batch, remembered from call to call; what batch normalisation will need of state.
private struct RunningMean: WeightlessLayer {
  func initialState(input: TensorType) throws -> Weights {
    var state = Weights()
    state.mean = zeros([input.shape[-1]], dtype: input.dtype)
    return state
  }
  func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    guard let running = context.running("mean") else { return x }
    guard context.isTraining else { return x - running }
    let batch = mean(x, axes: [0])
    context.setRunning("mean", running * 0.5 + batch * 0.5)
    return x - batch
  }
}

/// Two uses of one weight: y = x W Wᵀ.
private struct Tied: Layer {
  let encoder = Dense(2, bias: false)
  func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    var w = Weights()
    w.encoder = try encoder.initialize(input: input, key: key.fold(0))
    return w
  }
  func callAsFunction(_ w: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    let weight: Tensor = w.encoder.weight
    return matmul(encoder(w.encoder, x, context.entering("encoder", 0)), transpose(weight))
  }
}

@Suite struct LayerTests {
  let input = TensorType(.f32, [4, 5])

  @Test func pathsAndTypes() throws {
    let model = Sequential {
      Dense(7)
      ReLU()
      Sequential {
        Dense(6, bias: false)
        DescentNN.Tanh()
      }
      Dense(3)
    }
    let w = try model.initialize(input: input, seed: 1)
    #expect(
      w.description == """
        0.weight: f32[5,7]
        0.bias: f32[7]
        2.0.weight: f32[7,6]
        3.weight: f32[6,3]
        3.bias: f32[3]
        """)
    #expect(w.count == 5 * 7 + 7 + 7 * 6 + 6 * 3 + 3)
    let flat = try w.flattened()
    #expect(flat.paths == ["0.weight", "0.bias", "2.0.weight", "3.weight", "3.bias"])
    #expect(try w.replacing(flat.leaves).flattened().structure == flat.structure)
    #expect(try model.output(input: input) == TensorType(.f32, [4, 3]))
    #expect(model(w, zeros([4, 5])).type == TensorType(.f32, [4, 3]))
  }

  @Test(arguments: [false, true]) func listsTakeIfAndFor(_ deep: Bool) throws {
    let model = Sequential {
      if deep {
        for size in [8, 9] {
          Dense(size)
          ReLU()
        }
      } else {
        Dense(2)
      }
      if deep { Softmax() }
      Dense(1)
    }
    let paths = try model.initialize(input: input, seed: 1).types.map(\.path).filter { $0.hasSuffix("weight") }
    #expect(paths == (deep ? ["0.weight", "2.weight", "5.weight"] : ["0.weight", "1.weight"]))
    #expect(model.layers.count == (deep ? 6 : 2))
  }

  @Test func denseIsTheFormula() throws {
    let x = Tensor([1.0, 2, 3, 4, 5, 6], shape: [2, 3])
    var w = Weights()
    w.weight = Tensor([1.0, 0, 0, 1, 1, 1], shape: [3, 2])
    w.bias = Tensor([10.0, -20])
    #expect(try Dense(2)(w, x).doubles == [14, -15, 20, -9])
    #expect(try Dense(2, activation: .relu)(w, x).doubles == [14, 0, 20, 0])
    #expect(Dense(2, bias: false)(w, reshape(x, [2, 1, 3])).shape == [2, 1, 2])
    #expect(try Dense(2)(w, Tensor([1.0, 2, 3])).doubles == [14, -15])
  }

  @Test func everyActivationHasALayer() throws {
    let x = Tensor([-2.0, -0.5, 0, 0.5, 2], shape: [1, 5])
    let layers: [(any ActivationLayer, (Tensor) -> Tensor)] = [
      (ReLU(), { relu($0) }), (LeakyReLU(slope: 0.2), { leakyRelu($0, slope: 0.2) }),
      (ELU(alpha: 2), { elu($0, alpha: 2) }),
      (SELU(), { selu($0) }), (Softplus(), { softplus($0) }), (SiLU(), { silu($0) }), (GELU(), { gelu($0) }),
      (GELU(approximate: true), { gelu($0, approximate: .tanh) }), (DescentNN.Tanh(), { tanh($0) }),
      (DescentNN.Sigmoid(), { sigmoid($0) }), (Softmax(), { softmax($0) }),
    ]
    for (layer, function) in layers {
      #expect(try layer(Weights(), x).doubles == function(x).doubles, "\(layer)")
      #expect(try layer.output(input: x.type) == x.type)
      #expect(try layer.initialize(input: x.type, seed: 0).isEmpty)
    }
  }

  @Test func flattenAndLambda() throws {
    let model = Sequential {
      Lambda { x in slice(x, start: [0, 0, 0], limit: [3, 2, 5]) * 0.5 }
      Flatten()
    }
    let images = TensorType(.f32, [3, 4, 5])
    #expect(try model.output(input: images) == TensorType(.f32, [3, 10]))
    #expect(model(Weights(), zeros(images.shape)).shape == [3, 10])
  }

  @Test func gradientsFlowThroughWeights() throws {
    let model = Sequential {
      Dense(3, activation: .tanh)
      Dense(1)
    }
    let w = try model.initialize(input: TensorType(.f64, [4, 5]), seed: 3)
    let gradient = grad { @Sendable (w: Weights) in sum(model(w, ones([4, 5], dtype: .f64))) }(w)
    #expect(try gradient.flattened().structure == w.flattened().structure)
    let bias: Tensor = gradient[1].bias
    #expect(try bias.doubles == [4])
  }

  @Test func tiedWeightsAreOneTensor() throws {
    let w = try Tied().initialize(input: TensorType(.f64, [4, 3]), seed: 1)
    #expect(w.types.map(\.path) == ["encoder.weight"])
    #expect(try Tied().output(input: TensorType(.f64, [4, 3])).shape == [4, 3])
    let gradient = grad { @Sendable (w: Weights) in sum(Tied()(w, ones([4, 3], dtype: .f64))) }(w)
    #expect(try gradient.flattened().paths == ["encoder.weight"])
  }

  @Test func runningStateIsHandedThrough() throws {
    let model = Sequential {
      Dense(2, bias: false)
      Sequential { RunningMean() }
    }
    let type = TensorType(.f64, [4, 2])
    let w = try model.initialize(input: type, seed: 1)
    let before = try model.initialState(input: type)
    #expect(before.types.map(\.path) == ["1.0.mean"])
    // As a training step has it: the new state is an auxiliary output of the loss.
    let step = valueAndGrad { @Sendable (w: Weights, state: Weights) -> (Tensor, Weights) in
      let running = RunningState(state)
      let y = model(w, ones([4, 2], dtype: .f64), Context(isTraining: true, state: running))
      return (sum(square(y)), running.current)
    }
    let (_, after, _) = step(w, before)
    let (mean, weight): (Tensor, Tensor) = (after[1][0].mean, w[0].weight)
    let expected = try (sum(weight, axes: [0]) * 0.5).doubles
    #expect(zip(try mean.doubles, expected).allSatisfy { abs($0 - $1) < 1e-15 })
    #expect(after.types.map(\.path) == ["1.0.mean"])
  }

  @Test func contextFollowsThePath() {
    let context = Context(key: RandomKey(seed: 1)).entering("encoder", 0).entering("2", 2)
    #expect(context.path == ["encoder", "2"])
    #expect(try! context.key!.stream.integers == RandomKey(seed: 1).fold(0).fold(2).stream.integers)
  }

  @Test func wrongShapesNameShapesAndLine() throws {
    let line = #line + 1
    let model = Sequential { Dense(6) }
    let w = try model.initialize(input: input, seed: 1)
    let error = #expect(throws: DescentError.self) { try model(w, zeros([4, 8])).doubles }
    #expect(error?.location == SourceLocation("NNTests/LayerTests.swift", UInt(line)))
    #expect(error?.message.contains("[4,8]") == true && error?.message.contains("[5,6]") == true)
    let integers = #expect(throws: DescentError.self) { try model.initialize(input: TensorType(.u8, [4, 5]), seed: 1) }
    #expect(integers?.message.contains("u8[4,5]") == true && integers?.location?.line == line)
    let scalar = #expect(throws: DescentError.self) { try model.output(input: TensorType(.f32, [])) }
    #expect(scalar?.message.contains("f32[]") == true)
    let empty = #expect(throws: DescentError.self) { try model(Weights(), zeros([4, 5])).doubles }
    #expect(empty?.message.contains("no tensor 'weight'") == true && empty?.location?.line == line)
  }

  @Test func errorsOfLambdasComeOutOfOutput() {
    let model = Sequential { Lambda { x in matmul(x, zeros([7, 2])) } }
    let error = #expect(throws: DescentError.self) { try model.output(input: input) }
    #expect(error?.message.contains("[4,5]") == true && error?.message.contains("[7,2]") == true)
  }
}
