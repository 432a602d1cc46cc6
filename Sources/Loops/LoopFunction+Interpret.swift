// Loop nests run by themselves: the second oracle, which needs no compiler. Slow and obvious.
// Arithmetic is that of the emitted C, but for elementary functions, which are the system's.

import DescentIR
import DescentOps

/// Memory that nests read and write: numbers of one type. Real numbers are rounded to it when they are stored.
package final class NestArray {
  package let dtype: DType
  package var reals: [Double] = []
  package var whole: [Int] = []

  package init(_ dtype: DType, count: Int) {
    self.dtype = dtype
    if dtype.isFloating {
      reals = Array(repeating: .nan, count: count)
    } else {
      whole = Array(repeating: 77, count: count)
    }
  }
  package init(_ array: HostArray) {
    dtype = array.dtype
    if dtype.isFloating { reals = array.doubles } else { whole = array.ints }
  }
  /// Its first elements as an array of a type.
  package func array(_ type: TensorType) -> HostArray {
    func whole<T: Element>(_: T.Type) -> HostArray {
      HostArray(type.shape, self.whole.prefix(type.shape.count).map { T(wrapping: $0) })
    }
    return dtype.isFloating ? HostArray(type) { reals[$0] } : dispatch(type.dtype) { whole($0) }
  }
}

/// A number while a nest runs.
package enum NestNumber: Sendable {
  case real(Double)
  case whole(Int)
  var real: Double {
    switch self {
    case .real(let x): x
    case .whole(let n): Double(n)
    }
  }
  var int: Int {
    switch self {
    case .real(let x): x.clamped(to: Int.self)
    case .whole(let n): n
    }
  }
}

/// One call of a function, for a share of its iterations.
struct NestRun {
  let function: LoopFunction
  let arrays: [NestArray]
  private var variables: [Int]
  private var values: [NestNumber]
  private var locals: [NestArray?]

  init(_ function: LoopFunction, _ arrays: [NestArray]) {
    self.function = function
    self.arrays = arrays
    variables = Array(repeating: 0, count: function.variables.count)
    values = Array(repeating: .whole(0), count: function.values.count)
    locals = Array(repeating: nil, count: function.locals.count)
  }

  /// All iterations, cut into this many shares.
  mutating func run(shares: Int) {
    guard case .shared(let iterations, let chunkSize, let lower, let upper) = function.execution else {
      return run(function.body)
    }
    guard case .count(let count) = iterations else {
      (variables[lower], variables[upper]) = (0, 1)
      return run(function.body)
    }
    let blocks = (count + chunkSize - 1) / chunkSize
    // The last share first: none may need another's results.
    for share in (0..<shares).reversed() {
      variables[lower] = blocks * share / shares * chunkSize
      variables[upper] = Swift.min(count, blocks * (share + 1) / shares * chunkSize)
      if variables[lower] < variables[upper] { run(function.body) }
    }
  }

  private mutating func run(_ body: [Statement]) { for statement in body { run(statement) } }

  private func at(_ affine: Affine) -> Int {
    affine.terms.reduce(affine.constant) { $0 + $1.coefficient * variables[$1.variable] }
  }
  private func array(_ storage: Storage) -> NestArray {
    switch storage {
    case .parameter(let number): arrays[number]
    case .local(let number): locals[number]!
    }
  }
  private func load(_ storage: Storage, _ place: Int) -> NestNumber {
    let array = array(storage)
    return array.dtype.isFloating ? .real(array.reals[place]) : .whole(array.whole[place])
  }
  private func store(_ storage: Storage, _ place: Int, _ x: NestNumber) {
    let array = array(storage)
    if array.dtype.isFloating {
      array.reals[place] = rounded(x.real, array.dtype)
    } else {
      array.whole[place] = wrapped(x.int, array.dtype)
    }
  }

  private mutating func run(_ statement: Statement) {
    switch statement {
    case .define(let value, let x): values[value] = self.value(x)
    case .index(let variable, let x): variables[variable] = value(x).int
    case .local(let number, let x):
      let local = function.locals[number]
      locals[number] = NestArray(local.dtype, count: local.count ?? 1)
      if let x { store(.local(number), 0, value(x)) }
    case .store(let storage, let position, let x): store(storage, at(position), value(x))
    case .combine(let storage, let position, let reducer, let x):
      let dtype = array(storage).dtype
      store(storage, at(position), value(reducer.combined(.load(storage, position, dtype), x)))
    case .accumulate(let storage, let position, let a, let b):
      store(storage, at(position), value(.multiplyAdd(a, b, .load(storage, position, array(storage).dtype))))
    case .loop(let loop):
      let upper = value(loop.upper).int
      for i in stride(from: value(loop.lower).int, to: upper, by: loop.step) {
        variables[loop.variable] = i
        run(loop.body)
      }
    case .when(let condition, let body): if value(condition).int != 0 { run(body) }
    case .scope(let body): run(body)
    case .push(let sums): push(sums)
    case .finish(let sums): finish(sums)
    case .product(let product): self.product(product)
    case .draw(let draw): self.draw(draw)
    case .matrices(let call): matrix(call)
    // What is printed is no result.
    case .show, .comment: break
    }
  }

