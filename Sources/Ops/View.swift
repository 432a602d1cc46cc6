// Evaluation shared by the operations that are strided windows onto their operand.

import DescentIR

/// The elements of `x` seen through one index source per axis of `x`.
func evaluateView(_ x: HostArray, _ sources: [AxisSource], _ shape: Shape) -> HostArray {
  let strides = x.shape.strides
  var positions: [Int] = []
  positions.reserveCapacity(shape.count)
  shape.forEachIndex { index in
    var position = 0
    for (source, stride) in zip(sources, strides) {
      position += (source.offset + source.stride * (source.axis.map { index[$0] } ?? 0)) * stride
    }
    positions.append(position)
  }
  return x.picking(shape) { positions[$0] }
}

/// The axes counted from the front; a negative one counts from the end. Axes that do not exist are left for the operation to refuse.
func normalized(_ axes: [Int], rank: Int) -> [Int] { axes.map { $0 < 0 ? $0 + rank : $0 } }
