// Moves of a random program that apply operations: of every kind, to tensors of the pool.

import DescentIR
import DescentOps

extension Maker {
  /// Applies operations to some tensor of the pool.
  mutating func operate() {
    let x = pickReal()
    switch dice.below(24) {
    case 0, 1: add(unary(x))
    case 2, 3: add(binary(x, partner(x)))
    case 4: add(choice(x, partner(x)))
    case 5, 6: add(reduction(x))
    case 7, 8, 9: add(view(x))
    case 10: add(joined(x))
    case 11: add(fields(x))
    case 12, 13: add(product(x))
    case 14, 15: add(indexed(x))
    case 16: add(seenInWindows(x))
    case 17: add(drawn(x))
    case 18, 19: add(whole())
    case 20: add(sample())
    case 21: add(algebra(x))
    default: add(other(x))
    }
  }

  mutating func axes(_ x: Tensor) -> [Int] {
    let axes = (0..<x.rank).filter { _ in dice.isLucky(50) }
    return axes.isEmpty && x.rank > 0 ? [dice.below(x.rank)] : axes
  }
  /// Something that broadcasts together with `x`: a tensor of the pool, or one cut and reduced until it does.
  mutating func partner(_ x: Tensor) -> Tensor {
    for _ in 0..<6 {
      let y = pickReal()
      if let common = Shape.broadcast(x.shape, y.shape), common.count <= Self.largest { return convert(y, to: x.dtype) }
    }
    return dice.isLucky(50) || x.rank == 0 || x.shape.count == 0 ? x : mean(x, axes: axes(x), keepAxes: true)
  }

  mutating func unary(_ x: Tensor) -> Tensor {
    switch dice.below(37) {
    case 0: tanh(x)
    case 1: sigmoid(x)
    case 2: sin(x)
    case 3: cos(x)
    case 4: erf(x)
    case 5: exp(tanh(x))
    case 6: log(abs(x) + 0.5)
    case 7: log1p(abs(x))
    case 8: expm1(minimum(x, 1))
    case 9: sqrt(abs(x) + 0.25)
    case 10: rsqrt(square(x) + 1)
    case 11: abs(x)
    case 12: -x
    case 13: maximum(x, 0)
    case 14: gelu(x)
    case 15: softplus(x)
    case 16: floor(x * 3) * 0.25 + x
    case 17: sign(x) * tanh(x)
    case 18: round(x * 2) * 0.1 + x
    case 19: relu(x)
    case 20: leakyRelu(x, slope: 0.1)
    case 21: selu(x)
    case 22: clamp(x, -0.5, 0.75)
    case 23: reciprocal(abs(x) + 0.5)
    case 24: gelu(x, approximate: .tanh)
    case 25: atan(x) + tan(tanh(x))
    case 26: asinh(x) + atanh(tanh(x) * 0.75)
    case 27: asin(tanh(x) * 0.75) - acos(sin(x) * 0.75)
    case 28: acosh(square(x) + 1.5) * cosh(tanh(x)) + sinh(tanh(x))
    case 29: exp2(tanh(x)) + log2(abs(x) + 0.5) + log10(abs(x) + 0.5)
    case 30: cbrt(abs(x) + 0.25)
    case 31: erfc(tanh(x)) + erfinv(tanh(x) * 0.75)
    case 32: normalLogCDF(tanh(x) * 3) * normalPDF(x) + normalQuantile(sigmoid(x) * 0.5 + 0.25)
    case 33: lgamma(abs(x) + 0.5) * 0.1 + digamma(sigmoid(x) + 0.5)
    case 34: ceil(x * 3) * 0.25 + trunc(x * 2) * 0.1 + x
    case 35: nanToNum(x) + nanMean(x) * 0.1
    default: stopGradient(tanh(x)) + x
    }
  }
  mutating func binary(_ x: Tensor, _ y: Tensor) -> Tensor {
    switch dice.below(13) {
    case 0, 1: x + y
    case 2: x - 0.5 * y
    case 3: tanh(x) * y
    case 4: x / (square(y) + 1)
    case 5: maximum(x, y)
    case 6: minimum(x, y)
    case 8: atan2(x, abs(y) + 0.5)
    case 9: hypot(x, abs(y) + 0.5)
    case 10: logaddexp(x, y)
    case 11: xlogy(x, abs(y) + 0.5) + betaln(abs(x) + 0.5, abs(y) + 1) * 0.1
    case 7: x * dice.pick([0.0, 1, -1, 0.5, 2]) + y * dice.pick([0.0, 1, -1, 3])
    default: power(abs(tanh(x)) + 0.5, tanh(y))
    }
  }
  private mutating func choice(_ x: Tensor, _ y: Tensor) -> Tensor {
    let p = dice.isLucky(50) ? x .> y : dice.isLucky(50) ? (x .> 0.1) .& .!(y .< 0.3) : (x .< -0.2) .| (y .== x)
    return dice.isLucky(50) ? `where`(p, x, y) : x * convert(p, to: x.dtype)
  }