  // MARK: Sums in trees

  private func push(_ sums: SumStack) {
    let block = load(.local(sums.block), 0).int
    var top = at(sums.stackAt) + block.nonzeroBitCount * sums.lanes
    for _ in 0..<(~block).trailingZeroBitCount {
      top -= sums.lanes
      join(sums, top)
    }
    for l in 0..<sums.lanes { store(sums.stack, top + l, load(sums.sum, at(sums.sumAt) + l)) }
    store(.local(sums.block), 0, .whole(block + 1))
  }
  private func join(_ sums: SumStack, _ top: Int) {
    for l in 0..<sums.lanes {
      let place = at(sums.sumAt) + l
      store(sums.sum, place, .real(load(sums.stack, top + l).real + load(sums.sum, place).real))
    }
  }
  private func finish(_ sums: SumStack) {
    let start = at(sums.stackAt)
    var top = start + (load(.local(sums.block), 0).int.nonzeroBitCount - 1) * sums.lanes
    for l in 0..<sums.lanes { store(sums.sum, at(sums.sumAt) + l, load(sums.stack, top + l)) }
    while top > start {
      top -= sums.lanes
      join(sums, top)
    }
  }

  // MARK: Calls of the runtime

  /// In blocks of one term: the sums of the runtime's are in another order.
  private mutating func product(_ product: MatrixProduct) {
    func digits(_ number: Int, _ extents: [Int]) -> [Int] {
      var rest = number
      return extents.reversed().map { extent in
        defer { rest /= extent }
        return rest % extent
      }.reversed()
    }
    func place(_ operand: MatrixProduct.Operand, _ a: Int, _ b: Int) -> Int {
      switch operand.place {
      case .strides(let x, let y): return at(operand.start) + a * x + b * y
      case .functions(let first, let second):
        return zip([first, second], [a, b]).reduce(at(operand.start)) { total, pair in
          zip(digits(pair.1, pair.0.dimensions), pair.0.coefficients).reduce(total) { $0 + $1.0 * $1.1 }
        }
      }
    }
    func extents(_ variables: [Int]) -> [Int] { variables.map { function.variables[$0].extent } }
    for batch in 0..<extents(product.batch).reduce(1, *) {
      for (variable, digit) in zip(product.batch, digits(batch, extents(product.batch))) { variables[variable] = digit }
      for row in 0..<product.rows {
        for (variable, digit) in zip(product.rowVariables, digits(row, extents(product.rowVariables))) {
          variables[variable] = digit
        }
        for column in 0..<product.columns {
          for (variable, digit) in zip(product.columnVariables, digits(column, extents(product.columnVariables))) {
            variables[variable] = digit
          }
          var sum = 0.0
          let first = product.part.map { variables[$0.variable] * $0.steps } ?? 0
          let end = product.part.map { Swift.min(first + $0.steps, product.depth) } ?? product.depth
          for k in first..<end {
            sum +=
              load(product.lhs.storage, place(product.lhs, row, k)).real
              * load(product.rhs.storage, place(product.rhs, k, column)).real
          }
          values[product.element] = .real(rounded(sum, product.dtype))
          run(product.epilogue)
        }
      }
    }
  }

  private func draw(_ draw: Draw) {
    let key = HostArray(Shape([2]), [Int64(value(draw.seed).int), Int64(value(draw.stream).int)])
    let shape = Shape([draw.count])
    let all = NestArray(Random(draw.draw, draw.dtype, shape).evaluate([key], TensorType(draw.dtype, shape)))
    // A block gives one number to each quarter (or half) of the array.
    let (from, to, blocks) = (value(draw.from).int, value(draw.to).int, draw.blocks)
    for i in 0..<draw.count where (from..<to).contains(i % blocks) {
      store(draw.target, at(draw.start) + i, draw.dtype.isFloating ? .real(all.reals[i]) : .whole(all.whole[i]))
    }
  }

  private func matrix(_ call: MatrixCall) {
    guard !call.kernel.function.takesRows else { return row(call) }
    let operands = zip(call.operands, call.kernel.operands).map { place, count in
      let first = at(place.start)
      return Array(array(place.storage).reals[first..<first + count])
    }
    let first = at(call.result.start)
    for (i, x) in call.kernel.evaluate(operands, count: 1).enumerated() {
      store(call.result.storage, first + i, .real(x))
    }
  }

