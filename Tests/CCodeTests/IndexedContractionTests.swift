// Products whose operands no strides describe, so that the runtime reads them at positions given by functions: windows, boxes cut
// from larger arrays, several axes as one loop, backwards as well. Compiled against interpreted.

import DescentCCode
import DescentIR
import DescentLoops
import DescentOps
import DescentPasses
import Testing

@Suite struct IndexedContractionTests {
  /// A loop of the product as axes of an operand: two where the size has two factors.
  private static func axes(_ size: Int) -> [Int] {
    let factor = (2..<max(size, 3)).first { $0 * $0 <= size && size % $0 == 0 }
    return factor.map { [$0, size / $0] } ?? [size]
  }

  /// The product of two boxes in larger arrays, a cell of margin around each axis: no two axes are one loop by strides.
  private static func trial(
    _ name: String, _ rows: [Int], _ columns: [Int], _ depth: [Int], batch: [Int] = [], form: Int = 0,
    dtype: DType = .f32, seed: Int,
    _ epilogue: ([Tensor]) -> [Tensor] = { $0 }
  ) throws -> Trial {
    // Which operand has the depth in front of its free axes, and which is read backwards.
    let (lhsTurned, rhsTurned, isReversed) = (form & 1 == 1, form & 2 == 2, form & 4 == 4)
    let lhs = batch + (lhsTurned ? depth + rows : rows + depth),
      rhs = batch + (rhsTurned ? columns + depth : depth + columns)
    func places(_ first: Int, _ count: Int) -> [Int] { (0..<count).map { batch.count + first + $0 } }
    let together = Array(batch.indices)
    let product = ContractionAxes(
      lhsBatch: together, rhsBatch: together, lhsContracting: places(lhsTurned ? 0 : rows.count, depth.count),
      rhsContracting: places(rhsTurned ? columns.count : 0, depth.count))
    let types = [lhs, rhs].map { TensorType(dtype, Shape($0.map { $0 + 2 })) }
    return try Trial(name, types, seed: Int64(seed)) { x in
      let operands = zip(x, [lhs, rhs]).map { x, box -> Tensor in
        let cut = slice(x, start: box.map { _ in 1 }, limit: box.map { $0 + 1 })
        return isReversed ? reverse(cut, axes: Array(box.indices.dropFirst(batch.count))) : cut
      }
      return epilogue([.apply(Contract(product), operands)])
    }
  }

  /// How many of the programs read an operand at positions given by functions.
  private static func indexed(_ trials: [Trial]) throws -> Int {
    func isIndexed(_ operand: MatrixProduct.Operand) -> Bool {
      if case .functions = operand.place { true } else { false }
    }
    return try trials.count { trial in
      try trial.program(0).functions.contains { function in
        function.body.contains {
          if case .product(let product) = $0 { isIndexed(product.lhs) || isIndexed(product.rhs) } else { false }
        }
      }
    }
  }

  @Test(arguments: [DType.f32, .f64]) func sizesAroundTiles(_ dtype: DType) throws {
    let sizes = [1, 11, 12, 13, 31, 32, 33]
    var trials: [Trial] = []
    for (i, m) in sizes.enumerated() {
      for (j, n) in sizes.enumerated() {
        let k = sizes[(i + j * 3 + 2) % sizes.count]
        trials.append(
          try Self.trial(
            "\(m)x\(n)x\(k)", Self.axes(m), Self.axes(n), Self.axes(k), form: (i * 5 + j * 3) % 8, dtype: dtype,
            seed: trials.count))
      }
    }
    try Fleet.check(trials, threads: [1, 2, 3])
  }

  @Test func fewColumnsOrRowsAndDeepSums() throws {
    var trials: [Trial] = []
    func add(_ rows: [Int], _ columns: [Int], _ depth: [Int], _ dtype: DType = .f32) throws {
      let form = trials.count % 8
      trials.append(
        try Self.trial(
          "\(rows)x\(columns)x\(depth) form \(form) \(dtype.name)", rows, columns, depth, form: form, dtype: dtype,
          seed: trials.count))
    }
    // Computed as the transpose.
    for columns in [[1], [2], [3], [4], [2, 2], [5]] {
      for rows in [[3, 2], [5, 7], [4, 33]] { try add(rows, columns, [3, 5]) }
      try add([5, 7], columns, [3, 5], .f64)
    }
    // One row, or few; more rows than a piece has; several pieces.
    for rows in [[1], [2], [2, 2], [3, 3]] { try add(rows, [7, 11], [5, 4]) }
    try add([20, 41], [3, 11], [33])
    try add([20, 20], [7, 10], [10, 11])
    try add([3, 7], [20, 35], [5, 13])
    // Deeper than a block of 512 floats or 256 doubles: just so, just more, two blocks and more, in several pieces.
    for depth in [[16, 32], [27, 19], [25, 41], [3, 200]] {
      try add([3, 5], [2, 9], depth)
      try add([13], [3], depth)
      try add([3, 2], [2, 2], depth, .f64)
    }
    try add([25, 10], [4, 10], [6, 100])
    try add([5, 50], [3], [12, 100])
    try Fleet.check(trials, threads: [1, 2, 3, 8])
    let indexed = try Self.indexed(trials)
    #expect(indexed == trials.count)
  }

