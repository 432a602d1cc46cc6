// The counter-based generator Philox 4x32 with ten rounds: a function from key and counter to four words, without
// state. Source: Salmon, Moraes, Dror, Shaw, 'Parallel random numbers: as easy as 1, 2, 3', SC 2011. Invariant:
// descent_random.h computes the same words, and lays them over elements in the same order.

/// A stream of random blocks of four 32-bit words, addressed by index.
package struct Philox: Sendable {
  private let key: (UInt32, UInt32)
  private let stream: (UInt32, UInt32)

  package init(seed: Int64, stream: Int64) {
    key = Philox.halves(UInt64(bitPattern: seed))
    self.stream = Philox.halves(UInt64(bitPattern: stream))
  }
  private static func halves(_ x: UInt64) -> (UInt32, UInt32) { (UInt32(truncatingIfNeeded: x), UInt32(x >> 32)) }

  /// The four words of one block.
  package func block(_ index: Int) -> [UInt32] {
    let index = Philox.halves(UInt64(bitPattern: Int64(index)))
    var c = (index.0, index.1, stream.0, stream.1)
    var k = key
    for _ in 0..<10 {
      let p = (UInt32(0xD251_1F53).multipliedFullWidth(by: c.0), UInt32(0xCD9E_8D57).multipliedFullWidth(by: c.2))
      c = (p.1.high ^ c.1 ^ k.0, p.1.low, p.0.high ^ c.3 ^ k.1, p.0.low)
      k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85)
    }
    return [c.0, c.1, c.2, c.3]
  }

  /// `count` words: the first words of the blocks 0, 1, …, then their second words, third and fourth.
  package func words(_ count: Int) -> [UInt32] {
    let blocks = (0..<(count + 3) / 4).map(block)
    return (0..<count).map { blocks[$0 % blocks.count][$0 / blocks.count] }
  }

  /// `count` numbers of 53 bits: from the first two words of each block, then from its last two.
  package func longWords(_ count: Int) -> [UInt64] {
    let blocks = (0..<(count + 1) / 2).map(block)
    return (0..<count).map {
      let (words, pair) = (blocks[$0 % blocks.count], $0 / blocks.count * 2)
      return Philox.join(words[pair], words[pair + 1])
    }
  }
  /// The upper 27 bits of the second word above the upper 26 of the first.
  private static func join(_ low: UInt32, _ high: UInt32) -> UInt64 { UInt64(high >> 5) << 26 | UInt64(low >> 6) }

  /// `count` uniform numbers in [0, 1) of 24 bits.
  package func uniform24(_ count: Int) -> [Float] { words(count).map { Float($0 >> 8) * 0x1p-24 } }
  /// `count` uniform numbers in [0, 1) of 53 bits.
  package func uniform53(_ count: Int) -> [Double] { longWords(count).map { Double($0) * 0x1p-53 } }

  /// `count` normal numbers by Box and Muller: a block's words (0, 1) and (2, 3) give a cosine and a sine each.
  package func normal24(_ count: Int) -> [Double] {
    let blocks = (0..<(count + 3) / 4).map { index in
      let w = block(index).map { Double($0 >> 8) }
      return Philox.pair(w[0] * 0x1p-24, w[1] * 0x1p-24) + Philox.pair(w[2] * 0x1p-24, w[3] * 0x1p-24)
    }
    return (0..<count).map { blocks[$0 % blocks.count][$0 / blocks.count] }
  }
  /// `count` normal numbers from uniforms of 53 bits, a cosine and a sine from each block.
  package func normal53(_ count: Int) -> [Double] {
    let blocks = (0..<(count + 1) / 2).map { index in
      let w = block(index)
      return Philox.pair(
        Double(Philox.join(w[0], w[1])) * 0x1p-53, Double(Philox.join(w[2], w[3])) * 0x1p-53)
    }
    return (0..<count).map { blocks[$0 % blocks.count][$0 / blocks.count] }
  }
  /// Two independent normal numbers from two uniform ones in [0, 1); the logarithm is taken of 1 - u, which is not 0.
  private static func pair(_ u: Double, _ v: Double) -> [Double] {
    let (radius, angle) = ((-2 * Double.log(1 - u)).squareRoot(), 2 * Double.pi * v)
    return [radius * Double.cos(angle), radius * Double.sin(angle)]
  }
}