  private func row(_ call: MatrixCall) {
    let (array, first, to) = (array(call.operands[0].storage), at(call.operands[0].start), at(call.result.start))
    let places = first..<first + call.kernel.result
    if array.dtype.isFloating {
      for (i, x) in call.kernel.row(Array(array.reals[places])).enumerated() {
        store(call.result.storage, to + i, call.kernel.function == .argsort ? .whole(Int(x)) : .real(x))
      }
    } else {
      for (i, x) in call.kernel.row(Array(array.whole[places])).enumerated() {
        store(call.result.storage, to + i, .whole(x))
      }
    }
  }

  // MARK: Expressions

  private func value(_ x: Expression) -> NestNumber {
    switch x {
    case .literal(let scalar): return scalar.dtype.isFloating ? .real(scalar.double) : .whole(scalar.int)
    case .position(let affine): return .whole(at(affine))
    case .value(let value, _): return values[value]
    case .load(let storage, let position, _): return load(storage, at(position))
    case .array: preconditionFailure("an array is not a number")
    case .negated(let x): return .real(-value(x).real)
    case .unsigned(let x): return value(x)
    case .cast(let dtype, let x):
      let number = value(x)
      return dtype.isFloating ? .real(rounded(number.real, dtype)) : .whole(wrapped(number.int, dtype))
    case .infix(let sign, let a, let b): return infix(sign, value(a), value(b), a.dtype)
    case .call(let intrinsic, let operands): return call(intrinsic, operands)
    }
  }

  private func infix(_ sign: Infix, _ a: NestNumber, _ b: NestNumber, _ dtype: DType) -> NestNumber {
    if case .real(let x) = a, case .real(let y) = b {
      switch sign {
      case .add: return .real(rounded(x + y, dtype))
      case .subtract: return .real(rounded(x - y, dtype))
      case .multiply: return .real(rounded(x * y, dtype))
      case .divide: return .real(rounded(x / y, dtype))
      case .less: return .whole(x < y ? 1 : 0)
      case .lessOrEqual: return .whole(x <= y ? 1 : 0)
      case .greater: return .whole(x > y ? 1 : 0)
      case .greaterOrEqual: return .whole(x >= y ? 1 : 0)
      case .equal: return .whole(x == y ? 1 : 0)
      case .notEqual: return .whole(x != y ? 1 : 0)
      case .remainder, .and, .or, .xor: preconditionFailure("\(sign.rawValue) of real numbers")
      }
    }
    let (m, n) = (a.int, b.int)
    switch sign {
    case .add: return .whole(m &+ n)
    case .subtract: return .whole(m &- n)
    case .multiply: return .whole(m &* n)
    case .divide: return .whole(m / n)
    case .remainder: return .whole(m % n)
    case .and: return .whole(m & n)
    case .or: return .whole(m | n)
    case .xor: return .whole(m ^ n)
    case .less: return .whole(m < n ? 1 : 0)
    case .lessOrEqual: return .whole(m <= n ? 1 : 0)
    case .greater: return .whole(m > n ? 1 : 0)
    case .greaterOrEqual: return .whole(m >= n ? 1 : 0)
    case .equal: return .whole(m == n ? 1 : 0)
    case .notEqual: return .whole(m != n ? 1 : 0)
    }
  }

  private func call(_ intrinsic: Intrinsic, _ operands: [Expression]) -> NestNumber {
    let name = intrinsic.name
    if name.hasPrefix("dsc_tree_"), case .array(let storage, let position, _) = operands[0] {
      return total(name, storage, at(position), value(operands[1]).int)
    }
    let x = operands.map(value)
    switch name {
    case "dsc_min_i64": return .whole(Swift.min(x[0].int, x[1].int))
    case "dsc_clamp_index": return .whole(x[0].int < 0 ? 0 : Swift.min(x[0].int, x[1].int - 1))
    case "dsc_fma_f32", "dsc_fma_f64":
      if intrinsic.result == .f64 { return .real(x[2].real.addingProduct(x[0].real, x[1].real)) }
      return .real(Double(Float(x[2].real).addingProduct(Float(x[0].real), Float(x[1].real))))
    case _ where name.hasPrefix("dsc_select_"): return x[0].int != 0 ? x[1] : x[2]
    case _ where name.hasPrefix("dsc_convert_"): return .whole(converted(x[0].real, intrinsic.result))
    default: break
    }
    let kind = elementaryName(name)
    switch intrinsic.result {
    case .f32: return .real(Double(elementary(kind, x.map { Float($0.real) })))
    case .f64: return .real(elementary(kind, x.map(\.real)))
    case .i32, .i64, .u8, .bool: return .whole(wrapped(elementary(kind, x.map(\.int)), intrinsic.result))
    }
  }

