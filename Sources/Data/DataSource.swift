// Where a data set came from, said so that an emitted trainer can read the same rows with the same C functions.
// Invariant: reading `origin`, then taking `steps` in order, gives the data set's inputs and targets again, bit for bit.

import DescentIR
import DescentRuntime

/// Where a data set came from, and which of its rows were kept.
public struct DataSource: Sendable, Hashable, Codable {
  /// What the rows are read from.
  public enum Origin: Sendable, Hashable, Codable {
    /// A table: `dsc_csv_read` with these options.
    case csv(path: String, options: CSV.Options)
    /// Two files: `dsc_idx_read`.
    case idx(inputs: String, targets: String)
    /// Two files: `dsc_npy_read`.
    case npy(inputs: String, targets: String)
    /// Arrays that a program computed: they are nowhere but in the data set itself, after all steps.
    case memory
  }

  /// The two parts of a split.
  public enum Part: String, Sendable, Hashable, Codable { case training, heldOut }

  /// A choice of rows.
  public enum Step: Sendable, Hashable, Codable {
    /// `dsc_rows_split`: a fraction of the rows, which `dsc_rows_held` counts, is drawn with `seed` and set apart; `part` is kept.
    case split(Double, seed: UInt64, part: Part)
    /// The first rows, or all where there are fewer.
    case prefix(Int)
  }

  /// What the rows are read from.
  public var origin: Origin
  /// The choices of rows, in order.
  public var steps: [Step]
  /// The number of classes: targets are labels, to be made and checked by `dsc_labels`. Nil: targets are numbers as read.
  public var classes: Int?

  public init(_ origin: Origin, steps: [Step] = [], classes: Int? = nil) {
    self.origin = origin
    self.steps = steps
    self.classes = classes
  }

  /// The rows that the steps keep out of `count`, in their order.
  package func rows(of count: Int) throws -> [Int32] {
    var rows = DataSource.identity(count)
    for step in steps { try step.apply(to: &rows) }
    return rows
  }
  /// 0, 1, …, count - 1.
  static func identity(_ count: Int) -> [Int32] { (0..<count).map { Int32($0) } }
}

extension DataSource.Step {
  /// Keeps the rows that this step keeps; throws where there are fewer, or none would be left.
  package func apply(to rows: inout [Int32]) throws {
    switch self {
    case .prefix(let count):
      guard count > 0 else { throw DescentError(.usage, "the first \(count) of \(rows.count) rows cannot be taken") }
      rows.removeLast(max(0, rows.count - count))
    case .split(let fraction, let seed, let part):
      let held = Int(dsc_rows_held(Int64(rows.count), fraction))
      guard held > 0, held < rows.count else {
        throw DescentError(.usage, "a split of \(rows.count) rows by \(fraction) leaves a part without rows")
      }
      var order = [Int32](repeating: 0, count: rows.count)
      let kept = dsc_rows_split(&rows, Int64(rows.count), Int64(held), part == .heldOut ? 1 : 0, seed, &order)
      rows.removeLast(rows.count - Int(kept))
    }
  }
}
