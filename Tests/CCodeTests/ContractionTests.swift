// Products: operands in any layout, batch axes anywhere, rows and columns of several axes, epilogues of every kind.

import DescentIR
import DescentOps
import Testing

@Suite struct ContractionTests {
  private static func f(_ dimensions: [Int], _ dtype: DType = .f32) -> TensorType {
    TensorType(dtype, Shape(dimensions))
  }

  /// Rows, columns and terms; 1 and 0 among them, and sizes on both sides of every tile.
  static let sizes = [
    (1, 1, 1), (1, 1, 50), (1, 40, 1), (40, 1, 1), (1, 40, 50), (40, 1, 50), (40, 50, 1), (3, 5, 7), (12, 32, 8),
    (13, 33, 9), (64, 64, 64),
    (65, 31, 300), (127, 129, 65), (400, 10, 10), (10, 400, 3), (256, 10, 128), (2, 300, 700), (300, 2, 700), (0, 3, 4),
    (3, 0, 4), (3, 4, 0), (0, 0, 0), (1, 1, 0),
  ]

  @Test(arguments: [DType.f32, .f64])
  func layouts(_ dtype: DType) throws {
    var trials: [Trial] = []
    for (m, n, k) in Self.sizes {
      for form in 0..<4 {
        let (lhs, rhs) = (form & 1 == 0 ? [m, k] : [k, m], form & 2 == 0 ? [k, n] : [n, k])
        let axes = ContractionAxes(lhsContracting: [form & 1 == 0 ? 1 : 0], rhsContracting: [form & 2 == 0 ? 0 : 1])
        trials.append(
          try Trial(
            "\(m)x\(n)x\(k) layout \(form)", [Self.f(lhs, dtype), Self.f(rhs, dtype)], seed: Int64(trials.count)
          ) {
            [.apply(Contract(axes), $0)]
          })
      }
    }
    try Fleet.check(trials)
  }

  @Test func integers() throws {
    var trials: [Trial] = []
    for (m, n, k) in Self.sizes {
      for dtype in [DType.i32, .i64] {
        trials.append(
          try Trial(
            "\(dtype.name) \(m)x\(n)x\(k)", [Self.f([m, k], dtype), Self.f([k, n], dtype)], seed: Int64(trials.count)
          ) {
            [matmul($0[0], $0[1]), matmul($0[0] * 3, $0[1]) - 1]
          })
      }
    }
    try Fleet.check(trials, threads: [1, 2, 3])
  }

  /// Axes of a letter each, `bij,bjk`: every letter in both operands and in `batch` is a batch axis, else it is summed.
  static let letters = [
    ("bmk", "bkn", "b"), ("mbk", "kbn", "b"), ("mkb", "knb", "b"), ("bmk", "knb", "b"), ("mkb", "bnk", "b"),
    ("bcmk", "bckn", "bc"),
    ("cbmk", "bckn", "bc"), ("mbkc", "cnkb", "bc"), ("bmk", "cbkn", "b"), ("bm", "bn", "b"), ("b", "b", "b"),
    ("bk", "bk", "b"), ("mk", "k", ""),
    ("k", "kn", ""), ("m", "n", ""), ("k", "k", ""), ("", "n", ""), ("m", "", ""), ("", "", ""), ("mkl", "kln", ""),
    ("mkl", "lkn", ""), ("kml", "lnk", ""), ("pmk", "kqn", ""),
    ("pkm", "qkn", ""), ("pmkl", "lqkn", ""), ("bpmkl", "lqbkn", "b"), ("pbm", "qbn", "b"), ("kl", "lk", ""),
    ("kl", "kl", ""), ("mk", "kn", ""),
    ("kmp", "nqk", ""), ("kbm", "bk", "b"), ("bpk", "kb", "b"),
  ]

