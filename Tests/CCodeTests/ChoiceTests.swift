// Choices in emitted C: none whose arm a compiler may load from, in whatever loop it stands; and the same bits by gcc with
// AVX2 and AVX-512, which makes masked loads of such arms and gets them wrong (Tests/compilers has the forms without Swift).

import DescentCCode
import DescentIR
import DescentOps
import Foundation
import Testing

@Suite struct ChoiceTests {
  /// A choice in each place that the printer has: epilogues, sums, tiles, plain loops, padding and concatenation.
  static func trials(_ dtype: DType) throws -> [Trial] {
    let x = { (dimensions: [Int]) in TensorType(dtype, Shape(dimensions)) }
    let mask = { (dimensions: [Int]) in TensorType(.bool, Shape(dimensions)) }
    func trial(_ name: String, _ types: [TensorType], _ body: @escaping ([Tensor]) throws -> [Tensor]) throws -> Trial {
      try Trial("\(name), \(dtype.name)", types, seed: 3, body)
    }
    var trials = [
      try trial("loop", [mask([50, 37]), x([50, 37]), x([50, 37])]) {
        [`where`($0[0], $0[1], $0[2]), `where`($0[0], 0, $0[1])]
      },
      try trial("across", [mask([37]), x([50, 37]), x([37])]) { [`where`($0[0], sum($0[1], axes: [0]), $0[2])] },
      try trial("along", [mask([50, 160]), x([50, 160])]) { [sum(`where`($0[0], $0[1], 0), axes: [1])] },
      try trial("greatest", [mask([50, 160]), x([50, 160])]) { [max(`where`($0[0], 1, $0[1]), axes: [1])] },
      try trial("beside", [x([48, 19]), x([48, 30])]) { [sum(concatenate([$0[0], $0[1]], axis: 1), axes: [0])] },
      try trial("padded", [x([40, 28])]) { [sum(pad($0[0], low: [3, 5], high: [2, 4]), axes: [0])] },
    ]
    guard dtype.isFloating else { return trials }
    trials += [
      try trial("epilogue", [x([45, 20]), x([20, 70]), mask([45, 70])]) { [`where`($0[2], 0, matmul($0[0], $0[1]))] },
      try trial("epilogue of two", [x([45, 20]), x([20, 70]), mask([45, 70]), x([45, 70])]) {
        let product = matmul($0[0], $0[1])
        return [`where`($0[2], product * 2, $0[3]), `where`($0[2], $0[3], product)]
      },
    ]
    for (rows, sizes) in [(32, [64, 32, 16]), (80, [5, 9, 4])] {
      trials.append(
        try trial(
          "step of \(rows) rows",
          [x([rows, sizes[0]]), x([sizes[0], sizes[1]]), x([sizes[1], sizes[2]]), mask([rows, sizes[1]])]
        ) { x in
          let hidden = `where`(x[3], relu(matmul(x[0], x[1])), 0) * 2
          let loss = mean(square(clamp(matmul(hidden, x[2]), 0.1, 3)))
          return [loss] + (try Trace.current!.gradients(of: loss, withRespectTo: [x[1], x[2]]))
        })
    }
    return trials
  }
  static func all() throws -> [Trial] { try [DType.f32, .f64, .i32, .i64, .u8].flatMap { try trials($0) } }

  @Test func areTheInterpreters() throws { try Fleet.check(try Self.all(), threads: [1, 3]) }

  /// What `?:` is left compares its own arms, so that both are there already: as `a > b ? a : b`.
  @Test func noArmIsLoaded() throws {
    let programs = try BuildTests.everything() + Self.all().enumerated().map { try $1.program(10_000 + $0) }
    for text in programs.map(\.text) {
      for bytes in text.utf8.split(separator: UInt8(ascii: "\n")) where bytes.contains(UInt8(ascii: "?")) {
        let line = String(Substring(bytes))
        // Comments, and sizes of scratch memory, which are constants.
        if line.contains("/*") || line.contains("_scratch") { continue }
        let parts = line.split(separator: "=", maxSplits: 1).last!.split(separator: " ? ").map {
          $0.split(separator: " : ")
        }
        let condition = String(parts[0][0])
        let arms = parts.last!.map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " ;)")) }
        #expect(parts.count == 2 && arms.allSatisfy { condition.contains($0) }, "\(line)")
      }
    }
  }
}
