// Losses against their formulas, at extremes, and where their arguments do not fit.

import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Foundation
import Testing

@Suite struct LossTests {
  let logits = Tensor([1.0, 2, 3, -1, 0, 0.5], shape: [2, 3])

  /// -Σ t ln softmax(z) of one row, the plain way.
  static func crossEntropy(_ z: [Double], _ t: [Double]) -> Double {
    let total = z.map { Foundation.exp($0) }.reduce(0, +)
    return -zip(z, t).reduce(0) { $0 + $1.1 * Foundation.log(Foundation.exp($1.0) / total) }
  }

  @Test func meanSquares() throws {
    let (a, b) = (Tensor([1.0, 2, 3, 4], shape: [2, 2]), Tensor([1.0, 0, 0, 2], shape: [2, 2]))
    #expect(try meanSquaredError(a, b).scalar == 17.0 / 4)
    let line = #line + 1
    let bad = meanSquaredError(a, Tensor([1.0, 2]))
    let error = #expect(throws: DescentError.self) { try bad.scalar }
    #expect(error?.location?.line == line)
    #expect(error?.message.contains("f64[2,2]") == true && error?.message.contains("f64[2]") == true)
  }

  @Test func crossEntropyOfClassesAndDistributions() throws {
    let (a, b): ([Double], [Double]) = ([1, 2, 3], [-1, 0, 0.5])
    let expected = (Self.crossEntropy(a, [0, 0, 1]) + Self.crossEntropy(b, [1, 0, 0])) / 2
    for labels in [Tensor([Int32(2), 0]), Tensor([Int64(2), 0]), Tensor([UInt8(2), 0])] {
      #expect(abs(try softmaxCrossEntropy(logits, labels: labels).scalar - expected) < 1e-14)
    }
    let dense = Tensor([0.0, 0, 1, 1, 0, 0], shape: [2, 3])
    #expect(abs(try softmaxCrossEntropy(logits, labels: dense).scalar - expected) < 1e-14)
    let soft = Tensor([0.2, 0.3, 0.5, 0.6, 0.4, 0], shape: [2, 3])
    let softExpected = (Self.crossEntropy(a, [0.2, 0.3, 0.5]) + Self.crossEntropy(b, [0.6, 0.4, 0])) / 2
    #expect(abs(try softmaxCrossEntropy(logits, labels: soft).scalar - softExpected) < 1e-14)
    // More axes than one before the classes: an average over all of them.
    let grid = softmaxCrossEntropy(reshape(logits, [1, 2, 3]), labels: Tensor([Int32(2), 0], shape: [1, 2]))
    #expect(abs(try grid.scalar - expected) < 1e-14)
  }

  /// In both modes, and twice: the derivative of a clamped square at an infinite error is no infinity times 0.
  @Test func huberIsLinearFarOut() throws {
    let x = Tensor([Double.infinity, -.infinity, 3, -3, 0.5])
    let f = { @Sendable (x: Tensor) in huberLosses(x, zerosLike(x), delta: 2) }
    #expect(try jvp(f)(x, onesLike(x)).1.doubles == [2, -2, 2, -2, 0.5])
    let slope = grad { (x: Tensor) in sum(f(x)) }
    #expect(try slope(x).doubles == [2, -2, 2, -2, 0.5])
    #expect(try f(x).doubles == [.infinity, .infinity, 4, 4, 0.125])
  }

  @Test func extremesAreFinite() throws {
    let z = Tensor([Float(1000), -1000, 0, -1000, 1000, -.infinity], shape: [2, 3])
    let labels = Tensor([Int32(1), 1])
    let (loss, gradient) = valueAndGrad { @Sendable (z: Tensor) in softmaxCrossEntropy(z, labels: labels) }(z)
    #expect(try loss.scalar == 1000)
    #expect(try gradient.doubles == [0.5, -0.5, 0, 0, 0, 0])
  }

  @Test func gradientIsSoftmaxLessTarget() throws {
    let labels = Tensor([Int32(2), 0])
    let gradient = grad { @Sendable (z: Tensor) in softmaxCrossEntropy(z, labels: labels) }(logits)
    let expected = (softmax(logits) - oneHot(labels, classes: 3, dtype: .f64)) / 2
    #expect(try zip(gradient.doubles, expected.doubles).allSatisfy { abs($0 - $1) < 1e-15 })
  }

