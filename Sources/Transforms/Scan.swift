// scan and whileLoop: a body traced once, and run step after step by a loop in the emitted C.

import DescentIR
import DescentOps

/// Runs `body` once for each slice of `sequence` along its leaves' first axis, carrying a tree from step to step: it takes the
/// carry and a slice, and gives the next carry and the step's result. Gives the last carry and the results stacked along a new
/// first axis. Tensors from outside that the body uses are constants of the loop. `isReversed` goes from the last slice to the
/// first. Differentiable, to any order; the carry must keep its types.
public func scan<Carry: ParameterTree, Sequence: ParameterTree, Result: ParameterTree>(
  _ initial: Carry, over sequence: Sequence, isReversed: Bool = false, file: StaticString = #fileID, line: UInt = #line,
  _ body: @Sendable (Carry, Sequence) -> (Carry, Result)
) -> (Carry, Result) {
  let at = SourceLocation(file, line)
  return traced({ body(map(initial, $0), map(sequence, $0)) }) {
    let (carry, slices) = (try FlatTree(initial), try FlatTree(sequence))
    guard let length = slices.leaves.first?.shape.dimensions.first,
      slices.leaves.allSatisfy({ $0.shape.dimensions.first == length })
    else {
      throw DescentError(
        .type,
        "scan over sequences of shapes \(slices.leaves.map(\.shape)): each needs a first axis, of one length for all",
        at: at)
    }
    return try loop(carry, slices, length, isReversed, at, body)
  }
}

/// Runs `body` `count` times, carrying a tree from step to step; it also takes the number of the step, an i32 scalar, and gives
/// the next carry and the step's result. Otherwise as `scan(_:over:)`.
public func scan<Carry: ParameterTree, Result: ParameterTree>(
  _ initial: Carry, count: Int, isReversed: Bool = false, file: StaticString = #fileID, line: UInt = #line,
  _ body: @Sendable (Carry, Tensor) -> (Carry, Result)
) -> (Carry, Result) {
  let at = SourceLocation(file, line)
  return traced({ body(map(initial, $0), $0(Tensor(Int32(0)))) }) {
    guard count >= 0 else { throw DescentError(.type, "a scan of \(count) steps", at: at) }
    return try loop(
      try FlatTree(initial), try FlatTree(iota([count], axis: 0, dtype: .i32)), count, isReversed, at, body)
  }
}

/// Runs `body` again and again as long as `condition`, a bool scalar, is true of the carry, and gives the last carry.
/// It has no backward pass.
public func whileLoop<Carry: ParameterTree>(
  _ initial: Carry, while condition: @Sendable (Carry) -> Tensor, file: StaticString = #fileID, line: UInt = #line,
  _ body: @Sendable (Carry) -> Carry
) -> Carry {
  let at = SourceLocation(file, line)
  let (last, _): (Carry, [Tensor]) = traced({ (map(initial, $0), []) }) {
    let carry = try FlatTree(initial)
    let trace = Trace(parent: Trace.current)
    let outputs = try trace.record { () throws -> [(label: String, tensor: Tensor)] in
      _ = trace.input("goesOn", TensorType(.bool, []))
      let inputs = zip(carry.paths, carry.leaves).map { trace.input($0, $1.type) }
      let next = try FlatTree(body(try FlatTree.rebuild(Carry.self, carry.structure, inputs)))
      try check(carry, next, at)
      return [("goesOn", condition(try FlatTree.rebuild(Carry.self, carry.structure, next.leaves)))] + next.labelled
    }
    let first = condition(initial)
    if case .failure(let error) = first.storage { throw error }
    guard first.type == TensorType(.bool, []) else {
      throw DescentError(.type, "the condition of whileLoop is \(first.type); it must be a bool scalar", at: at)
    }
    let form = LoopForm(body: try trace.finish(outputs), carries: outputs.count, sequences: 0, length: nil)
    let results = Tensor.loop(form, [first] + carry.leaves + trace.captures, at: at)
    return (try FlatTree.rebuild(Carry.self, carry.structure, Array(results.dropFirst())), [])
  }
  return last
}

private func loop<Carry: ParameterTree, Sequence: ParameterTree, Result: ParameterTree>(
  _ carry: FlatTree, _ slices: FlatTree, _ length: Int, _ isReversed: Bool, _ at: SourceLocation,
  _ body: (Carry, Sequence) -> (Carry, Result)
) throws -> (Carry, Result) {
  let trace = Trace(parent: Trace.current)
  var resultTree: FlatTree?
  let outputs = try trace.record { () throws -> [(label: String, tensor: Tensor)] in
    let inputs = zip(carry.paths, carry.leaves).map { trace.input($0, $1.type) }
    let slice = zip(slices.paths, slices.leaves).map { path, leaf in
      trace.input(path, TensorType(leaf.dtype, Shape(Array(leaf.shape.dimensions.dropFirst()))))
    }
    let (next, result) = body(
      try FlatTree.rebuild(Carry.self, carry.structure, inputs),
      try FlatTree.rebuild(Sequence.self, slices.structure, slice))
    let flat = try FlatTree(next), results = try FlatTree(result)
    try check(carry, flat, at)
    resultTree = results
    return (flat.labelled + results.labelled)
  }
  let form = LoopForm(
    body: try trace.finish(outputs), carries: carry.leaves.count, sequences: slices.leaves.count, length: length,
    isReversed: isReversed)
  let results = Tensor.loop(form, carry.leaves + slices.leaves + trace.captures, at: at)
  return (
    try FlatTree.rebuild(Carry.self, carry.structure, Array(results.prefix(carry.leaves.count))),
    try FlatTree.rebuild(Result.self, resultTree!.structure, Array(results.dropFirst(carry.leaves.count)))
  )
}

/// A carry must come out of a step as it went in.
private func check(_ before: FlatTree, _ after: FlatTree, _ at: SourceLocation) throws {
  try after.check()
  guard before.paths == after.paths else {
    throw DescentError(
      .type, "the carry goes into a step with the leaves \(before.paths) and comes out with \(after.paths)", at: at)
  }
  for (path, (a, b)) in zip(before.paths, zip(before.leaves, after.leaves)) where a.type != b.type {
    throw DescentError(
      .type, "the carry '\(path)' goes into a step as \(a.type) and comes out as \(b.type); it must keep its type",
      at: at)
  }
}

/// Runs `body` as `staged` does. Where it throws, `failed` makes the result's trees from a function that puts the error into a leaf.
private func traced<A: ParameterTree, B: ParameterTree>(
  _ failed: ((Tensor) -> Tensor) -> (A, B), _ body: () throws -> (A, B)
) -> (A, B) {
  encodable {
    do {
      let trees = try staged {
        let (a, b) = try body()
        return [try FlatTree(a), try FlatTree(b)]
      }
      return (try trees[0].rebuilt(), try trees[1].rebuilt())
    } catch let error as DescentError {
      return failed { Tensor(failure: error, type: $0.type) }
    }
  }
}
