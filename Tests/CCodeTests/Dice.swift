// Random choices that are the same on every machine. (SplitMix64; Steele, Lea and Flood, 2014)

/// A source of random choices, from a seed.
struct Dice: Sendable {
  private var state: UInt64
  init(seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0x9e37_79b9_7f4a_7c15 }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
  /// A number of `0 ..< n`.
  mutating func below(_ n: Int) -> Int { Int(next() % UInt64(Swift.max(n, 1))) }
  mutating func isLucky(_ percent: Int) -> Bool { below(100) < percent }
  mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }
  /// A number of -1 ..< 1.
  mutating func unit() -> Double { Double(next() >> 11) / 0x1p53 * 2 - 1 }
  /// The numbers below `n` in random order.
  mutating func shuffled(_ n: Int) -> [Int] {
    var order = Array(0..<n)
    for i in stride(from: n - 1, to: 0, by: -1) { order.swapAt(i, below(i + 1)) }
    return order
  }
  /// Dice of their own, for a function that may be traced several times.
  mutating func forked() -> Dice { Dice(seed: Int(bitPattern: UInt(next()))) }
}