  /// The loss is NaN, which stops training; other rows have their gradients, and nothing is read out of bounds.
  @Test(arguments: [3, -1, Int(Int32.max), Int(Int32.min)]) func labelOutsideIsNaN(_ label: Int) throws {
    let (inside, outside) = (Tensor([Int32(2), 0]), Tensor([Int32(2), Int32(label)]))
    #expect(try softmaxCrossEntropy(logits, labels: outside).scalar.isNaN)
    #expect(try softmaxCrossEntropy(logits, labels: outside, smoothing: 0.1).scalar.isNaN)
    #expect(try negativeLogLikelihood(logits, labels: outside).scalar.isNaN)
    #expect(try multiclassHingeLoss(logits, labels: outside).scalar.isNaN)
    let rows = try softmaxCrossEntropies(logits, labels: outside).doubles
    #expect(abs(rows[0] - Self.crossEntropy([1, 2, 3], [0, 0, 1])) < 1e-14 && rows[1].isNaN)
    let gradient = try grad { @Sendable (z: Tensor) in softmaxCrossEntropy(z, labels: outside) }(logits).doubles
    let expected = try grad { @Sendable (z: Tensor) in softmaxCrossEntropy(z, labels: inside) }(logits).doubles
    #expect(gradient[..<3] == expected[..<3] && gradient[3...] == [0, 0, 0])
    #expect(try accuracy(logits, labels: outside).scalar == 0.5)
    // Bytes are compared as numbers that are wide enough.
    let bytes = Tensor([UInt8(2), 255])
    #expect(try softmaxCrossEntropy(logits, labels: bytes).scalar.isNaN)
    #expect(try softmaxCrossEntropy(logits, labels: bytes, ignoring: -1).scalar.isNaN)
    #expect(try softmaxCrossEntropy(logits, labels: bytes, ignoring: 255).scalar == rows[0])
  }

  @Test func ignoredRowsDoNotCount() throws {
    let labels = Tensor([Int32(-100), 0])
    let rows = try softmaxCrossEntropies(logits, labels: labels, ignoring: -100).doubles
    #expect(rows[0] == 0 && abs(rows[1] - Self.crossEntropy([-1, 0, 0.5], [1, 0, 0])) < 1e-14)
    #expect(try softmaxCrossEntropy(logits, labels: labels, ignoring: -100).scalar == rows[1])
    // What stands in an ignored row is not seen, by the loss or by its gradient.
    for x in [Double.nan, .infinity, -.infinity] {
      let spoilt = concatenate([full([1, 3], x, dtype: logits.dtype), logits[1...]], axis: 0)
      let step = valueAndGrad { @Sendable (l: Tensor) in
        softmaxCrossEntropy(l, labels: labels, ignoring: -100)
          + negativeLogLikelihood(l, labels: labels, ignoring: -100)
          + multiclassHingeLoss(l, labels: labels, ignoring: -100)
      }
      let (wanted, seen) = (step(logits), step(spoilt))
      #expect(try seen.0.scalar == wanted.0.scalar && seen.1.doubles == wanted.1.doubles)
    }
    #expect(try softmaxCrossEntropy(logits, labels: Tensor([Int32(1), 1]), ignoring: 1).scalar.isNaN)
    let dense = softmaxCrossEntropy(logits, labels: logits, ignoring: 1)
    let error = #expect(throws: DescentError.self) { try dense.scalar }
    #expect(error?.message.contains("ignored") == true)
  }

