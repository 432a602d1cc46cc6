// How a standalone trainer reads a table: the options of Runtime/include/descent_csv.h as a C initializer.

import DescentIR

extension StandaloneTrainer {
  /// A column, by its name or by its number.
  package enum Column: Sendable { case name(String), index(Int) }

  /// The options of a table, with the numbers that C has for them.
  package struct Table: Sendable {
    /// DSC_CSV_HEADER_… and DSC_CSV_MISSING_…, and the codes of the separator and the decimal mark.
    package var header, missing, separator, decimal: Int32
    package var dtype: DType
    package var targetType: DType
    package var target: Column
    package var skipped: [Column]
    /// Columns of texts, with all that they may hold.
    package var categories: [(column: Column, labels: [String])]
    /// Bytes of text that may come; nil: as many as the reader takes.
    package var limit: Int?

    package init(
      header: Int32, missing: Int32, separator: Int32, decimal: Int32, dtype: DType, targetType: DType, target: Column,
      skipped: [Column], categories: [(column: Column, labels: [String])], limit: Int?
    ) {
      self.header = header
      self.missing = missing
      self.separator = separator
      self.decimal = decimal
      self.dtype = dtype
      self.targetType = targetType
      self.target = target
      self.skipped = skipped
      self.categories = categories
      self.limit = limit
    }
  }
}

extension StandaloneTrainer.Column {
  /// A dsc_csv_column.
  var initializer: String {
    switch self {
    case .name(let name): "{\(cString(name)), 0}"
    case .index(let index): "{NULL, \(cLiteral(index))}"
    }
  }
}

extension StandaloneTrainer.Table {
  /// No table: of a reader that has no options.
  static let none = "{0, 0, 0, 0, NULL, 0, 0, 0, 0, 0, NULL, 0, NULL, 0}"

  /// A dsc_csv_options; `definitions` has the arrays that it points to, whose names begin with `prefix`.
  func initializer(_ prefix: String) -> (definitions: String, initializer: String) {
    func number(_ dtype: DType) -> String { "DSC_" + dtype.name.uppercased() }
    var definitions = ""
    func array(_ type: String, _ name: String, _ elements: [String]) -> String {
      guard !elements.isEmpty else { return "NULL, 0" }
      definitions +=
        "static const \(type)\(prefix)_\(name)[\(elements.count)] = {\n"
        + elements.map { "    \($0),\n" }.joined() + "};\n\n"
      return "\(prefix)_\(name), \(elements.count)"
    }
    let column =
      switch target {
      case .name(let name): "DSC_CSV_TARGET_NAME, \(cString(name)), 0"
      case .index(let index): "DSC_CSV_TARGET_INDEX, NULL, \(cLiteral(index))"
      }
    let skipped = array("dsc_csv_column ", "skipped", skipped.map(\.initializer))
    let categories = categories.enumerated().map { number, category in
      let labels = array("char *const ", "labels\(number)", category.labels.map(cString))
      return "{\(category.column.initializer), \(labels)}"
    }
    let all = array("dsc_csv_category ", "categories", categories)
    return (
      definitions,
      "{\(header), \(separator), \(number(dtype)), \(column), \(number(targetType)), \(limit ?? 0), \(decimal), \(missing), "
        + "\(skipped), \(all)}"
    )
  }
}
