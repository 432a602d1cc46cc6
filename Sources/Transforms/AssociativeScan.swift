// Prefixes of an associative operation: all elements up to each one combined, in a number of steps that grows with the logarithm.

import DescentIR
import DescentOps

/// The elements along the first axis of all leaves combined up to each one: y[0] = x[0], y[i] = combine(y[i - 1], x[i]), where `combine`
/// is associative. It is called with many elements at once, stacked along the first axis, and combines each of one side with that of the
/// other: linear recurrences, products of matrices, any running summary. `isReversed` combines from each element to the last.
///
/// Pairs of neighbours are combined, then their prefixes are found in the same way (Blelloch, 1990; as JAX has it): about 2 n
/// combinations in 2 log₂ n steps. Differentiable as `combine` is. An error where leaves have first axes of different lengths.
public func associativeScan<T: ParameterTree>(
  _ elements: T, isReversed: Bool = false, file: StaticString = #fileID, line: UInt = #line, _ combine: (T, T) -> T
) -> T {
  let at = SourceLocation(file, line)
  return encodable {
    let tree = try FlatTree(elements)
    do {
      return try pinned(file, line) {
        try tree.with(try prefixes(of: tree, isReversed, at, combine)).rebuilt()
      }
    } catch let error as DescentError {
      return try tree.failed(error).rebuilt()
    }
  }
}

/// The prefixes of a tree's leaves.
private func prefixes<T: ParameterTree>(
  of tree: FlatTree, _ isReversed: Bool, _ at: SourceLocation, _ combine: (T, T) -> T
) throws -> [Tensor] {
  try tree.check()
  guard let count = tree.leaves.first?.shape.dimensions.first,
    tree.leaves.allSatisfy({ $0.shape.dimensions.first == count })
  else {
    let message =
      "associativeScan over shapes \(tree.leaves.map(\.shape)): each needs a first axis, of one length for all"
    throw DescentError(.type, message, at: at)
  }
  func joined(_ a: [Tensor], _ b: [Tensor]) throws -> [Tensor] {
    let sides = try [a, b].map { try FlatTree.rebuild(T.self, tree.structure, $0) }
    let result = try FlatTree(combine(sides[0], sides[1]))
    try result.check("what associativeScan's function gives", like: try FlatTree(sides[0]), at: at)
    return result.leaves
  }
  func prefixes(_ x: [Tensor]) throws -> [Tensor] {
    let count = x.first?.shape[0] ?? 0
    guard count > 1 else { return x }
    func every(_ x: [Tensor], from start: Int, below limit: Int) -> [Tensor] {
      x.map { $0[stride(from: start, to: limit, by: 2)] }
    }
    let pairs = try joined(every(x, from: 0, below: count - 1), every(x, from: 1, below: count))
    // Prefixes that end at odd places; those at even places take one element more.
    let odd = try prefixes(pairs)
    guard count > 2 else { return zip(x, odd).map { concatenate([$0[0..<1], $1]) } }
    let half = (count - 1) / 2
    let even = try joined(odd.map { $0[0..<half] }, every(x, from: 2, below: count))
    return zip(zip(x, odd), even).map { x, even in
      let first = concatenate([x.0[0..<1], even])
      // An even place, an odd place, and so on; of an odd number the last even one stands alone.
      let both = count / 2
      let woven = reshape(
        stack([first[0..<both], x.1], axis: 1), Shape([2 * both] + x.0.shape.dimensions.dropFirst()))
      return count % 2 == 0 ? woven : concatenate([woven, first[both...]])
    }
  }
  let turned = isReversed ? tree.leaves.map { reverse($0, axes: [0]) } : tree.leaves
  let result = try prefixes(turned)
  return isReversed ? result.map { reverse($0, axes: [0]) } : result
}