  mutating func reduction(_ x: Tensor) -> Tensor {
    guard x.rank > 0 else { return x * 0.5 }
    let (axes, keep) = (axes(x), dice.isLucky(40))
    guard x.shape.count > 0 else { return sum(x, axes: axes, keepAxes: keep) }
    switch dice.below(10) {
    case 0: return mean(x, axes: axes, keepAxes: keep)
    case 1: return tanh(sum(x, axes: axes, keepAxes: keep) * 0.1)
    case 2: return max(x, axes: axes, keepAxes: keep)
    case 3: return min(x, axes: axes, keepAxes: keep)
    case 4:
      let terms = axes.reduce(1) { $0 * x.shape[$1] }
      return DescentOps.product(1 + tanh(x) / Double(2 * terms), axes: axes, keepAxes: keep)
    case 5: return softmax(x, axis: axes[0])
    case 6: return logSoftmax(x, axis: axes[0])
    case 7: return logSumExp(x, axis: axes[0], keepAxes: keep)
    case 8: return standardDeviation(x + iota(x.shape, axis: axes[0], dtype: x.dtype), axes: axes, keepAxes: keep) * 0.5
    default: return sqrt(mean(square(x), axes: axes, keepAxes: keep) + 0.1)
    }
  }

  mutating func view(_ x: Tensor) -> Tensor {
    guard x.rank > 0 else { return broadcast(x, shape(rank: 1)) }
    switch dice.below(10) {
    case 0: return transpose(x, dice.shuffled(x.rank))
    case 1: return reverse(x, axes: axes(x))
    case 2: return cut(x)
    case 3: return pad(x, low: cells(x), high: cells(x), interior: dice.isLucky(40) ? cells(x) : nil, value: 0.5)
    case 4: return reshape(x, [x.shape.count])
    case 5:
      return reshape(
        transpose(x, dice.shuffled(x.rank)), Shape([x.shape[0], x.shape.count / Swift.max(x.shape[0], 1)]))
    case 6: return expandDims(x, axis: dice.below(x.rank + 1))
    case 7: return cut(view(x))
    case 8:
      let shape = x.shape.dimensions.map { $0 == 1 && dice.isLucky(50) ? dice.pick(sizes) : $0 }
      return broadcast(x, Shape((dice.isLucky(50) ? [dice.pick(sizes)] : []) + shape))
    default:
      let order = dice.shuffled(x.rank)
      return reshape(transpose(x, order), Shape(dice.shuffled(x.rank).map { x.shape[$0] }))
    }
  }
  private mutating func cells(_ x: Tensor) -> [Int] {
    x.shape.dimensions.map { _ in dice.isLucky(50) ? 0 : dice.below(3) }
  }
  private mutating func cut(_ x: Tensor) -> Tensor {
    let start = x.shape.dimensions.map { dice.isLucky(50) ? 0 : dice.below($0) }
    let limit = zip(x.shape.dimensions, start).map { Swift.min($1 + 1 + dice.below($0 - $1), $0) }
    return slice(x, start: start, limit: limit, step: start.map { _ in dice.isLucky(60) ? 1 : 1 + dice.below(3) })
  }
  private mutating func seenInWindows(_ x: Tensor) -> Tensor {
    let axes = (0..<x.rank).filter { x.shape[$0] > 1 && dice.isLucky(60) }
    guard !axes.isEmpty, axes.count <= 2 else { return view(x) }
    let sizes = axes.map { 1 + dice.below(Swift.min(4, x.shape[$0])) }
    let dilations = zip(axes, sizes).map { axis, size in
      size > 1 ? 1 + dice.below(Swift.min(2, (x.shape[axis] - 1) / (size - 1))) : 1
    }
    let windows = WindowShape(
      axes: axes, sizes: sizes, strides: axes.map { _ in 1 + dice.below(3) }, dilations: dilations)
    let seen = Tensor.apply(Windows(windows), [x])
    guard seen.shape.count <= Self.largest else { return cut(x) }
    switch dice.below(4) {
    case 0: return seen
    case 1: return mean(seen, axes: axes.indices.map { windows.place + $0 })
    case 2: return max(seen, axes: axes.indices.map { windows.place + $0 })
    default: return .apply(Fold(windows, extents: axes.map { x.shape[$0] }), [unary(seen)]) * 0.5
    }
  }