  private func total(_ name: String, _ storage: Storage, _ start: Int, _ count: Int) -> NestNumber {
    let dtype = array(storage).dtype
    let reducer = Reducer(rawValue: String(name.split(separator: "_")[2]))!
    var n = count
    while n > 1 {
      let half = (n + 1) / 2
      for l in 0..<n - half {
        let (a, b) = (start + l, start + l + half)
        store(storage, a, value(reducer.combined(.load(storage, Affine(a), dtype), .load(storage, Affine(b), dtype))))
      }
      n = half
    }
    return load(storage, start)
  }

  private func converted(_ x: Double, _ dtype: DType) -> Int {
    switch dtype {
    case .i32: Int(x.clamped(to: Int32.self))
    case .u8: Int(x.clamped(to: UInt8.self))
    case .i64, .bool, .f32, .f64: x.clamped(to: Int.self)
    }
  }
}

private func rounded(_ x: Double, _ dtype: DType) -> Double { dtype == .f32 ? Double(Float(x)) : x }
private func wrapped(_ n: Int, _ dtype: DType) -> Int {
  switch dtype {
  case .i32: Int(Int32(truncatingIfNeeded: n))
  case .u8: Int(UInt8(truncatingIfNeeded: n))
  case .bool: n != 0 ? 1 : 0
  case .i64, .f32, .f64: n
  }
}

/// dsc_NAME_TYPE without the first and the last; sqrt and sqrtf are one.
private func elementaryName(_ name: String) -> String {
  name.hasPrefix("sqrt") ? "sqrt" : name.split(separator: "_").dropFirst().dropLast().joined(separator: "_")
}

/// A function of the runtime on real numbers.
private func elementary<T: Real>(_ name: String, _ x: [T]) -> T {
  switch name {
  case "abs": Abs.apply(x[0])
  case "sign": Sign.apply(x[0])
  case "floor": Floor.apply(x[0])
  case "round": Round.apply(x[0])
  case "sqrt": Sqrt.apply(x[0])
  case "rsqrt": Rsqrt.apply(x[0])
  case "exp": Exp.apply(x[0])
  case "expm1": Expm1.apply(x[0])
  case "log": Log.apply(x[0])
  case "log1p": Log1p.apply(x[0])
  case "sin": Sin.apply(x[0])
  case "cos": Cos.apply(x[0])
  case "tanh": Tanh.apply(x[0])
  case "sigmoid": Sigmoid.apply(x[0])
  case "softplus": Softplus.apply(x[0])
  case "erf": Erf.apply(x[0])
  case "gaussian": Gaussian.apply(x[0])
  case "normal_cdf": NormalCDF.apply(x[0])
  case "tan": Tan.apply(x[0])
  case "asin": Asin.apply(x[0])
  case "acos": Acos.apply(x[0])
  case "atan": Atan.apply(x[0])
  case "sinh": Sinh.apply(x[0])
  case "cosh": Cosh.apply(x[0])
  case "asinh": Asinh.apply(x[0])
  case "acosh": Acosh.apply(x[0])
  case "atanh": Atanh.apply(x[0])
  case "exp2": Exp2.apply(x[0])
  case "log2": Log2.apply(x[0])
  case "log10": Log10.apply(x[0])
  case "cbrt": Cbrt.apply(x[0])
  case "erfc": Erfc.apply(x[0])
  case "erfinv": Erfinv.apply(x[0])
  case "normal_quantile": NormalQuantile.apply(x[0])
  case "lgamma": Lgamma.apply(x[0])
  case "digamma": Digamma.apply(x[0])
  case "atan2": Atan2.apply(x[0], x[1])
  case "hypot": Hypot.apply(x[0], x[1])
  case "pow": T.pow(x[0], x[1])
  case "max": Maximum.apply(x[0], x[1])
  case "min": Minimum.apply(x[0], x[1])
  case "floor_divide": FloorDivide.apply(x[0], x[1])
  case "remainder": Remainder.apply(x[0], x[1])
  default: preconditionFailure("\(name) is not known to the interpreter of nests")
  }
}

/// A function of the runtime on integers.
private func elementary(_ name: String, _ x: [Int]) -> Int {
  switch name {
  case "abs": Abs.apply(x[0])
  case "sign": Sign.apply(x[0])
  case "pow": Power.whole(x[0], x[1])
  case "max": Maximum.apply(x[0], x[1])
  case "min": Minimum.apply(x[0], x[1])
  case "floor_divide": FloorDivide.apply(x[0], x[1])
  case "remainder": Remainder.apply(x[0], x[1])
  default: preconditionFailure("\(name) is not known to the interpreter of nests")
  }
}
