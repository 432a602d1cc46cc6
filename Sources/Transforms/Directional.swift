// jvp, the derivative along a direction, and vjp, the value with a function that carries cotangents back.

import DescentIR
import DescentOps

/// The value of a function and its derivative along a direction: `(x, dx, …) -> (f(x, …), ∂f/∂x · dx)`.
///
/// The direction `dx` has the structure and types of the first argument; the others are constants. A result that is an integer
/// or a bool has the tangent 0. Forward mode: no memory is kept for a way back, and a function of few numbers with many results
/// is differentiated in one pass for each of the few.
public func jvp<P: ParameterTree, each A: ParameterTree, R: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> R, file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, P, repeat each A) -> (R, R) {
  { (p: P, tangent: P, a: repeat each A) -> (R, R) in
    let at = SourceLocation(file, line)
    return encodable {
      let (flat, direction) = (try FlatTree(p), try FlatTree(tangent))
      let trees = try staged {
        let (value, linearization) = try Linearization.trace(flat) { f($0, repeat each a) }
        do {
          let linear = try linearization.get()
          try flat.checkFloating("jvp", at: at)
          try direction.check("the tangent of jvp", like: flat, at: at)
          return [value, value.with(try linear.pushForward(direction.leaves))]
        } catch let error as DescentError {
          return [value.failed(error), value.failed(error)]
        }
      }
      return (try trees[0].rebuilt(), try trees[1].rebuilt())
    }
  }
}

/// The value of a function and its pull-back, which takes a cotangent `dy` of the value to `dy · ∂f/∂x` for the first argument.
///
/// The pull-back may be called any number of times: inside another transform within that trace and the functions traced in it;
/// outside, anywhere, and it then keeps the values of all steps on the way.
public func vjp<P: ParameterTree, each A: ParameterTree, R: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> R, file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, repeat each A) -> (R, @Sendable (R) -> P) {
  { (p: P, a: repeat each A) -> (R, @Sendable (R) -> P) in
    let at = SourceLocation(file, line)
    return encodable {
      let flat = try FlatTree(p)
      var (value, linearization) = try (Trace.current ?? Trace()).record {
        try Linearization.trace(flat) { f($0, repeat each a) }
      }
      if Trace.current == nil {
        do {
          let linear = try linearization.get().evaluated()
          value = value.with(linear.resultTensors)
          linearization = .success(linear)
        } catch let error as DescentError {
          value = value.failed(error)
          linearization = .failure(error)
        }
      }
      let (result, linear) = (value, linearization)
      let pullBack = { @Sendable (cotangent: R) -> P in
        encodable {
          let dy = try FlatTree(cotangent)
          do {
            let linear = try linear.get()
            try flat.checkFloating("vjp", at: at)
            try dy.check("the cotangent given to the pull-back of vjp", like: result, at: at)
            return try flat.with(try linear.pullBack(dy.leaves)).rebuilt()
          } catch let error as DescentError {
            return try flat.failed(error).rebuilt()
          }
        }
      }
      return (try value.rebuilt(), pullBack)
    }
  }
}
