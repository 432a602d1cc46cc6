// What the transforms share: where a function runs that is called outside every trace, arguments taken apart and put together
// with other tensors, and errors that travel in the results.

import DescentIR
import DescentInterpreter
import DescentOps

/// Runs `body` in the trace in force. Where there is none it builds a graph and interprets it.
func staged(_ body: () throws -> [FlatTree]) throws -> [FlatTree] {
  guard Trace.current == nil else { return try body() }
  let trace = Trace()
  return try trace.record {
    let trees = try body()
    do {
      let graph = try trace.finish(trees.flatMap(\.leaves).map { ("", $0) })
      var values = try graph.evaluate([]).map { Tensor($0) }[...]
      return trees.map { tree in
        defer { values = values.dropFirst(tree.leaves.count) }
        return tree.with(Array(values.prefix(tree.leaves.count)))
      }
    } catch let error as DescentError {
      return trees.map { $0.failed(error) }
    }
  }
}

/// Trees that cannot be encoded are mistakes of their type; every other error travels in tensors.
func encodable<R>(_ body: () throws -> R) -> R {
  do { return try body() } catch { preconditionFailure("a ParameterTree that cannot be encoded and decoded: \(error)") }
}

extension FlatTree {
  /// The same structure with other tensors.
  func with(_ leaves: [Tensor]) -> FlatTree {
    var tree = self
    tree.leaves = leaves
    return tree
  }
  /// The same structure with the error in every leaf: it comes out where the result is used.
  func failed(_ error: DescentError) -> FlatTree { with(leaves.map { Tensor(failure: error, type: $0.type) }) }

  func rebuilt<T: ParameterTree>(as type: T.Type = T.self) throws -> T { try FlatTree.rebuild(type, structure, leaves) }

  /// Throws the error of the first leaf that has failed.
  func check() throws {
    for leaf in leaves { if case .failure(let error) = leaf.storage { throw error } }
  }
  /// Throws unless every leaf is of a floating type.
  func checkFloating(_ transform: String, at location: SourceLocation) throws {
    for (path, leaf) in zip(paths, leaves) where !leaf.dtype.isFloating {
      let name = path.isEmpty ? "a tensor of type" : "'\(path)', which is"
      throw DescentError(
        .gradient, "\(transform) with respect to \(name) \(leaf.type); only f32 and f64 have gradients", at: location)
    }
  }
  /// Throws unless this tree has the structure and the types of another; `what` names it.
  func check(_ what: String, like other: FlatTree, at location: SourceLocation) throws {
    try check()
    guard structure == other.structure else {
      throw DescentError(.gradient, "\(what) has the tensors \(paths), expected \(other.paths)", at: location)
    }
    for (path, (a, b)) in zip(paths, zip(leaves, other.leaves)) where a.type != b.type {
      let name = path.isEmpty ? "" : " at '\(path)'"
      throw DescentError(.gradient, "\(what) is of type \(a.type)\(name), expected \(b.type)", at: location)
    }
  }
}

/// The arguments of one call, taken apart, and put together again with other tensors, one after another. Used by one task.
final class Arguments {
  private(set) var trees: [FlatTree] = []
  /// What `next` gives; as many trees as there are arguments.
  var replaced: [FlatTree] = []
  private var position = 0

  func add(_ argument: some ParameterTree) throws { trees.append(try FlatTree(argument)) }

  /// The next argument with the tensors of `replaced`.
  func next<T: ParameterTree>(_ argument: T) throws -> T {
    defer { position += 1 }
    return try replaced[position].rebuilt()
  }
}
