// compile: a function of parameter trees becomes C, is built, loaded and called. One build for each structure of arguments.
// The first parameter is written apart from the pack as in grad: only so does Swift infer `compile(grad(f))`.

import DescentIR
import DescentOps
import DescentTransforms

/// The same function, compiled to C. It is traced, built and loaded at the first call with arguments of a new structure or new
/// types; further calls run the library. Throws the errors of tracing and building.
///
/// Numbers that stand in the arguments beside the tensors (`β: Double`) are arguments of the program wherever they are no more than
/// numbers in it: the function is traced at another number, and nothing is built. Where one decides operations (a size, a
/// branch) its program is another. `DESCENT_DEBUG=b` says what is built, and why.
///
/// Inside another transform it is the function itself, so that `grad(compiled)` and nesting work.
///
/// Where `DESCENT_CHECK` is `nan` or `1`, a result that is NaN or infinite and was made of finite numbers is an error, which names
/// the operation that made it, its line and its operands.
public func compile<P: ParameterTree, each A: ParameterTree, R: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> R, file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, repeat each A) throws -> R {
  let cache = CompiledFunction(SourceLocation(file, line))
  return { (p: P, a: repeat each A) throws -> R in
    let call = Call()
    try call.add(p)
    repeat try call.add(each a)
    let (entry, leaves) = try cache.run(call) {
      try call.outputs(f(try call.traced(p), repeat try call.traced(each a)))
    }
    return try FlatTree.rebuild(R.self, entry[0], leaves)
  }
}

/// A function with two results.
public func compile<P: ParameterTree, each A: ParameterTree, R: ParameterTree, S: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> (R, S), file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, repeat each A) throws -> (R, S) {
  let cache = CompiledFunction(SourceLocation(file, line))
  return { (p: P, a: repeat each A) throws -> (R, S) in
    let call = Call()
    try call.add(p)
    repeat try call.add(each a)
    let (entry, leaves) = try cache.run(call) {
      let (r, s) = f(try call.traced(p), repeat try call.traced(each a))
      return try call.outputs(r) + call.outputs(s)
    }
    let split = entry[0].leafCount
    return (
      try FlatTree.rebuild(R.self, entry[0], Array(leaves[..<split])),
      try FlatTree.rebuild(S.self, entry[1], Array(leaves[split...]))
    )
  }
}

/// A function with three results, such as `valueAndGrad` with an auxiliary output.
public func compile<P: ParameterTree, each A: ParameterTree, R: ParameterTree, S: ParameterTree, T: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> (R, S, T), file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, repeat each A) throws -> (R, S, T) {
  let cache = CompiledFunction(SourceLocation(file, line))
  return { (p: P, a: repeat each A) throws -> (R, S, T) in
    let call = Call()
    try call.add(p)
    repeat try call.add(each a)
    let (entry, leaves) = try cache.run(call) {
      let (r, s, t) = f(try call.traced(p), repeat try call.traced(each a))
      return try call.outputs(r) + call.outputs(s) + call.outputs(t)
    }
    let first = entry[0].leafCount
    let second = first + entry[1].leafCount
    return (
      try FlatTree.rebuild(R.self, entry[0], Array(leaves[..<first])),
      try FlatTree.rebuild(S.self, entry[1], Array(leaves[first..<second])),
      try FlatTree.rebuild(T.self, entry[2], Array(leaves[second...]))
    )
  }
}

extension TreeStructure {
  fileprivate var leafCount: Int {
    switch self {
    case .leaf: 1
    case .setting: 0
    case .keyed(let fields): fields.reduce(0) { $0 + $1.structure.leafCount }
    case .unkeyed(let items): items.reduce(0) { $0 + $1.leafCount }
    }
  }
}
