import DescentIR

/// Sum over axes.
package struct Sum: Reduction {
  package var axes: [Int]
  package init(axes: [Int]) { self.axes = axes }
  package static let name = "sum"
  package static let documentation = "y = Σ x over the axes"
  package static let reducer = Reducer.sum
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [spread(dy, like: x[0])] }
  package static func samples(_ real: DType) -> [Sample] {
    [
      // A single result that cancellation left near zero would say nothing.
      Sample(Sum(axes: [0, 1]), [.init(real, [3, 5], 0.5...2)]),
      Sample(Sum(axes: [1]), [.init(real, [3, 5])]),
      Sample(Sum(axes: [0]), [.init(real, [37, 5])]),
      Sample(Sum(axes: [0, 2]), [.init(real, [4, 3, 5])]),
      Sample(Sum(axes: [1]), [.init(.i32, [3, 5])]),
    ]
  }
}

/// The sum over `axes` (over all where nil); `keepAxes` leaves them with size 1. Of u8 and bool it is i64, of i32 it wraps.
public func sum(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let at = SourceLocation(file, line)
  return reduce(converted(x, to: x.dtype.summed, at: at), axes, keepAxes, at) { Sum(axes: $0) }
}
