// Where a number that is not finite came from, for every family of operations: a row says what is computed and what is found.

import DescentDriver
import DescentIR
import DescentInterpreter
import DescentOps
import DescentTransforms
import Testing

@Suite struct OriginTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    /// Of the first input, f32; the second is 0, 1, 2, 3.
    var x: [Float]
    var maker: Origin.Maker
    var message: String
    var body: @Sendable (Tensor, Tensor) -> Tensor
    var testDescription: String { name }
    init(
      _ name: String, x: [Float] = [4, 0, 2, 1], from maker: Origin.Maker = .operation, _ message: String,
      body: @escaping @Sendable (Tensor, Tensor) -> Tensor
    ) {
      (self.name, self.x, self.maker, self.message, self.body) = (name, x, maker, message, body)
    }
  }

  private static let log0 = "'log' made -infinity in element [1] of 0.0; its operand is f32[4] in 0.0...4.0"
  private static let square: @Sendable (Tensor) -> Tensor = { reshape($0, [2, 2]) }

  static let rows: [Row] = [
    Row("itself", log0) { x, _ in log(x) },
    Row(
      "of two",
      "'divide' made infinity in element [2] of 2.0 and 0.0; its operands are f32[4] in 0.0...4.0 and f32[4] in -2.0...1.0"
    ) { x, i in
      x / (i - 2)
    },
    Row("NaN at once", "'sqrt' made NaN in element [2] of -1.0; its operand is f32[4] in -2.0...1.0") { _, i in
      sqrt(1 - i)
    },
    Row("views", log0) { x, _ in reverse(transpose(square(log(x))), axes: [0])[.all, 0..<1] },
    Row("broadcast", log0) { x, _ in broadcast(log(x), [3, 4]) + 1 },
    Row("windows", log0) { x, _ in slidingWindows(log(x), axes: [0], sizes: [2]) * 2 },
    Row("sum", log0) { x, _ in sum(square(log(x)), axes: [0]) },
    Row("greatest", log0) { x, _ in max(-log(x)) },
    Row("product", log0 + "; 'product' made NaN of that") { x, _ in product(log(x)) },
    Row("factor", log0) { x, _ in matmul(square(exp(x)), square(log(x))) },
    Row("other factor", log0) { x, _ in matmul(square(log(x)), square(exp(x))) },
    Row("padded", log0) { x, _ in pad(log(x), low: [2], high: [1], interior: [1]) },
    Row("padding", x: [1, 1, 1, 1], from: .constant, "'pad' took the constant NaN") { x, _ in
      sum(pad(x, low: [1], high: [0], value: Double.nan))
    },
    Row("joined", log0) { x, i in concatenate([i, log(x), x], axis: 0) },
    Row("picked", log0) { x, i in gather(log(x), convert(i, to: .i32)) },
    Row("picked in rows", log0) { x, _ in gather(square(log(x)), Tensor([Int32(1), 0, 7]), axis: 1) },
    Row("scattered", log0) { x, _ in scatterAdd(zeros([3]), Tensor([Int32(0), 2, 2, 9]), log(x)) },
    Row("scattered onto", log0) { x, _ in scatterAdd(log(x), Tensor([Int32(0)]), ones([1])) },
    Row("folded", log0) { x, _ in
      let windows = WindowShape(axes: [0], sizes: [2], strides: [1], dilations: [1])
      return .apply(Fold(windows, extents: [3]), [square(log(x))])
    },
    Row("converted", log0) { x, _ in convert(log(x), to: .f64) * 2 },
    Row("too great for f32", "'convert' made infinity in element [1] of 1e+60; its operand is f64[4] in 0.0...1e+60") {
      _, i in
      convert(convert(minimum(i, 1), to: .f64) * 1e60, to: .f32)
    },
    Row(
      "a sum too great", x: [3e38, 3e38, 1, 1],
      "'sum' made infinity of finite numbers; its operand is f32[4] in 1.0...3e+38"
    ) { x, _ in sum(x) },
    Row(
      "a sum of products too great", x: [1e30, 1, 1, 1],
      "'contract' made infinity in element [0,0] of finite numbers; its operands are f32[2,2] in 1.0...1e+30 and f32[2,2] in 1.0...1e+30"
    ) { x, _ in matmul(square(x), square(x)) },
    Row("the arm that is chosen", log0) { x, i in `where`(i .< 4, log(x), sqrt(-1 - i)) * 3 },
    Row("the other arm", "'sqrt' made NaN in element [0] of -1.0; its operand is f32[4] in -4.0...-1.0") { x, i in
      `where`(i .> 0, log(x + 1), sqrt(-1 - i))
    },
    Row("a constant that is chosen", from: .constant, "'select' took the constant NaN") { x, _ in
      sum(`where`(x .> 0, x, Double.nan))
    },
    Row("not the mask", log0) { x, i in
      // Scores behind a mask of -infinity, whose exponentials are 0.
      sum(softmax(`where`(i .> 2, -Double.infinity, i))) + sum(log(x))
    },
    Row(
      "not the mask that stands beside it",
      "'sqrt' made NaN in element [1] of -1.0; its operand is f32[4] in -1.0...3.0"
    ) { x, i in
      softmax(`where`(i .== 0, -Double.infinity, sqrt(x - 1)))
    },
    Row(
      "NaN of an infinity",
      "'exp' made infinity in element [0] of 400.0; its operand is f32[4] in 0.0...400.0; 'multiply' made NaN of that"
    ) { x, i in
      sum(exp(x * 100) * i)
    },
    Row(
      "infinity less infinity",
      "'log' made -infinity in element [1] of 0.0; its operand is f32[4] in 0.0...4.0; 'subtract' made NaN of that"
    ) { x, _ in
      let y = log(x)
      return y - y
    },
    Row("all masked", from: .constant, "'select' took the constant -infinity; 'subtract' made NaN of that") { x, _ in
      let scores = `where`(x .> 9, x, -Double.infinity)
      return exp(scores - max(scores))
    },
    Row("an input", x: [1, 2, .nan, 4], from: .input, "the input 'x' holds NaN in element [2]") { x, _ in sum(tanh(x))
    },
    Row(
      "an infinite input", x: [1, 2, -.infinity, 4], from: .input,
      "the input 'x' holds -infinity in element [2]; 'sin' made NaN of that"
    ) { x, _ in
      sum(sin(x))
    },
    Row(
      "an adjoint",
      "'divide' in the adjoint of 'sqrt' made infinity in element [1] of 0.5 and 0.0; its operands are f32[4] in 0.5...0.5 and f32[4] in 0.0...2.0"
    ) { x, _ in
      grad { @Sendable (x: Tensor) in sum(sqrt(x)) }(x)
    },
    Row("behind a mark", log0) { x, _ in checkpoint { @Sendable (x: Tensor) in tanh(log(x)) * log(x) }(x) },
    Row(
      "a carry",
      "'multiply' made infinity of 1e+20 and 1e+20; its operands are f32[] in 1e+20...1e+20 and f32[] in 1e+20...1e+20, in step 2 of 4 of the loop"
    ) { _, i in
      scan(Tensor(Float(1)), over: i) { (c: Tensor, _: Tensor) in (c * Float(1e20), c) }.0
    },
    Row(
      "a result of a step", "'log' made -infinity of 0.0; its operand is f32[] in 0.0...0.0, in step 2 of 4 of the loop"
    ) { x, _ in
      scan(Tensor(Float(1)), over: x) { (c: Tensor, x: Tensor) in (c + x, log(x)) }.1
    },
    Row(
      "a loop from the end",
      "'log' made -infinity of 0.0; its operand is f32[] in 0.0...0.0, in step 3 of 4 of the loop"
    ) { x, _ in
      scan(Tensor(Float(1)), over: x, isReversed: true) { (c: Tensor, x: Tensor) in (c + x, log(x)) }.1
    },
    Row("before a loop", log0) { x, i in scan(log(x), over: i) { (c: Tensor, i: Tensor) in (c + i, i) }.0 },
    Row("a slice from before", log0) { x, _ in
      scan(Tensor(Float(1)), over: log(x)) { (c: Tensor, x: Tensor) in (c + x, x) }.0
    },
    Row("a constant from before", log0) { x, i in
      let y = log(x)
      return scan(Tensor(Float(1)), over: i) { (c: Tensor, i: Tensor) in (c + sum(y), i) }.0
    },
    Row(
      "a loop without a length",
      "'multiply' made infinity of 1e+20 and 1e+20; its operands are f32[] in 1e+20...1e+20 and f32[] in 1e+20...1e+20, in step 2 of 3 of the loop"
    ) { _, _ in
      whileLoop([Tensor(Float(0)), Tensor(Float(1))], while: { $0[0] .< 3 }) { [$0[0] + 1, $0[1] * Float(1e20)] }[1]
    },
    Row("no step", log0) { x, _ in whileLoop(log(x), while: { _ in Tensor(false) }) { $0 * 2 } },
  ]

  @Test(arguments: rows) func isFound(_ row: Row) throws {
    let trace = Trace()
    let graph = try trace.record {
      let inputs = [trace.input("x", TensorType(.f32, [4])), trace.input("i", TensorType(.f32, [4]))]
      return try trace.finish([("y", row.body(inputs[0], inputs[1]))])
    }
    let inputs = [HostArray([4], row.x), HostArray([4], [Float(0), 1, 2, 3])]
    let origin = try #require(try graph.origin(ofOutput: 0, inputs))
    #expect(origin.maker == row.maker)
    // Lines of this file aside.
    let message = origin.message.replacing(/\ at NNTests\/OriginTests\.swift:[0-9]+/, with: "")
    #expect(message == row.message)
    // Operators take over the line of a function before them, if there is one.
    if row.maker == .input { #expect(origin.location == nil) }
    if message.hasPrefix("'log'") { #expect(origin.location?.file == "NNTests/OriginTests.swift") }
  }

  @Test func finiteNumbersHaveNone() throws {
    let trace = Trace()
    let graph = try trace.record { try trace.finish([("y", exp(trace.input("x", TensorType(.f32, [4]))))]) }
    #expect(try graph.origin(ofOutput: 0, [HostArray([4], [Float(0), 1, 2, 3])]) == nil)
  }
}
