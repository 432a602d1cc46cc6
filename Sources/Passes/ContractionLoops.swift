// A contraction as the loops of a matrix product: which axes are batch, rows, columns and depth, and how the operands lie in memory.
// Takes a node of a graph; gives the loops' sizes, and for each operand where it lies or nil where it must be copied first.

import DescentIR

/// A contraction as `rows x columns x depth` loops under batch loops.
package struct ContractionLoops: Sendable {
  package var batch: [Int]
  package var rows: Int
  package var columns: Int
  package var depth: Int
  package var rowDimensions: [Int]
  package var columnDimensions: [Int]
  package var depthDimensions: [Int]
  /// nil for an operand that must be copied before its position is a sum of functions of the loops.
  package var operands: [StridedOperand?]
}

/// An operand of a contraction: where it lies and by how many elements a step of each loop moves in it, nil where steps differ:
/// where rows are the windows of a convolution, say, the next row lies one column or one line of the image further.
package struct StridedOperand: Sendable {
  package var base: NodeID
  /// The position as a function of all loops: batch, rows, columns, depth in this order.
  package var position: Affine
  package var row: Int?
  package var column: Int?
  package var depth: Int?
}

extension Graph {
  /// For each operand of a contraction whether it must be copied first; empty for other nodes.
  func contractionNeedsCopies(_ id: NodeID) -> [Bool] {
    guard case .contraction = lowering(of: id) else { return [] }
    return contractionLoops(id).operands.map { $0 == nil }
  }

  /// The loops of a contraction and its operands as strided arrays.
  package func contractionLoops(_ id: NodeID) -> ContractionLoops {
    guard case .contraction(let axes) = lowering(of: id) else { preconditionFailure("not a contraction") }
    let (lhs, rhs) = (self[id].operands[0], self[id].operands[1])
    let (lhsShape, rhsShape) = (self[lhs].type.shape, self[rhs].type.shape)
    let groups: [[Int]] = [
      axes.lhsBatch.map { lhsShape[$0] }, axes.lhsFree(lhsShape.rank).map { lhsShape[$0] },
      axes.rhsFree(rhsShape.rank).map { rhsShape[$0] }, axes.lhsContracting.map { lhsShape[$0] },
    ]
    let extents = groups.flatMap { $0 }
    var first: [Int] = []
    var next = 0
    for group in groups {
      first.append(next)
      next += group.count
    }
    func operand(_ node: NodeID, _ shape: Shape, _ axisGroups: [(axes: [Int], group: Int)]) -> StridedOperand? {
      var index = [Affine](repeating: Affine(), count: shape.rank)
      for (axes, group) in axisGroups {
        for (i, axis) in axes.enumerated() { index[axis] = Affine(variable: first[group] + i) }
      }
      guard let (base, _, position) = resolve(node, index, extents: extents), isAddressable(base) else { return nil }
      var strides: [Int?] = []
      for group in 0..<4 {
        let variables = groups[group].indices.map { first[group] + $0 }.filter { extents[$0] > 1 }
        if group == 0 {
          // The batch is a loop of its own; any strides will do.
          strides.append(0)
          continue
        }
        let isUniform = zip(variables, variables.dropFirst()).allSatisfy { outer, inner in
          position.coefficient(of: outer) == position.coefficient(of: inner) * extents[inner]
        }
        strides.append(isUniform ? variables.last.map { position.coefficient(of: $0) } ?? 0 : nil)
      }
      return StridedOperand(base: base, position: position, row: strides[1], column: strides[2], depth: strides[3])
    }
    return ContractionLoops(
      batch: groups[0], rows: groups[1].reduce(1, *), columns: groups[2].reduce(1, *), depth: groups[3].reduce(1, *),
      rowDimensions: groups[1], columnDimensions: groups[2], depthDimensions: groups[3],
      operands: [
        operand(lhs, lhsShape, [(axes.lhsBatch, 0), (axes.lhsFree(lhsShape.rank), 1), (axes.lhsContracting, 3)]),
        operand(rhs, rhsShape, [(axes.rhsBatch, 0), (axes.rhsFree(rhsShape.rank), 2), (axes.rhsContracting, 3)]),
      ])
  }
}
