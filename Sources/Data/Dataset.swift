// Inputs and targets, row by row. Whatever scales or reshapes them (x / 255, one-hot labels) is part of the graph instead,
// so that compiled, interpreted and standalone training see the same bytes.
// Invariant: inputs and targets have the same first axis, of 1...2^31 rows; with `classes`, targets are i32 in 0..<classes.

import DescentIR
import DescentRuntime

/// Examples to learn from or to test with.
public struct Dataset: Sendable {
  /// The inputs [count, …], in the element type of their file: images of bytes stay u8.
  public let inputs: Tensor
  /// The targets [count, …]: i32 labels or real numbers.
  public let targets: Tensor
  /// Where the rows came from, for a standalone trainer.
  public let source: DataSource
  /// The names of the classes, where the target is a column of texts.
  public let classNames: [String]?
  /// The names of the features of a table with a header, in their order; empty of anything else.
  public let featureNames: [String]
  /// The number of rows of a table that were left out, as a value was missing.
  public let dropped: Int

  /// The number of rows.
  public var count: Int { inputs.shape[0] }
  /// The number of classes where targets are labels.
  public var classes: Int? { source.classes }
  /// The columns of texts of a table, with the labels that became 0, 1, 2, …; what another table is to be read with, so that
  /// the same text is the same number there.
  public var categories: [CSV.Categories] {
    if case .csv(_, let options) = source.origin { options.categories } else { [] }
  }

  /// A data set of arrays that the program made. With `classes` the targets become i32 labels, and one outside
  /// 0..<classes is an error that names its row.
  public init(inputs: Tensor, targets: Tensor, classes: Int? = nil) throws {
    try self.init(inputs, targets, source: DataSource(.memory, classes: classes), name: "data set")
  }

  /// What a training program gives that has no rows, as its loss draws what it trains on: one row that nothing reads.
  public static let drawn = Dataset(Tensor([Float(0)]), targets: Tensor([Float(0)]))

  /// Reads a table whose `target` column holds labels (with `classes`) or numbers (without). Where the target is one of the
  /// `categories` its texts are the classes. `columns` are the features, in this order; empty: all but the target and those that
  /// are `skipped`. Numbers become f32 or f64, as `dtype` says. Missing values, columns of text and marks are as in `CSV.Options`.
  public static func csv(
    _ path: String, target: CSV.Column, columns: [CSV.Column] = [], classes: Int? = nil, dtype: DType = .f32,
    header: CSV.Header = .detected, separator: String = ",", decimal: String = ".", missing: CSV.Missing = .refused,
    skipped: [CSV.Column] = [], categories: [CSV.Categories] = []
  ) throws -> Dataset {
    var options = CSV.Options()
    options.header = header
    options.target = target
    options.columns = columns
    options.dtype = dtype
    options.targetType = classes == nil ? dtype : .i32
    options.separator = separator
    options.decimal = decimal
    options.missing = missing
    options.skipped = skipped
    options.categories = categories
    return try Dataset(reading: DataSource(.csv(path: path, options: options), classes: classes))
  }
  /// Reads two IDX files, as those of MNIST.
  public static func idx(inputs: String, targets: String, classes: Int? = nil) throws -> Dataset {
    try Dataset(reading: DataSource(.idx(inputs: inputs, targets: targets), classes: classes))
  }
  /// Reads two NPY files.
  public static func npy(inputs: String, targets: String, classes: Int? = nil) throws -> Dataset {
    try Dataset(reading: DataSource(.npy(inputs: inputs, targets: targets), classes: classes))
  }

  /// Reads again what a source describes; throws for one that was in memory.
  public init(reading source: DataSource) throws {
    let whole: Dataset
    switch source.origin {
    case .csv(let path, let options): whole = try Dataset(table: path, options, classes: source.classes)
    case .idx(let x, let y):
      whole = try Dataset(
        try IDX.read(x), try IDX.read(y), source: DataSource(source.origin, classes: source.classes), name: y)
    case .npy(let x, let y):
      whole = try Dataset(
        try NPY.read(x), try NPY.read(y), source: DataSource(source.origin, classes: source.classes), name: y)
    case .memory:
      throw DescentError(.usage, "a data set that a program made has no file to be read again from")
    }
    self = try source.steps.reduce(whole) { try $0.taking($1) }
  }

  /// Reads a table. Its source has the labels that were found, so that reading it again, or another file, gives the same
  /// numbers.
  private init(table path: String, _ options: CSV.Options, classes: Int?) throws {
    var options = options
    let table = try CSV.read(path, options)
    guard let target = table.target else {
      throw DescentError(.file, "\(path): no target column was chosen; a data set needs one")
    }
    options.categories = table.categories
    try self.init(
      table.features, target,
      source: DataSource(.csv(path: path, options: options), classes: classes ?? table.targetLabels?.count), name: path,
      classNames: table.targetLabels, featureNames: table.names, dropped: table.dropped)
  }

