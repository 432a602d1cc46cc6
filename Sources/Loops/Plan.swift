// What decides speed and memory, and never a bit: who does what, and where values lie. In which order a sum is taken is not here
// (`ReductionOrder`), so that no choice made here can reach it.

/// Choices of lowering that change no value. Tests train under two of them and find equal bits.
package struct Plan: Hashable, Sendable {
  /// Work below this many multiply-adds is done by one thread: sharing it out would cost more than it saves.
  package var parallelThreshold: Int
  /// Whether functions over the same rows become one.
  package var joinsRows: Bool
  /// Bytes at most of the arrays of one row that a function has on its stack.
  package var mostLocal: Int
  /// Accumulators held at once, at most, where lanes lie across outputs.
  package var tile: Int
  /// Whether what a loop's products take in each step is packed once.
  package var packsConstants: Bool

  package init(
    parallelThreshold: Int = 20_000, joinsRows: Bool = true, mostLocal: Int = 1 << 15, tile: Int = 64,
    packsConstants: Bool = true
  ) {
    (self.parallelThreshold, self.joinsRows, self.mostLocal, self.tile) = (
      parallelThreshold, joinsRows, mostLocal, tile
    )
    self.packsConstants = packsConstants
  }

  /// For devices whose stacks and memory are small.
  package static let small = Plan(mostLocal: 1 << 10, packsConstants: false)
}
