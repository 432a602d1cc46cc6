// Which elements of its operands an element of a node's value is made of, by the family of its loops.

import DescentIR

/// An element of an operand, by the operand's number.
struct Source {
  var operand: Int
  var element: Int
}

extension Node {
  /// The elements of floating-point operands that an element is made of.
  func sources(of element: Int, _ x: [HostArray], _ lowering: Lowering) -> [Source] {
    let index = type.shape.index(of: element)
    switch lowering {
    case .input, .constant, .iota, .argmax, .loop, .result, .random: return []
    case .pointwise: return x.indices.filter { x[$0].dtype.isFloating }.map { Source(operand: $0, element: element) }
    case .view(let sources):
      return [Source(operand: 0, element: x[0].shape.element(at: sources.map { $0.position(index) }))]
    case .reshape, .print: return [Source(operand: 0, element: element)]
    case .pad(let low, let interior):
      let inner = index.indices.map { axis -> Int? in
        let (quotient, rest) = (index[axis] - low[axis]).quotientAndRemainder(dividingBy: interior[axis] + 1)
        return rest == 0 && index[axis] >= low[axis] && quotient < x[0].shape[axis] ? quotient : nil
      }
      let isInside = !inner.contains(nil)
      return [
        isInside
          ? Source(operand: 0, element: x[0].shape.element(at: inner.map { $0! })) : Source(operand: 1, element: 0)
      ]
    case .concatenate(let axis):
      var inner = index
      for (operand, part) in x.enumerated() {
        if inner[axis] < part.shape[axis] { return [Source(operand: operand, element: part.shape.element(at: inner))] }
        inner[axis] -= part.shape[axis]
      }
      return []
    case .fold(let sources):
      return (0..<x[0].count).lazy.filter { from in
        let outer = x[0].shape.index(of: from)
        return sources.map { $0.position(outer) } == index
      }.map { Source(operand: 0, element: $0) }
    case .reduction(_, let axes): return reduced(index, axes, x[0].shape)
    case .contraction(let axes): return factors(index, axes, x[0].shape, x[1].shape)
    case .gather(let axis):
      let picks = x[1].shape, place = picks.element(at: Array(index[axis..<axis + picks.rank]))
      let row = Swift.min(Swift.max(x[1].integer(place), 0), x[0].shape[axis] - 1)
      return [
        Source(
          operand: 0, element: x[0].shape.element(at: Array(index[..<axis] + [row] + index[(axis + picks.rank)...])))
      ]
    case .matrices(let kernel):
      return kernel.operands.enumerated().flatMap { operand, size in
        (0..<size).map { Source(operand: operand, element: element / kernel.result * size + $0) }
      }
    case .scatter(let axis, let combine):
      let picks = (0..<x[1].count).filter { x[1].integer($0) == index[axis] }
      let updates = picks.map { pick in
        let place = index[..<axis] + x[1].shape.index(of: pick) + index[(axis + 1)...]
        return Source(operand: 2, element: x[2].shape.element(at: Array(place)))
      }
      guard combine == nil, let last = updates.last else { return [Source(operand: 0, element: element)] + updates }
      return [last]
    }
  }

  /// The elements under a reduction.
  private func reduced(_ index: [Int], _ axes: [Int], _ shape: Shape) -> [Source] {
    let kept = (0..<shape.rank).filter { !axes.contains($0) }
    var inner = [Int](repeating: 0, count: shape.rank)
    for (axis, value) in zip(kept, index) { inner[axis] = value }
    var sources: [Source] = []
    Shape(axes.map { shape[$0] }).forEachIndex { step in
      for (axis, value) in zip(axes, step) { inner[axis] = value }
      sources.append(Source(operand: 0, element: shape.element(at: inner)))
    }
    return sources
  }

  /// The factors under a contraction, term after term.
  private func factors(_ index: [Int], _ axes: ContractionAxes, _ lhs: Shape, _ rhs: Shape) -> [Source] {
    let (lhsFree, rhsFree) = (axes.lhsFree(lhs.rank), axes.rhsFree(rhs.rank))
    var (left, right) = ([Int](repeating: 0, count: lhs.rank), [Int](repeating: 0, count: rhs.rank))
    let batch = axes.lhsBatch.count
    for i in 0..<batch { (left[axes.lhsBatch[i]], right[axes.rhsBatch[i]]) = (index[i], index[i]) }
    for (i, axis) in lhsFree.enumerated() { left[axis] = index[batch + i] }
    for (i, axis) in rhsFree.enumerated() { right[axis] = index[batch + lhsFree.count + i] }
    var sources: [Source] = []
    Shape(axes.lhsContracting.map { lhs[$0] }).forEachIndex { step in
      for (i, value) in step.enumerated() {
        (left[axes.lhsContracting[i]], right[axes.rhsContracting[i]]) = (value, value)
      }
      sources += [
        Source(operand: 0, element: lhs.element(at: left)), Source(operand: 1, element: rhs.element(at: right)),
      ]
    }
    return sources
  }

  /// Of the sources of a number that is not finite the one that is to blame; nil where all are finite.
  func cause(of value: Double, _ element: Int, _ sources: [Source], _ x: [HostArray], _ lowering: Lowering) -> Source? {
    func number(_ source: Source) -> Double { x[source.operand].number(source.element) }
    let bad = sources.filter { !number($0).isFinite }
    // NaN comes of NaN first, and infinity never does.
    let alike = bad.filter { number($0).isNaN == value.isNaN } + bad.filter { number($0).isNaN != value.isNaN }
    guard case .pointwise = lowering, case .operation(let op) = op.kind, alike.count > 1 else { return alike.first }
    // With another number in its place the result is finite: so it was this one, and not one that was not chosen.
    let scalars = x.map { array in array.picking([]) { _ in element } }
    return alike.first { source in
      var changed = scalars
      changed[source.operand] = HostArray(TensorType(x[source.operand].dtype, [])) { _ in 1 }
      return op.evaluate(changed, TensorType(type.dtype, [])).number(0).isFinite
    } ?? alike.first
  }
}

extension AxisSource {
  fileprivate func position(_ index: [Int]) -> Int { terms.reduce(offset) { $0 + $1.stride * index[$1.axis] } }
}

extension Shape {
  /// The index of the element at a row-major position.
  func index(of element: Int) -> [Int] {
    var rest = element
    var index = [Int](repeating: 0, count: rank)
    for axis in dimensions.indices.reversed() {
      (rest, index[axis]) = rest.quotientAndRemainder(dividingBy: dimensions[axis])
    }
    return index
  }
  /// The row-major position of the element at an index.
  fileprivate func element(at index: [Int]) -> Int { zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 } }
}

extension HostArray {
  /// One element as a double.
  func number(_ element: Int) -> Double {
    switch storage {
    case .f32(let v): Double(v[element])
    case .f64(let v): v[element]
    case .i32(let v): Double(v[element])
    case .i64(let v): Double(v[element])
    case .u8(let v): Double(v[element])
    case .bool(let v): v[element] ? 1 : 0
    }
  }
  fileprivate func integer(_ element: Int) -> Int {
    switch storage {
    case .i32(let v): Int(v[element])
    case .i64(let v): Int(v[element])
    case .u8(let v): Int(v[element])
    default: Int(number(element))
    }
  }
}
