// Tables of numbers in CSV (RFC 4180), plain or gzipped, read by Runtime/include/descent_csv.h.

import DescentIR
import DescentRuntime

/// Reading tables of numbers in CSV.
public enum CSV {
  /// Whether the first line names the columns.
  public enum Header: String, Sendable, Hashable, Codable {
    case absent, present
    /// A first line without any number is a header, one of numbers alone is none, a mixture is an error.
    case detected
  }

  /// A column, by its name in the header or by its number: 0 is the first and -1 the last.
  public enum Column: Sendable, Hashable, Codable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case name(String)
    case index(Int)

    public init(stringLiteral name: String) { self = .name(name) }
    public init(integerLiteral index: Int) { self = .index(index) }
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
    return Table(
      features: Tensor(try HostArray(copying: csv.features, of: path)),
      target: csv.target.data == nil ? nil : Tensor(try HostArray(copying: csv.target, of: path)),
      names: csv.names.map { names in (0..<Int(csv.columns)).map { String(cString: names[$0]!) } } ?? [],
      targetName: csv.target_name.map { String(cString: $0) })
  }
}

extension CSV.Options {
  /// Calls `body` with these options as the C reader takes them; `path` is named where they are impossible.
  fileprivate func withC(_ path: String, _ body: (UnsafePointer<dsc_csv_options>) throws -> Void) throws {
    var c = dsc_csv_defaults()
    c.header = Int32(
      header == .absent ? DSC_CSV_HEADER_NO : header == .present ? DSC_CSV_HEADER_YES : DSC_CSV_HEADER_DETECT)
    // A separator of several characters is refused by the reader, as any other that cannot be one.
    c.separator = separator.utf8.count == 1 ? Int32(separator.utf8.first ?? 0) : 0
    c.dtype = dtype.rawValue
    c.target_dtype = targetType.rawValue
    switch target {
    case nil: try body(&c)
    case .index(let index):
      c.target = Int32(DSC_CSV_TARGET_INDEX)
      c.target_index = Int64(index)
      try body(&c)
    case .name(let name):
      guard !name.utf8.contains(0) else {
        throw DescentError(.file, "\(path): no column is named \(name.debugDescription)")
      }
      c.target = Int32(DSC_CSV_TARGET_NAME)
      try name.withCString {
        c.target_name = $0
        try body(&c)
      }
    }
  }
}
