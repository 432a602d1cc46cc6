// The rows that a network is to predict for, read as its training data were.

import DescentData
import DescentIR
import DescentOps

/// Rows from a file, of the type that a data set's inputs have.
struct PredictionRows {
  let rows: Tensor

  /// Throws where the file's rows are none of the data set's, with both types.
  init(_ path: String, _ format: FileFormat, like data: Dataset) throws {
    let read =
      switch format {
      case .npy: try NPY.read(path)
      case .idx: try IDX.read(path)
      case .csv: try Self.table(path, like: data)
      }
    let wanted = data.inputs.type
    let (row, own) = (wanted.shape.dimensions.dropFirst(), read.shape.dimensions.dropFirst())
    let isTable = format == .csv && own.reduce(1, *) == row.reduce(1, *)
    guard read.rank > 0, own == row || isTable else {
      let expected = TensorType(wanted.dtype, Shape(row.map { $0 }))
      throw DescentError(.file, "\(path) holds \(read.type); expected rows of type \(expected)")
    }
    guard read.shape[0] > 0 else { throw DescentError(.file, "\(path) has no rows") }
    rows = try Self.converted(reshape(read, Shape([read.shape[0]] + row)), to: wanted.dtype, path)
  }

  /// The numbers in another type; throws where it is one of whole numbers that does not have them.
  private static func converted(_ x: Tensor, to dtype: DType, _ path: String) throws -> Tensor {
    let result = convert(x, to: dtype)
    if dtype.isFloating || dtype == x.dtype { return result }
    let (before, after) = (try x.doubles, try result.doubles)
    if let place = zip(before, after).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset {
      throw DescentError(
        .file, "\(path): element \(place) is \(before[place]); expected a number of type \(dtype.name)")
    }
    return result
  }

  /// The features of a table. Where they have names they are found by these; else the table has the columns of the training
  /// data, with or without the target.
  private static func table(_ path: String, like data: Dataset) throws -> Tensor {
    var options = CSV.Options()
    options.dtype = data.inputs.dtype == .f32 ? .f32 : .f64
    guard case .csv(_, let own) = data.source.origin else { return try CSV.read(path, options).features }
    options = own
    options.target = nil
    // A row that is left out would move the predictions of all rows behind it.
    if own.missing == .dropped { options.missing = .refused }
    options.categories = own.categories.filter { $0.column != own.target }
    let areNamed = options.categories.allSatisfy { if case .name = $0.column { true } else { false } }
    if !data.featureNames.isEmpty, areNamed {
      (options.columns, options.skipped) = (data.featureNames.map { .name($0) }, [])
      return try CSV.read(path, options).features
    }
    if own.columns.isEmpty, let target = own.target {
      var whole = options
      whole.skipped.append(target)
      if let table = try? CSV.read(path, whole), table.features.shape[1] == data.inputs.shape[1] {
        return table.features
      }
    }
    return try CSV.read(path, options).features
  }
}
