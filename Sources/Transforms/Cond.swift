// cond: one of two functions, chosen by a truth value that is known when the program runs.

import DescentIR
import DescentOps

/// The result of `then` where the scalar bool `predicate` is true, else that of `else`; both are trees of one structure and the
/// same types. Both sides are computed and one is selected, so under `vmap` each element has its own choice.
///
/// A gradient does not see the side that is not taken, not even its NaN, and neither does a derivative in forward mode, also of a
/// gradient. A gradient of a gradient does as `where` does there: an infinite derivative of the side not taken, times 0, is NaN.
public func cond<R: ParameterTree>(
  _ predicate: Tensor, then: () -> R, else: () -> R, file: StaticString = #fileID, line: UInt = #line
) -> R {
  let at = SourceLocation(file, line)
  return encodable {
    var result: FlatTree?
    func select(_ a: FlatTree, _ b: FlatTree) throws -> [Tensor] {
      try pinned(file, line) {
        try a.check()
        try b.check("the result of 'else'", like: a, at: at)
        return zip(a.leaves, b.leaves).map { `where`(predicate, $0, $1) }
      }
    }
    do {
      guard let outer = Trace.current else {
        result = try FlatTree(then())
        try checkPredicate(predicate, at)
        return try result!.with(try select(result!, try FlatTree(`else`()))).rebuilt()
      }
      let body = try Body([], in: outer, at: at) { _ in
        result = try FlatTree(then())
        let other = try FlatTree(`else`())
        try checkPredicate(predicate, at)
        return try select(result!, other) + result!.leaves + other.leaves + [predicate]
      }
      let (graph, count) = (body.graph, result!.leaves.count)
      let outputs = try body.inlined("cond", count, at: at) { k, dy, inputs in
        // Each side takes the whole cotangent back, and the choice is made of what comes out.
        let tensors = try graph.replay(inputs)
        let sides = try [1, 2].map { side in
          try graph.pullBack([(graph.outputs[side * count + k], dy)], to: graph.inputs) { tensors[$0.index]! }
        }
        let p = tensors[graph.outputs[3 * count].index]!
        return zip(zip(sides[0], sides[1]), inputs).map { sides, input in
          if sides.0 == nil && sides.1 == nil { return nil }
          return pinned(at) { `where`(p, sides.0 ?? zerosLike(input), sides.1 ?? zerosLike(input)) }
        }
      }
      return try result!.with(outputs).rebuilt()
    } catch let error as DescentError {
      guard let result else { throw error }
      return try result.failed(error).rebuilt()
    }
  }
}

private func checkPredicate(_ predicate: Tensor, _ at: SourceLocation) throws {
  if case .failure(let error) = predicate.storage { throw error }
  guard predicate.type == TensorType(.bool, []) else {
    throw DescentError(.type, "cond takes a bool without axes as its predicate, not \(predicate.type)", at: at)
  }
}
