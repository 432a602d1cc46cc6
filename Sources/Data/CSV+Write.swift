// Tables of numbers and of names, written as CSV (RFC 4180): whole or not at all.

import DescentIR
import DescentRuntime

extension CSV {
  /// Writes a matrix [rows, columns], or a vector as one column, under a header; a file that is there is replaced. Each number has
  /// the fewest digits that give it again. Throws where the names are not as many as the columns.
  public static func write(_ table: Tensor, names: [String], to path: String) throws {
    try write(try rows(of: table, names: names), to: path)
  }

  /// Writes lines of fields.
  package static func write(_ lines: [[String]], to path: String) throws {
    var text = lines.map { line($0) + "\n" }.joined()
    try text.withUTF8 { bytes in
      try callingC(path) { dsc_write_file($0, bytes.baseAddress, Int64(bytes.count), $1) }
    }
  }

  /// The header and the rows of a table, as texts.
  package static func rows(of table: Tensor, names: [String]) throws -> [[String]] {
    let array = try table.value
    let columns = array.shape.rank == 1 ? 1 : array.shape.rank == 2 ? array.shape[1] : -1
    guard columns == names.count else {
      throw DescentError(
        .usage, "\(names.count) names of columns for a table of type \(table.type); expected [rows, columns]")
    }
    let texts = array.texts
    return [names]
      + (0..<array.shape[0]).map { row in Array(texts[row * columns..<(row + 1) * columns]) }
  }

  /// A line of fields; a field is quoted where it has a comma, a quote or a line end.
  package static func line(_ fields: [String]) -> String {
    fields.map { field in
      field.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0D || $0 == 0x0A }
        ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
    }.joined(separator: ",")
  }
}

extension HostArray {
  /// Each element in the fewest digits that give it again; true and false are 1 and 0, so that all are numbers.
  fileprivate var texts: [String] {
    switch storage {
    case .f32(let v): v.map { "\($0)" }
    case .f64(let v): v.map { "\($0)" }
    case .i32(let v): v.map { "\($0)" }
    case .i64(let v): v.map { "\($0)" }
    case .u8(let v): v.map { "\($0)" }
    case .bool(let v): v.map { $0 ? "1" : "0" }
    }
  }
}
