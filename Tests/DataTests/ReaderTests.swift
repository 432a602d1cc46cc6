// Good files come through whole; each kind of bad file gives one error that names it.

import DescentData
import DescentIR
import Foundation
import Testing

@Suite struct ReaderTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  @Test func csvWithHeaderAndTarget() throws {
    let path = try folder.file("a.csv", "x,y,label\n1,2.5,0\n-3,4e1,2\n".utf8)
    let table = try CSV.read(path, target: "label", targetType: .i32)
    #expect(table.features.type == TensorType(.f32, [2, 2]))
    #expect(try table.features.doubles == [1, 2.5, -3, 40])
    #expect(table.names == ["x", "y"] && table.targetName == "label")
    #expect(try table.target?.integers == [0, 2])
    #expect(table.target?.dtype == .i32)
  }

  @Test func csvWithoutHeaderAndTarget() throws {
    let path = try folder.file("a.csv", "1;2\n3;4\n".utf8)
    var options = CSV.Options()
    options.separator = ";"
    options.dtype = .f64
    let table = try CSV.read(path, options)
    #expect(table.features.type == TensorType(.f64, [2, 2]))
    #expect(table.target == nil && table.names.isEmpty && table.targetName == nil)
    options.target = -1
    #expect(try CSV.read(path, options).target?.doubles == [2, 4])
  }

  @Test(arguments: [
    ("", "empty"), ("1,2\n3\n", "line 2"), ("1,2\n3,x\n", "line 2, column 2"), ("a,1\n", "header"),
    ("1,\"2\n", "quote"), ("1,2\n\n3,4\n", "blank line"), ("a,b\n", "no rows"), ("1,1e99\n", "range"),
  ])
  func badCSV(text: String, part: String) throws {
    let path = try folder.file("bad.csv", text.utf8)
    expectFileError(path, part) { _ = try CSV.read(path) }
  }

  @Test func badOptions() throws {
    let path = try folder.file("a.csv", "x,y\n1,2.5\n".utf8)
    expectFileError(path, "\"z\"") { _ = try CSV.read(path, target: "z") }
    expectFileError(path, "column 7") { _ = try CSV.read(path, target: 7) }
    expectFileError(path, "whole number", "line 2") { _ = try CSV.read(path, target: "y", targetType: .i32) }
    expectFileError(path, "named") { _ = try CSV.read(path, target: "y\0z") }
    var options = CSV.Options()
    options.separator = ",,"
    expectFileError(path, "separate") { _ = try CSV.read(path, options) }
  }

  @Test func npyThereAndBack() throws {
    let path = folder.path("a.npy")
    let tensors = [
      Tensor([1.5, -.infinity, 3] as [Float], shape: [3, 1]), Tensor(2.25), Tensor([Int32.min, 7]),
      Tensor([Int64.max]), Tensor([0, 255] as [UInt8]), Tensor([true, false, true]),
      Tensor([] as [Float], shape: [0, 4]),
    ]
    for tensor in tensors {
      try NPY.write(tensor, to: path)
      #expect(try NPY.read(path).value == tensor.value)
    }
  }

  @Test func badNPY() throws {
    try NPY.write(Tensor([1, 2, 3] as [Float]), to: folder.path("a.npy"))
    let good = try Data(contentsOf: URL(fileURLWithPath: folder.path("a.npy")))
    for (name, bytes) in [("short", good.dropLast()), ("long", good + [0]), ("magic", good.dropFirst())] {
      let path = try folder.file(name, bytes)
      expectFileError(path) { _ = try NPY.read(path) }
    }
    // An empty array may claim sizes whose product, and so whose strides, no integer holds.
    var bytes = good.prefix(8)
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4611686018427387904, 0), }"
    bytes += [UInt8(header.utf8.count), 0] + Array(header.utf8)
    let path = try folder.file("huge", bytes)
    expectFileError(path, "64 bits") { _ = try NPY.read(path) }
  }

  @Test func idx() throws {
    let path = try folder.file("a.idx", [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255])
    let tensor = try IDX.read(path)
    #expect(tensor.type == TensorType(.u8, [2, 3]))
    #expect(try tensor.integers == [1, 2, 3, 4, 5, 255])
    for bytes in [[0, 0, 8, 1, 0, 0, 0, 2, 1], [0, 0, 8, 1, 0, 0, 0, 1, 1, 1], [0, 0, 7, 1], [1], []] as [[UInt8]] {
      let bad = try folder.file("bad.idx", bytes)
      expectFileError(bad) { _ = try IDX.read(bad) }
    }
  }

  @Test func missingFiles() {
    let path = folder.path("none")
    let reads: [() throws -> Void] = [
      { _ = try CSV.read(path) }, { _ = try NPY.read(path) }, { _ = try IDX.read(path) },
      { _ = try SafeTensors.read(path) },
    ]
    for read in reads { expectFileError(path, "cannot be opened", from: read) }
    expectFileError("zero byte") { _ = try NPY.read("a\0b") }
    expectFileError("apt install dataset-fashion-mnist", "/none") { _ = try IDX.read(FashionMNIST.directory + "/none") }
  }
}
