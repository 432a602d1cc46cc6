// The lines of README.md under "Parameters come back", word for word, and that they do.

import Descent
import Foundation
import Testing

@Suite struct Returning {
  @Test func theLinesAreThese() throws {
    let readme = try Repository.text("README.md")
    let section = Repository.section("### Parameters come back", in: readme)
    let lines = Repository.blocks("swift", in: "\n" + section)[0].split(separator: "\n").map {
      "    " + $0.replacing("\"slide.", with: "folder + \"/slide.")
    }
    #expect(try Repository.text("Tests/DocsTests/Returning.swift").contains(lines.joined(separator: "\n")))
  }

  @Test func parametersComeBack() throws {
    let folder = NSTemporaryDirectory() + "/returning-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let trainer = try Wages().trainer()
    let x = normal([64, 3], key: RandomKey(seed: 1))
    var options = TrainingOptions(epochs: 2, batch: 32)
    options.checkpoint = folder + "/slide.checkpoint"
    let result = try trainer.fit(try Dataset(inputs: x, targets: x[.all, 0]), options: options)
    try save(result.parameters, to: folder + "/slide.safetensors")
    let parameters = try load(like: result.parameters, from: folder + "/slide.safetensors")
    let checkpoint = try trainer.load(checkpoint: folder + "/slide.checkpoint")
    for (path, _) in result.parameters.types {
      let layer = String(path.prefix { $0 != "." }), name = String(path.drop { $0 != "." }.dropFirst())
      for other in [parameters, checkpoint.parameters] {
        let (a, b): (Weights, Weights) = (result.parameters[layer], other[layer])
        let (x, y): (Tensor, Tensor) = (a[name], b[name])
        #expect(try x.doubles == y.doubles)
      }
    }
    #expect(checkpoint.run["seed"] == "0" && checkpoint.state?.steps == 4 && !checkpoint.isBest)
  }
}