  @Test func weightsAreThoseOfRowsOrElements() throws {
    let losses = Tensor([1.0, 2, 3, 4, 5, .nan], shape: [3, 2])
    #expect(try weightedMean(losses, weights: Tensor([true, true, false])).scalar == 2.5)
    #expect(try weightedMean(losses[0..<2], weights: Tensor([1.0, 3])).scalar == (3 + 3 * 7) / 8.0)
    #expect(try weightedMean(losses[0..<2], weights: Tensor([1.0, 0, 0, 1], shape: [2, 2])).scalar == 2.5)
    #expect(try weightedMean(losses, weights: Tensor([false, false, false])).scalar.isNaN)
    for weights in [Tensor([1.0, 1]), Tensor([Float(1), 1, 1]), ones([3, 2, 1], dtype: .f64)] {
      let error = #expect(throws: DescentError.self) { try weightedMean(losses, weights: weights).scalar }
      #expect(error?.message.contains("f64[3,2]") == true && error?.message.contains("\(weights.type)") == true)
    }
  }

  @Test func likelihoodsAtTheirLimits() throws {
    let (x, zero) = (Tensor([0.5]), Tensor([0.0]))
    // A variance of zero counts as epsilon.
    let expected = (Foundation.log(1e-6) + 0.25 / 1e-6) / 2
    #expect(abs(try gaussianNegativeLogLikelihood(mean: zero, variance: zero, x).scalar / expected - 1) < 1e-14)
    // That of the standard normal distribution at its mean.
    let full = gaussianNegativeLogLikelihood(mean: x, variance: Tensor([1.0]), x, isFull: true)
    #expect(abs(try full.scalar - Foundation.log(2 * Double.pi) / 2) < 1e-15)
    #expect(try klDivergence(log(Tensor([0.25, 0.75])), Tensor([0.25, 0.75])).scalar == 0)
    #expect(abs(try klDivergence(log(Tensor([0.5, 0.5])), Tensor([0.0, 1])).scalar - Foundation.log(2.0)) < 1e-15)
  }

  @Test func accuracyOfClassesAndDistributions() throws {
    #expect(try accuracy(logits, labels: Tensor([Int32(2), 2])).scalar == 1)
    #expect(try accuracy(logits, labels: Tensor([UInt8(0), 2])).scalar == 0.5)
    #expect(try accuracy(logits, labels: Tensor([0.0, 0, 1, 1, 0, 0], shape: [2, 3])).scalar == 0.5)
    #expect(accuracy(logits, labels: Tensor([Int32(2), 2])).dtype == .f64)
  }

  @Test func labelsThatDoNotFit() {
    for labels in [Tensor([Int32(1), 2, 0]), Tensor([0.5, 0.5]), Tensor([true, false])] {
      let line = #line + 1
      let (loss, hits) = (softmaxCrossEntropy(logits, labels: labels), accuracy(logits, labels: labels))
      for result in [loss, hits] {
        let error = #expect(throws: DescentError.self) { try result.scalar }
        #expect(error?.location?.line == line)
        #expect(error?.message.contains("f64[2,3]") == true && error?.message.contains("\(labels.type)") == true)
      }
    }
  }

  /// Every loss of two tensors refuses tensors of two types, and names both and the line.
  @Test func typesThatDoNotFit() {
    let (a, b) = (zeros([4, 1]), zeros([4]))
    let line = #line + 1
    let losses: [Tensor] = [
      squaredErrors(a, b), meanAbsoluteError(a, b), absoluteErrors(a, b), huberLoss(a, b), hingeLoss(a, b),
    ]
    let others: [Tensor] = [binaryCrossEntropy(a, b), klDivergence(a, b), poissonNegativeLogLikelihood(logRate: a, b)]
    let gaussian: [Tensor] = [(a, a, b), (a, b, a)].map { gaussianNegativeLogLikelihood(mean: $0, variance: $1, $2) }
    for loss in losses + others + gaussian {
      let error = #expect(throws: DescentError.self) { try loss.doubles }
      #expect(error?.location.map { (line...line + 4).contains($0.line) } == true)
      #expect(error?.location?.file == "NNTests/LossTests.swift")
      #expect(error?.message.contains("f32[4,1]") == true && error?.message.contains("f32[4]") == true)
    }
    let labels = multiclassHingeLoss(a, labels: Tensor([Int32(0)]))
    let error = #expect(throws: DescentError.self) { try labels.scalar }
    #expect(error?.message.contains("i32[1]") == true && error?.message.contains("integers of shape [4]") == true)
  }
}
