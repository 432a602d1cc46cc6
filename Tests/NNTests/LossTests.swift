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

  @Test func labelOutsideCountsButAddsNothing() throws {
    let (inside, outside) = (Tensor([Int32(2), 0]), Tensor([Int32(2), 3]))
    let one = Self.crossEntropy([1, 2, 3], [0, 0, 1])
    #expect(abs(try softmaxCrossEntropy(logits, labels: outside).scalar - one / 2) < 1e-14)
    let gradient = grad { @Sendable (z: Tensor) in softmaxCrossEntropy(z, labels: outside) }(logits)
    #expect(try gradient.doubles[3...].allSatisfy { $0 == 0 })
    #expect(try accuracy(logits, labels: inside).scalar == 0.5)
    #expect(try accuracy(logits, labels: outside).scalar == 0.5)
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
}
