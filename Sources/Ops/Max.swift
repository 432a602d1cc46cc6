import DescentIR

/// The greatest element over axes.
package struct Max: Reduction {
  package var axes: [Int]
  package init(axes: [Int]) { self.axes = axes }
  package static let name = "max"
  package static let documentation = "y = max x over the axes; NaN where there is one"
  package static let reducer = Reducer.max
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [extremeAdjoint(x[0], y, dy)] }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Max(axes: [0, 1]), [.init(real, [3, 5])]),
      Sample(Max(axes: [1]), [.init(real, [3, 5])]),
      Sample(Max(axes: [0]), [.init(real, [37, 5])]),
      Sample(Max(axes: [0, 2]), [.init(real, [4, 3, 5])]),
    ] + [DType.i32, .i64, .u8, .bool].map { Sample(Max(axes: [1]), [.init($0, [3, 5], -9...9)]) }
  }
}

/// The greatest element over `axes` (over all where nil); `keepAxes` leaves them with size 1. Ties share the gradient.
public func max(
  _ x: Tensor, axes: [Int]? = nil, keepAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  reduce(x, axes, keepAxes, SourceLocation(file, line)) { Max(axes: $0) }
}
