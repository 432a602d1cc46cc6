// checkpoint: less memory for more arithmetic. (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016)

import DescentIR
import DescentOps

/// The function, but that the backward pass computes anew what it needs of the steps in between, from the arguments, instead of
/// keeping it. Derivatives are the same, also with respect to what `f` takes from outside.
///
/// A result of several tensors goes back once for each; so a block of a network best gives one.
public func checkpoint<P: ParameterTree, each A: ParameterTree, R: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> R, file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, repeat each A) -> R {
  { (p: P, a: repeat each A) -> R in
    guard let outer = Trace.current else { return f(p, repeat each a) }
    let at = SourceLocation(file, line)
    return encodable {
      let call = Arguments()
      try call.add(p)
      repeat try call.add(each a)
      var result: FlatTree?
      do {
        let body = try Body(call.trees.flatMap(\.leaves), in: outer, at: at) { tensors in
          var tensors = tensors[...]
          call.replaced = call.trees.map { tree in tree.with(tree.leaves.map { _ in tensors.removeFirst() }) }
          result = try FlatTree(f(try call.next(p), repeat try call.next(each a)))
          return result!.leaves
        }
        let outputs = try body.inlined("checkpoint", result!.leaves.count, at: at) { k, dy, inputs in
          // Behind barriers nothing is taken for what the forward part has computed.
          let again = try body.graph.replay(inputs.map { .apply(Barrier(), [$0], at: at) })
          return try body.graph.pullBack([(body.graph.outputs[k], dy)], to: body.graph.inputs) { again[$0.index]! }
        }
        return try result!.with(outputs).rebuilt()
      } catch let error as DescentError {
        guard let result else { throw error }
        return try result.failed(error).rebuilt()
      }
    }
  }
}
