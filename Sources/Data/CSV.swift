// Tables of numbers in CSV (RFC 4180), plain or gzipped, read by Runtime/include/descent_csv.h: what is asked for and given.

import DescentIR
import DescentRuntime

/// Reading tables of numbers in CSV.
public enum CSV {
  /// Whether the first line names the columns.
  public enum Header: String, Sendable, Hashable, Codable {
    case no, yes
    /// A first line is a header where a column is chosen by name, and where none of the columns that are to be numbers holds
    /// one. A mixture is an error, and so are numbers that may as well be names: years, or 0, 1, 2, … of many columns.
    case detected
  }

  /// What becomes of a value that is missing: an empty field, a question mark, or one of the words that pandas takes for it,
  /// such as `NA` and `null`.
  public enum Missing: String, Sendable, Hashable, Codable {
    /// It is an error.
    case refused
    /// It is NaN; a target of whole numbers cannot have one.
    case nan
    /// Its row is left out, as is one with a NaN; `Table.dropped` is their number, and a note tells of it.
    case dropped
  }

  /// A column, by its name in the header or by its number: 0 is the first and -1 the last.
  public enum Column: Sendable, Hashable, Codable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case name(String)
    case index(Int)

    public init(stringLiteral name: String) { self = .name(name) }
    public init(integerLiteral index: Int) { self = .index(index) }
  }

  /// A column of texts that become numbers 0, 1, 2, …
  public struct Categories: Sendable, Hashable, Codable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// The column.
    public var column: Column
    /// The texts in the order of their numbers; any other is then an error. Nil: those of the file, in the order of their
    /// bytes, so that the rows' order does not matter.
    public var labels: [String]?

    public init(_ column: Column, labels: [String]? = nil) {
      self.column = column
      self.labels = labels
    }
    public init(stringLiteral name: String) { self.init(.name(name)) }
    public init(integerLiteral index: Int) { self.init(.index(index)) }
  }

  /// How a file is to be read; the same options serve Swift and an emitted C trainer.
  public struct Options: Sendable, Hashable, Codable {
    /// Whether the first line names the columns.
    public var header = Header.detected
    /// The column set apart as the target.
    public var target: Column?
    /// Element type of the features: f32 or f64.
    public var dtype = DType.f32
    /// Element type of the target: f32, f64, or i32 for whole numbers such as labels.
    public var targetType = DType.f32
    /// What stands between columns: `,`, `;`, `|` or a tab.
    public var separator = ","
    /// The decimal mark: `.` or `,`.
    public var decimal = "."
    /// What becomes of a value that is missing.
    public var missing = Missing.refused
    /// The columns that become features, in this order; the others are not read. Empty: all that are left.
    public var columns: [Column] = []
    /// Columns that are not read; not beside `columns`.
    public var skipped: [Column] = []
    /// Columns of texts that become numbers.
    public var categories: [Categories] = []
    /// The most bytes of text that may come, after decompression. Nil: any of a plain file; of a gzipped one 64 MiB, or 100
    /// times its size where that is more.
    public var limit: Int?

    public init() {}
  }

  /// What a file holds: features, and the target where one was asked for.
  public struct Table: Sendable {
    /// The features [rows, columns].
    public let features: Tensor
    /// The target [rows].
    public let target: Tensor?
    /// The names of the features; empty without a header.
    public let names: [String]
    /// The target's name; nil without a header or a target.
    public let targetName: String?
    /// The categories of the options with their labels.
    public let categories: [Categories]
    /// The labels of the target, in the order of their numbers; nil where it is no category.
    public let targetLabels: [String]?
    /// The number of rows that were left out, as a value was missing.
    public let dropped: Int
  }

  /// Reads a file; throws an error that names file, line and column.
  public static func read(
    _ path: String, header: Header = .detected, target: Column? = nil, targetType: DType = .f32
  ) throws -> Table {
    var options = Options()
    options.header = header
    options.target = target
    options.targetType = targetType
    return try read(path, options)
  }

  /// Reads a file as the options say; throws an error that names file, line and column.
  public static func read(_ path: String, _ options: Options) throws -> Table {
    var csv = dsc_csv()
    defer { dsc_csv_free(&csv) }
    try options.withC(path) { c in
      try callingC(path) { dsc_csv_read($0, c, &csv, $1) }
    }
    let categories = options.categories.enumerated().map { Categories($1.column, labels: csv.texts($0)) }
    if csv.dropped > 0 {
      ReadingNotes.shared.say(
        "\(path): \(csv.dropped) of \(csv.dropped + csv.rows) rows are left out, as a value is missing")
    }
    return Table(
      features: Tensor(try HostArray(copying: csv.features, of: path)),
      target: csv.target.data == nil ? nil : Tensor(try HostArray(copying: csv.target, of: path)),
      names: csv.names.map { names in (0..<Int(csv.columns)).map { String(cString: names[$0]!) } } ?? [],
      targetName: csv.target_name.map { String(cString: $0) },
      categories: categories, targetLabels: csv.target_labels < 0 ? nil : csv.texts(Int(csv.target_labels)),
      dropped: Int(csv.dropped))
  }
}

extension dsc_csv {
  /// The labels of a category.
  fileprivate func texts(_ category: Int) -> [String] {
    let labels = labels[category]
    return (0..<Int(labels.count)).map { String(cString: labels.texts[$0]!) }
  }
}