  private mutating func joined(_ x: Tensor) -> Tensor {
    guard x.rank > 0 else { return stack([x, x * 2, -x]) }
    let axis = dice.below(x.rank)
    let others =
      pool.filter { $0.dtype == x.dtype && $0.rank == x.rank && $0.shape.removing([axis]) == x.shape.removing([axis]) }
      + [x]
    var parts = (0..<1 + dice.below(3)).map { _ in dice.pick(others) }
    parts.append(dice.isLucky(50) ? tanh(x) : reverse(x, axes: [axis]))
    if dice.isLucky(30) { parts.append(zerosLike(x)) }
    let order = dice.shuffled(parts.count)
    return concatenate(order.map { parts[$0] }, axis: axis)
  }
  /// Sums of parts of `x` laid out in fields of zeros, as the gradients of slices are; they may overlap.
  private mutating func fields(_ x: Tensor) -> Tensor {
    guard x.rank > 0 else { return x }
    let axis = dice.below(x.rank), size = x.shape[axis]
    func laid(_ part: Tensor, at start: Int, in whole: Int) -> Tensor {
      let none = [Int](repeating: 0, count: x.rank)
      var (low, high) = (none, none)
      (low[axis], high[axis]) = (start, whole - start - part.shape[axis])
      return pad(part, low: low, high: high)
    }
    let whole = size * 2 + dice.below(3)
    var parts = [laid(x, at: 0, in: whole)]
    for _ in 0..<1 + dice.below(3) {
      let part = dice.isLucky(50) ? unary(x) : concatenate([x, zerosLike(x)], axis: axis) * 0.5
      parts.append(
        laid(
          part, at: dice.isLucky(40) ? whole - part.shape[axis] : dice.below(whole - part.shape[axis] + 1), in: whole))
    }
    let order = dice.shuffled(parts.count)
    return order.dropFirst().reduce(parts[order[0]]) { $0 + parts[$1] }
  }

  /// A contraction of two tensors, or of views of them, over axes of equal sizes, some of them as a batch.
  mutating func product(_ x: Tensor) -> Tensor {
    let y = convert(dice.isLucky(40) ? view(pickReal()) : pickReal(), to: x.dtype)
    let x = dice.isLucky(40) ? view(x) : x
    var (axes, used, terms) = (ContractionAxes(lhsContracting: [], rhsContracting: []), [Int](), 1)
    for i in dice.shuffled(x.rank) {
      guard let j = dice.shuffled(y.rank).first(where: { y.shape[$0] == x.shape[i] && !used.contains($0) }),
        dice.isLucky(80)
      else { continue }
      used.append(j)
      if dice.isLucky(30) {
        axes.lhsBatch.append(i)
        axes.rhsBatch.append(j)
      } else {
        axes.lhsContracting.append(i)
        axes.rhsContracting.append(j)
        terms *= x.shape[i]
      }
    }
    let result = (try? Contract(axes).resultType([x.type, y.type]))?.shape
    guard let result, result.count <= Self.largest, result.count * terms <= 1_000_000, result.rank <= 5 else {
      return tanh(x)
    }
    return .apply(Contract(axes), [x, y]) / Double(Swift.max(terms, 1)).squareRoot()
  }

  /// Linear algebra of well-conditioned matrices made of corners of `x`, whose eigenvalues stand apart.
  private mutating func algebra(_ x: Tensor) -> Tensor {
    guard x.rank >= 2, x.shape.count > 0 else { return unary(x) }
    let n = Swift.min(1 + dice.below(5), x.shape[-1], x.shape[-2])
    let corner = tanh(x[..., 0..<n, 0..<n]) * 0.25
    let row = iota(corner.shape, axis: -2, dtype: x.dtype), column = iota(corner.shape, axis: -1, dtype: x.dtype)
    let matrix = corner + `where`(row .== column, row + 2, 0)
    switch dice.below(9) {
    case 0: return cholesky(matrix)
    case 1: return solve(matrix, x[..., 0..<n, .all])
    case 2: return triangularSolve(matrix, corner, lower: dice.isLucky(50), transposed: dice.isLucky(50))
    case 3: return inverse(matrix)
    case 4: return determinant(matrix) * 0.1 + slogdet(matrix).logAbsDeterminant
    case 5: return qr(matrix).r
    case 6: return eigh(matrix).values
    case 7: return svd(matrix).s + norm(corner, .infinity, axes: [-2, -1], keepAxes: true)[..., 0]
    default: return expm(corner)
    }
  }

