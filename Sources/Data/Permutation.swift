// The order of rows in an epoch: the numbers of Runtime/include/descent_dataset.h, which an emitted trainer draws too.

import DescentIR
import DescentRuntime

/// The order in which an epoch goes through the rows of a data set.
public struct Permutation: Sendable, Hashable, Codable {
  /// The number of rows.
  public let count: Int
  /// The seed of the training run.
  public let seed: UInt64

  /// Orders of `count` rows; there are at most 2^31 of them.
  public init(count: Int, seed: UInt64) {
    precondition((0...1 << 31).contains(count), "a permutation has at most 2^31 rows, not \(count)")
    self.count = count
    self.seed = seed
  }

  /// The order of epoch 0, 1, …: each of 0..<count once, a function of count, seed and epoch alone.
  public func epoch(_ epoch: Int) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: count) { buffer, filled in
      if let base = buffer.baseAddress { dsc_rows_epoch(base, Int64(count), seed, Int64(epoch)) }
      filled = count
    }
  }
}
