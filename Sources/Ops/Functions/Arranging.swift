// Tensors put beside each other, repeated, turned round and laid out as grids.

import DescentIR

/// Tensors below each other: along axis 0, where a vector is one row and a number one element of it.
public func verticalStack(_ tensors: [Tensor], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    concatenate(tensors.map { $0.rank < 2 ? reshape($0, [1, $0.shape.count]) : $0 })
  }
}

/// Tensors side by side: along axis 1, and vectors and numbers one after another.
public func horizontalStack(_ tensors: [Tensor], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let parts = tensors.map { $0.rank == 0 ? reshape($0, [1]) : $0 }
    return concatenate(parts, axis: parts.first.map { $0.rank == 1 } == true ? 0 : 1)
  }
}

/// `x` with each of its slices along `axis` `count` times, one after the other: [a, b] is [a, a, b, b]. Where `axis` is nil, a vector
/// of all elements.
public func repeated(
  _ x: Tensor, _ count: Int, axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard let axis else { return repeated(flatten(x), count, axis: 0) }
    guard let at = x.place(of: axis), count >= 0 else {
      return .fail("repeated \(count) times along axis \(axis) of shape \(x.shape)", x, at: nil)
    }
    var (apart, merged) = (x.shape, x.shape)
    apart.dimensions.insert(count, at: at + 1)
    merged.dimensions[at] = x.shape[at].times(count)
    return reshape(broadcast(expandDims(x, axis: at + 1), apart), merged)
  }
}

/// The same with a count for each slice: [a, b] with counts [1, 3] is [a, b, b, b].
public func repeated(
  _ x: Tensor, counts: [Int], axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard let axis else { return repeated(flatten(x), counts: counts, axis: 0) }
    guard let at = x.place(of: axis), counts.count == x.shape[at], counts.allSatisfy({ $0 >= 0 }) else {
      return .fail(
        "repeated with counts \(counts) along axis \(axis) of shape \(x.shape); one for each slice is needed, 0 or more",
        x, at: nil)
    }
    let places = counts.enumerated().flatMap { [Int64](repeating: Int64($0), count: $1) }
    return gather(x, Tensor(places), axis: at)
  }
}

/// `x` laid beside itself `counts[i]` times along axis i. There may be fewer counts than axes, for the last ones, or more, for new ones
/// in front.
public func tile(_ x: Tensor, _ counts: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    guard counts.allSatisfy({ $0 >= 0 }) else {
      return .fail("tile of shape \(x.shape) \(counts) times; 0 or more are needed", x, at: nil)
    }
    let rank = Swift.max(x.rank, counts.count)
    let sizes = [Int](repeating: 1, count: rank - x.rank) + x.shape.dimensions
    let counts = [Int](repeating: 1, count: rank - counts.count) + counts
    // An axis of copies before each axis.
    let one = reshape(x, Shape(sizes.flatMap { [1, $0] }))
    let all = broadcast(one, Shape(zip(counts, sizes).flatMap { [$0, $1] }))
    return reshape(all, Shape(zip(counts, sizes).map { $0.times($1) }))
  }
}

/// The elements moved by `shift` positions along `axis`, those beyond the end to the start; a negative shift moves them back. Where
/// `axis` is nil, along all elements in row-major order.
public func roll(
  _ x: Tensor, by shift: Int, axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard let axis else { return reshape(roll(flatten(x), by: shift, axis: 0), x.shape) }
    guard let at = x.place(of: axis) else {
      return .fail("roll along axis \(axis) of shape \(x.shape)", x, at: nil)
    }
    let size = x.shape[at]
    guard size > 0, shift % size != 0 else { return x }
    let back = (size - shift % size) % size
    return concatenate(split(x, sizes: [back, size - back], axis: at).reversed(), axis: at)
  }
}

/// The same by a shift for each of `axes`.
public func roll(
  _ x: Tensor, by shifts: [Int], axes: [Int], file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard shifts.count == axes.count else {
      return .fail("roll by shifts \(shifts) along axes \(axes): as many of each are needed", x, at: nil)
    }
    return zip(shifts, axes).reduce(x) { roll($0, by: $1.0, axis: $1.1) }
  }
}

/// Which vector of a grid runs along which axis.
public enum GridIndexing: Sendable {
  /// As of a plot: the first along axis 1, the second along axis 0, further ones along axes of their own.
  case xy
  /// As of a matrix: the first along axis 0, the second along axis 1.
  case ij
}

/// The coordinates of all points of the grid that vectors span: for each vector a tensor with as many axes as there are vectors, along
/// one of which its numbers run. A number is a vector of one.
public func meshgrid(
  _ vectors: [Tensor], indexing: GridIndexing = .xy, file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
  pinned(file, line) {
    var axes = Array(vectors.indices)
    if indexing == .xy, axes.count > 1 { axes.swapAt(0, 1) }
    let shape = Shape(axes.map { vectors[$0].shape.count })
    return vectors.indices.map { number in
      let vector = vectors[number]
      guard vector.rank <= 1 else {
        return .fail("meshgrid of shapes \(vectors.map(\.shape)); vectors are needed", vector, at: nil)
      }
      var own = [Int](repeating: 1, count: vectors.count)
      own[axes[number]] = vector.shape.count
      return broadcast(reshape(vector, Shape(own)), shape)
    }
  }
}