  private mutating func indexed(_ x: Tensor) -> Tensor {
    guard x.rank > 0, x.shape.count > 0 else { return x + 1 }
    let axis = dice.below(x.rank)
    let whole = pool.filter { [.i32, .i64, .u8].contains($0.dtype) && $0.rank > 0 }
    let dependent = broadcast(mean(abs(x)) * 2, [3]) + iota([3], axis: 0, dtype: x.dtype)
    let indices = dice.isLucky(75) && !whole.isEmpty ? dice.pick(whole) : convert(dependent, to: .i32)
    let updates = Shape(x.shape.dimensions[..<axis] + indices.shape.dimensions + x.shape.dimensions[(axis + 1)...])
    guard updates.count <= Self.largest, updates.rank <= 5 else { return x * 0.5 }
    if dice.isLucky(50) { return gather(x, indices, axis: axis) }
    return scatterAdd(
      dice.isLucky(50) ? x : zerosLike(x), indices, gather(tanh(x), indices, axis: axis) * 0.5, axis: axis)
  }

  private mutating func drawn(_ x: Tensor) -> Tensor {
    let key = [key[0] + dice.below(1000)]
    switch dice.below(3) {
    case 0: return x + .apply(Random(.uniform, x.dtype, x.shape), key)
    case 1: return x * 0.5 + .apply(Random(.normal, x.dtype, x.shape), key) * 0.1
    default: return `where`(.apply(Random(.uniform, .f32, x.shape), key) .< 0.75, x / 0.75, 0)
    }
  }

  /// Arithmetic of integers and truth values.
  private mutating func whole() -> Tensor {
    let integers = pool.filter { !$0.dtype.isFloating && $0.dtype != .bool }
    let truths = pool.filter { $0.dtype == .bool }
    guard let first = integers.last else { return convert(pickReal() * 2, to: dice.pick([.i32, .i64, .u8])) }
    let x = dice.isLucky(50) ? first : dice.pick(integers)
    var y = convert(dice.pick(integers), to: x.dtype)
    if Shape.broadcast(x.shape, y.shape).map({ $0.count > Self.largest }) != false { y = x }
    switch dice.below(13) {
    case 0: return x + y
    case 1: return x * y - 2
    case 2: return x / (dice.isLucky(50) ? y : y + 1)
    case 3: return maximum(x, y)
    case 4: return x .< y
    case 5: return x .== y
    case 6 where x.rank > 0: return sum(x, axes: axes(x))
    case 7 where x.rank > 0 && x.shape.count > 0:
      return dice.isLucky(50) ? max(x, axes: axes(x)) : argmax(x, axis: dice.below(x.rank))
    case 8 where x.rank > 0: return view(x)
    case 9 where !truths.isEmpty: return .!(dice.pick(truths))
    case 10 where !truths.isEmpty: return convert(dice.pick(truths), to: dice.pick([.i32, .u8, .f32, .i64]))
    case 11: return convert(x, to: dice.pick(DType.allCases))
    default: return convert(x, to: real[0]) * 0.3
    }
  }

  /// One of the samples on which the laws of operations are tried, on tensors of the pool brought into its ranges.
  private mutating func sample() -> Tensor {
    let sample = dice.pick(dice.pick(registry).samples(dice.pick(real)))
    let operands = sample.operands.map { operand -> Tensor in
      if operand.type == TensorType(.i64, [2]) { return key[0] }
      let (low, width) = (operand.range.lowerBound, operand.range.upperBound - operand.range.lowerBound)
      switch operand.type.dtype {
      case .f32, .f64:
        let x = sigmoid(fit(pickReal(), operand.type)) * width + low
        return operand.diagonal == 0 ? x : x + Tensor(HostArray(operand.type, generating: operand.shift))
      case .bool: return fit(pickReal(), TensorType(real[0], operand.type.shape)) .> 0.4
      default:
        return convert(
          sigmoid(fit(pickReal(), TensorType(.f32, operand.type.shape))) * (width + 1) + low, to: operand.type.dtype)
      }
    }
    let y = Tensor.apply(sample.op, operands)
    return y.dtype == .i32 && sample.op is Random ? y / 1_000_000_000 : y
  }

  private mutating func other(_ x: Tensor) -> Tensor {
    switch dice.below(7) {
    case 0: return convert(x, to: x.dtype == .f32 && real.contains(.f64) ? .f64 : real[0])
    case 1 where x.rank > 0 && x.shape.count > 0: return argmax(x, axis: dice.below(x.rank))
    case 2 where x.rank > 0: return x + iota(x.shape, axis: dice.below(x.rank), dtype: x.dtype) * 0.05
    case 3: return x + Tensor(HostArray(TensorType(x.dtype, x.shape)) { Double($0 % 5) * 0.2 })
    case 4 where x.shape.count > 1 && x.rank > 0:
      let axis = dice.below(x.rank), first = x.shape[axis] / 2
      let parts = split(x, sizes: [first, x.shape[axis] - first], axis: axis)
      add(unary(parts[0]))
      return unary(parts[1])
    case 5: return unary(x) * unary(x)
    default: return convert(x * 2, to: dice.pick([.i32, .i64, .u8]))
    }
  }
}
