// Arrays are printed as NumPy prints them, to the character.

import DescentIR
import DescentOps
import Foundation
import Testing

/// What Tests/fixtures/prints.py writes.
private struct Print: Decodable {
  var type: String
  var shape: [Int]
  /// Little-endian, two hexadecimal digits each.
  var bytes: String
  var text: String

  static func read() throws -> [Print] {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/prints.json")
    return try JSONDecoder().decode([Print].self, from: Data(contentsOf: url))
  }

  func array() throws -> HostArray {
    let digits = Array(bytes.utf8)
    let numbers = try stride(from: 0, to: digits.count, by: 2).map {
      try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
    }
    let dtype = try #require(DType(name: type))
    return HostArray(TensorType(dtype, Shape(shape))) { $0.copyBytes(from: numbers) }
  }
}

@Suite struct PrintTests {
  @Test func numbersAsNumPyPrintsThem() throws {
    let prints = try Print.read()
    #expect(prints.count > 300)
    for print in prints {
      let array = try print.array()
      #expect(Tensor(array).description == print.text, "\(print.type) \(print.shape)")
    }
  }

  @Test func tensorsWithoutNumbers() {
    let trace = Trace()
    trace.record {
      let x = trace.input("x", TensorType(.f32, [3, 4]))
      #expect("\(x)" == "f32[3,4]")
      let line = #line + 1
      #expect("\(sum(x, axes: [1]))" == "f32[3], made at IRTests/PrintTests.swift:\(line)")
    }
    #expect("\(Tensor([1, 2] as [Float], shape: [3]))".hasPrefix("failed: IRTests/PrintTests.swift:"))
  }
}
