// The family of operations that a kernel of the runtime computes row by row: the rows are the last axis, those before are a batch.
// As with matrices an operation says which kernel it takes; here also operands of integers have one.

import DescentIR

package protocol RowOp: Op {
  /// The type of the result's elements; throws where the operand's cannot be taken.
  func resultType(of operand: DType) throws -> DType
  /// The kernel for rows of so many elements, each of so many bytes.
  func kernel(_ count: Int, bytes: Int) -> MatrixKernel
}

extension RowOp {
  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    guard operands[0].shape.rank >= 1 else {
      throw DescentError(.type, "\(name) takes rows, in the last axis, not \(operands[0])")
    }
    try expectNumbers(operands[0])
    return TensorType(try resultType(of: operands[0].dtype), operands[0].shape)
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor { .apply(self, x) }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .matrices(kernel(operands[0].shape[-1], bytes: operands[0].dtype.byteSize))
  }
  /// Row by row.
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    guard type.shape.count > 0 else { return HostArray(type) { _ in 0 } }
    let kernel = kernel(type.shape[-1], bytes: x[0].dtype.byteSize)
    if x[0].dtype.isFloating {
      let rows = x[0].doubles.rows(kernel.result).flatMap { kernel.row($0) }
      return HostArray(type) { rows[$0] }
    }
    let rows = x[0].ints.rows(kernel.result).flatMap { kernel.row($0) }
    func wrap<T: Element>(_: T.Type) -> HostArray { HostArray(type.shape, rows.map { T(wrapping: $0) }) }
    return dispatch(type.dtype) { wrap($0) }
  }
}

extension Array {
  /// Parts of so many elements.
  fileprivate func rows(_ count: Int) -> [[Element]] {
    stride(from: 0, to: self.count, by: count).map { Array(self[$0..<$0 + count]) }
  }
}

extension MatrixKernel {
  /// What becomes of a row of real numbers; sums in an order of their own, with what they lose: this is the oracle.
  package func row(_ x: [Double]) -> [Double] {
    guard function != .argsort else {
      let (sign, nan) = arguments[1] == 1 ? (-1.0, -Double.infinity) : (1.0, Double.infinity)
      // NaN is greater than infinity.
      let keys = x.map { $0.isNaN ? (sign, nan) : (0, sign * $0) }
      return x.indices.sorted { keys[$0] == keys[$1] ? $0 < $1 : keys[$0] < keys[$1] }.map { Double($0) }
    }
    var (sum, lost) = (0.0, 0.0)
    return x.map { term in
      let all = sum + term, part = all - sum
      let rest = (sum - (all - part)) + (term - part)
      if !rest.isNaN { lost += rest }
      sum = all
      return sum + lost
    }
  }
  /// What becomes of a row of integers; sums wrap round.
  package func row(_ x: [Int]) -> [Int] {
    guard function != .argsort else {
      let isDescending = arguments[1] == 1
      return x.indices.sorted { a, b in x[a] == x[b] ? a < b : (x[a] < x[b]) != isDescending }
    }
    var sum = 0
    return x.map {
      sum &+= $0; return sum
    }
  }
}
