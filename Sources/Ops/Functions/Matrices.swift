// Diagonals and triangles of matrices, and products of their blocks.

import DescentIR

/// Row and column of each element of a matrix, as i32.
private func places(_ rows: Int, _ columns: Int) -> (row: Tensor, column: Tensor) {
  (iota([rows, columns], axis: 0, dtype: .i32), iota([rows, columns], axis: 1, dtype: .i32))
}

/// The number of a diagonal, or the first one beyond the matrix, which is as empty.
private func within(_ offset: Int, _ rows: Int, _ columns: Int) -> Int {
  Swift.min(Swift.max(offset, -rows), columns)
}

/// A matrix of zeros with ones on the diagonal `offset`: 0 is the main one, positive ones are above it. It has `rows` columns where
/// `columns` is nil.
public func eye(
  _ rows: Int, _ columns: Int? = nil, offset: Int = 0, dtype: DType = .f32, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let (row, column) = places(rows, columns ?? rows)
    return convert(column .== row + within(offset, rows, columns ?? rows), to: dtype)
  }
}

/// The diagonal `offset` of the matrices that two axes of `x` are: 0 is the main one, positive ones are above it. The two axes are gone,
/// and the diagonal is the last.
public func diagonal(
  _ x: Tensor, offset: Int = 0, axes: (Int, Int) = (0, 1), file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard let first = x.place(of: axes.0), let second = x.place(of: axes.1), first != second else {
      return .fail("diagonal along axes \(axes.0) and \(axes.1) of shape \(x.shape); two axes are needed", x, at: nil)
    }
    let (rows, columns) = (x.shape[first], x.shape[second])
    let offset = within(offset, rows, columns)
    let count = Swift.max(Swift.min(rows + Swift.min(offset, 0), columns - Swift.max(offset, 0)), 0)
    let others = (0..<x.rank).filter { $0 != first && $0 != second }
    let shape = others.map { x.shape[$0] }
    // In row-major order a diagonal's elements are one row and one column apart.
    let flat = reshape(transpose(x, others + [first, second]), Shape(shape + [rows * columns]))
    let start = count == 0 ? 0 : offset < 0 ? -offset * columns : offset
    let limit = count == 0 ? 0 : start + (count - 1) * (columns + 1) + 1
    return slice(
      flat, start: shape.map { _ in 0 } + [start], limit: shape + [limit], step: shape.map { _ in 1 } + [columns + 1])
  }
}

/// Of a vector the square matrix with it on the diagonal `offset` and zeros elsewhere; of a matrix that diagonal.
public func diag(_ x: Tensor, offset: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    guard x.rank == 1 else {
      return x.rank == 2
        ? diagonal(x, offset: offset)
        : .fail("diag of shape \(x.shape); a vector or a matrix is needed", x, at: nil)
    }
    let count = x.shape.count
    let size = count.plus(Int(clamping: offset.magnitude))
    guard count > 0, size.times(size) <= TensorType.largestByteCount else {
      return zeros([size, size], dtype: x.dtype)
    }
    let low = offset < 0 ? -offset * size : offset
    let span = (count - 1) * (size + 1) + 1
    let flat = Pad(low: [low], high: [size * size - low - span], interior: [size])
    return reshape(.apply(flat, [x, scalar(0, x.dtype)]), [size, size])
  }
}

/// The matrices of the last two axes with zeros where `isKept` is false of the column and the row of an element.
private func triangle(_ x: Tensor, _ name: String, _ isKept: (_ column: Tensor, _ row: Tensor) -> Tensor) -> Tensor {
  guard x.rank >= 2 else { return .fail("\(name) of shape \(x.shape); a matrix is needed", x, at: nil) }
  let (row, column) = places(x.shape[-2], x.shape[-1])
  return `where`(isKept(column, row), x, zerosLike(x))
}

/// The matrices of the last two axes with zeros above the diagonal `offset`.
public func tril(_ x: Tensor, offset: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    triangle(x, "tril") { $0 .<= $1 + within(offset, x.shape[-2], x.shape[-1]) }
  }
}

/// The matrices of the last two axes with zeros below the diagonal `offset`.
public func triu(_ x: Tensor, offset: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    triangle(x, "triu") { $0 .>= $1 + within(offset, x.shape[-2], x.shape[-1]) }
  }
}

/// The sum of the diagonal `offset` of the matrices that two axes of `x` are.
public func trace(
  _ x: Tensor, offset: Int = 0, axes: (Int, Int) = (0, 1), file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    sum(diagonal(x, offset: offset, axes: axes), axes: [-1])
  }
}

/// The Kronecker product: each element of `a` times the whole of `b`, block by block. Where the ranks differ, axes of size 1 are put in
/// front.
public func kron(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let rank = Swift.max(a.rank, b.rank)
    func sizes(_ x: Tensor) -> [Int] { [Int](repeating: 1, count: rank - x.rank) + x.shape.dimensions }
    let blocks = reshape(a, Shape(sizes(a).flatMap { [$0, 1] })) * reshape(b, Shape(sizes(b).flatMap { [1, $0] }))
    return reshape(blocks, Shape(zip(sizes(a), sizes(b)).map { $0.times($1) }))
  }
}
