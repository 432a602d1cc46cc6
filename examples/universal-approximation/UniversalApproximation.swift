// Universal approximation, twice. Width: networks of one hidden layer come as near to a continuous function as one likes where
// they are wide enough (Cybenko 1989, Hornik 1991). Depth: so do networks of rectifiers of width max(n + 1, m), for n variables
// and m results, where they are deep enough (Hanin and Sellke 2017, Park et al. 2021), and none of width n does, however deep.

import ArgumentParser
import Descent
import Foundation

struct Affine: ParameterTree { var w, b: Tensor }

@main struct UniversalApproximation: TrainingProgram {
  enum Part: String, ExpressibleByArgument, CaseIterable { case width, depth }

  static let name = "universal-approximation"
  static let abstract = "Errors of networks of one hidden layer against their width; deep and narrow networks."
  static let defaults = TrainingDefaults(epochs: 20, stepsPerEpoch: 500)

  @Option(help: "What varies: width or depth.") var part = Part.width
  @Option(help: "Of the deep networks: n, 1 or 2.") var variables = 1
  @Option(help: "Of the deep networks: hidden layers.") var layers = 12

  func validate() throws {
    guard 1...2 ~= variables, layers > 0 else { throw ValidationError("--variables is 1 or 2, --layers at least 1") }
  }

  static let widths = [4, 8, 16, 32, 64, 128, 256, 512, 1024]
  /// Beginnings of each deep network, of which the best is kept: many a narrow network is stuck where it begins.
  static let beginnings = 32

  /// The function: for wide networks sin 3πx + ½ cos 7πx; for deep ones sin 2πx, or sin πx₁ · sin πx₂.
  func target(_ x: Tensor) -> Tensor {
    let first = x[.all, 0]
    if part == .width { return sin(3 * Double.pi * first) + 0.5 * cos(7 * Double.pi * first) }
    return variables == 1 ? sin(2 * Double.pi * first) : sin(Double.pi * first) * sin(Double.pi * x[.all, 1])
  }

  /// A grid on [0, 1]ⁿ, with so many points along each axis.
  func grid(_ count: Int) -> Tensor {
    let line = linspace(0, 1, count: count)
    guard part == .depth, variables == 2 else { return reshape(line, [count, 1]) }
    let (rows, columns) = (reshape(line, [count, 1, 1]), reshape(line, [1, count, 1]))
    let square: Shape = [count, count, 1]
    return reshape(concatenate([broadcast(rows, square), broadcast(columns, square)], axis: 2), [count * count, 2])
  }
  /// Points of the grid along each axis: those to learn from, and those where the error is taken.
  var fineness: (training: Int, error: Int) {
    part == .width ? (201, 2_001) : variables == 1 ? (101, 2_001) : (17, 65)
  }

  func data() throws -> TrainingData {
    let x = grid(fineness.training)
    return (try Dataset(inputs: x, targets: try Tensor(target(x).floats)), nil)
  }

  /// One hidden layer whose functions tanh(w (x - c)) have their centres c all over the interval and a little beyond.
  static func shallow(_ width: Int, _ key: RandomKey) -> [Affine] {
    let slope = normal([1, width], key: key.fold(0), standardDeviation: 20)
    let hidden = Affine(w: slope, b: -slope[0] * uniform([width], key: key.fold(1), low: -0.1, high: 1.1))
    return [hidden, Affine(w: normal([width, 1], key: key.fold(2)), b: zeros([1]))]
  }

  /// So many beginnings, side by side along the first axis: near the identity, so that x passes through every layer.
  func deep(_ width: Int, _ key: RandomKey) -> [Affine] {
    let sizes = [variables] + Array(repeating: width, count: layers) + [1]
    return zip(sizes, sizes.dropFirst()).enumerated().map { i, size in
      let identity = oneHot(arange(size.0, dtype: .i32), classes: size.1)
      let noise = normal([Self.beginnings, size.0, size.1], key: key.fold(2 * i), standardDeviation: 0.5)
      let b = normal([Self.beginnings, size.1], key: key.fold(2 * i + 1), standardDeviation: 0.3)
      return Affine(w: identity + noise, b: b)
    }
  }

  func trainer() -> Trainer<[[Affine]]> {
    let (part, program) = (part, self)
    let narrow = [variables + 1, variables]
    let predict = { @Sendable (networks: [[Affine]], x: Tensor) in
      let columns = networks.map { layers in
        if part == .width {
          let h = tanh(matmul(x, layers[0].w) + layers[0].b)
          return matmul(h, layers[1].w) * (1 / Double(layers[1].w.shape[0]).squareRoot()) + layers[1].b
        }
        let network = { @Sendable (layers: [Affine], x: Tensor) in
          let h = layers.dropLast().reduce(x) { h, layer in relu(matmul(h, layer.w) + layer.b) }
          return (matmul(h, layers.last!.w) + layers.last!.b)[.all, 0]
        }
        let beginnings = vmap(network, in: [0, nil], out: 1)
        return beginnings(layers, x)
      }
      return concatenate(columns, axis: 1)
    }
    return Trainer(
      optimizer: Adam(learningRate: .cosine(part == .width ? 0.02 : 0.01, steps: 10_000)),
      initialize: { key in
        part == .width
          ? Self.widths.enumerated().map { Self.shallow($0.element, key.fold($0.offset)) }
          : narrow.enumerated().map { program.deep($0.element, key.fold($0.offset)) }
      },
      predict: predict,
      // No two networks share a parameter, so that the sum of their losses trains each as if alone.
      loss: { networks, x, y in
        let columns = predict(networks, x)
        return sum(square(columns - expandDims(y, axis: 1))) / Double(x.shape[0])
      })
  }
}
