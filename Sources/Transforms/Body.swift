// A function traced apart from the trace in force, with everything that it uses as inputs, and put into it with pull-backs of its
// own: what checkpoint and cond have in common.

import DescentIR
import DescentOps

/// A function traced apart.
struct Body {
  /// From the arguments' tensors and what was captured to the results.
  var graph: Graph
  /// The tensors of the trace in force that the inputs stand for.
  var inputs: [Tensor]

  /// Traces `f`, which gets the tensors for `arguments` and gives the outputs. Throws the first error among them.
  init(_ arguments: [Tensor], in outer: Trace, at location: SourceLocation, _ f: ([Tensor]) throws -> [Tensor]) throws {
    let trace = Trace(parent: outer, at: location)
    let outputs = try trace.record { try f(arguments.enumerated().map { trace.input("\($0)", $1.type) }) }
    graph = try trace.finish(outputs.map { ("", $0) })
    inputs = arguments + trace.captures
  }

  /// The first `count` outputs in the trace in force, marked by the transform of that name. Backward, those of floating type go
  /// by what `pullBack` gives: it gets, in a trace of its own, the number of the result, its cotangent and the inputs, and gives
  /// the inputs' cotangents, nil for zero.
  func inlined(
    _ transform: String, _ count: Int, at location: SourceLocation,
    pullBack: (_ result: Int, _ cotangent: Tensor, _ inputs: [Tensor]) throws -> [Tensor?]
  ) throws -> [Tensor] {
    let tensors = try graph.replay(inputs)
    return try (0..<count).map { k in
      let y = tensors[graph.outputs[k].index]!
      guard y.dtype.isFloating else { return y }
      let trace = Trace(at: location)
      let parts = try trace.record {
        _ = trace.input("y", y.type)
        let dy = trace.input("dy", y.type)
        return try pullBack(k, dy, inputs.enumerated().map { trace.input("\($0)", $1.type) })
      }
      let targets = parts.indices.filter { parts[$0] != nil }
      let backward = try trace.finish(targets.map { ("", parts[$0]!) })
      let op = CustomGradient(transform, backward: backward, targets: targets, followsValue: true)
      return Tensor.apply(op, [y] + inputs, at: graph[graph.outputs[k]].location ?? location)
    }
  }
}
