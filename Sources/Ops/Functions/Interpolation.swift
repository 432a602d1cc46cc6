// Functions between the points of a grid where they are known.

import DescentIR

/// What a function that is known on a grid is beyond its ends.
public enum Beyond: Sendable {
  /// As at the end.
  case clamped
  /// On along the last segment.
  case linear
  /// NaN.
  case missing
}

/// The piecewise linear function through the points (xp[i], fp[i]) at each element of `x`; `xp` is a vector in ascending order, `fp` has
/// its values along the last axis. Of shape fp.shape without that axis, then x.shape. At equal numbers of `xp` it jumps: from there on
/// the last one counts.
///
/// Derivatives are taken in `x` (the slope of the segment from x upward), in `fp` and in `xp`.
public func interp(
  _ x: Tensor, _ xp: Tensor, _ fp: Tensor, beyond: Beyond = .clamped, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard xp.rank == 1, fp.rank >= 1, fp.shape[-1] == xp.shape[0], xp.shape[0] > 0 else {
      let message =
        "interp on points of shape \(xp.shape) with values of shape \(fp.shape); a vector and as many along the last axis "
        + "are needed"
      return .fail(message, x, xp, fp, at: nil)
    }
    let both = joined([x, xp].map { real($0, at: nil) } + [real(fp, at: nil)], at: nil)
    let segment = GridSegment(both[0], both[1], beyond)
    func values(_ position: Tensor) -> Tensor { gather(both[2], position, axis: -1) }
    return segment.between(values(segment.low), values(segment.high))
  }
}

/// The multilinear function on the grid that vectors span, at the points whose coordinates are `x`, one tensor for each axis (they
/// broadcast together). `values` has an axis for each vector of `grid`, which are in ascending order. Of the shape of the coordinates.
///
/// Derivatives are taken in the coordinates, in the values and in the grid.
public func interp(
  _ x: [Tensor], grid: [Tensor], values: Tensor, beyond: Beyond = .clamped, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let sizes = grid.map { $0.shape.count }
    guard !x.isEmpty, x.count == grid.count, grid.allSatisfy({ $0.rank == 1 && $0.shape.count > 0 }),
      values.shape.dimensions == sizes
    else {
      let message =
        "interp at \(x.count) coordinates on a grid of shapes \(grid.map(\.shape)) with values of shape \(values.shape); "
        + "a coordinate for each vector and an axis of values for each are needed"
      return .fail(message, [values] + x + grid, at: nil)
    }
    let all = joined((x + grid + [values]).map { real($0, at: nil) }, at: nil)
    let segments = x.indices.map { GridSegment(all[$0], all[x.count + $0], beyond) }
    let flat = flatten(all.last!)
    // The corners of the cell, the last axis first: from two values along it one.
    func value(_ axis: Int, _ position: Tensor?) -> Tensor {
      guard axis < segments.count else { return gather(flat, position!) }
      func next(_ place: Tensor) -> Tensor { position.map { $0 * sizes[axis] + place } ?? place }
      let segment = segments[axis]
      return segment.between(value(axis + 1, next(segment.low)), value(axis + 1, next(segment.high)))
    }
    return value(0, nil)
  }
}

/// The segment of a grid on which each number lies, and how far along.
private struct GridSegment {
  /// The positions of its ends.
  var low, high: Tensor
  /// 0 at the low end, 1 at the high one.
  var share: Tensor

  init(_ x: Tensor, _ grid: Tensor, _ beyond: Beyond) {
    let count = grid.shape.count
    low = clamp(searchsorted(grid, x, side: .right) - 1, 0, Swift.max(count - 2, 0))
    high = minimum(low + 1, count - 1)
    let from = gather(grid, low), width = gather(grid, high) - from
    let isPoint = width .== 0
    let along = (x - from) / `where`(isPoint, 1, width)
    share = `where`(isPoint, 0, along)
    let (isBelow, isAbove) = (x .< grid[0], x .> grid[-1])
    switch beyond {
    case .linear: break
    case .clamped: share = `where`(isBelow, 0, `where`(isAbove, count > 1 ? 1 : 0, share))
    case .missing: share = `where`(isBelow .| isAbove, Double.nan, share)
    }
    share = `where`(isNaN(x), x, share)
  }

  /// The number between those at both ends: from the nearer end, so that it is exact at both.
  func between(_ a: Tensor, _ b: Tensor) -> Tensor {
    let difference = b - a
    return `where`(share .< 0.5, a + difference * share, b - difference * (1 - share))
  }
}
