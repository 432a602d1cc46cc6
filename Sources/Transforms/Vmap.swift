// vmap: a function of one element becomes one of a batch. The function is traced once for an element, and its nodes are replayed
// with the operations' batching rules, so no loop over the batch remains.

import DescentIR
import DescentOps

/// The function applied to every element of a batch at once.
///
/// `axes` says for each argument along which axis its tensors are batched, nil for one that all elements share; without it all
/// are, along axis 0. Negative axes count from the end. The results carry the batch along axis `out`. Random numbers are those
/// of the key: elements that share a key share the numbers.
public func vmap<P: ParameterTree, each A: ParameterTree, R: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> R, in axes: [Int?]? = nil, out: Int = 0,
  file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, repeat each A) -> R {
  { (p: P, a: repeat each A) -> R in
    encodable {
      let call = Arguments()
      try call.add(p)
      repeat try call.add(each a)
      let trees = try vectorize(call, axes, out, SourceLocation(file, line)) {
        [try FlatTree(f(try call.next(p), repeat try call.next(each a)))]
      }
      return try trees[0].rebuilt()
    }
  }
}

/// The same for a function with two results, such as that of `valueAndGrad`.
public func vmap<P: ParameterTree, each A: ParameterTree, R: ParameterTree, S: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> (R, S), in axes: [Int?]? = nil, out: Int = 0,
  file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, repeat each A) -> (R, S) {
  { (p: P, a: repeat each A) -> (R, S) in
    encodable {
      let call = Arguments()
      try call.add(p)
      repeat try call.add(each a)
      let trees = try vectorize(call, axes, out, SourceLocation(file, line)) {
        let (r, s) = f(try call.next(p), repeat try call.next(each a))
        return [try FlatTree(r), try FlatTree(s)]
      }
      return (try trees[0].rebuilt(), try trees[1].rebuilt())
    }
  }
}

/// The same for a function with three results, such as that of `valueAndGrad` with an auxiliary output.
public func vmap<P: ParameterTree, each A: ParameterTree, R: ParameterTree, S: ParameterTree, T: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> (R, S, T), in axes: [Int?]? = nil, out: Int = 0,
  file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, repeat each A) -> (R, S, T) {
  { (p: P, a: repeat each A) -> (R, S, T) in
    encodable {
      let call = Arguments()
      try call.add(p)
      repeat try call.add(each a)
      let trees = try vectorize(call, axes, out, SourceLocation(file, line)) {
        let (r, s, t) = f(try call.next(p), repeat try call.next(each a))
        return [try FlatTree(r), try FlatTree(s), try FlatTree(t)]
      }
      return (try trees[0].rebuilt(), try trees[1].rebuilt(), try trees[2].rebuilt())
    }
  }
}

/// `body` calls the function on the arguments that `call` gives, and takes its results apart.
private func vectorize(
  _ call: Arguments, _ axes: [Int?]?, _ out: Int, _ at: SourceLocation, _ body: () throws -> [FlatTree]
) throws -> [FlatTree] {
  try staged {
    // Of an error, what can be known of the results is their structure.
    func failed(_ error: DescentError, _ trees: [FlatTree]? = nil) throws -> [FlatTree] {
      if trees == nil { call.replaced = call.trees.map { $0.failed(error) } }
      return try (trees ?? body()).map { $0.failed(error) }
    }
    let places: [[Int?]]
    let size: Int
    do { (places, size) = try batchAxes(call.trees, axes, at) } catch let error as DescentError {
      return try failed(error)
    }
    let inputs = zip(call.trees, places).flatMap { tree, places in
      zip(tree.leaves, places).compactMap { leaf, place in
        place.map { place in Trace.pinned(to: at) { moveAxis(leaf, from: place, to: 0) } }
      }
    }
    var results: [FlatTree]?
    do {
      var leaves = try batched(inputs, size: size, at: at) { elements in
        var elements = elements[...]
        call.replaced = zip(call.trees, places).map { tree, places in
          tree.with(zip(tree.leaves, places).map { leaf, place in place == nil ? leaf : elements.removeFirst() })
        }
        results = try body()
        return results!.flatMap(\.leaves)
      }[...]
      return try results!.map { tree in
        try tree.with(tree.leaves.map { _ in try moved(leaves.removeFirst(), to: out, at) })
      }
    } catch let error as DescentError {
      guard let results else { throw error }
      return try failed(error, results)
    }
  }
}

/// A result with its batch axis, which is in front, at `out`.
private func moved(_ x: Tensor, to out: Int, _ at: SourceLocation) throws -> Tensor {
  let axis = out < 0 ? out + x.rank : out
  guard (0..<x.rank).contains(axis) else {
    throw DescentError(
      .type, "vmap with the batch of its results along axis \(out), but one has only \(x.rank) axes with it", at: at)
  }
  return Trace.pinned(to: at) { moveAxis(x, from: 0, to: axis) }
}

/// For each tensor of each argument its batch axis counted from the front, nil where it has none, and the size of the batch.
private func batchAxes(_ arguments: [FlatTree], _ axes: [Int?]?, _ at: SourceLocation) throws -> ([[Int?]], Int) {
  let axes = axes ?? arguments.map { _ in 0 }
  guard axes.count == arguments.count else {
    throw DescentError(
      .type, "vmap with axes for \(axes.count) arguments of a function that takes \(arguments.count)", at: at)
  }
  var first: (size: Int, name: String)?
  let places = try zip(arguments, axes).enumerated().map { number, argument -> [Int?] in
    let (tree, axis) = argument
    guard let axis else { return tree.leaves.map { _ in nil } }
    try tree.check()
    return try zip(tree.paths, tree.leaves).map { path, leaf in
      let name = "argument \(number)\(path.isEmpty ? "" : " at '\(path)'")"
      let place = axis < 0 ? axis + leaf.rank : axis
      guard (0..<leaf.rank).contains(place) else {
        throw DescentError(.type, "vmap along axis \(axis) of \(name), which is \(leaf.type)", at: at)
      }
      let size = leaf.shape[place]
      if let first, first.size != size {
        throw DescentError(
          .type, "vmap over \(first.size) elements of \(first.name) and \(size) of \(name), which is \(leaf.type)",
          at: at)
      }
      first = first ?? (size, name)
      return place
    }
  }
  guard let first else {
    throw DescentError(.type, "vmap of no batched tensor: the size of the batch is unknown", at: at)
  }
  return (places, first.size)
}
