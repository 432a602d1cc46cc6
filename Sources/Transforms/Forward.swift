// Forward-mode differentiation: carries tangents from variables forward to results. No operation has a rule for it: what the
// family of its loops tells, and its vector-Jacobian product, are enough.

import DescentIR
import DescentOps

extension Graph {
  /// The tangents of `results`, given those of variables: Σ over the variables of `∂result/∂x · dx`; nil where a result depends
  /// on no variable. Works in the trace in force. `tensor` gives the tensor of a node, here or in an enclosing trace.
  func pushForward(
    _ variables: [(node: NodeID, tangent: Tensor)], to results: [NodeID], tensor: (NodeID) -> Tensor
  ) throws -> [Tensor?] {
    var tangents = [Tensor?](repeating: nil, count: nodes.count)
    for (id, dx) in variables { tangents[id.index] = dx }
    let depends = dependence(on: variables.map(\.node))
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    for id in results { isNeeded[id.index] = true }
    for index in nodes.indices.reversed() where isNeeded[index] {
      for operand in nodes[index].operands { isNeeded[operand.index] = true }
    }
    // The tangents of loops' results.
    var ofResults: [Int: [Tensor?]] = [:]
    for id in ids where isNeeded[id.index] && depends[id.index] && tangents[id.index] == nil {
      let node = self[id]
      try Trace.pinned(to: node.location) {
        let dx = node.operands.map { tangents[$0.index] }
        switch node.op.kind {
        case .input: break
        case .loop(let form): ofResults[id.index] = try form.pushForward(node.operands.map(tensor), dx)
        case .result(let number): tangents[id.index] = ofResults[node.operands[0].index]?[number]
        case .operation(let op):
          guard let dy = try op.tangent(node.operands.map(tensor), tensor(id), dx) else { return }
          if case .failure(let error) = dy.storage { throw error }
          guard dy.type == node.type else {
            throw DescentError(
              .verification, "the tangent of \(op.name) is of type \(dy.type), not \(node.type)", at: node.location)
          }
          tangents[id.index] = dy
        }
      }
    }
    return results.map { tangents[$0.index] }
  }
}

extension Op {
  /// The tangent of `y`, given those of the operands, nil where zero: Σ over the operands of `∂y/∂x · dx`.
  fileprivate func tangent(_ x: [Tensor], _ y: Tensor, _ dx: [Tensor?]) throws -> Tensor? {
    if let mark = self as? CustomGradient {
      return try mark.followsValue ? dx[0] : transposedTwice(x, y, dx)
    }
    if self is LinearSolution { return try transposedTwice(x, y, dx) }
    switch lowering(x.map(\.type)).linearity {
    case .diagonal:
      // A conversion's Jacobian goes from one type to the other.
      return combined(
        dx.indices.compactMap { i in
          dx[i].flatMap { vjp(x, y, convert($0, to: y.dtype))[i] }.map { convert($0, to: y.dtype) }
        })
    case .joint:
      return .apply(self, x.indices.map { x[$0].dtype.isFloating ? dx[$0] ?? zerosLike(x[$0]) : x[$0] })
    case .each:
      return combined(
        dx.indices.compactMap { i in
          dx[i].map { tangent in .apply(self, x.indices.map { $0 == i ? tangent : x[$0] }) }
        })
    case .general: return try transposedTwice(x, y, dx)
    }
  }

  /// For any other operation: the vector-Jacobian product is linear in the cotangent, `uᵀJ`, and the transpose of that is `J dx`,
  /// the gradient of `uᵀJ dx` with respect to `u`.
  private func transposedTwice(_ x: [Tensor], _ y: Tensor, _ dx: [Tensor?]) throws -> Tensor? {
    let u = Tensor.apply(Identity(), [zerosLike(y)])
    let products = zip(vjp(x, y, u), dx).compactMap { part, dx in
      part.flatMap { part in dx.map { convert(sum(part * $0), to: y.dtype) } }
    }
    guard let product = combined(products) else { return nil }
    return try Trace.current!.gradients(of: product, withRespectTo: [u])[0]
  }

  private func combined(_ parts: [Tensor]) -> Tensor? {
    parts.dropFirst().reduce(parts.first) { total, part in total.map { $0 + part } }
  }
}
