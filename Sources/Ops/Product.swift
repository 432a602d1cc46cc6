import DescentIR

/// Product over axes.
package struct Product: Reduction {
  package var axes: [Int]
  package init(axes: [Int]) { self.axes = axes }
  package static let name = "product"
  package static let documentation = "y = Π x over the axes"
  package static let reducer = Reducer.product
  /// `dx_i = dy Π_{j≠i} x_j`, without division, so that it and its derivatives hold where elements are 0.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let x = x[0]
    let order = (0..<x.rank).filter { !axes.contains($0) } + axes
    let kept = Shape(order.prefix(x.rank - axes.count).map { x.shape[$0] })
    let ordered = transpose(x, order)
    let rows = reshape(ordered, Shape(kept.dimensions + [x.shape.count / Swift.max(kept.count, 1)]))
    let others = productBefore(rows) * reverse(productBefore(reverse(rows, axes: [-1])), axes: [-1])
    let inverse = order.indices.map { order.firstIndex(of: $0)! }
    return [spread(dy, like: x) * transpose(reshape(others, ordered.shape), inverse)]
  }
  /// `y_i = Π_{j<i} x_j` along the last axis, in doubling steps: each joins the runs of length `s` that end at `i` and
  /// at `i - s`.
  private func productBefore(_ x: Tensor) -> Tensor {
    var (y, s) = (shifted(x, by: 1), 1)
    while s < x.shape[-1] - 1 {
      y = y * shifted(y, by: s)
      s *= 2
    }
    return y
  }
  /// The elements moved `distance` up the last axis, with ones before them.
  private func shifted(_ x: Tensor, by distance: Int) -> Tensor {
    let distance = Swift.min(distance, x.shape[-1])
    let zeros = [Int](repeating: 0, count: x.rank)
    var (limit, low) = (x.shape.dimensions, zeros)
    limit[x.rank - 1] -= distance
    low[x.rank - 1] = distance
    return pad(slice(x, start: zeros, limit: limit), low: low, high: zeros, value: 1)
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Product(axes: [0, 1]), [.init(real, [3, 5])]),
      Sample(Product(axes: [1]), [.init(real, [3, 5])]),
      Sample(Product(axes: [0]), [.init(real, [9, 2])]),
      Sample(Product(axes: [0, 2]), [.init(real, [2, 3, 2])]),
      Sample(Product(axes: [1]), [.init(real, [3, 4], 0...0)]),
      Sample(Product(axes: [1]), [.init(real, [3, 1])]),
    ] + [DType.i32, .i64, .u8].map { Sample(Product(axes: [1]), [.init($0, [3, 5], -9...9)]) }
  }
}

/// The product over `axes` (over all where nil); `keepAxes` leaves them with size 1. Of u8 and bool it is i64, of i32 it wraps.
public func product(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let at = SourceLocation(file, line)
  return reduce(converted(x, to: x.dtype.summed, at: at), axes, keepAxes, at) { Product(axes: $0) }
}
