// The options of a table as the C reader takes them, in a call and in the tables of an emitted trainer.

import DescentIR
import DescentRuntime
import Foundation

extension CSV.Header {
  /// DSC_CSV_HEADER_…
  package var number: Int32 {
    switch self {
    case .no: Int32(DSC_CSV_HEADER_NO)
    case .yes: Int32(DSC_CSV_HEADER_YES)
    case .detected: Int32(DSC_CSV_HEADER_DETECT)
    }
  }
}

extension CSV.Missing {
  /// DSC_CSV_MISSING_…
  package var number: Int32 {
    switch self {
    case .refused: Int32(DSC_CSV_MISSING_REFUSED)
    case .nan: Int32(DSC_CSV_MISSING_NAN)
    case .dropped: Int32(DSC_CSV_MISSING_DROPPED)
    }
  }
}

extension CSV.Options {
  /// The separator's code. One of several characters is 0, which the reader refuses as it does any other.
  package var separatorCode: Int32 { Self.code(separator) }
  /// The decimal mark's code, in the same way.
  package var decimalCode: Int32 { Self.code(decimal) }
  private static func code(_ text: String) -> Int32 { text.utf8.count == 1 ? Int32(text.utf8.first ?? 0) : 0 }

  /// Calls `body` with these options as the C reader takes them; `path` is named where they are impossible.
  func withC(_ path: String, _ body: (UnsafePointer<dsc_csv_options>) throws -> Void) throws {
    let texts = CTexts(path)
    var c = dsc_csv_defaults()
    c.header = header.number
    c.separator = separatorCode
    c.decimal = decimalCode
    c.missing = missing.number
    c.dtype = dtype.rawValue
    c.target_dtype = targetType.rawValue
    c.limit = Int64(limit ?? 0)
    guard limit ?? 1 > 0 else {
      throw DescentError(.usage, "\(path): a limit of \(limit ?? 0) bytes; expected at least 1")
    }
    if let target {
      let column = try texts.column(target)
      c.target = Int32(column.name == nil ? DSC_CSV_TARGET_INDEX : DSC_CSV_TARGET_NAME)
      c.target_name = column.name
      c.target_index = column.index
    }
    let skipped = try skipped.map { try texts.column($0) }, chosen = try columns.map { try texts.column($0) }
    // All labels one after another: a category points to its first.
    let labels = try categories.flatMap { try ($0.labels ?? []).map { Optional(try texts.text($0)) } }
    // One after another: the chosen ones stand behind those to skip.
    try (skipped + chosen).withUnsafeBufferPointer { columns in
      try labels.withUnsafeBufferPointer { labels in
        var from = 0
        let categories = try categories.map { category in
          let column = try texts.column(category.column)
          guard let own = category.labels else { return dsc_csv_category(column: column, labels: nil, count: 0) }
          guard !own.isEmpty else { throw DescentError(.usage, "\(path): a category has an empty list of labels") }
          defer { from += own.count }
          return dsc_csv_category(column: column, labels: labels.baseAddress! + from, count: Int64(own.count))
        }
        try categories.withUnsafeBufferPointer { categories in
          (c.skipped, c.skipped_count) = (columns.baseAddress, Int64(skipped.count))
          (c.chosen, c.chosen_count) = (columns.baseAddress.map { $0 + skipped.count }, Int64(chosen.count))
          (c.categories, c.category_count) = (categories.baseAddress, Int64(categories.count))
          try body(&c)
        }
      }
    }
  }
}

/// Texts as C strings, which last as long as this does.
private final class CTexts {
  private let path: String
  private var owned: [UnsafeMutablePointer<CChar>] = []

  init(_ path: String) { self.path = path }
  deinit { owned.forEach { free($0) } }

  func text(_ string: String) throws -> UnsafePointer<CChar> {
    guard !string.utf8.contains(0) else {
      throw DescentError(.file, "\(path): no column and no label is named \(string.debugDescription)")
    }
    owned.append(strdup(string))
    return UnsafePointer(owned[owned.count - 1])
  }

  func column(_ column: CSV.Column) throws -> dsc_csv_column {
    switch column {
    case .name(let name): dsc_csv_column(name: try text(name), index: 0)
    case .index(let index): dsc_csv_column(name: nil, index: Int64(index))
    }
  }
}
