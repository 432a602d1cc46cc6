// What cannot be represented is an error that says what came, and the user's line: numbers that a type does not have, and
// shapes beyond every memory. A new function is a line of a table.

import DescentIR
import DescentOps
import DescentTransforms
import Testing

/// Something that must fail at a place, with words in its message.
private struct Refusal: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var words: String
  var line: Int
  var body: @Sendable () -> Tensor
  init(_ words: String, line: Int = #line, _ body: @escaping @Sendable () -> Tensor) {
    (testDescription, self.words, self.line, self.body) = ("line \(line): \(words)", words, line, body)
  }
}

private let u8 = Tensor([UInt8(1), 2]), i32 = Tensor([Int32(1), -2]), bool = Tensor([true, false])
private let huge: Shape = [1 << 40, 1 << 30]

@Suite struct Refusals {
  private static let numbers = [
    Refusal("u8 has no number -1") { maximum(u8, -1) },
    Refusal("u8 has no number 300: its numbers are the integers from 0 to 255") { `where`(bool, u8, 300) },
    Refusal("u8 has no number -1") { `where`(bool, -1, u8) },
    Refusal("u8 has no number 256") { pad(u8, low: [1], high: [0], value: 256) },
    Refusal("u8 has no number 300") { clamp(u8, 0, 300) },
    Refusal("u8 has no number 300") { full([2], 300, dtype: .u8) },
    Refusal("i32 has no number 2147483648") { full([2], 2_147_483_648, dtype: .i32) },
    Refusal("i32 has no number 0.5") { full([2], 0.5, dtype: .i32) },
    Refusal("i64 has no number nan") { full([2], Double.nan, dtype: .i64) },
    Refusal("bool has no number 2") { full([2], 2, dtype: .bool) },
    Refusal("u8 has no number 256") { floorDivide(u8, 256) },
    Refusal("u8 has no number -2") { remainder(-2, u8) },
    Refusal("u8 does not have the number 299") { iota([2, 300], axis: 1, dtype: .u8) },
    Refusal("arange from 0 to 299 in u8") { arange(300, dtype: .u8) },
    Refusal("arange from 5 to -3 in u8") { arange(5, -4, step: -2, dtype: .u8) },
    Refusal("u8 has no number 300") { linspace(0, 300.5, count: 3, dtype: .u8) },
    Refusal("power of i32[2] and -1: integers to a negative power are fractions") { power(i32, -1) },
    Refusal("sum is not defined on bool") { Tensor.apply(Sum(axes: [0]), [bool], at: SourceLocation(#fileID, #line)) },
    Refusal("sign is not defined on bool") { sign(bool) },
  ]

  @Test(arguments: numbers) private func ofNumbers(_ item: Refusal) throws {
    let error = #expect(throws: DescentError.self) { try item.body().value }
    #expect(error?.message.contains(item.words) == true, "\(error?.message ?? "")")
    #expect(error?.location?.file == "OpsTests/Refusals.swift" && error?.location?.line == item.line)
  }

  /// Operators have no line of their own and take that of the call before.
  @Test func ofNumbersBesideOperators() throws {
    let bodies: [(String, @Sendable (Tensor) -> Tensor)] = [
      ("u8 has no number -1", { $0 + -1 }), ("u8 has no number 300", { 300 - $0 }),
      ("u8 has no number 256", { $0 * 256 }),
      ("add is not defined on bool", { ($0 .== 1) + ($0 .== 2) }), ("negate is not defined on bool", { -($0 .== 1) }),
    ]
    for (words, body) in bodies {
      let trace = Trace()
      let line = #line + 1
      let x = trace.record { abs(trace.input("x", TensorType(.u8, [2]))) }
      let error = #expect(throws: DescentError.self) { try trace.record { try trace.finish([("y", body(x))]) } }
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
      #expect(error?.location?.line == line)
    }
  }

  private static let shapes = [
    Refusal("would take more than 2^63 bytes; at most 2^47 can be addressed") { zeros(huge) },
    Refusal("broadcast would give a tensor f32[1099511627776,1099511627776]") { ones([1 << 40, 1 << 40]) },
    Refusal("broadcast would give a tensor f32[140737488355328]") { full([1 << 47], 0.5) },
    Refusal("would give a tensor of shape [-3]: the size -3 of axis 0 is below 0") { zeros([-3]) },
    Refusal("broadcast would give") { broadcast(i32, [1 << 62, 2]) },
    Refusal("broadcast would give") { broadcast(i32, [1 << 40, 1 << 40, 0, 2]) },
    Refusal("cannot take the shape [1099511627776,1073741824]") { reshape(i32, huge) },
    Refusal("cannot take the shape") { reshape(i32, [-1, 1 << 40, 1 << 40]) },
    Refusal("iota would give") { iota(huge, axis: 0, dtype: .i64) },
    Refusal("iota would give") { arange(.max) },
    Refusal("iota would give") { linspace(0, 1, count: .max) },
    Refusal("there are more than 2^63 numbers between") { arange(.min, .max) },
    Refusal("random would give") { uniform(huge, key: RandomKey(seed: 1)) },
    Refusal("iota would give") { oneHot(i32, classes: 1 << 50) },
    Refusal("pad would give") { pad(i32, low: [.max], high: [.max]) },
    Refusal("pad would give") { pad(i32, low: [0], high: [0], interior: [.max]) },
    Refusal("a window of size 9223372036854775807") { slidingWindows(i32, axes: [0], sizes: [.max]) },
    Refusal("maxPool of [1,2,1] by windows") { maxPool(reshape(i32, [1, 2, 1]), sizes: [.max]) },
    Refusal("pad would give") { maxPool(reshape(i32, [1, 2, 1]), sizes: [2], padding: .all(.max)) },
    Refusal("3 elements do not fill the shape [4611686018427387904,4]") { Tensor([1.0, 2, 3], shape: [1 << 62, 4]) },
  ]

  @Test(arguments: shapes) private func ofShapes(_ item: Refusal) throws {
    let error = #expect(throws: DescentError.self) { try item.body().value }
    #expect(error?.message.contains(item.words) == true, "\(error?.message ?? "")")
    #expect(error?.location?.file == "OpsTests/Refusals.swift" && error?.location?.line == item.line)
    // In a trace as well, where nothing is evaluated.
    let trace = Trace()
    #expect(throws: DescentError.self) { try trace.record { try trace.finish([("y", item.body())]) } }
  }

  private static let square = zeros([3, 3]), wide = zeros([2, 3]), vector = zeros([3])
  private static let matrices = [
    Refusal("inverse takes square matrices, not those of f32[2,3]") { inverse(wide) },
    Refusal("determinant takes square matrices") { determinant(wide) },
    Refusal("slogdet takes square matrices") { slogdet(wide).sign },
    Refusal("matrixPower takes square matrices") { matrixPower(wide, 2) },
    Refusal("expm takes square matrices") { expm(wide) },
    Refusal("eigh takes square matrices") { eigh(wide).values },
    Refusal("cholesky takes square matrices") { cholesky(wide) },
    Refusal("lu takes square matrices") { lu(wide).upper },
    Refusal("cholesky takes a matrix, or a batch of them in the last two axes, not f32[3]") { cholesky(vector) },
    Refusal("qr takes a matrix") { qr(vector).q },
    Refusal("svd takes a matrix") { svd(vector).s },
    Refusal("pinv takes a matrix") { pinv(vector) },
    Refusal("solve with matrices of 3 x 3 and right sides of 2 x 1: they need") { solve(square, zeros([2])) },
    Refusal("triangularSolve takes square matrices, not 2 x 3") { triangularSolve(wide, zeros([2]), lower: true) },
    Refusal("lstsq with matrices of 2 x 3 and right sides of 3 x 1: they need as many rows") { lstsq(wide, vector) },
    Refusal("solve takes a matrix and a right side, not f32[3] and f32[3]") { solve(vector, vector) },
    Refusal("solve of f32[4,3,3] and f32[2,3,1]: the axes before") { solve(zeros([4, 3, 3]), zeros([2, 3, 1])) },
    Refusal("the norm one of f32[2,2,2] over axes [0, 1, 2]: it takes one") { norm(zeros([2, 2, 2]), .one) },
    Refusal("conjugateGradient takes f32[3] to f32[2]; it must") { conjugateGradient({ $0[0..<2] }, vector) },
    Refusal("gmres of a right side f32[3], from f32[2]") { gmres({ $0 }, vector, initial: zeros([2])) },
  ]

  @Test(arguments: matrices) private func ofMatrices(_ item: Refusal) throws { try ofNumbers(item) }

  /// Matrices of which no memory holds the cube of the size.
  @Test func largeMatricesAreTyped() throws {
    let type = TensorType(.f32, [1 << 22, 1 << 22])
    let ops: [any MatrixOp] = [Cholesky(), LU(), QR(), Eigh(), SVD(), Pinv(tolerance: 1e-6), Expm()]
    for op in ops {
      guard case .matrices(let kernel) = op.lowering([type]) else { return #expect(Bool(false)) }
      #expect(kernel.work > 1 << 60, "\(op.name)")
    }
  }

  @Test func stridesBeyondAnAxisAreShort() throws {
    #expect(try slice(i32, start: [0], limit: [2], step: [.max]).integers == [1])
    #expect(try i32[stride(from: 0, to: .max, by: .max)].integers == [1])
  }

  /// Values are shared by all places of a huge view: what is as large in the graph alone needs no memory.
  @Test func largeViewsAreTyped() throws {
    let trace = Trace()
    let type = try trace.record {
      let x = trace.input("x", TensorType(.u8, [2]))
      return try trace.finish([("y", broadcast(x, [1 << 46, 2]))]).nodes.last!.type
    }
    #expect(type.shape.count == 1 << 47)
    let error = #expect(throws: DescentError.self) {
      try trace.record { try trace.finish([("y", outer(broadcast(u8, [1 << 30, 2]), broadcast(u8, [1 << 30, 2])))]) }
    }
    #expect(error?.message.hasPrefix("contract would give a tensor i64[1073741824,2,1073741824,2]") == true)
  }

  @Test func batchesOfMatricesThatDoNotFit() throws {
    let (a, b, c) = (zeros([6, 4, 2, 3]), zeros([5, 3, 5]), zeros([4, 2, 5]))
    let first = #expect(throws: DescentError.self) { try matmul(a, b).value }
    #expect(
      first?.message == "matmul of [6,4,2,3] and [5,3,5]: the axes before the last two do not broadcast to common ones")
    let second = #expect(throws: DescentError.self) { try matmul(a, c).value }
    #expect(
      second?.message
        == "the product of [6,4,2,3] and [4,2,5] does not fit: axis 3 of the left has size 3 and axis 1 of the right 2")
    #expect(throws: DescentError.self) { try matmul(a, Tensor(1.0)).value }
  }
}
