// Tensors made from nothing: constants and counts.

import DescentIR

/// A tensor of `shape` filled with one number.
public func full(_ shape: Shape, _ value: some TensorScalar, dtype: DType = .f32) -> Tensor {
  filled(value.scalarValue, TensorType(dtype, shape))
}

/// A tensor of zeros.
public func zeros(_ shape: Shape, dtype: DType = .f32) -> Tensor { filled(0, TensorType(dtype, shape)) }

/// A tensor of ones.
public func ones(_ shape: Shape, dtype: DType = .f32) -> Tensor { filled(1, TensorType(dtype, shape)) }

/// Zeros of the type of `x`.
public func zerosLike(_ x: Tensor) -> Tensor { filled(0, x.type) }

/// Ones of the type of `x`.
public func onesLike(_ x: Tensor) -> Tensor { filled(1, x.type) }

/// The numbers 0, 1, … below `count`.
public func arange(_ count: Int, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  iota([count], axis: 0, dtype: dtype, file: file, line: line)
}

/// The numbers `start`, `start + step`, … short of `limit`.
public func arange(
  _ start: Int, _ limit: Int, step: Int = 1, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  guard step != 0 else {
    let error = DescentError(.type, "arange with a step of 0", at: SourceLocation(file, line))
    return Tensor(failure: error, type: TensorType(dtype, [0]))
  }
  let count = max(0, (limit - start + step - step.signum()) / step)
  return iota([count], axis: 0, dtype: dtype, file: file, line: line) * step + start
}

/// `count` numbers at equal distances from `first` to `last`, both included.
public func linspace(
  _ first: Double, _ last: Double, count: Int, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let index = iota([count], axis: 0, dtype: dtype, file: file, line: line)
  guard count > 1 else { return index + first }
  // Weighted from both ends, so that both are met exactly.
  let weight = index / (count - 1)
  return (1 - weight) * first + weight * last
}

/// A row of `classes` numbers for each index: 1 at the index, else 0; an index outside gives zeros. The classes are the
/// last axis.
public func oneHot(
  _ indices: Tensor, classes: Int, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let wide = indices.dtype == .u8 ? convert(indices, to: .i32, file: file, line: line) : indices
  let shape = Shape(wide.shape.dimensions + [classes])
  let count = Tensor.apply(
    Iota(shape: shape, axis: wide.rank, dtype: wide.dtype), [], at: SourceLocation(file, line))
  return convert(expandDims(wide, axis: -1, file: file, line: line) .== count, to: dtype, file: file, line: line)
}