  @Test func batchesAndEpilogues() throws {
    var trials: [Trial] = []
    for (number, batch) in [[3], [2, 3], [1, 5], [70]].enumerated() {
      for form in [0, 3, 5, 6] {
        let (rows, columns) = form == 3 ? ([3, 4], [2]) : ([2, 3], [4, 2])
        trials.append(
          try Self.trial(
            "batch \(batch) form \(form)", rows, columns, [2, 5], batch: batch, form: form, seed: trials.count))
      }
      trials.append(
        try Self.trial(
          "batch \(batch) with an epilogue", [3, 5], [2, 6], [3, 2], batch: batch, form: number, dtype: .f64,
          seed: number
        ) { y in
          let along = iota(y[0].shape, axis: y[0].rank - 1, dtype: .f64)
          return [tanh(y[0] * 0.1) + along, sum(y[0], axes: [0])]
        })
    }
    try Fleet.check(trials, threads: [1, 2, 3])
  }

  /// Views of operands that have no elements: a product of no terms is zero, one of no rows nothing.
  @Test func withoutElements() throws {
    let types: [TensorType] = [TensorType(.f32, [2, 0, 3]), TensorType(.f32, [4, 0]), TensorType(.f32, [3, 5])]
    let trial = try Trial("without elements", types) { x in
      let flat = reshape(transpose(x[0], [0, 2, 1]), [6, 0])
      return [matmul(flat, transpose(x[1], [1, 0])), matmul(reshape(transpose(x[0], [1, 0, 2]), [0, 2, 3]), x[2])]
    }
    try Fleet.check([trial], threads: [1, 2])
  }

  /// Products with windows: forward, in the kernel's gradient (the windows are summed over) and in the input's.
  @Test(arguments: [false, true]) func convolutions(_ isOptimized: Bool) throws {
    var trials: [Trial] = []
    func add(
      _ x: Shape, _ w: Shape, strides: [Int]? = nil, padding: Padding = .valid, dilations: [Int]? = nil,
      groups: Int = 1, _ dtype: DType = .f32
    ) throws {
      let name =
        "\(x) by \(w) strides \(strides ?? []) padding \(padding) dilations \(dilations ?? []) groups \(groups)"
      let trace = Trace()
      let graph = try trace.record {
        let (x, w) = (trace.input("x", TensorType(dtype, x)), trace.input("w", TensorType(dtype, w)))
        let y = convolution(x, w, strides: strides, padding: padding, dilations: dilations, groups: groups)
        let total = sum(y * y * 0.5)
        return try trace.finish(
          [("y", y)] + trace.gradients(of: total, withRespectTo: [x, w]).map { ("gradient", $0) })
      }
      trials.append(
        Trial(name: name, graph: graph, inputs: drawInputs(graph, seed: Int64(trials.count)), isOptimized: isOptimized))
    }
    try add([2, 9, 3], [3, 3, 5])
    try add([2, 12, 3], [2, 3, 13], strides: [2], padding: .same)
    try add([3, 11, 4], [3, 4, 1], dilations: [2])
    try add([1, 40, 1], [5, 1, 1])
    try add([2, 6, 7, 3], [3, 3, 3, 11], padding: .all(1))
    try add([2, 7, 8, 2], [2, 3, 2, 33], strides: [2, 3], padding: .cells(low: [1, 0], high: [0, 2]))
    try add([2, 8, 8, 3], [3, 2, 3, 4], padding: .same, dilations: [2, 3], .f64)
    try add([2, 5, 5, 6], [3, 3, 3, 4], padding: .all(1), groups: 2)
    try add([2, 6, 5, 9], [3, 2, 1, 9], strides: [2, 1], padding: .same, groups: 9)
    try add([2, 6, 5, 3], [2, 2, 1, 6], groups: 3, .f64)
    try add([1, 12, 12, 16], [3, 3, 16, 12], padding: .same)
    try add([1, 9, 9, 60], [3, 3, 60, 3], padding: .same)
    try add([2, 4, 5, 4, 2], [2, 3, 2, 2, 3], strides: [1, 2, 1], padding: .all(1))
    try add([1, 3, 4, 3, 4], [2, 2, 2, 2, 4], padding: .same, dilations: [1, 2, 1], groups: 2, .f64)
    try Fleet.check(trials, threads: [1, 2, 3])
  }
}
