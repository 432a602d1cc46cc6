// Trees as files: what is saved comes back, numbers beside the tensors too; what does not fit is one error that says all of it.

import DescentData
import DescentIR
import Foundation
import Testing

private struct Layer: ParameterTree { var W, b: Tensor }
private enum Kind: String, Codable { case deep, wide }
private struct Net: ParameterTree {
  var layers: [Layer]
  var scale: Tensor?
  var byName: [String: Tensor]
  var β: Double
  var heads: Int
  var kind: Kind
  var isTied: Bool

  static func of(_ start: Float) -> Net {
    Net(
      layers: (0..<2).map { i in
        Layer(
          W: Tensor((0..<6).map { start + Float(i * 10 + $0) }, shape: [2, 3]), b: Tensor([Double(start), .nan, -0.0]))
      }, scale: Tensor(Int64(7)), byName: ["z": Tensor([true, false]), "a": Tensor([UInt8(3)])], β: 0.1, heads: 4,
      kind: .wide, isTied: true)
  }
}

@Suite struct TreeFileTests {
  private let folder: Folder
  private let path: String
  init() throws {
    folder = try Folder()
    path = folder.path("net.safetensors")
  }

  @Test func whatIsSavedComesBack() throws {
    let net = Net.of(1)
    try save(net, to: path)
    #expect(
      try SafeTensors.read(path).names == [
        "layers.0.W", "layers.0.b", "layers.1.W", "layers.1.b", "scale", "byName.a", "byName.z",
      ])
    var like = Net.of(5)
    (like.β, like.heads, like.kind, like.isTied) = (0, 1, .deep, false)
    let back = try load(like: like, from: path)
    #expect(back.β == 0.1 && back.heads == 4 && back.kind == .wide && back.isTied)
    let (before, after) = (try FlatTree(net), try FlatTree(back))
    #expect(before.structure == after.structure)
    for (a, b) in zip(before.leaves, after.leaves) { #expect(try a.value.isIdentical(to: b.value)) }
    #expect(folder.names == ["net.safetensors"])
  }

  @Test func aTensorByItself() throws {
    try save(Tensor([1.5, 2]), to: path)
    #expect(try SafeTensors.read(path).names == ["tensor"])
    #expect(try load(like: Tensor([0.0, 0]), from: path).doubles == [1.5, 2])
  }

  /// A file that another program made has no notes: what stands beside the tensors is that of the tree.
  @Test func filesOfOtherPrograms() throws {
    try SafeTensors([.init("b", Tensor([1.0])), .init("W", Tensor([Float(2)]))]).write(to: path)
    let layer = try load(like: Layer(W: Tensor([Float(0)]), b: Tensor([0.0])), from: path)
    #expect(try layer.W.floats == [2] && layer.b.doubles == [1])
  }

  @Test func allDifferencesAreOneError() throws {
    try save(Layer(W: Tensor([Float(1), 2]), b: Tensor([1.0])), to: path)
    let error = expectFileError(
      path, "has no tensor 'c', f32[]", "'W' is f32[2], expected f32[3]", "'b' is f64[1], expected f32[1]"
    ) {
      _ = try load(
        like: ["W": Tensor([Float(0), 0, 0]), "b": Tensor([Float(0)]), "c": Tensor(Float(0))], from: path)
    }
    #expect(!error.contains("no place"))
    expectFileError("has a tensor 'b', f64[1], for which there is no place") {
      _ = try load(like: ["W": Tensor([Float(0), 0])], from: path)
    }
    do {
      _ = try load(like: [Tensor](), from: path)
      Issue.record("two tensors were taken for none")
    } catch let error as DescentError {
      #expect(error.location?.description.hasPrefix("DataTests/TreeFileTests.swift:") == true)
    }
    let many = Dictionary(uniqueKeysWithValues: (0..<9).map { ("n\($0)", Tensor(Float(0))) })
    expectFileError("and 6 more such differences") { _ = try load(like: many, from: path) }
  }

  @Test func settingsThatDoNotFit() throws {
    struct Real: ParameterTree { var w: Tensor; var γ: Double }
    struct Whole: ParameterTree { var w: Tensor; var γ: Int }
    struct None: ParameterTree { var w: Tensor }
    let w = Tensor([Float(1)])
    try save(Real(w: w, γ: 2.5), to: path)
    expectFileError("says \"2.5\" of 'γ', expected a whole number") {
      _ = try load(like: Whole(w: w, γ: 2), from: path)
    }
    expectFileError("says something of 'γ', for which there is no place") { _ = try load(like: None(w: w), from: path) }
    for γ in [Double.infinity, -0.0, 0x1p-1074, 0.1 + 0.2] {
      try save(Real(w: w, γ: γ), to: path)
      #expect(try load(like: Real(w: w, γ: 1), from: path).γ.bitPattern == γ.bitPattern)
    }
  }

  /// What cannot be written leaves the file as it was.
  @Test func aFailureLeavesTheFile() throws {
    try save(Tensor([1.0]), to: path)
    let before = try folder.bytes("net.safetensors")
    #expect(throws: DescentError.self) { try save([Tensor([1.0]), Tensor([1.0, 2], shape: [3])], to: path) }
    let twice: [String: [String: Tensor]] = ["a": ["b.c": Tensor(1.0)], "a.b": ["c": Tensor(2.0)]]
    let error = #expect(throws: DescentError.self) { try save(twice, to: path) }
    #expect(error?.message.contains("the path 'a.b.c'") == true)
    #expect(try folder.bytes("net.safetensors") == before && folder.names == ["net.safetensors"])
    expectFileError("no/net") { try save(Tensor([1.0]), to: folder.path("no/net")) }
  }

  @Test func checkpointsAreNamedAsWhatTheyAre() throws {
    try SafeTensors([.init("parameters.W", Tensor(1.0))], metadata: ["format": "descent-checkpoint-2"]).write(to: path)
    expectFileError("is a checkpoint of a training run", "Trainer.load(checkpoint:)") {
      _ = try load(like: ["W": Tensor(1.0)], from: path)
    }
  }

  @Test func tablesAreWritten() throws {
    let csv = folder.path("t.csv")
    try CSV.write(Tensor([1, 0.1, -2.5, .infinity] as [Float], shape: [2, 2]), names: ["a,b", "c"], to: csv)
    #expect(try folder.text("t.csv") == "\"a,b\",c\n1.0,0.1\n-2.5,inf\n")
    try CSV.write(Tensor([Int64(3), -4]), names: ["n"], to: csv)
    #expect(try CSV.read(csv, header: .yes).features.doubles == [3, -4])
    let error = #expect(throws: DescentError.self) { try CSV.write(Tensor([1.0]), names: [], to: csv) }
    #expect(error?.message.contains("0 names of columns for a table of type f64[1]") == true)
  }
}
