// Tensors made from nothing: constants and counts.

import DescentIR
import Foundation

/// A tensor of `shape` filled with one number, which must be one of the type unless that is floating.
public func full(
  _ shape: Shape, _ value: some TensorScalar, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  filled(value, TensorType(dtype, shape), at: SourceLocation(file, line))
}

/// A tensor of zeros.
public func zeros(
  _ shape: Shape, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    full(shape, 0, dtype: dtype)
  }
}

/// A tensor of ones.
public func ones(
  _ shape: Shape, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    full(shape, 1, dtype: dtype)
  }
}

/// Zeros of the type of `x`.
public func zerosLike(_ x: Tensor) -> Tensor { filled(0, x.type) }

/// Ones of the type of `x`.
public func onesLike(_ x: Tensor) -> Tensor { filled(1, x.type) }

/// The numbers 0, 1, … below `count`, which the type must have.
public func arange(_ count: Int, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    arange(0, count, dtype: dtype)
  }
}

/// The numbers `start`, `start + step`, … short of `limit`, which the type must have.
public func arange(
  _ start: Int, _ limit: Int, step: Int = 1, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    func fail(_ message: String) -> Tensor {
      Tensor(failure: DescentError(.type, message, at: SourceLocation(file, line)), type: TensorType(dtype, [0]))
    }
    guard step != 0 else { return fail("arange with a step of 0") }
    let (distance, overflows) = limit.subtractingReportingOverflow(start)
    guard !overflows else { return fail("arange from \(start) to \(limit): there are more than 2^63 numbers between") }
    let isAscending = step > 0
    guard distance != 0, isAscending == (distance > 0) else { return zeros([0], dtype: dtype) }
    let last = (distance - step.signum()) / step
    if let range = dtype.integers, !range.contains(start) || !range.contains(start + last * step) {
      return fail(
        "arange from \(start) to \(start + last * step) in \(dtype.name), which does not have all these numbers")
    }
    guard start != 0 || step != 1 else { return iota([last + 1], axis: 0, dtype: dtype) }
    let numbers = iota([last + 1], axis: 0, dtype: .i64) * step + start
    return convert(numbers, to: dtype)
  }
}

/// `count` numbers at equal distances from `first` to `last`, both included; in a type that is not floating those below or at
/// them.
public func linspace(
  _ first: Double, _ last: Double, count: Int, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard dtype.isFloating else {
      for end in [first, last] {
        let whole = scalar(end.rounded(.down), dtype, at: SourceLocation(file, line))
        if case .failure = whole.storage { return whole }
      }
      let exact = linspace(first, last, count: count, dtype: .f64)
      return convert(floor(exact), to: dtype)
    }
    let index = iota([count], axis: 0, dtype: dtype)
    guard count > 1 else { return index + first }
    // Weighted from both ends, so that both are met exactly.
    let weight = index / (count - 1)
    return (1 - weight) * first + weight * last
  }
}

/// `count` numbers, each the same multiple of the one before, from `base` to the power of `first` to that of `last`; in a type that is
/// not floating those below or at them.
public func logspace(
  _ first: Double, _ last: Double, count: Int, base: Double = 10, dtype: DType = .f32, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    spaced(power(base, linspace(first, last, count: count, dtype: .f64)), dtype)
  }
}

/// `count` numbers, each the same multiple of the one before, from `first` to `last`, both included, which are of one sign and not 0;
/// in a type that is not floating those below or at them.
public func geomspace(
  _ first: Double, _ last: Double, count: Int, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard first != 0, last != 0, (first < 0) == (last < 0) else {
      let message = "geomspace from \(first) to \(last); two numbers of one sign are needed, and not 0"
      return Tensor(
        failure: DescentError(.type, message, at: SourceLocation(file, line)), type: TensorType(dtype, [0]))
    }
    let (low, high) = (Foundation.log(Swift.abs(first)), Foundation.log(Swift.abs(last)))
    let sizes = exp(linspace(low, high, count: count, dtype: .f64))
    let index = iota([count], dtype: .i64)
    // Logarithms round, but both ends are met exactly.
    let others = `where`(index .== count - 1, last, first < 0 ? -sizes : sizes)
    return spaced(`where`(index .== 0, first, others), dtype)
  }
}

/// Numbers of f64 in another type, in one that is not floating rounded down.
private func spaced(_ numbers: Tensor, _ dtype: DType) -> Tensor {
  converted(dtype.isFloating ? numbers : floor(numbers), to: dtype, at: nil)
}

/// A row of `classes` numbers for each index: 1 at the index, else 0; an index outside gives zeros. The classes are the
/// last axis.
public func oneHot(
  _ indices: Tensor, classes: Int, dtype: DType = .f32, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let wide = converted(indices, to: indices.dtype.joined(with: .i32), at: SourceLocation(file, line))
    let shape = Shape(wide.shape.dimensions + [classes])
    let count = Tensor.apply(
      Iota(shape: shape, axis: wide.rank, dtype: wide.dtype), [], at: SourceLocation(file, line))
    return convert(expandDims(wide, axis: -1) .== count, to: dtype)
  }
}
