import DescentIR

/// General contraction: batch axes are paired, contracting axes are paired and summed, the others are free.
/// Matrix product, matrix-vector product, outer product and batched products are all this one operation.
package struct Contract: Op {
  package var axes: ContractionAxes

  package init(_ axes: ContractionAxes) { self.axes = axes }
  package static let name = "contract"
  package static let documentation = "y[b, m, n] = Σ_k lhs[b, m, k] rhs[b, n, k], each letter any number of axes"
  package init(_ a: Attributes) throws {
    self.init(
      ContractionAxes(
        lhsBatch: try a.ints("lhsBatch"), rhsBatch: try a.ints("rhsBatch"),
        lhsContracting: try a.ints("lhs"), rhsContracting: try a.ints("rhs")))
  }
  package var attributes: Attributes {
    [
      "lhsBatch": .ints(axes.lhsBatch), "rhsBatch": .ints(axes.rhsBatch),
      "lhs": .ints(axes.lhsContracting), "rhs": .ints(axes.rhsContracting),
    ]
  }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 2)
    let (lhs, rhs) = (operands[0], operands[1])
    guard lhs.dtype == rhs.dtype, lhs.dtype != .bool, lhs.dtype != .u8 else {
      throw DescentError(.type, "a product of \(lhs) and \(rhs): both must be of one type, f32, f64, i32 or i64")
    }
    try expectAxes(axes.lhsBatch + axes.lhsContracting, rank: lhs.shape.rank)
    try expectAxes(axes.rhsBatch + axes.rhsContracting, rank: rhs.shape.rank)
    let pairs = zip(axes.lhsBatch + axes.lhsContracting, axes.rhsBatch + axes.rhsContracting)
    guard axes.lhsBatch.count == axes.rhsBatch.count, axes.lhsContracting.count == axes.rhsContracting.count,
      pairs.allSatisfy({ lhs.shape[$0] == rhs.shape[$1] })
    else {
      throw DescentError(
        .type,
        "the product of \(lhs.shape) and \(rhs.shape) does not fit: "
          + zip(axes.lhsContracting, axes.rhsContracting).map {
            "axis \($0) of the left has size \(lhs.shape[$0]) and axis \($1) of the right \(rhs.shape[$1])"
          }.joined(separator: ", "))
    }
    let shape =
      axes.lhsBatch.map { lhs.shape[$0] } + axes.lhsFree(lhs.shape.rank).map { lhs.shape[$0] }
      + axes.rhsFree(rhs.shape.rank).map { rhs.shape[$0] }
    return TensorType(lhs.dtype, Shape(shape))
  }

  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let batch = axes.lhsBatch.count
    let lhsFree = axes.lhsFree(x[0].rank)
    let rhsFree = axes.rhsFree(x[1].rank)
    let lhsInResult = (0..<lhsFree.count).map { $0 + batch }
    let rhsInResult = (0..<rhsFree.count).map { $0 + batch + lhsFree.count }
    // dlhs[b, m, k] = Σ_n dy[b, m, n] rhs[b, n, k]: the right operand's axes k come out in ascending order.
    let rhsKept = axes.rhsContracting.sorted()
    let dlhs = Tensor.apply(
      Contract(
        ContractionAxes(
          lhsBatch: Array(0..<batch), rhsBatch: axes.rhsBatch, lhsContracting: rhsInResult, rhsContracting: rhsFree)),
      [dy, x[1]])
    let lhsAxes = axes.lhsBatch + lhsFree + rhsKept.map { axes.lhsContracting[axes.rhsContracting.firstIndex(of: $0)!] }
    // drhs[b, k, n] = Σ_m lhs[b, m, k] dy[b, m, n]
    let lhsKept = axes.lhsContracting.sorted()
    let drhs = Tensor.apply(
      Contract(
        ContractionAxes(
          lhsBatch: axes.lhsBatch, rhsBatch: Array(0..<batch), lhsContracting: lhsFree, rhsContracting: lhsInResult)),
      [x[0], dy])
    let rhsAxes = axes.rhsBatch + lhsKept.map { axes.rhsContracting[axes.lhsContracting.firstIndex(of: $0)!] } + rhsFree
    return [restore(dlhs, lhsAxes), restore(drhs, rhsAxes)]
  }
  /// Axis `i` of `t` goes to axis `axes[i]`.
  private func restore(_ t: Tensor, _ axes: [Int]) -> Tensor {
    axes == axes.sorted() ? t : transpose(t, axes.indices.map { axes.firstIndex(of: $0)! })
  }

  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    switch (x[0].storage, x[1].storage) {
    case (.f32(let a), .f32(let b)):
      HostArray(type.shape, product(a, b, x, type, zero: 0.0) { $0 + Double($1) * Double($2) }.map { Float($0) })
    case (.f64(let a), .f64(let b)): HostArray(type.shape, product(a, b, x, type, zero: 0.0) { $0 + $1 * $2 })
    case (.i32(let a), .i32(let b)): HostArray(type.shape, product(a, b, x, type, zero: 0) { $0 &+ $1 &* $2 })
    case (.i64(let a), .i64(let b)): HostArray(type.shape, product(a, b, x, type, zero: 0) { $0 &+ $1 &* $2 })
    default: preconditionFailure("a product of \(x[0].type) and \(x[1].type)")
    }
  }
  private func product<T, S>(
    _ a: [T], _ b: [T], _ x: [HostArray], _ type: TensorType, zero: S, _ multiplyAdd: (S, T, T) -> S
  ) -> [S] {
    let (lhs, rhs) = (x[0].shape, x[1].shape)
    func offsets(_ shape: Shape, _ axes: [Int]) -> [Int] {
      var offsets: [Int] = []
      let strides = shape.strides
      Shape(axes.map { shape[$0] }).forEachIndex { index in
        offsets.append(zip(axes, index).reduce(0) { $0 + strides[$1.0] * $1.1 })
      }
      return offsets
    }
    let m = offsets(lhs, axes.lhsFree(lhs.rank)), n = offsets(rhs, axes.rhsFree(rhs.rank))
    let k = Array(zip(offsets(lhs, axes.lhsContracting), offsets(rhs, axes.rhsContracting)))
    var result: [S] = []
    result.reserveCapacity(type.shape.count)
    for (lhsBatch, rhsBatch) in zip(offsets(lhs, axes.lhsBatch), offsets(rhs, axes.rhsBatch)) {
      for row in m {
        for column in n {
          var sum = zero
          for (i, j) in k { sum = multiplyAdd(sum, a[lhsBatch + row + i], b[rhsBatch + column + j]) }
          result.append(sum)
        }
      }
    }
    return result
  }

  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    func up(_ axes: [Int]) -> [Int] { axes.map { $0 + 1 } }
    // The batch axis of one operand alone is a free axis of it, so that the other is not repeated.
    if !batched[1] {
      var axes = axes
      (axes.lhsBatch, axes.lhsContracting) = (up(axes.lhsBatch), up(axes.lhsContracting))
      return moveAxis(.apply(Contract(axes), x), from: axes.lhsBatch.count, to: 0)
    }
    if !batched[0] {
      var axes = axes
      (axes.rhsBatch, axes.rhsContracting) = (up(axes.rhsBatch), up(axes.rhsContracting))
      return moveAxis(.apply(Contract(axes), x), from: axes.lhsBatch.count + axes.lhsFree(x[0].rank).count, to: 0)
    }
    return .apply(
      Contract(
        ContractionAxes(
          lhsBatch: [0] + up(axes.lhsBatch), rhsBatch: [0] + up(axes.rhsBatch),
          lhsContracting: up(axes.lhsContracting), rhsContracting: up(axes.rhsContracting))), x)
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .contraction(axes) }

  package static func samples(_ real: DType) -> [Sample] {
    func sample(_ a: Shape, _ b: Shape, _ axes: ContractionAxes, _ dtype: DType) -> Sample {
      Sample(Contract(axes), [.init(dtype, a), .init(dtype, b)])
    }
    return [
      sample([3, 4], [4, 5], ContractionAxes(lhsContracting: [1], rhsContracting: [0]), real),
      sample([4, 3], [5, 4], ContractionAxes(lhsContracting: [0], rhsContracting: [1]), real),
      sample([3, 4], [4], ContractionAxes(lhsContracting: [1], rhsContracting: [0]), real),
      sample([3], [5], ContractionAxes(lhsContracting: [], rhsContracting: []), real),
      sample([4], [4], ContractionAxes(lhsContracting: [0], rhsContracting: [0]), real),
      sample(
        [2, 3, 4], [2, 4, 5], ContractionAxes(lhsBatch: [0], rhsBatch: [0], lhsContracting: [2], rhsContracting: [1]),
        real),
      sample(
        [3, 2, 4], [5, 4, 3, 2],
        ContractionAxes(lhsBatch: [1], rhsBatch: [3], lhsContracting: [0, 2], rhsContracting: [2, 1]), real),
      sample([3, 4], [4, 5], ContractionAxes(lhsContracting: [1], rhsContracting: [0]), .i32),
    ]
  }
}
