// Universal families of functions beside a network, on the same two spirals: polynomials, Chebyshev's polynomials, random
// Fourier features, a kernel machine with hinge loss, a Gaussian process. Each learns a score: 1 on one spiral, -1 on the other.

import Descent
import Foundation

struct Layer: ParameterTree { var W, b: Tensor }
struct Families: ParameterTree {
  var polynomial, chebyshev, fourier, machine: Tensor
  var network: [Layer]
}

/// Points [n, 2] on two spirals, with noise, and which spiral, as -1 or 1, for each.
func spirals(_ n: Int, _ key: RandomKey) -> (x: Tensor, t: Tensor) {
  let t = 1 - 2 * convert(arange(n, dtype: .i32) .< Tensor(Int32(n / 2)), to: .f32)
  let radius = sqrt(uniform([n], key: key.fold(0), low: 0.02))
  let angle = 1.75 * Double.pi * radius
  let spiral = stack([t * radius * cos(angle), t * radius * sin(angle)], axis: 1)
  return (0.9 * spiral + normal([n, 2], key: key.fold(1), standardDeviation: 0.1), t)
}

let count = 160, degree = 10, frequencies = 200, length = 0.15
let training = spirals(count, RandomKey(seed: 1))

/// Products p_i(x₁) p_j(x₂) with i + j ≤ degree, of the powers p_i = xⁱ or of Chebyshev's polynomials p_{i+1} = 2x p_i - p_{i-1}.
@Sendable func products(_ x: Tensor, chebyshev: Bool) -> Tensor {
  let one = onesLike(x)
  var p = [one, x]
  while p.count <= degree { p.append(chebyshev ? 2 * x * p[p.count - 1] - p[p.count - 2] : x * p[p.count - 1]) }
  return stack((0...degree).flatMap { i in (0...degree - i).map { j in p[i][.all, 0] * p[j][.all, 1] } }, axis: 1)
}
/// √(2/m) cos(xᵀω + φ): in expectation, their inner products are the Gaussian kernel (Rahimi and Recht, 2007).
@Sendable func waves(_ x: Tensor) -> Tensor {
  let key = RandomKey(seed: 3)
  let ω = normal([2, frequencies], key: key.fold(0), standardDeviation: 1 / length)
  let φ = uniform([frequencies], key: key.fold(1), high: 2 * Double.pi)
  return (2 / Double(frequencies)).squareRoot() * cos(matmul(x, ω) + φ)
}
@Sendable func kernel(_ a: Tensor, _ b: Tensor) -> Tensor { gaussian(a, b, length: Tensor(Float(length))) }
@Sendable func network(_ θ: [Layer], _ x: Tensor) -> Tensor {
  let h = θ.dropLast().reduce(x) { h, layer in tanh(matmul(h, layer.W) + layer.b) }
  return (matmul(h, θ[θ.count - 1].W) + θ[θ.count - 1].b)[.all, 0]
}

@main struct UniversalFamilies: TrainingProgram {
  static let name = "families"
  static let abstract = "Two spirals by polynomials, kernels, random features, a Gaussian process and a network."
  static let defaults = TrainingDefaults(epochs: 20, stepsPerEpoch: 250)
  static let names = ["polynomials", "Chebyshev polynomials", "random Fourier features", "kernel machine", "network"]

  func data() throws -> TrainingData {
    let test = spirals(2_000, RandomKey(seed: 2))
    return (try Dataset(inputs: training.x, targets: training.t), try Dataset(inputs: test.x, targets: test.t))
  }

  /// Scores [n, 5], a column for each family that is trained by gradient descent.
  @Sendable static func scores(_ θ: Families, _ x: Tensor) -> Tensor {
    stack(
      [
        matmul(products(x, chebyshev: false), θ.polynomial), matmul(products(x, chebyshev: true), θ.chebyshev),
        matmul(waves(x), θ.fourier), matmul(kernel(x, training.x), θ.machine), network(θ.network, x),
      ], axis: 1)
  }

