import DescentIR

/// A choice between two tensors, element by element.
package struct Select: AttributeFreeOp {
  package init() {}
  package static let name = "select"
  package static let documentation = "y = a where p, else b"

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 3)
    guard operands[0].dtype == .bool, operands[1] == operands[2], operands[0].shape == operands[1].shape else {
      throw DescentError(
        .type,
        "select takes a bool and two tensors of one type, all of one shape, not "
          + operands.map(\.description).joined(separator: ", "))
    }
    return operands[1]
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    [nil, `where`(x[0], dy, 0), `where`(x[0], 0, dy)]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    let predicate = x[0].elements(Bool.self)
    func pick<T: Element>(_: T.Type) -> HostArray {
      let (a, b) = (x[1].elements(T.self), x[2].elements(T.self))
      return HostArray(type.shape, predicate.indices.map { predicate[$0] ? a[$0] : b[$0] })
    }
    return dispatch(type.dtype) { pick($0) }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(self, batchAll(x, batched, size))
  }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .pointwise(PointwiseRule(cost: 1) { x, _ in .choice(x[0], x[1], x[2]) })
  }
  package static func samples(_ real: DType) -> [Sample] {
    [real, .i32, .i64, .u8, .bool].map {
      Sample(Select(), [.init(.bool, [3, 5]), .init($0, [3, 5]), .init($0, [3, 5])])
    }
  }
}

/// The element of `a` where the bool `p` is true, else that of `b`; all three are broadcast.
public func `where`(
  _ p: Tensor, _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let at = SourceLocation(file, line)
  guard let shape = Shape.broadcast(a.shape, b.shape).flatMap({ Shape.broadcast($0, p.shape) }) else {
    return .fail(
      "where of shapes \(p.shape), \(a.shape) and \(b.shape), which do not broadcast to a common shape", a, b, p, at: at
    )
  }
  return .apply(Select(), ([p] + joined([a, b], at: at)).map { broadcast($0, to: shape, at: at) }, at: at)
}

/// The element of `a` where the bool `p` is true, else the number `b`.
public func `where`(
  _ p: Tensor, _ a: Tensor, _ b: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let (a, b) = joined(a, b, at: SourceLocation(file, line))
    return `where`(p, a, b)
  }
}

/// The number `a` where the bool `p` is true, else the element of `b`.
public func `where`(
  _ p: Tensor, _ a: some TensorScalar, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let (b, a) = joined(b, a, at: SourceLocation(file, line))
    return `where`(p, a, b)
  }
}
