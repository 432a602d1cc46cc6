// Checkpoints: what is written comes back, in order, and a failed write leaves the old file.

import DescentData
import DescentIR
import Foundation
import Testing

@Suite struct SafeTensorsTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  @Test func thereAndBack() throws {
    let path = folder.path("a.safetensors")
    let file = SafeTensors(
      [
        .init("layers.0.weight", Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])),
        .init("mask", Tensor([true, false, true])), .init("step", Tensor(Int64(1) << 40)),
        .init("scalar", Tensor(0.1)), .init("leer", Tensor([] as [Int32], shape: [0, 2])),
        .init("Maß „x“\n", Tensor([7] as [UInt8])),
      ], metadata: ["seed": "7", "note": "a \"quoted\" line\nand another", "ä": ""])
    try file.write(to: path)
    let back = try SafeTensors.read(path)
    #expect(back.names == file.names)
    #expect(back.metadata == file.metadata)
    for entry in file.entries { #expect(try back[entry.name]?.value == entry.tensor.value) }
    #expect(back["none"] == nil)

    let first = try Data(contentsOf: URL(fileURLWithPath: path))
    try back.write(to: path)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == first)
  }

  @Test func withoutTensors() throws {
    let path = folder.path("empty.safetensors")
    try SafeTensors().write(to: path)
    #expect(try SafeTensors.read(path).entries.isEmpty)
  }

  @Test func refusals() throws {
    let path = folder.path("a.safetensors")
    try SafeTensors([.init("x", Tensor(1.0))]).write(to: path)
    let old = try Data(contentsOf: URL(fileURLWithPath: path))
    let twice = SafeTensors([.init("w", Tensor(1.0)), .init("w", Tensor(2.0))])
    expectFileError(path, "two tensors are named \"w\"") { try twice.write(to: path) }
    expectFileError(path, "zero byte") { try SafeTensors([.init("a\0", Tensor(1.0))]).write(to: path) }
    expectFileError(path, "__metadata__") { try SafeTensors([.init("__metadata__", Tensor(1.0))]).write(to: path) }
    expectFileError(folder.path("no")) { try twice.write(to: folder.path("no/folder/x")) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == old)
    #expect(folder.names == ["a.safetensors"])
  }

  @Test(arguments: [
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8),
    ("{\"a\":{\"dtype\":\"F8_E5M2\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4), ("{\"a\":", 0), ("[]", 0),
    // The same letter, once with its accent and once followed by it: one text to Swift.
    (
      "{\"\u{E9}\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        + "\"e\u{301}\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2
    ),
    ("{\"__metadata__\":{\"\u{E9}\":\"1\",\"e\u{301}\":\"2\"}}", 0),
  ])
  func badFiles(header: String, values: Int) throws {
    var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    bytes += Array(header.utf8) + [UInt8](repeating: 0, count: values)
    let path = try folder.file("bad.safetensors", bytes)
    expectFileError(path) { _ = try SafeTensors.read(path) }
  }
}
