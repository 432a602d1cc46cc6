// Layers and losses against PyTorch, in f64, and as compiled C against the interpreter. The configurations are lines of
// Fixtures/layers.json and Fixtures/windows.json, which the scripts of these names in Tests/fixtures make. A new one is a call of
// `case` there; if it is of a layer or function that is not here yet, also a line of `LayerCase.makeSubject`.

import DescentIR
import DescentInterpreter
import DescentNN
import DescentOps
import DescentTransforms
import Foundation
import Testing

extension LayerCase {
  /// What the configuration is of; options have the names that layers.py gives them.
  func makeSubject() throws -> Subject {
    let o = options
    switch subject {
    // Losses of two tensors and more.
    case "meanSquaredError": return .function { meanSquaredError($0[0], $0[1]) }
    case "squaredErrors": return .function { squaredErrors($0[0], $0[1]) }
    case "meanAbsoluteError": return .function { meanAbsoluteError($0[0], $0[1]) }
    case "absoluteErrors": return .function { absoluteErrors($0[0], $0[1]) }
    case "huberLoss": return .function { huberLoss($0[0], $0[1], delta: o["delta", 1]) }
    case "huberLosses": return .function { huberLosses($0[0], $0[1], delta: o["delta", 1]) }
    case "hingeLoss": return .function { hingeLoss($0[0], $0[1], margin: o["margin", 1]) }
    case "hingeLosses": return .function { hingeLosses($0[0], $0[1], margin: o["margin", 1]) }
    case "multiclassHingeLoss": return .function { multiclassHingeLoss($0[0], labels: $0[1], margin: o["margin", 1]) }
    case "multiclassHingeLosses":
      return .function { multiclassHingeLosses($0[0], labels: $0[1], margin: o["margin", 1]) }
    case "binaryCrossEntropy":
      return .function { binaryCrossEntropy($0[0], $0[1], positiveWeight: o["positiveWeight", 1]) }
    case "binaryCrossEntropies": return .function { binaryCrossEntropies($0[0], $0[1]) }
    case "softmaxCrossEntropy":
      return .function {
        softmaxCrossEntropy($0[0], labels: $0[1], smoothing: o["smoothing", 0], ignoring: o["ignoring"])
      }
    case "softmaxCrossEntropies":
      return .function {
        softmaxCrossEntropies($0[0], labels: $0[1], smoothing: o["smoothing", 0], ignoring: o["ignoring"])
      }
    case "negativeLogLikelihood":
      return .function { negativeLogLikelihood($0[0], labels: $0[1], ignoring: o["ignoring"]) }
    case "negativeLogLikelihoods": return .function { negativeLogLikelihoods($0[0], labels: $0[1]) }
    case "klDivergence": return .function { klDivergence($0[0], $0[1]) }
    case "klDivergences": return .function { klDivergences($0[0], $0[1]) }
    case "gaussianNegativeLogLikelihood":
      return .function { gaussianNegativeLogLikelihood(mean: $0[0], variance: $0[1], $0[2], isFull: o["full", false]) }
    case "gaussianNegativeLogLikelihoods":
      return .function { gaussianNegativeLogLikelihoods(mean: $0[0], variance: $0[1], $0[2]) }
    case "poissonNegativeLogLikelihood": return .function { poissonNegativeLogLikelihood(logRate: $0[0], $0[1]) }
    case "poissonNegativeLogLikelihoods": return .function { poissonNegativeLogLikelihoods(logRate: $0[0], $0[1]) }
    case "weightedMean": return .function { weightedMean($0[0], weights: $0[1]) }

    // Normalisation.
    case "LayerNorm":
      return .layer(
        LayerNorm(axes: o["axes", 1], epsilon: o["epsilon", 1e-5], affine: o["affine", true], bias: o["bias", true]))
    case "RMSNorm": return .layer(RMSNorm(axes: o["axes", 1], epsilon: o["epsilon", 1e-5], affine: o["affine", true]))
    case "GroupNorm": return .layer(GroupNorm(o["groups", 1], epsilon: o["epsilon", 1e-5], affine: o["affine", true]))
    case "InstanceNorm": return .layer(InstanceNorm(epsilon: o["epsilon", 1e-5], affine: o["affine", false]))
    case "BatchNorm":
      return .layer(BatchNorm(momentum: o["momentum", 0.1], epsilon: o["epsilon", 1e-5], affine: o["affine", true]))

    // Layers in general.
    case "Dense": return .layer(Dense(o["outputs", 1], bias: o["bias", true]))
    case "DropConnect": return .layer(DropConnect(Dense(o["outputs", 1])))
    case "Residual":
      let outputs: Int = o["outputs", 5]
      return .layer(
        Residual(shortcut: outputs == 5 ? nil : Dense(outputs, bias: false)) {
          Dense(outputs, activation: .tanh)
          Dense(outputs)
        })
    case "Parallel":
      return .layer(
        Parallel {
          Dense(2)
          Dense(3, activation: .tanh)
        })
    case "ReLU": return .layer(ReLU())
    case "LeakyReLU": return .layer(LeakyReLU())
    case "ELU": return .layer(ELU())
    case "SELU": return .layer(SELU())
    case "Softplus": return .layer(Softplus())
    case "SiLU": return .layer(SiLU())
    case "GELU": return .layer(GELU(approximate: o["approximate", false]))
    case "Tanh": return .layer(DescentNN.Tanh())
    case "Sigmoid": return .layer(DescentNN.Sigmoid())
    case "Softmax": return .layer(Softmax())
    default:
      guard let layer = try makeWindowed() ?? makeRecurrent() else {
        throw DescentError(.usage, "LayerCase.makeSubject has no line for '\(subject)'")
      }
      return .layer(layer)
    }
  }
}