  /// No two families share a parameter, so that the sum of their losses trains each as if alone.
  func trainer() -> Trainer<Families> {
    let features = (degree + 1) * (degree + 2) / 2
    return Trainer(
      optimizer: Adam(learningRate: .cosine(0.01, steps: 5_000)),
      initialize: { key in
        let sizes = [2, 16, 16, 1]
        let layers = zip(sizes, sizes.dropFirst()).enumerated().map { i, size in
          let W = normal(
            [size.0, size.1], key: key.fold(i), standardDeviation: (i == 0 ? 4 : 1) / Double(size.0).squareRoot())
          return Layer(W: W, b: zeros([size.1]))
        }
        // Not from zero, where the gradient by the constant feature is nothing but rounding, which Adam makes a step of.
        let small = [features, features, frequencies, count].enumerated().map { i, size in
          normal([size], key: key.fold(3 + i), standardDeviation: 0.1)
        }
        return Families(
          polynomial: small[0], chebyshev: small[1], fourier: small[2], machine: small[3], network: layers)
      },
      predict: Self.scores,
      loss: { θ, x, t in
        let scores = Self.scores(θ, x)
        let squared = [0, 1, 2, 4].map { meanSquaredError(scores[.all, $0], t) }
        let hinge =
          hingeLoss(scores[.all, 3], t) + 1e-4 * dot(θ.machine, matmul(kernel(training.x, training.x), θ.machine))
        return squared.reduce(hinge, +) + 1e-4 * dot(θ.fourier, θ.fourier)
      })
  }

  /// The Gaussian process beside the rest: a table of errors, and the scores over the square.
  func finish(_ run: FinishedRun<Families>) throws {
    guard let test = run.validation else { return }
    let line = linspace(-1.1, 1.1, count: 61), pixels: Shape = [61, 61]
    let square = stack(
      [flatten(broadcast(line, pixels)), flatten(broadcast(reshape(-line, [61, 1]), pixels))], axis: 1)
    let sets = [run.training.inputs, test.inputs, square]
    let wide = sets.map { convert($0, to: .f64) }, known = convert(training.t, to: .f64)
    let process = try Process.fit(wide[0], known)
    let mean = compile { @Sendable (p: Process, points: Tensor, x: Tensor, t: Tensor) in p.mean(points, x, t) }
    let θ = run.result.parameters
    let sizes =
      [[θ.polynomial], [θ.chebyshev], [θ.fourier], [θ.machine], θ.network.flatMap { [$0.W, $0.b] }]
      .map { $0.map(\.shape.count).reduce(0, +) } + [3]
    // By set and family, the scores of all points.
    let scores = try sets.indices.map { i -> [[Double]] in
      let columns = try transpose(run.predict(sets[i])).doubles, n = sets[i].shape[0]
      return (0..<5).map { Array(columns[$0 * n..<($0 + 1) * n]) } + [
        try mean(process, wide[i], wide[0], known).doubles
      ]
    }
    let wrong = try zip(scores, [training.t, test.targets]).map { families, t in
      let t = try t.doubles
      return families.map { 100 * Double(zip($0, t).count { $0 * $1 <= 0 }) / Double(t.count) }
    }
    let names = Self.names + ["Gaussian process"]
    for (i, name) in names.enumerated() {
      let padded = name.padding(toLength: 24, withPad: " ", startingAt: 0)
      try run.show(
        padded
          + String(
            format: "%4d parameters, wrong %5.2f%% in training, %5.2f%% in test", sizes[i], wrong[0][i], wrong[1][i]),
        as: "error")
    }
    let images = zip(names, scores[2]).map { ImageGrid.Image($1, width: 61, height: 61, range: -1...1, caption: $0) }
    try run.draw(ImageGrid(title: "Two spirals", columns: 3, images: images), as: "scores")
  }
}
