// The data sets of the examples: the one in the repository, and the one that Debian packages.

import DescentData
import DescentIR
import Foundation
import Testing

@Suite struct RealDataTests {
  @Test func digits() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let data = try Dataset.csv(
      root.appendingPathComponent("examples/data/digits.csv").path, target: "label", classes: 10)
    #expect(data.inputs.type == TensorType(.f32, [1797, 64]))
    #expect(data.targets.type == TensorType(.i32, [1797]))
    let pixels = try data.inputs.doubles
    #expect(pixels.min() == 0 && pixels.max() == 16)
    #expect(Set(try data.targets.integers) == Set(0..<10))
  }

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: FashionMNIST.directory),
      "Fashion-MNIST is not installed: apt install dataset-fashion-mnist"))
  func fashionMNIST() throws {
    let training = try FashionMNIST.training()
    #expect(training.inputs.type == TensorType(.u8, [60000, 28, 28]))
    #expect(training.targets.type == TensorType(.i32, [60000]))
    var counts = [Int](repeating: 0, count: 10)
    for label in try training.targets.integers { counts[label] += 1 }
    #expect(counts == [Int](repeating: 6000, count: 10))
    let test = try FashionMNIST.test()
    #expect(test.count == 10000 && test.classes == 10)
  }
}
