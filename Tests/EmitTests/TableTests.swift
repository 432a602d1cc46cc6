// Tables with text and missing values in a standalone trainer: it reads them as the process does that emitted it.

import DescentData
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

@Suite(.serialized) struct TableTests {
  /// A row of the table: a number with a comma, a category, text to skip, a class; every seventh lacks a value.
  private func row(_ i: Int) -> String {
    let city = ["Zürich", "Genève", "\"St. \"\"Gallen\"\"; oben\"", "??/Bern\\"][i % 4]
    let name = i % 11 == 5 ? "" : ["low", "middle", "high"][i * i % 3 + (i % 5 == 0 ? 1 : 0)]
    let place = i % 7 == 3 ? "NA" : city
    return "\(i % 10),\((i * 37) % 100);\(place);\"note \(i)\r\nin two lines\";\(name)"
  }

  @Test func textAndMissingValues() throws {
    let folder = try Folder()
    let path = folder.path + "/table.csv"
    let lines = ["size;city;2020;class"] + (0..<120).map(row)
    try Data(lines.joined(separator: "\r").utf8).write(to: URL(fileURLWithPath: path))
    let data = try Dataset.csv(
      path, target: "class", separator: ";", decimal: ",", missing: .dropped, skipped: [2],
      categories: [1, .init("class", labels: ["low", "middle", "high"])])
    let missing = (0..<120).filter { $0 % 7 == 3 || $0 % 11 == 5 }.count
    #expect(data.count == 120 - missing && data.dropped == missing && data.classNames == ["low", "middle", "high"])
    let (training, heldOut) = try data.split(0.25, seed: 3)
    let trainer = Sample.classifier(columns: 2)
    var options = TrainingOptions(epochs: 2, batch: 15, seed: 2)
    options.checkpoint = folder.path + "/swift.checkpoint"
    _ = try trainer.fit(training, validation: heldOut, options: options)
    try trainer.emitTrainer(data: training, validation: heldOut, options: options, to: folder.path)
    for build in Build.two {
      try build.program(["trainer.c"], "trainer", in: folder.path)
      let outcome = try execute(folder.path + "/trainer", ["--checkpoint=c.checkpoint"], in: folder.path)
      let notes = Set(outcome.errors.split(separator: "\n"))
      #expect(
        outcome.status == 0
          && notes == [
            "note: \(folder.path)/data/table.csv: \(missing) of 120 rows are left out, as a value is missing"
          ])
      #expect(try folder.bytes("c.checkpoint") == folder.bytes("swift.checkpoint"), "\(build)")
    }
    // The labels are the trainer's: another file is read with the same numbers, and may hold no others.
    let other = lines.map { $0.replacingOccurrences(of: "Zürich", with: "Wil") }.joined(separator: "\r")
    try Data(other.utf8).write(to: URL(fileURLWithPath: folder.path + "/other.csv"))
    let outcome = try execute(folder.path + "/trainer", ["--data", "other.csv"], in: folder.path)
    #expect(outcome.status == 1 && outcome.errorLines == 1, "\(outcome)")
    #expect(
      outcome.errors.contains("column 2 (\"city\"): the label \"Wil\" is none of the 4 that are known"), "\(outcome)")
  }

  /// Types that are converted, told by a note.
  @Test func convertedTypes() throws {
    let folder = try Folder()
    let (x, y) = (folder.path + "/x.npy", folder.path + "/y.npy")
    func write(_ path: String, _ descr: String, _ shape: String, _ bytes: [UInt8]) throws {
      var header = "{'descr': '\(descr)', 'fortran_order': False, 'shape': \(shape), }"
      header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
      var data: [UInt8] = [0x93] + Array("NUMPY".utf8)
      data += [1, 0, UInt8(header.utf8.count), 0]
      data += Array(header.utf8) + bytes
      try Data(data).write(to: URL(fileURLWithPath: path))
    }
    // 60 rows of two f16 between 1 and 4, big-endian, and i8 for the classes.
    var halves: [UInt8] = []
    for i in 0..<120 { halves += [UInt8(0x3C + i % 3), UInt8(i * 67 % 256)] }
    let classes = (0..<60).map { (i: Int) -> UInt8 in UInt8(i * 7 % 3) }
    try write(x, ">f2", "(60, 2)", halves)
    try write(y, "|i1", "(60,)", classes)
    let data = try Dataset.npy(inputs: x, targets: y, classes: 3)
    #expect(data.inputs.type == TensorType(.f32, [60, 2]) && data.targets.type == TensorType(.i32, [60]))
    let trainer = Sample.classifier(columns: 2)
    var options = TrainingOptions(epochs: 2, batch: 15, seed: 2)
    options.checkpoint = folder.path + "/swift.checkpoint"
    _ = try trainer.fit(data, options: options)
    try trainer.emitTrainer(data: data, validation: nil, options: options, to: folder.path)
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path)
    let outcome = try execute(folder.path + "/trainer", ["--checkpoint=c.checkpoint"], in: folder.path)
    #expect(
      outcome.errors
        == "note: \(folder.path)/data/x.npy: f16 is read as f32\nnote: \(folder.path)/data/y.npy: i8 is read as i32\n")
    #expect(try folder.bytes("c.checkpoint") == folder.bytes("swift.checkpoint"))
  }
}