  @Test func batchesAndManyAxes() throws {
    var trials: [Trial] = []
    let choices: [[Character: Int]] = [
      ["b": 3, "c": 2, "m": 5, "p": 4, "n": 7, "q": 3, "k": 6, "l": 5],
      ["b": 5, "c": 3, "m": 33, "p": 3, "n": 40, "q": 2, "k": 20, "l": 9],
      ["b": 1, "c": 4, "m": 1, "p": 9, "n": 1, "q": 5, "k": 1, "l": 3],
      ["b": 70, "c": 1, "m": 2, "p": 1, "n": 3, "q": 1, "k": 4, "l": 1],
      ["b": 0, "c": 4, "m": 2, "p": 9, "n": 3, "q": 5, "k": 4, "l": 3],
      ["b": 2, "c": 4, "m": 2, "p": 9, "n": 3, "q": 5, "k": 0, "l": 3],
    ]
    for (number, sizes) in choices.enumerated() {
      for (lhs, rhs, batch) in Self.letters {
        let (a, b) = (Array(lhs), Array(rhs))
        let summed = a.filter { b.contains($0) && !batch.contains($0) }
        let axes = ContractionAxes(
          lhsBatch: batch.map { a.firstIndex(of: $0)! }, rhsBatch: batch.map { b.firstIndex(of: $0)! },
          lhsContracting: summed.map { a.firstIndex(of: $0)! }, rhsContracting: summed.map { b.firstIndex(of: $0)! })
        let dtype: DType = number % 2 == 0 ? .f32 : .f64
        let types = [Self.f(a.map { sizes[$0]! }, dtype), Self.f(b.map { sizes[$0]! }, dtype)]
        trials.append(
          try Trial("\(lhs),\(rhs) sizes \(number)", types, seed: Int64(trials.count)) { [.apply(Contract(axes), $0)] })
        // An epilogue that reads arrays along each axis of the result by itself.
        let result = try Contract(axes).resultType(types).shape
        let along = result.dimensions.indices.map { axis in
          Self.f(result.dimensions.indices.map { $0 == axis ? result[$0] : 1 }, dtype)
        }
        trials.append(
          try Trial("\(lhs),\(rhs) sizes \(number) with an epilogue", types + along, seed: Int64(trials.count)) { x in
            let y = Tensor.apply(Contract(axes), Array(x[..<2]))
            return [x[2...].reduce(y) { tanh($0 * 0.1) + $1 }]
          })
      }
    }
    try Fleet.check(trials, threads: [1, 2, 3])
  }

