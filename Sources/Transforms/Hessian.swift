// Jacobians and second derivatives, by vmap of forward or reverse mode over the unit vectors.

import DescentIR
import DescentOps

/// The Jacobian of a function of a tensor with respect to its first argument: `J[i…, j…] = ∂y[i…] / ∂x[j…]`, of the shape of
/// `y` followed by that of `x`. Backward where `y` has fewer elements than `x`, else forward.
public func jacobian<each A: ParameterTree>(
  _ f: @escaping @Sendable (Tensor, repeat each A) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (Tensor, repeat each A) -> Tensor {
  { (x: Tensor, a: repeat each A) -> Tensor in
    let at = SourceLocation(file, line)
    return encodable {
      let flat = try FlatTree(x)
      return try staged {
        let (value, linearization) = try Linearization.trace(flat) { (x: Tensor) in f(x, repeat each a) }
        do {
          let (linear, y) = (try linearization.get(), value.leaves[0])
          guard x.dtype.isFloating, y.dtype.isFloating else {
            throw DescentError(
              .gradient, "jacobian of a function from \(x.type) to \(y.type); only f32 and f64 have gradients", at: at)
          }
          return [value.with([try jacobian(linear, x.type, y.type, at)])]
        } catch let error as DescentError {
          return [value.failed(error)]
        }
      }[0].rebuilt()
    }
  }
}

private func jacobian(_ linear: Linearization, _ x: TensorType, _ y: TensorType, _ at: SourceLocation) throws -> Tensor
{
  let shape = Shape(y.shape.dimensions + x.shape.dimensions)
  if y.shape.count < x.shape.count {
    let rows = try batched([unitVectors(y, at)], size: y.shape.count, at: at) { try linear.pullBack($0) }[0]
    return Trace.pinned(to: at) { reshape(rows, shape) }
  }
  let columns = try batched([unitVectors(x, at)], size: x.shape.count, at: at) { try linear.pushForward($0) }[0]
  return Trace.pinned(to: at) { reshape(moveAxis(columns, from: 0, to: columns.rank - 1), shape) }
}

/// For each element of a tensor of `type` one that is 1 there and 0 elsewhere; their number is the first axis.
private func unitVectors(_ type: TensorType, _ at: SourceLocation) -> Tensor {
  Trace.pinned(to: at) {
    let count = type.shape.count
    return reshape(oneHot(arange(count, dtype: .i32), classes: count, dtype: type.dtype), type.batched(count).shape)
  }
}

/// The matrix of second derivatives of a scalar function: `H[i…, j…] = ∂²f / ∂x[i…] ∂x[j…]`, of the shape of `x` twice. Forward
/// over reverse. For a function of a tree, `ravel` makes one tensor of it.
public func hessian<each A: ParameterTree>(
  _ f: @escaping @Sendable (Tensor, repeat each A) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (Tensor, repeat each A) -> Tensor {
  jacobian(grad(f, file: file, line: line), file: file, line: line)
}

/// The product of the matrix of second derivatives of a scalar function with a direction `v`, `(x, v, …) -> H v`, at the cost of
/// a few gradients and without the matrix. Forward over reverse.
public func hessianVectorProduct<P: ParameterTree, each A: ParameterTree>(
  _ f: @escaping @Sendable (P, repeat each A) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P, P, repeat each A) -> P {
  let derivative = jvp(grad(f, file: file, line: line), file: file, line: line)
  return { (x: P, v: P, a: repeat each A) -> P in derivative(x, v, repeat each a).1 }
}

/// The tensors of a tree, which are of one type, end to end as one vector, and the function that makes a tree of such a vector.
public func ravel<P: ParameterTree>(
  _ tree: P, file: StaticString = #fileID, line: UInt = #line
) -> (vector: Tensor, restore: @Sendable (Tensor) -> P) {
  encodable {
    let (flat, at) = (try FlatTree(tree), SourceLocation(file, line))
    let types = flat.leaves.map(\.type)
    let vector: Tensor =
      if let odd = types.first(where: { $0.dtype != types[0].dtype }) {
        Tensor(failure: DescentError(.type, "ravel of tensors of type \(types[0]) and \(odd)", at: at), type: types[0])
      } else if types.isEmpty {
        zeros([0])
      } else {
        pinned(at) { concatenate(flat.leaves.map { flatten($0) }) }
      }
    let restore = { @Sendable (vector: Tensor) -> P in
      encodable {
        try pinned(at) {
          let parts = split(vector, sizes: types.map(\.shape.count))
          return try flat.with(zip(parts, types).map { reshape($0, $1.shape) }).rebuilt()
        }
      }
    }
    return (vector, restore)
  }
}