  /// Checks rows and labels; `name` is the file of the targets.
  private init(
    _ inputs: Tensor, _ targets: Tensor, source: DataSource, name: String, classNames: [String]? = nil,
    featureNames: [String] = [], dropped: Int = 0
  ) throws {
    let (x, y) = (try inputs.value, try targets.value)
    guard x.shape.rank > 0, y.shape.rank > 0, x.shape[0] == y.shape[0] else {
      throw DescentError(
        .file, "\(name): inputs of type \(inputs.type) and targets of type \(targets.type) differ in their rows")
    }
    guard (1...1 << 31).contains(x.shape[0]) else {
      throw DescentError(.file, "\(name): \(x.shape[0]) rows; expected 1...2147483648")
    }
    if let classes = source.classes {
      guard classes > 0 else { throw DescentError(.usage, "\(name): \(classes) classes; expected at least 1") }
      self.targets = Tensor(try y.labels(classes: classes, file: name))
    } else {
      self.targets = targets
    }
    self.inputs = inputs
    self.source = source
    self.classNames = classNames
    self.featureNames = featureNames
    self.dropped = dropped
  }

  /// Rows that are known to be good.
  private init(_ inputs: Tensor, targets: Tensor) {
    (self.inputs, self.targets) = (inputs, targets)
    source = DataSource(.memory)
    (classNames, featureNames, dropped) = (nil, [], 0)
  }

  /// Rows of `whole`, which are known to be good.
  private init(_ inputs: HostArray, _ targets: HostArray, _ source: DataSource, of whole: Dataset) {
    self.inputs = Tensor(inputs)
    self.targets = Tensor(targets)
    self.source = source
    classNames = whole.classNames
    featureNames = whole.featureNames
    dropped = whole.dropped
  }
}

// Which rows.
extension Dataset {
  /// Sets a fraction of the rows apart, drawn with `seed`: the same rows on every machine and in an emitted trainer.
  /// Throws where a part would be empty.
  public func split(_ fraction: Double, seed: UInt64 = 0) throws -> (training: Dataset, heldOut: Dataset) {
    (
      try taking(.split(fraction, seed: seed, part: .training)),
      try taking(.split(fraction, seed: seed, part: .heldOut))
    )
  }

  /// The first rows, all of them where there are fewer; throws for less than one.
  public func prefix(_ count: Int) throws -> Dataset {
    guard count >= self.count else { return try taking(.prefix(count)) }
    // Said all the same: an emitted trainer may be given more rows.
    var source = source
    source.steps.append(.prefix(count))
    return Dataset(try inputs.value, try targets.value, source, of: self)
  }

  /// The rows that a step keeps.
  private func taking(_ step: DataSource.Step) throws -> Dataset {
    var rows = DataSource.identity(count)
    try step.apply(to: &rows)
    var source = source
    source.steps.append(step)
    let parts = try batch(rows)
    return Dataset(try parts.inputs.value, try parts.targets.value, source, of: self)
  }

  /// The rows of these numbers, each in 0..<count: a batch.
  public func batch(_ rows: some Collection<Int32>) throws -> (inputs: Tensor, targets: Tensor) {
    let rows = Array(rows)
    guard rows.allSatisfy({ $0 >= 0 && $0 < count }) else {
      throw DescentError(.usage, "a batch asks for a row outside 0..<\(count)")
    }
    return (Tensor(try inputs.value.gathering(rows)), Tensor(try targets.value.gathering(rows)))
  }
}

extension HostArray {
  /// The rows of these numbers, which must exist.
  fileprivate func gathering(_ rows: [Int32]) throws -> HostArray {
    var shape = shape
    shape.dimensions[0] = rows.count
    try TensorType(dtype, shape).checkRoom()
    let rowBytes = self.shape.dimensions.dropFirst().reduce(dtype.byteSize, *)
    return withBytes { from in
      HostArray(TensorType(dtype, shape)) { to in
        guard let target = to.baseAddress, let source = from.baseAddress else { return }
        dsc_rows_gather(target, source, rows, Int64(rows.count), Int64(rowBytes))
      }
    }
  }

  /// These numbers as i32 labels in 0..<classes.
  fileprivate func labels(classes: Int, file: String) throws -> HostArray {
    try withDescription { array in
      try readingArray(file) { dsc_labels(array, Int64(classes), $0, $1, $2) }
    }
  }
}
