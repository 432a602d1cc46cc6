// Rows and labels: splits are disjoint, complete and seeded; epochs are those of the C runtime; labels stay in range.

import DescentData
import DescentIR
import DescentRuntime
import Foundation
import Testing

@Suite struct DatasetTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  /// Rows that carry their own number: inputs [i, -i], target i mod 3.
  func numbered(_ count: Int) throws -> Dataset {
    try Dataset(
      inputs: Tensor((0..<count).flatMap { [Float($0), -Float($0)] }, shape: [count, 2]),
      targets: Tensor((0..<count).map { Int32($0 % 3) }), classes: 3)
  }
  func numbers(_ data: Dataset) throws -> [Int] {
    let x = try data.inputs.integers
    for (i, label) in try data.targets.integers.enumerated() {
      #expect(x[2 * i] == -x[2 * i + 1] && x[2 * i] % 3 == label)
    }
    return (0..<data.count).map { x[2 * $0] }
  }

  @Test func splitIsDisjointCompleteAndSeeded() throws {
    let data = try numbered(103)
    let (training, heldOut) = try data.split(0.2, seed: 5)
    #expect(training.count == 82 && heldOut.count == 21)
    #expect(try (numbers(training) + numbers(heldOut)).sorted() == Array(0..<103))
    #expect(try numbers(data.split(0.2, seed: 5).heldOut) == numbers(heldOut))
    #expect(try numbers(data.split(0.2, seed: 6).heldOut) != numbers(heldOut))
    var order = [Int32](repeating: 0, count: 103)
    dsc_shuffle(&order, 103, 5, 0x7370_6c69_74)
    #expect(try (numbers(heldOut) + numbers(training)).map { Int32($0) } == order)
  }

  @Test func stepsTellTheRows() throws {
    let data = try numbered(50)
    let part = try data.prefix(40).split(0.25, seed: 1).training.split(0.5, seed: 1).heldOut.prefix(7)
    #expect(part.source.steps.count == 4)
    #expect(try part.source.rows(of: 50).map { Int($0) } == numbers(part))
    let text = try JSONEncoder().encode(part.source)
    #expect(try JSONDecoder().decode(DataSource.self, from: text) == part.source)
  }

  /// What was said of 50 rows, of others: a fraction of them, and the first of them where there are so many.
  @Test func stepsOfOtherRows() throws {
    let part = try numbered(50).prefix(60).split(0.25, seed: 1).training.prefix(40)
    #expect(part.count == 37 && part.source.steps.count == 3)
    for (rows, kept) in [(50, 37), (10, 7), (2, 1), (58, 40), (1000, 40)] {
      let other = try numbered(rows).prefix(60).split(0.25, seed: 1).training.prefix(40)
      #expect(other.count == kept)
      #expect(try part.source.rows(of: rows).map { Int($0) } == numbers(other))
    }
    #expect(throws: DescentError.self) { try part.source.rows(of: 1) }
  }

  @Test func sourceIsReadAgain() throws {
    let path = try folder.file("a.csv", ("x,y\n" + (0..<20).map { "\($0),\($0 % 4)\n" }.joined()).utf8)
    let part = try Dataset.csv(path, target: "y", classes: 4).split(0.3, seed: 2).training.prefix(9)
    let again = try Dataset(reading: part.source)
    #expect(try again.inputs.value == part.inputs.value && again.targets.value == part.targets.value)
    #expect(again.source == part.source)
    #expect(throws: DescentError.self) { try Dataset(reading: numbered(3).source) }
  }

  @Test func impossibleParts() throws {
    let data = try numbered(10)
    for fraction in [0, 1, -1, 0.01, 0.99, .nan, .infinity, 1e300] {
      #expect(throws: DescentError.self) { try data.split(fraction) }
    }
    for count in [0, -1, Int.min] { #expect(throws: DescentError.self) { try data.prefix(count) } }
    #expect(try data.prefix(1000).count == 10)
    for step in [
      DataSource.Step.prefix(-5), .prefix(0), .split(1, seed: 0, part: .training),
      .split(0.04, seed: 0, part: .heldOut),
    ] {
      #expect(throws: DescentError.self) { try DataSource(.memory, steps: [step]).rows(of: 10) }
    }
    #expect(throws: DescentError.self) { try data.batch([10]) }
  }

  @Test func labelsOutOfRange() throws {
    let path = try folder.file("a.csv", "1,0\n1,2\n1,3\n".utf8)
    expectFileError(path, "row 2", "label is 3", "0...2", "3 classes") {
      _ = try Dataset.csv(path, target: -1, classes: 3)
    }
    let inputs = Tensor([1, 2] as [Float], shape: [2, 1])
    expectFileError("row 1", "-1") { _ = try Dataset(inputs: inputs, targets: Tensor([0, -1] as [Int32]), classes: 2) }
    expectFileError("row 0", "0.5") { _ = try Dataset(inputs: inputs, targets: Tensor([0.5, 1]), classes: 2) }
    expectFileError("row 1", "nan") { _ = try Dataset(inputs: inputs, targets: Tensor([0, Float.nan]), classes: 2) }
    expectFileError("differ") { _ = try Dataset(inputs: inputs, targets: Tensor([1, 2, 3] as [Float])) }
    let rows = try Dataset(inputs: inputs, targets: Tensor([0, 1, 1, 0] as [UInt8], shape: [2, 2]), classes: 2)
    #expect(rows.targets.type == TensorType(.i32, [2, 2]))
    let wide = Tensor([0, 1, 1, 9] as [Int64], shape: [2, 2])
    expectFileError("row 1", "is 9") { _ = try Dataset(inputs: inputs, targets: wide, classes: 2) }
  }

  @Test func epochsAreThoseOfC() {
    let permutation = Permutation(count: 1000, seed: 42)
    for epoch in [0, 1, 17] {
      var order = [Int32](repeating: -1, count: 1000)
      dsc_shuffle(&order, 1000, 42, UInt64(epoch))
      #expect(permutation.epoch(epoch) == order)
      #expect(order.sorted() == (0..<1000).map { Int32($0) })
    }
    #expect(permutation.epoch(0) != permutation.epoch(1))
    #expect(Permutation(count: 0, seed: 1).epoch(0).isEmpty)
  }

  @Test func npyDataSet() throws {
    let (x, y) = (folder.path("x.npy"), folder.path("y.npy"))
    try NPY.write(Tensor([1, 2, 3, 4] as [UInt8], shape: [2, 1, 2]), to: x)
    try NPY.write(Tensor([0.5, 1.5] as [Float]), to: y)
    let data = try Dataset.npy(inputs: x, targets: y)
    #expect(data.inputs.type == TensorType(.u8, [2, 1, 2]) && data.targets.type == TensorType(.f32, [2]))
    let batch = try data.batch([1, 1, 0])
    #expect(try batch.inputs.integers == [3, 4, 3, 4, 1, 2] && batch.targets.doubles == [1.5, 1.5, 0.5])
  }
}
