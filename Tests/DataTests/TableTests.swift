// Tables with text, missing values and other marks: what CSV.Options asks for, and data sets made of them.

import DescentData
import DescentIR
import Foundation
import Testing

@Suite struct TableTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  /// The same rows in two orders, with every kind of value that is missing.
  static let penguins = """
    species;island;bill;mass;sex
    Gentoo;Biscoe;47,3;5200;male
    Adelie;Torgersen;39,1;3750;male
    Adelie;Dream;NA;3800;female
    Chinstrap;Dream;46,5;3500;
    Gentoo;Biscoe;50,0;5700;male

    """
  static let rearranged = """
    species;island;bill;mass;sex
    Adelie;Torgersen;39,1;3750;male
    Gentoo;Biscoe;50,0;5700;male
    Gentoo;Biscoe;47,3;5200;male

    """

  @Test func marks() throws {
    var options = CSV.Options()
    options.separator = ";"
    options.decimal = ","
    options.dtype = .f64
    let path = try folder.file("a.csv", "x;y\r1,5;-2,25e1\r,5;7".utf8)
    #expect(try CSV.read(path, options).features.value.doubles == [1.5, -22.5, 0.5, 7])
    options.decimal = ";"
    expectFileError(path, "character 59 cannot be the decimal mark") { _ = try CSV.read(path, options) }
    let rows = try folder.file("b.csv", "x;y\r1;2".utf8)
    expectFileError(rows, "line 2, column 1", "is the separator \";\"?") { _ = try CSV.read(rows) }
    options.limit = 5
    options.decimal = ","
    expectFileError(path, "is larger than 5 bytes, the limit for this file") { _ = try CSV.read(path, options) }
    options.limit = 0
    #expect(throws: DescentError.self) { try CSV.read(path, options) }
  }

  @Test func missingValues() throws {
    let path = try folder.file("a.csv", "x,y\n1,\nNA,4\n5,6\n".utf8)
    var options = CSV.Options()
    expectFileError(path, "line 2, column 2 (\"y\")", "an empty field; the option \"missing\" has it read as NaN") {
      _ = try CSV.read(path, options)
    }
    // NaN is missing too, however it is written.
    for word in ["nan", "NaN", "-nan", "NA"] {
      let file = try folder.file("nan.csv", "x,y\n1,2\n\(word),4\n".utf8)
      expectFileError(file, "line 3, column 1 (\"x\")", "found \"\(word)\"; the option \"missing\"") {
        _ = try CSV.read(file, options)
      }
    }
    options.missing = .nan
    let holes = try CSV.read(path, options)
    let values = try holes.features.doubles
    #expect(values[0] == 1 && values[1].isNaN && values[2].isNaN && values[3...] == [4, 5, 6] && holes.dropped == 0)
    options.missing = .dropped
    let whole = try CSV.read(path, options)
    #expect(try whole.features.doubles == [5, 6])
    #expect(whole.dropped == 2)
    #expect(ReadingNotes.shared.has("\(path): 2 of 3 rows are left out, as a value is missing"))
  }

  @Test func textsBecomeCategories() throws {
    let path = try folder.file("a.csv", Self.penguins.utf8)
    let data = try Dataset.csv(
      path, target: "species", separator: ";", decimal: ",", missing: .dropped, skipped: ["sex"],
      categories: ["island", "species"])
    // The row without a bill is left out; what a skipped column lacks is not missed.
    #expect(data.classNames == ["Adelie", "Chinstrap", "Gentoo"] && data.classes == 3 && data.dropped == 1)
    #expect(data.targets.dtype == .i32)
    #expect(try data.targets.integers == [2, 0, 1, 2])
    #expect(
      try data.inputs.value.doubles.map { Float($0) } == [0, 47.3, 5200, 2, 39.1, 3750, 1, 46.5, 3500, 0, 50, 5700])
    #expect(
      data.categories == [
        .init("island", labels: ["Biscoe", "Dream", "Torgersen"]),
        .init("species", labels: ["Adelie", "Chinstrap", "Gentoo"]),
      ])

    let parts = try data.split(0.5, seed: 1)
    #expect(parts.training.classNames == data.classNames && parts.heldOut.categories == data.categories)
    let again = try Dataset(reading: parts.heldOut.source)
    #expect(try again.inputs.value == parts.heldOut.inputs.value && again.targets.value == parts.heldOut.targets.value)
    #expect(again.source == parts.heldOut.source)
    let text = try JSONEncoder().encode(data.source)
    #expect(try JSONDecoder().decode(DataSource.self, from: text) == data.source)
  }

  @Test func numbersDoNotDependOnTheOrderOfRows() throws {
    func read(_ text: String) throws -> CSV.Table {
      var options = CSV.Options()
      options.separator = ";"
      options.decimal = ","
      options.missing = .dropped
      options.categories = [0, 1, -1]
      return try CSV.read(try folder.file("\(text.count).csv", text.utf8), options)
    }
    let (one, other) = (try read(Self.penguins), try read(Self.rearranged))
    // A label that only rows have which are left out gets no number.
    #expect(one.dropped == 2 && other.dropped == 0)
    #expect(one.categories.map(\.labels) == [["Adelie", "Gentoo"], ["Biscoe", "Torgersen"], ["male"]])
    #expect(one.categories == other.categories)
    func rows(_ table: CSV.Table) throws -> Set<[Double]> {
      let values = try table.features.doubles
      return Set(stride(from: 0, to: values.count, by: 5).map { Array(values[$0..<$0 + 5]) })
    }
    #expect(try rows(one) == rows(other))
  }

  @Test func labelsOfOneFileForAnother() throws {
    let training = try Dataset.csv(
      try folder.file("train.csv", "x,c\n1,red\n2,green\n3,blue\n".utf8), target: "c", categories: ["c"])
    let test = try Dataset.csv(
      try folder.file("test.csv", "x,c\n1,red\n2,blue\n".utf8), target: "c", categories: training.categories)
    #expect(try test.targets.integers == [2, 0])
    #expect(test.classes == 3 && test.classNames == ["blue", "green", "red"])
    let other = try folder.file("other.csv", "x,c\n1,red\n2,pink\n".utf8)
    expectFileError(
      other, "line 3, column 2 (\"c\"): the label \"pink\" is none of the 3", "\"blue\" 0, \"green\" 1, \"red\" 2"
    ) {
      _ = try Dataset.csv(other, target: "c", categories: training.categories)
    }
    let ordered = try Dataset.csv(other, target: "x", categories: [.init("c", labels: ["red", "pink"])])
    #expect(try ordered.inputs.integers == [0, 1])
    #expect(ordered.classNames == nil && ordered.classes == nil)
  }

  @Test func impossibleColumns() throws {
    let path = try folder.file("a.csv", "x,c\n1,red\n".utf8)
    expectFileError(path, "a column of texts can be skipped, or be one of the categories") { _ = try CSV.read(path) }
    expectFileError(path, "no column is named \"d\"") { _ = try Dataset.csv(path, target: "x", skipped: ["d"]) }
    expectFileError(path, "category column 7 does not exist") {
      _ = try Dataset.csv(path, target: "x", categories: [7])
    }
    expectFileError(path, "is to be skipped") {
      _ = try Dataset.csv(path, target: "x", skipped: ["c"], categories: ["c"])
    }
    expectFileError(path, "no label is named") {
      _ = try Dataset.csv(path, target: "x", categories: [.init("c", labels: ["a\0"])])
    }
    #expect(throws: DescentError.self) { try Dataset.csv(path, target: "x", categories: [.init("c", labels: [])]) }
  }

  @Test func headerOfYears() throws {
    let path = try folder.file("years.csv", "2019,2020,2021\n1,2,3\n".utf8)
    expectFileError(path, "2019 to 2021 may be the names of the columns", "say header: .yes or header: .no") {
      _ = try CSV.read(path)
    }
    #expect(try CSV.read(path, header: .yes).names == ["2019", "2020", "2021"])
    #expect(try CSV.read(path, header: .no).features.shape == [2, 3])
    #expect(try CSV.read(path, target: "2021").names == ["2019", "2020"])
    let mixed = try folder.file("mixed.csv", "country,2019\n1,2\n".utf8)
    expectFileError(mixed, "1 of 2 columns are numbers", "header: .yes") { _ = try CSV.read(mixed) }
  }

  /// Files of NumPy and of the safetensors package (Tests/readers/fixtures.py): -6, -5, … or 0, 1, …, and the extremes.
  @Test func typesThatAreConverted() throws {
    let fixtures =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
      + "/readers/fixtures"
    let file = try SafeTensors.read(fixtures + "/stored.safetensors")
    for (name, dtype, first, greatest) in [
      ("f16", DType.f32, -6.0, 65504.0), ("bf16", .f32, -6, 3.3895313892515355e38), ("i8", .i32, -6, 127),
      ("i16", .i32, -6, 32767), ("u16", .i32, 0, 65535), ("u32", .i64, 0, 4_294_967_295), ("u64", .i64, 0, 0x1p63),
    ] {
      var tensors = [try #require(file[name])]
      if name != "bf16" {
        tensors.append(try NPY.read("\(fixtures)/stored_\(name).npy"))
        #expect(ReadingNotes.shared.has("\(fixtures)/stored_\(name).npy: \(name) is read as \(dtype.name)"))
      }
      for tensor in tensors {
        #expect(tensor.type == TensorType(dtype, [2, 4]))
        let values = try tensor.value.doubles
        #expect(values[0] == first && values[5] == first + 5 && values[7] == greatest, "\(name): \(values)")
      }
    }
    #expect(ReadingNotes.shared.has("\(fixtures)/stored.safetensors: bf16 is read as f32, in 1 of 7 tensors"))
  }
}
