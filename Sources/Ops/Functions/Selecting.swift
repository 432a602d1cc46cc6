// Elements chosen along an axis, by their size or by positions.

import DescentIR

/// The position (i32) of the first least element along `axis`; of the first NaN where there is one.
public func argmin(_ x: Tensor, axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    // What turns the order round without overflow: -1 - x is -2147483648 of the greatest i32.
    let turned =
      switch x.dtype {
      case .f32, .f64: -x
      case .i32, .i64: -1 - x
      case .u8: 255 - x
      case .bool: logicalNot(x)
      }
    return argmax(turned, axis: axis)
  }
}

/// For each place the element of `x` that stands at the position `indices` says along `axis`, everywhere else at the same place. All axes
/// but `axis` of both are of one size, or 1. Negative positions count from the end; those outside are the nearest one inside.
public func takeAlongAxis(
  _ x: Tensor, _ indices: Tensor, axis: Int = -1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard let at = x.place(of: axis), indices.rank == x.rank, indices.dtype.isInteger,
      (0..<x.rank).allSatisfy({
        $0 == at || x.shape[$0] == indices.shape[$0] || x.shape[$0] == 1 || indices.shape[$0] == 1
      })
    else {
      let message =
        "takeAlongAxis of shape \(x.shape) along axis \(axis) by indices \(indices.type); integers with as many axes are "
        + "needed, of the same sizes but along this one"
      return .fail(message, x, indices, at: nil)
    }
    func stretched(_ y: Tensor) -> Tensor {
      let sizes = (0..<x.rank).map { $0 == at ? y.shape[$0] : Swift.max(x.shape[$0], indices.shape[$0]) }
      return broadcast(y, Shape(sizes))
    }
    // Rows, one below the other, each with positions of its own.
    let (rows, picks) = (
      moveAxis(stretched(x), from: at, to: x.rank - 1), moveAxis(stretched(indices), from: at, to: x.rank - 1)
    )
    let (size, count) = (rows.shape[-1], rows.shape.count)
    let places = clamp(counted(reaching(picks, count), size), 0, Swift.max(size, 1) - 1)
    let row = broadcast(
      reshape(
        iota([count / Swift.max(size, 1)], dtype: places.dtype) * size, Shape(rows.shape.dimensions.dropLast() + [1])),
      places.shape)
    return moveAxis(gather(flatten(rows), row + places), from: x.rank - 1, to: at)
  }
}
