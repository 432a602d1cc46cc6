// Numbers of a program that are too many for its text: in a file beside the standalone trainer, which takes no other.

import DescentData
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

@Suite(.serialized) struct LargeConstantTests {
  private struct Parameters: ParameterTree { var weight, bias: Tensor }

  /// A program that captures numbers of each type, in its beginning, its network and its loss.
  private static func trainer(_ factor: Float = 1) -> Trainer<Parameters> {
    let features = normal([5, 300], key: RandomKey(seed: 21)) * factor
    let start = normal([300, 3], key: RandomKey(seed: 22)) * 0.1
    let order = convert(299 - arange(300), to: .i32), scale = convert(arange(300), to: .f64) * 0.003 - 0.4
    let mask = arange(600) .< 500
    return Trainer(
      optimizer: Adam(learningRate: 0.01), metric: .accuracy,
      initialize: { Parameters(weight: start + normal([300, 3], key: $0) * 0.01, bias: full([3], 0)) },
      predict: { p, x in
        let hidden = gather(transpose(tanh(matmul(x, features))), order)
        return matmul(transpose(hidden) * convert(scale, to: .f32), p.weight) + p.bias
      },
      loss: { p, x, y in
        let hidden = tanh(matmul(x, features)), kept = convert(mask, to: .f32)[100..<400]
        return softmaxCrossEntropy(matmul(hidden * kept, p.weight) + p.bias, labels: y)
      })
  }

  private static var options: TrainingOptions { TrainingOptions(epochs: 2, batch: 32, seed: 4) }

  @Test func theFileGivesTheBits() throws {
    let folder = try Folder()
    let (data, validation) = try Sample.points()
    let trainer = Self.trainer()
    var options = Self.options
    try trainer.emitTrainer(data: data, validation: validation, options: options, batches: [50], to: folder.path)
    // Those of several programs are there once; what is small stays in the text.
    let file = try SafeTensors.read(folder.path + "/data/constants.safetensors")
    #expect(Set(file.names).count == file.names.count && (4...6).contains(file.names.count), "\(file.names)")
    #expect(try folder.text("README.md").contains("`data/constants.safetensors`, numbers of the program itself"))
    for line in try folder.text("trainer.c").split(separator: "\n") where line.contains("[1500]") {
      Issue.record("a constant in the text: \(line)")
    }
    options.checkpoint = folder.path + "/swift"
    for build in Build.two {
      try build.program(["trainer.c"], "trainer", in: folder.path)
      for batch in [32, 50] {
        options.batch = batch
        _ = try trainer.fit(data, validation: validation, options: options)
        let outcome = try execute(
          folder.path + "/trainer", ["--batch", "\(batch)", "--checkpoint", "c"], in: folder.path)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(build): \(outcome.errors)")
        #expect(try folder.bytes("c") == folder.bytes("swift"), "\(build), batch \(batch)")
      }
    }
  }

  /// Damaged, missing, or that of another trainer: one line before the first step.
  @Test func noOtherFileIsTaken() throws {
    let folder = try Folder()
    let (data, _) = try Sample.points()
    try Self.trainer(2).emitTrainer(data: data, validation: nil, options: Self.options, to: folder.path + "/other")
    try Self.trainer().emitTrainer(data: data, validation: nil, options: Self.options, to: folder.path)
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path)
    let path = folder.path + "/data/constants.safetensors"
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    func refused(_ note: String, _ words: String = "constants.safetensors: ") throws {
      // From elsewhere, with the data's folder named: the file is always that beside the program.
      let outcome = try execute(folder.path + "/trainer", ["--data", folder.path + "/other/data"], in: "/")
      #expect(outcome.status == 1 && outcome.errorLines == 1 && outcome.output.isEmpty, "\(note): \(outcome)")
      #expect(outcome.errors.contains("data/constants.safetensors: ") && outcome.errors.contains(words), "\(outcome)")
    }
    for place in [0, 9, 60, 200, whole.count / 2, whole.count - 1] {
      var damaged = whole
      damaged[place] ^= 4
      try damaged.write(to: URL(fileURLWithPath: path))
      try refused("byte \(place)")
      if place > whole.count / 4 { try refused("byte \(place)", "is damaged: its bytes have the checksum") }
    }
    try whole.dropLast().write(to: URL(fileURLWithPath: path))
    try refused("cut off")
    try folder.bytes("other/data/constants.safetensors").write(to: URL(fileURLWithPath: path))
    try refused("another trainer's", "is not the file that was emitted with this trainer")
    try FileManager.default.removeItem(atPath: path)
    try refused("missing", "is not there; it holds numbers of the program")
    try whole.write(to: URL(fileURLWithPath: path))
    #expect(try execute(folder.path + "/trainer", ["--output", folder.path + "/p"], in: "/").status == 0)
  }
}