@Suite struct LayerFixtureTests {
  static let fixture = try! LayerFixture.read()

  @Test(arguments: fixture.cases) func followsPyTorch(_ c: LayerCase) throws {
    let (graph, inputs) = try c.graph()
    let results = try graph.evaluate(inputs)
    #expect(graph.outputLabels.count == c.expected.count)
    for ((label, expected), result) in zip(c.expected, results) {
      #expect(result.type == expected.type, "\(label)")
      let limit = label.hasPrefix("gradient") ? 1e-8 : 1e-10
      let difference = relativeDifference(result.doubles, expected.array.doubles)
      #expect(difference < limit, "\(label) differs by \(difference)")
    }
  }

  /// Weights and state are where the fixture has them, and the type of the result is foretold.
  @Test(arguments: fixture.cases) func hasPathsAndTypes(_ c: LayerCase) throws {
    guard case .layer(let layer) = try c.makeSubject() else { return }
    let input = c.inputs[0].type
    #expect(try layer.output(input: input) == c.output.type)
    func sorted(_ w: Weights) -> [String] { w.types.map { "\($0.path): \($0.type)" }.sorted() }
    #expect(sorted(try layer.initialize(input: input, seed: 1)) == sorted(try LayerFixture.weights(c.parameters)))
    #expect(sorted(try layer.initialState(input: input)) == sorted(try LayerFixture.weights(c.state)))
  }

  /// All configurations as programs of a few libraries, in both floating types and on two numbers of threads.
  @Test(arguments: [DType.f64, .f32]) func compiledIsInterpreted(_ dtype: DType) throws {
    let trials = try Self.fixture.cases.map { c in
      let (graph, inputs) = try c.graph(dtype)
      return Trial(name: c.name, graph: graph, inputs: inputs, isOptimized: true)
    }
    #expect(trials.count >= 60)
    try Fleet.check(trials, threads: [1, 3])
  }

  /// Steps of gradient descent through batch normalisation: losses, running statistics, and inference with them.
  @Test func batchNormalisationTrains() throws {
    let run = Self.fixture.batchNormTraining
    let model = Sequential {
      Dense(4)
      BatchNorm()
      ReLU()
      Dense(2)
    }
    let type = TensorType(.f64, [8, 5])
    var w = try model.initialize(input: type, seed: 1)
    w = try w.replacing(run.start.map { Tensor($0.array) })
    var state = try model.initialState(input: type)
    #expect(state.types.map(\.path) == ["1.mean", "1.variance"])
    let step = valueAndGrad { @Sendable (w: Weights, state: Weights, x: Tensor, y: Tensor) -> (Tensor, Weights) in
      let running = RunningState(state)
      let output = model(w, x, Context(isTraining: true, state: running))
      return (meanSquaredError(output, y), running.current)
    }
    let (inputs, targets) = (Tensor(run.inputs.array), Tensor(run.targets.array))
    for index in run.losses.indices {
      let (loss, after, gradient) = step(w, state, inputs[index], targets[index])
      state = after
      w = map(w, gradient) { $0 - 0.1 * $1 }
      let (mean, variance): (Tensor, Tensor) = (state[1].mean, state[1].variance)
      #expect(relativeDifference([try loss.scalar], [run.losses[index]]) < 1e-9)
      #expect(relativeDifference(try mean.doubles, run.means[index]) < 1e-9)
      #expect(relativeDifference(try variance.doubles, run.variances[index]) < 1e-9)
    }
    for (leaf, expected) in zip(try w.flattened().leaves, run.parameters) {
      #expect(relativeDifference(try leaf.doubles, expected.array.doubles) < 1e-9)
    }
    let inference = model(w, inputs[0], Context(state: RunningState(state)))
    #expect(relativeDifference(try inference.doubles, run.inference.array.doubles) < 1e-9)
  }
}
