// The family of operations that a kernel of the runtime computes matrix by matrix: factorisations and the solution of systems.
// Operands are matrices in their last two axes; the axes before are a batch, the same for all. An operation says what the sizes
// are and which kernel it takes; the family supplies types, evaluation, batching and loops.

import DescentIR
import DescentRuntime

/// Rows and columns of a matrix.
package struct MatrixSize: Sendable, CustomStringConvertible {
  package var rows: Int
  package var columns: Int
  package init(_ rows: Int, _ columns: Int) { (self.rows, self.columns) = (rows, columns) }
  package var description: String { "\(rows) x \(columns)" }
}

package protocol MatrixOp: RealOperation {
  static var operandCount: Int { get }
  /// The size of the result; throws where those of the operands do not fit.
  func size(_ x: [MatrixSize]) throws -> MatrixSize
  /// The kernel for operands of such sizes.
  func kernel(_ x: [MatrixSize]) -> MatrixKernel
}

extension MatrixOp {
  package static var operandCount: Int { 1 }

  private func sizes(_ operands: [TensorType]) -> [MatrixSize] {
    operands.map { MatrixSize($0.shape[-2], $0.shape[-1]) }
  }
  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectFloating(operands, count: Self.operandCount)
    let first = operands[0]
    for operand in operands {
      guard operand.shape.rank >= 2 else {
        throw DescentError(.type, "\(name) takes matrices, in the last two axes, not \(operand)")
      }
      guard operand.dtype == first.dtype,
        operand.shape.dimensions.dropLast(2) == first.shape.dimensions.dropLast(2)
      else {
        throw DescentError(.type, "\(name) of \(first) and \(operand): type and batch must be the same")
      }
    }
    let size = try size(sizes(operands))
    return TensorType(first.dtype, Shape(first.shape.dimensions.dropLast(2) + [size.rows, size.columns]))
  }
  package func expectSquare(_ x: MatrixSize) throws {
    guard x.rows == x.columns else {
      throw DescentError(.type, "\(name) takes square matrices, not \(x)")
    }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(self, batchAll(x, batched, size))
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .matrices(kernel(sizes(operands))) }
  /// By the runtime's own kernel, in double precision.
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    guard type.shape.count > 0 else { return HostArray(type) { _ in 0 } }
    let kernel = kernel(sizes(x.map(\.type)))
    let result = kernel.evaluate(x.map(\.doubles), count: type.shape.count / kernel.result)
    return HostArray(type) { result[$0] }
  }
}

extension MatrixKernel {
  /// The matrices of the result, one after another, from those of the operands.
  package func evaluate(_ x: [[Double]], count: Int) -> [Double] {
    var y = [Double](repeating: .nan, count: result * count)
    var scratch = [Double](repeating: .nan, count: scratch)
    y.withUnsafeMutableBufferPointer { y in
      scratch.withUnsafeMutableBufferPointer { scratch in
        for number in 0..<count {
          let matrices = zip(x, operands).map { Array($0[number * $1..<(number + 1) * $1]) }
          run(matrices, y.baseAddress! + number * result, scratch.baseAddress)
        }
      }
    }
    return y
  }

  /// One matrix. The table of kernels: a new one joins by a case here and one of `MatrixKernel.Function`.
  private func run(_ x: [[Double]], _ y: UnsafeMutablePointer<Double>, _ scratch: UnsafeMutablePointer<Double>?) {
    let n = arguments.map { Int64($0) }, flags = arguments.map { Int32($0) }
    switch function {
    case .cholesky: dsc_linalg_f64_cholesky(n[0], x[0], y)
    case .triangularSolve:
      dsc_linalg_f64_triangular_solve(n[0], n[1], flags[2], flags[3], flags[4], x[0], x[1], y)
    case .lu: dsc_linalg_f64_lu(n[0], x[0], y)
    case .solve: dsc_linalg_f64_solve(n[0], n[1], flags[2], x[0], x[1], y, scratch)
    case .qr: dsc_linalg_f64_qr(n[0], n[1], x[0], y, scratch)
    case .eigh: dsc_linalg_f64_eigh(n[0], x[0], y, scratch)
    case .svd: dsc_linalg_f64_svd(n[0], n[1], x[0], y, scratch)
    case .pinv: dsc_linalg_f64_pinv(n[0], n[1], tolerance!, x[0], y, scratch)
    case .expm: dsc_linalg_f64_expm(n[0], x[0], y, scratch)
    case .argsort, .cumsum: preconditionFailure("rows are evaluated by `row`")
    }
  }
}

// MARK: Parts of matrices

/// The matrices transposed: the last two axes change places.
func transposed(_ x: Tensor) -> Tensor {
  .apply(Transpose(Array(0..<x.rank - 2) + [x.rank - 1, x.rank - 2]), [x])
}

/// Whether an element is on the diagonal.
func isDiagonal(_ x: Tensor) -> Tensor {
  iota(x.shape, axis: -2, dtype: .i32) .== iota(x.shape, axis: -1, dtype: .i32)
}
/// The elements below the diagonal, and half of it: of what is symmetric, a part that makes the whole with its transpose.
func lowerHalf(_ x: Tensor) -> Tensor { tril(x, offset: -1) + `where`(isDiagonal(x), x * 0.5, 0) }
/// (x + xᵀ) / 2.
func symmetric(_ x: Tensor) -> Tensor { (x + transposed(x)) * 0.5 }
/// The diagonal matrix with this diagonal.
func diagonalMatrix(_ x: Tensor) -> Tensor {
  let wide = broadcast(expandDims(x, axis: -1), Shape(x.shape.dimensions + [x.shape[-1]]))
  return `where`(isDiagonal(wide), wide, 0)
}
/// The identity for each of a batch.
func identityMatrix(_ batch: ArraySlice<Int>, _ size: Int, _ dtype: DType) -> Tensor {
  broadcast(eye(size, dtype: dtype), Shape(batch + [size, size]))
}
