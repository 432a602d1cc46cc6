// Gives every temporary a place in one arena; those that are never needed at the same time share it.

/// A temporary: its size, and the first and last call that touch it.
package struct Lifetime: Sendable {
  package var bytes: Int
  package var first: Int
  package var last: Int
  package init(bytes: Int, first: Int, last: Int) {
    self.bytes = bytes
    self.first = first
    self.last = last
  }
}

/// Offsets in bytes, multiples of 64, and the arena's size. The largest are placed first, each at the lowest place where it
/// meets nothing that lives at the same time.
package func planMemory(_ lifetimes: [Lifetime]) -> (offsets: [Int], bytes: Int) {
  var offsets = [Int](repeating: 0, count: lifetimes.count)
  var placed: [Int] = []
  var total = 0
  let order = lifetimes.indices.sorted { (lifetimes[$0].bytes, $1) > (lifetimes[$1].bytes, $0) }
  for index in order {
    let life = lifetimes[index]
    let size = (life.bytes + 63) / 64 * 64
    let rivals = placed.filter { lifetimes[$0].first <= life.last && life.first <= lifetimes[$0].last }
      .sorted { offsets[$0] < offsets[$1] }
    var offset = 0
    for rival in rivals {
      if offsets[rival] >= offset + size { break }
      offset = max(offset, offsets[rival] + (lifetimes[rival].bytes + 63) / 64 * 64)
    }
    offsets[index] = offset
    placed.append(index)
    total = max(total, offset + size)
  }
  return (offsets, total)
}