  /// Operands that are not plain arrays: some are read where they lie, some are copied first.
  @Test func operandsThroughViews() throws {
    var trials: [Trial] = []
    let f = { (dimensions: [Int]) in Self.f(dimensions) }
    func add(_ name: String, _ types: [TensorType], _ body: ([Tensor]) throws -> [Tensor]) throws {
      trials.append(try Trial(name, types, seed: Int64(trials.count), body))
    }
    for (m, n, k) in [(5, 7, 9), (40, 33, 50), (1, 8, 20), (8, 1, 20), (70, 70, 1)] {
      let tag = "\(m)x\(n)x\(k)"
      try add("sliced \(tag)", [f([m + 3, k + 2]), f([2 * k, 3 * n])]) {
        [
          matmul(
            slice($0[0], start: [2, 1], limit: [m + 2, k + 1]),
            slice($0[1], start: [0, 2], limit: [2 * k, 3 * n], step: [2, 3]))
        ]
      }
      try add("reversed \(tag)", [f([m, k]), f([k, n])]) {
        [matmul(reverse($0[0], axes: [1]), reverse($0[1], axes: [0, 1]))]
      }
      try add("transposed twice \(tag)", [f([k, m]), f([n, k])]) {
        [matmul(transpose($0[0], [1, 0]), transpose($0[1], [1, 0]))]
      }
      try add("broadcast rows \(tag)", [f([k]), f([k, n])]) { [matmul(broadcast($0[0], [m, k]), $0[1])] }
      try add("broadcast columns \(tag)", [f([m, k]), f([k, 1])]) { [matmul($0[0], broadcast($0[1], [k, n]))] }
      try add("broadcast scalar \(tag)", [f([]), f([k, n])]) { [matmul(broadcast($0[0], [m, k]), $0[1])] }
      try add("constant splat \(tag)", [f([k, n])]) { [matmul(filled(0.5, f([m, k])), $0[0])] }
      try add("constant \(tag)", [f([k, n])]) { [matmul(Tensor(HostArray(f([m, k])) { Double($0 % 7) - 3 }), $0[0])] }
      try add("iota \(tag)", [f([k, n])]) { [matmul(iota([m, k], axis: 1) * 0.1, $0[0])] }
      try add("reshaped \(tag)", [f([m * k]), f([n * k])]) {
        [matmul(reshape($0[0], [m, k]), transpose(reshape($0[1], [n, k]), [1, 0]))]
      }
      try add("reshaped across \(tag)", [f([k, m]), f([n, k])]) {
        [matmul(reshape($0[0], [m, k]), reshape($0[1], [k, n]))]
      }
      try add("reshape of a transpose \(tag)", [f([k, m]), f([k, n])]) {
        [
          matmul(reshape(transpose($0[0], [1, 0]), [m, k]), $0[1]),
          matmul(reshape(transpose($0[0], [1, 0]), [1, m * k]), filled(1, f([m * k, 1]))),
        ]
      }
      try add("split and merged rows \(tag)", [f([2, m, k]), f([k, n])]) {
        [matmul(reshape($0[0], [2 * m, k]), $0[1])]
      }
      try add("swapped and merged \(tag)", [f([m, 2, k]), f([k, n])]) {
        [matmul(reshape(transpose($0[0], [1, 0, 2]), [2 * m, k]), $0[1])]
      }
      try add("computed operands \(tag)", [f([m, k]), f([k, n])]) { [matmul(tanh($0[0]), exp($0[1] * 0.1))] }
      try add("gathered operand \(tag)", [f([5, k]), TensorType(.i32, [m]), f([k, n])]) {
        [matmul(gather($0[0], $0[1]), $0[2])]
      }
      try add("padded operand \(tag)", [f([m, k]), f([k + 3, n])]) {
        [matmul(pad($0[0], low: [0, 1], high: [0, 2]), $0[1])]
      }
      try add("with itself \(tag)", [f([m, k])]) {
        [matmul($0[0], transpose($0[0], [1, 0])), matmul(transpose($0[0], [1, 0]), $0[0])]
      }
      try add("chained \(tag)", [f([m, k]), f([k, n]), f([n, m])]) { [matmul(matmul($0[0], $0[1]), $0[2])] }
      try add("layer \(tag)", [f([m, k]), f([k, n]), f([n]), f([m, n])]) { x in
        let z = matmul(x[0], x[1]) + x[2]
        return [maximum(z, 0), x[3] - 0.1 * z, z, sum(z)]
      }
      try add("column bias \(tag)", [f([m, k]), f([k, n]), f([m, 1])]) { [sigmoid(matmul($0[0], $0[1]) * $0[2])] }
      try add("transposed reading of the result \(tag)", [f([m, k]), f([k, n]), f([n, m])]) { x in
        let z = matmul(x[0], x[1])
        return [transpose(z, [1, 0]) + x[2], z * 2]
      }
      try add("epilogue reads the operand \(tag)", [f([k, k]), f([k, k])]) { x in [matmul(x[0], x[1]) + x[0] * x[1]] }
      try add("mixed precision \(tag)", [f([m, k]), f([k, n])]) { x in
        [convert(matmul(x[0], x[1]), to: .f64) * 2, matmul(convert(x[0], to: .f64), convert(x[1], to: .f64))]
      }
    }
    try Fleet.check(trials, threads: [1, 2, 3, 8])
  }
}
