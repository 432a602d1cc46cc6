// Evaluation shared by the operations that are strided windows onto their operand, and by their adjoint.

import DescentIR

/// The elements of `x` seen through one index source per axis of `x`.
func evaluateView(_ x: HostArray, _ sources: [AxisSource], _ shape: Shape) -> HostArray {
  let positions = positions(sources, from: shape, in: x.shape)
  return x.picking(shape) { positions[$0] }
}

/// For each index of `outer`, in row-major order, the position in `inner` that the sources send it to.
func positions(_ sources: [AxisSource], from outer: Shape, in inner: Shape) -> [Int] {
  let strides = inner.strides
  var positions: [Int] = []
  positions.reserveCapacity(outer.count)
  outer.forEachIndex { index in
    var position = 0
    for (source, stride) in zip(sources, strides) {
      position += source.terms.reduce(source.offset) { $0 + $1.stride * index[$1.axis] } * stride
    }
    positions.append(position)
  }
  return positions
}

/// The axes counted from the front; a negative one counts from the end. Axes that do not exist are left for the operation to refuse.
func normalized(_ axes: [Int], rank: Int) -> [Int] { axes.map { $0 < 0 ? $0 + rank : $0 } }

extension Tensor {
  /// An axis counted from the front, a negative one from the end; nil where there is none.
  func place(of axis: Int) -> Int? {
    let at = axis < 0 ? axis.plus(rank) : axis
    return (0..<rank).contains(at) ? at : nil
  }
}
