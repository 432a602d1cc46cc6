// In which order a sum is taken: the one file of the loop nests that decides bits.
// It follows from sizes and layout alone, never from threads, targets or plans. A sum goes on sixteen virtual lanes along a
// contiguous axis, or has one accumulator for each output. An accumulator takes in at most 32 terms in sequence; longer sums are
// blocks of fixed size whose results meet in a pairwise tree. Where the outputs are too few to share out, fixed parts are summed so by
// themselves and meet in another tree.

import DescentIR

package struct ReductionOrder: Hashable, Sendable {
  /// Virtual lanes of a sum along a contiguous axis.
  package static let lanes = 16
  /// Terms that one accumulator takes in, one after another.
  package static let chain = 32
  /// Parts that a long sum with few outputs is cut into.
  package static let parts = 32
  /// Rows of a tile whose rows are lanes.
  package static let rows = 16

  /// Whether the innermost loop's terms go to lanes of their own.
  package var isOnLanes: Bool
  /// The loop, among those of the sum, that is cut in blocks of this many iterations, and the sums that wait at most; nil for short sums.
  package var cut: Cut?
  /// Turns of the outermost loop that a part has; nil where there are no parts.
  package var part: Int?

  package struct Cut: Hashable, Sendable {
    package var loop: Int
    package var turns: Int
    package var stack: Int
  }

  /// The order of a sum with this many outputs over loops of these extents, the last innermost, along which the operand may lie
  /// element by element.
  package init(outputs: [Int], reduced: [Int], isContiguous: Bool, _ reducer: Reducer, _ dtype: DType) {
    isOnLanes = isContiguous && (reduced.last ?? 0) >= Self.lanes
    let count = outputs.reduce(1) { $0.times($1) }, terms = reduced.reduce(1) { $0.times($1) }
    let isLong = terms >= 4096 && count.times(terms) >= 1 << 16
    let isNarrow = (outputs.max() ?? 1) < 64 || count < 256
    if isLong, isNarrow, let outer = reduced.first, outer >= 4 {
      // Parts of whole lanes, so that a lane's terms do not depend on where parts begin.
      let unit = reduced.count == 1 ? Self.lanes : 1
      part = (outer + Self.parts * unit - 1) / (Self.parts * unit) * unit
    }
    // A product is rounded as often in any order, and an extreme never.
    guard reducer == .sum, dtype.isFloating else { return }
    var turns = reduced
    if let part { turns[0] = part }
    var chain = 1
    for i in turns.indices.reversed() {
      let lanes = isOnLanes && i == turns.count - 1 ? Self.lanes : 1
      let own = (turns[i] + lanes - 1) / lanes
      guard chain.times(own) > Self.chain else {
        chain *= own
        continue
      }
      let block = Swift.max(1, Self.chain / chain)
      let blocks = turns[..<i].reduce((own + block - 1) / block) { $0.times($1) }
      cut = Cut(loop: i, turns: block * lanes, stack: Int.bitWidth - blocks.leadingZeroBitCount)
      return
    }
  }
}

extension ReductionOrder {
  /// Whether this many additions into places that are known at run time alone carry what each rounding lost to the next: their
  /// order is that of the indices, in which one place may take in all of them.
  package static func isCompensated(additions: Int, _ dtype: DType) -> Bool {
    dtype.isFloating && additions > chain * 16
  }

  /// The order of a sum over the rows of a tile, this many terms of a lane to a tile: tiles of a chunk and of a block, and chunks.
  package struct Rows: Hashable, Sendable {
    package var chunks: Int
    package var tilesPerChunk: Int
    package var tilesPerBlock: Int
    /// Chunks at most, and tiles of one at least: each chunk's sums cost something to begin and to combine.
    private static let mostChunks = 32, fewestTiles = 4

    package init(rows: Int, terms: Int) {
      let tiles = rows / ReductionOrder.rows
      tilesPerChunk = Swift.max(Self.fewestTiles, (tiles + Self.mostChunks - 1) / Self.mostChunks)
      chunks = (tiles + tilesPerChunk - 1) / tilesPerChunk
      tilesPerBlock = Swift.max(1, ReductionOrder.chain / terms)
    }
    /// Sums that wait at most; 0 where a chunk is one block.
    package var stack: Int {
      let blocks = (tilesPerChunk + tilesPerBlock - 1) / tilesPerBlock
      return blocks == 1 ? 0 : Int.bitWidth - blocks.leadingZeroBitCount
    }
  }
}
