// grad and valueAndGrad: functions of parameter trees in, functions of parameter trees out.

import DescentIR
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
  encodable {
    let flat = try FlatTree(parameters)
    let trees = try staged {
      var auxiliary = try FlatTree([Tensor]())
      // The auxiliary output is no result of the function that is differentiated, but comes from the same call.
      var failure: (any Error)?
      let (value, linearization) = try Linearization.trace(flat) { (p: P) -> Tensor in
        let (value, other) = f(p)
        do { auxiliary = try FlatTree(other) } catch { failure = error }
        return value
      }
      if let failure { throw failure }
      do {
        let linear = try linearization.get()
        let type = value.leaves[0].type
        guard type.shape.count == 1, type.dtype.isFloating else {
          throw DescentError(
            .gradient, "grad of a function whose result is \(type); it must be one floating-point number", at: at)
        }
        try flat.checkFloating("grad", at: at)
        return [value, auxiliary, flat.with(try linear.pullBack([filled(1, type)]))]
      } catch let error as DescentError {
        return [value.failed(error), auxiliary.failed(error), flat.failed(error)]
      }
    }
    return Differentiated(
      value: trees[0].leaves[0], auxiliary: try trees[1].rebuilt(), gradient: try trees[2].rebuilt())
  }
}
