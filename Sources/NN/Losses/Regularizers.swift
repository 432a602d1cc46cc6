// Penalties on the size of parameters, to be added to a loss:
// `loss(p, x, y) + elasticNet(p, l1: 1e-4, l2: 1e-3) { $0.hasSuffix("weight") }`.

import DescentIR
import DescentOps

/// Σ |p| over all elements of the parameters whose path `include` accepts; the derivative at 0 is 0.
///
/// A scalar of the type of the first of them. An error where the predicate accepts none, or one that is not f32 or f64.
public func l1<P: ParameterTree>(
  _ parameters: P, file: StaticString = #fileID, line: UInt = #line, where include: (String) -> Bool = { _ in true }
) -> Tensor {
  total("l1", parameters, include, file, line) { sum(abs($0)) }
}

/// Σ p² over all elements of the parameters whose path `include` accepts. Types and errors as for `l1`.
public func l2<P: ParameterTree>(
  _ parameters: P, file: StaticString = #fileID, line: UInt = #line, where include: (String) -> Bool = { _ in true }
) -> Tensor {
  total("l2", parameters, include, file, line) { sum(square($0)) }
}

/// l1 Σ |p| + l2 Σ p² over all elements of the parameters whose path `include` accepts (Zou and Hastie, 2005).
public func elasticNet<P: ParameterTree>(
  _ parameters: P, l1 first: Double, l2 second: Double, file: StaticString = #fileID, line: UInt = #line,
  where include: (String) -> Bool = { _ in true }
) -> Tensor {
  total("elasticNet", parameters, include, file, line) { sum(abs($0) * first + square($0) * second) }
}

/// The sum of a penalty over the parameters that the predicate accepts.
private func total<P: ParameterTree>(
  _ function: String, _ parameters: P, _ include: (String) -> Bool, _ file: StaticString, _ line: UInt,
  penalty: (Tensor) -> Tensor
) -> Tensor {
  let at = SourceLocation(file, line)
  func fail(_ message: String) -> Tensor {
    Tensor(failure: DescentError(.usage, "\(function) of \(message)", at: at), type: TensorType(.f32, []))
  }
  do {
    let flat = try parameters.flattened()
    let chosen = zip(flat.paths, flat.leaves).filter { include($0.0) }
    for (path, tensor) in chosen where !tensor.dtype.isFloating {
      return fail("'\(path)', which is \(tensor.type); only f32 and f64 have gradients")
    }
    guard let dtype = chosen.first?.1.dtype else {
      return fail("no parameter: none of \(flat.paths.map { "'\($0)'" }.joined(separator: ", ")) was accepted")
    }
    return pinned(at) {
      let penalties = chosen.map { _, tensor in
        let part = penalty(tensor)
        return part.dtype == dtype ? part : convert(part, to: dtype)
      }
      return penalties.dropFirst().reduce(penalties[0], +)
    }
  } catch { return fail("parameters that cannot be taken apart: \(error)") }
}
