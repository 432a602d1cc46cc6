// grad and valueAndGrad: functions of parameter trees in, functions of parameter trees out.

import DescentIR
import DescentInterpreter
import DescentOps

/// The gradient of a scalar function with respect to its first argument.
///
/// Inside another transform the gradient's nodes join that trace; outside, they are evaluated at once by the interpreter.
public func grad<P: ParameterTree, each A: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, repeat each A) -> P {
  { (p: P, a: repeat each A) -> P in
    differentiate(p, SourceLocation(file, line)) { (f($0, repeat each a), [Tensor]()) }.gradient
  }
}

/// The value of a scalar function and its gradient with respect to the first argument.
public func valueAndGrad<P: ParameterTree, each A: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, repeat each A) -> (Tensor, P) {
  { (p: P, a: repeat each A) -> (Tensor, P) in
    let result = differentiate(p, SourceLocation(file, line)) { (f($0, repeat each a), [Tensor]()) }
    return (result.value, result.gradient)
  }
}

/// Value, auxiliary output and gradient of a function that returns a scalar and something else, which is not differentiated.
public func valueAndGrad<P: ParameterTree, Auxiliary: ParameterTree, each A: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> (Tensor, Auxiliary), file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, repeat each A) -> (Tensor, Auxiliary, P) {
  { (p: P, a: repeat each A) -> (Tensor, Auxiliary, P) in
    let result = differentiate(p, SourceLocation(file, line)) { f($0, repeat each a) }
    return (result.value, result.auxiliary, result.gradient)
  }
}

private struct Differentiated<P, Auxiliary> {
  var value: Tensor
  var auxiliary: Auxiliary
  var gradient: P
}

private func differentiate<P: ParameterTree, Auxiliary: ParameterTree>(
  _ parameters: P, _ at: SourceLocation, _ f: (P) -> (Tensor, Auxiliary)
) -> Differentiated<P, Auxiliary> {
  do {
    let flat = try FlatTree(parameters)
    guard Trace.current == nil else { return try differentiate(flat, at, f) }
    // Outside every trace: build the graph, then let the interpreter have it.
    let trace = Trace()
    return try trace.record {
      let traced = try differentiate(flat, at, f)
      let auxiliary = try FlatTree(traced.auxiliary)
      let gradient = try FlatTree(traced.gradient)
      let outputs = [traced.value] + auxiliary.leaves + gradient.leaves
      do {
        let graph = try trace.finish(outputs.map { ("", $0) })
        let values = try graph.evaluate([]).map { Tensor($0) }
        let split = 1 + auxiliary.leaves.count
        return Differentiated(
          value: values[0], auxiliary: try traced.auxiliary.replacing(Array(values[1..<split])),
          gradient: try traced.gradient.replacing(Array(values[split...])))
      } catch let error as DescentError {
        return try fail(traced, error)
      }
    }
  } catch {
    preconditionFailure("a ParameterTree that cannot be encoded and decoded: \(error)")
  }
}

/// The same within the trace in force. Each parameter passes through an identity, so that the derivative is with respect to
/// this argument alone, even where the same tensor reaches `f` by another way as well.
private func differentiate<P: ParameterTree, Auxiliary: ParameterTree>(
  _ flat: FlatTree, _ at: SourceLocation, _ f: (P) -> (Tensor, Auxiliary)
) throws -> Differentiated<P, Auxiliary> {
  let variables = flat.leaves.map { Tensor.apply(Identity(), [$0]) }
  let (value, auxiliary) = f(try FlatTree.rebuild(P.self, flat.structure, variables))
  let result = Differentiated(value: value, auxiliary: auxiliary, gradient: try FlatTree.rebuild(P.self, flat.structure, variables))
  do {
    if case .failure(let error) = value.storage { throw error }
    guard value.shape.count == 1, value.dtype.isFloating else {
      throw DescentError(.gradient, "grad of a function whose result is \(value.type); it must be one floating-point number", at: at)
    }
    for (path, variable) in zip(flat.paths, variables) where !variable.dtype.isFloating {
      throw DescentError(.gradient, "grad with respect to '\(path)', which is \(variable.type); only f32 and f64 have gradients", at: at)
    }
    let gradients = try Trace.current!.gradients(of: value, withRespectTo: variables)
    return Differentiated(
      value: value, auxiliary: auxiliary, gradient: try FlatTree.rebuild(P.self, flat.structure, gradients))
  } catch let error as DescentError {
    return try fail(result, error)
  }
}

/// The same trees with the error in every leaf: it comes out where the result is used.
private func fail<P: ParameterTree, Auxiliary: ParameterTree>(
  _ result: Differentiated<P, Auxiliary>, _ error: DescentError
) throws -> Differentiated<P, Auxiliary> {
  func failed(_ tensor: Tensor) -> Tensor { Tensor(failure: error, type: tensor.type) }
  return Differentiated(
    value: failed(result.value), auxiliary: map(result.auxiliary, failed), gradient: map(result.gradient, failed))
}
