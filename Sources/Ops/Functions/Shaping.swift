// Joining, splitting and reshaping.

import DescentIR

/// `x` with a new axis of size 1 at `axis`; -1 is after the last.
public func expandDims(_ x: Tensor, axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let at = axis < 0 ? axis + x.rank + 1 : axis
    guard (0...x.rank).contains(at) else {
      return .fail("expandDims at axis \(axis) of shape \(x.shape)", x, at: SourceLocation(file, line))
    }
    var shape = x.shape
    shape.dimensions.insert(1, at: at)
    return reshape(x, shape)
  }
}

/// `x` without `axis`, which must be of size 1; without all axes of size 1 where nil.
public func squeeze(_ x: Tensor, axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    guard let axis else { return reshape(x, Shape(x.shape.dimensions.filter { $0 != 1 })) }
    let at = axis < 0 ? axis + x.rank : axis
    guard (0..<x.rank).contains(at), x.shape[at] == 1 else {
      return .fail(
        "squeeze of axis \(axis), which is not of size 1 in shape \(x.shape)", x, at: SourceLocation(file, line))
    }
    return reshape(x, x.shape.removing([at]))
  }
}

/// The axes from `from` on merged into one: with the default a vector, with 1 a row for each element of a batch.
public func flatten(_ x: Tensor, from: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    guard (0...x.rank).contains(from) else {
      return .fail("flatten from axis \(from) of shape \(x.shape)", x, at: SourceLocation(file, line))
    }
    let rest = x.shape.dimensions[from...].reduce(1, *)
    return reshape(x, Shape(x.shape.dimensions[..<from] + [rest]))
  }
}

/// Tensors of one shape side by side along a new axis.
public func stack(_ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let at = axis < 0 ? axis + (tensors.first?.rank ?? 0) + 1 : axis
    return concatenate(tensors.map { expandDims($0, axis: at) }, axis: at)
  }
}

/// `x` cut along `axis` into pieces of the given sizes, which must add up to the whole.
public func split(
  _ x: Tensor, sizes: [Int], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
  pinned(file, line) {
    let at = axis < 0 ? axis + x.rank : axis
    guard (0..<x.rank).contains(at), sizes.allSatisfy({ $0 >= 0 }), sizes.reduce(0, +) == x.shape[at] else {
      let message = "split of shape \(x.shape) along axis \(axis) into sizes \(sizes), which are not the whole"
      return sizes.map { _ in .fail(message, x, at: SourceLocation(file, line)) }
    }
    var (start, limit, position) = ([Int](repeating: 0, count: x.rank), x.shape.dimensions, 0)
    return sizes.map { size in
      start[at] = position
      position += size
      limit[at] = position
      return slice(x, start: start, limit: limit)
    }
  }
}

/// `x` cut along `axis` into `parts` equal pieces.
public func split(
  _ x: Tensor, parts: Int, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
  pinned(file, line) {
    let at = axis < 0 ? axis + x.rank : axis
    let size = (0..<x.rank).contains(at) && parts > 0 ? x.shape[at] / parts : 0
    return split(x, sizes: [Int](repeating: size, count: max(parts, 0)), axis: axis)
  }
}
