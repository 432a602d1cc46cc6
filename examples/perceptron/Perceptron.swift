// Two linear classifiers of digits side by side: Rosenblatt's perceptron (1958), and logistic regression. Both have ten rows of
// weights, learn from one digit at a time, and differ in nothing but the loss.

import Descent
import ExampleData

struct Affine: ParameterTree { var w, b: Tensor }
struct Classifiers: ParameterTree { var perceptron, logistic: Affine }

func score(_ θ: Affine, _ x: Tensor) -> Tensor { matmul(x, θ.w) + θ.b }

/// Rosenblatt's rule, one class against the rest: where the sign of a score is not that of t = ±1, w ← w + t x. This is a step of
/// length 1 against the gradient of Σ max(0, -t s), with a score of 0 counted as a mistake.
func perceptronLoss(_ scores: Tensor, labels: Tensor) -> Tensor {
  let t = 2 * oneHot(labels, classes: 10) - 1
  return mean(sum(`where`(t * scores .<= 0, -t * scores, 0), axes: [1]))
}

@main struct Perceptron: TrainingProgram {
  static let name = "perceptron"
  static let abstract = "Handwritten digits by Rosenblatt's rule and by logistic regression."
  static let defaults = TrainingDefaults(epochs: 20, batch: 1)

  func data() throws -> TrainingData { try HandwrittenDigits.read() }

  /// The two losses share no parameter, so that their sum trains each as if alone. From zero, the length of the perceptron's
  /// steps is but the unit of its weights; that they are shorter in the second half quiets both.
  func trainer() -> Trainer<Classifiers> {
    Trainer(
      optimizer: SGD(learningRate: .step(0.05, every: 10 * 1_438)),
      metric: .init("perceptron's accuracy") { scores, labels in accuracy(scores[.all, 0], labels: labels) },
      initialize: { _ in
        let zero = Affine(w: zeros([64, 10]), b: zeros([10]))
        return Classifiers(perceptron: zero, logistic: zero)
      },
      predict: { θ, x in stack([score(θ.perceptron, x / 16), score(θ.logistic, x / 16)], axis: 1) },
      loss: { θ, x, y in
        perceptronLoss(score(θ.perceptron, x / 16), labels: y)
          + softmaxCrossEntropy(score(θ.logistic, x / 16), labels: y)
      })
  }

  /// Both accuracies, and the weights as pictures: white speaks for the digit, black against it.
  func finish(_ run: FinishedRun<Classifiers>) throws {
    try run.draw(run.lossCurves, as: "loss")
    guard let test = run.validation else { return }
    let scores = try run.predict(test.inputs)
    let θ = run.result.parameters
    var images: [ImageGrid.Image] = []
    for (name, affine, column) in [("perceptron", θ.perceptron, 0), ("logistic", θ.logistic, 1)] {
      let right = try accuracy(scores[.all, column], labels: test.targets).scalar
      try run.show("\(name): \((right * 10_000).rounded() / 100)% of \(test.count) held-out digits", as: name)
      let weights = try transpose(affine.w).doubles
      let largest = weights.map(abs).max() ?? 1
      images += (0..<10).map { digit in
        ImageGrid.Image(
          Array(weights[digit * 64..<(digit + 1) * 64]), width: 8, height: 8, range: -largest...largest,
          caption: "\(name == "perceptron" ? "P" : "L") \(digit)")
      }
    }
    try run.draw(
      ImageGrid(title: "Weights: perceptron above, logistic below", columns: 10, images: images), as: "weights")
  }
}
