// Sums, extrema, argmax and scatter in sizes that reach every way in which their loops are written.

import DescentIR
import DescentOps
import Testing

@Suite struct ReductionTests {
  /// Shape and axes: lanes along the sum, lanes across outputs, one accumulator, blocks with partial results, loops merged or not,
  /// tails of every kind, axes of size 1 and 0.
  static let forms: [(Shape, [Int])] = [
    ([5], [0]), ([16], [0]), ([17], [0]), ([33], [0]), ([4095], [0]), ([65536], [0]), ([70001], [0]), ([200003], [0]),
    ([3, 15], [1]), ([3, 16], [1]), ([129, 37], [1]), ([130, 300], [1]), ([300, 130], [0]), ([37, 9], [0]),
    ([37, 7], [0]), ([37, 65], [0]),
    ([70000, 3], [0]), ([3, 70000], [1]), ([5000, 20], [0]), ([20, 5000], [1]), ([4096, 255], [0]), ([4096, 64], [0]),
    ([9000, 63], [0]),
    ([2, 40000, 2], [1]), ([300, 7, 300], [0, 2]), ([7, 300, 7, 40], [1, 3]), ([7, 300, 7, 40], [0, 2]),
    ([60, 5, 70, 3], [0, 2]),
    ([300, 300], [0, 1]), ([41, 43, 47], [0, 1, 2]), ([41, 43, 47], [1]), ([41, 43, 47], [0, 1]),
    ([41, 43, 47], [1, 2]), ([41, 43, 47], [0, 2]),
    ([1, 70000, 1], [1]), ([1, 70000, 1], [0, 1]), ([5, 1, 7], [1]), ([1, 1, 1], [0, 1, 2]), ([1], [0]), ([8, 1], [1]),
    ([1, 8], [0]),
    ([3, 70000, 2], [1]), ([3, 20000, 2, 2], [1, 3]), ([2, 3, 4, 5, 6], [1, 3]), ([2, 3, 4, 5, 600], [0, 4]),
    ([5000, 1, 17], [0, 1]),
  ]

  @Test func sums() throws {
    let trials = try Self.forms.enumerated().flatMap { number, form in
      try [DType.f32, .f64].map { dtype in
        try Trial("sum over \(form.1) of \(dtype.name)\(form.0)", [TensorType(dtype, form.0)], seed: Int64(number)) {
          [sum($0[0], axes: form.1)]
        }
      }
    }
    try Fleet.check(trials)
  }

  @Test func otherReducers() throws {
    let trials = try Self.forms.enumerated().flatMap { number, form in
      let (shape, axes) = form
      let terms = axes.reduce(1) { $0 * shape[$1] }
      return try [
        Trial("max over \(axes) of \(shape)", [TensorType(.f32, shape)], seed: Int64(number)) {
          [max($0[0], axes: axes), min($0[0], axes: axes)]
        },
        Trial("i32 over \(axes) of \(shape)", [TensorType(.i32, shape)], seed: Int64(number)) {
          [sum($0[0], axes: axes), max($0[0], axes: axes), product($0[0] + 1, axes: axes)]
        },
        Trial("u8 over \(axes) of \(shape)", [TensorType(.u8, shape)], seed: Int64(number)) {
          [min($0[0], axes: axes), sum($0[0], axes: axes)]
        },
        Trial("product over \(axes) of \(shape)", [TensorType(.f64, shape)], seed: Int64(number)) {
          [product(1 + $0[0] / Double(terms), axes: axes)]
        },
      ]
    }
    try Fleet.check(trials, threads: [1, 3])
  }

  /// What stands before a sum is computed within its loops, and what follows rides at its end.
  @Test func inlined() throws {
    var trials: [Trial] = []
    func add(_ name: String, _ types: [TensorType], _ body: ([Tensor]) throws -> [Tensor]) throws {
      trials.append(try Trial(name, types, seed: Int64(trials.count), body))
    }
    func f(_ dimensions: Int...) -> TensorType { TensorType(.f32, Shape(dimensions)) }
    func i(_ dimensions: Int...) -> TensorType { TensorType(.i32, Shape(dimensions)) }
    for axes in [[0], [1], [0, 1]] {
      for (rows, columns) in [(70, 33), (3, 9000), (9000, 3), (300, 300), (1, 50), (50, 1)] {
        let tag = "\(axes) of \(rows) by \(columns)"
        try add("sum of squares \(tag)", [f(rows, columns)]) { [sum(square($0[0]), axes: axes)] }
        try add("transposed \(tag)", [f(columns, rows)]) { [sum(exp(transpose($0[0], [1, 0]) * 0.5), axes: axes)] }
        try add("broadcast row \(tag)", [f(rows, columns), f(columns)]) { [sum($0[0] * $0[1], axes: axes)] }
        try add("broadcast column \(tag)", [f(rows, columns), f(rows, 1)]) { [sum($0[0] - $0[1], axes: axes) * 2] }
        try add("reversed \(tag)", [f(rows, columns)]) { [sum(reverse($0[0], axes: [0, 1]) * $0[0], axes: axes)] }
        try add("stepped \(tag)", [f(2 * rows + 1, 3 * columns)]) {
          [sum(slice($0[0], start: [1, 2], limit: [2 * rows + 1, 3 * columns], step: [2, 3]), axes: axes)]
        }
        try add("padded \(tag)", [f(rows, columns)]) {
          [sum(pad($0[0], low: [1, 2], high: [3, 0], interior: [1, 2], value: 0.25), axes: axes)]
        }
        try add("concatenated \(tag)", [f(rows, columns), f(rows, columns)]) {
          [sum(concatenate([$0[0], $0[1] * 2], axis: 1), axes: axes)]
        }
        try add("gathered \(tag)", [f(rows, columns), i(rows)]) { [sum(gather($0[0], $0[1]), axes: axes)] }
        try add("gathered columns \(tag)", [f(rows, columns), i(columns)]) {
          [max(gather($0[0], $0[1], axis: 1), axes: axes)]
        }
        try add("reshaped \(tag)", [f(rows * columns)]) { [sum(reshape($0[0], [rows, columns]), axes: axes)] }
        try add("reshaped with division \(tag)", [f(columns, rows)]) {
          [sum(reshape(tanh($0[0]), [rows, columns]), axes: axes)]
        }
        try add("mean, then deviation \(tag)", [f(rows, columns)]) { x in
          let m = mean(x[0], axes: axes, keepAxes: true)
          return [sum(square(x[0] - m), axes: axes), sqrt(mean(square(x[0] - m), axes: axes) + 0.001), m]
        }
        try add("with an epilogue \(tag)", [f(rows, columns), f(Shape([rows, columns]).removing(axes).count)]) { x in
          let s = sum(x[0], axes: axes)
          return [tanh(s * 0.01) + reshape(x[1], s.shape), s]
        }
        try add("iota \(tag)", [f(rows, columns)]) { [sum($0[0] * iota([rows, columns], axis: 1) * 0.01, axes: axes)] }
        try add("equal indices \(tag)", [i(rows, columns), i(rows, columns)]) {
          [sum(convert($0[0] .== $0[1], to: .i32), axes: axes)]
        }
      }
    }
    for (rows, columns) in [(17, 10), (128, 1000), (1000, 3), (1, 1), (5, 1)] {
      try add("softmax \(rows) by \(columns)", [f(rows, columns)]) { [softmax($0[0]), logSoftmax($0[0])] }
    }
    try Fleet.check(trials, threads: [1, 2, 3, 8])
  }

  @Test func argmaxima() throws {
    var trials: [Trial] = []
    for (shape, axis): (Shape, Int) in [
      ([1], 0), ([1000], 0), ([300, 10], 1), ([10, 3000], 0), ([7, 11, 13], 1), ([70, 1, 65], 1), ([4, 5000], 1),
      ([100, 64], 0),
    ] {
      for dtype in [DType.f32, .f64, .i32, .u8, .i64] {
        trials.append(
          try Trial("argmax \(axis) of \(dtype.name)\(shape)", [TensorType(dtype, shape)], seed: Int64(trials.count)) {
            [argmax($0[0], axis: axis)]
          })
      }
      trials.append(
        try Trial("argmax of equal \(shape)", [TensorType(.f32, shape)]) {
          [argmax($0[0] * 0, axis: axis), argmax(-$0[0], axis: axis)]
        })
      trials.append(
        try Trial("argmax of NaN \(shape)", [TensorType(.f32, shape)]) {
          [argmax(log($0[0]), axis: axis), max(log($0[0]), axes: [axis])]
        })
    }
    try Fleet.check(trials)
  }

  @Test func scatters() throws {
    var trials: [Trial] = []
    for (shape, axis): (Shape, Int) in [
      ([5], 0), ([5, 3], 0), ([3, 5], 1), ([5, 300], 0), ([300, 5], 1), ([5, 4, 100], 1), ([100, 4, 5], 2),
      ([4, 100, 5], 0), ([5, 1], 0), ([5, 2000], 0), ([5000], 0),
    ] {
      for indexShape in [[], [1], [7], [40], [3, 5], [0]] as [Shape] {
        for dtype in [DType.f32, .i32, .u8] {
          let updates = Shape(shape.dimensions[..<axis] + indexShape.dimensions + shape.dimensions[(axis + 1)...])
          let types = [TensorType(dtype, shape), TensorType(.i32, indexShape), TensorType(dtype, updates)]
          // Indices of -1 ... 5 or so: many twice, some outside.
          trials.append(
            try Trial("scatter \(dtype.name)\(shape) along \(axis) at \(indexShape)", types, seed: Int64(trials.count))
            {
              [.apply(Scatter(axis: axis, .sum), [$0[0], $0[1] * 2 - 1, $0[2]])]
            })
        }
        guard shape[axis] > 0 else { continue }
        trials.append(
          try Trial(
            "gather \(shape) along \(axis) at \(indexShape)", [TensorType(.f32, shape), TensorType(.i64, indexShape)],
            seed: Int64(trials.count)
          ) {
            [gather($0[0], $0[1] * 2 - 2, axis: axis), gather(tanh($0[0]), $0[1], axis: axis) + 1]
          })
      }
    }
    // The base is computed within, the updates are inlined, and the result is used further.
    trials.append(
      try Trial(
        "scatter with all around", [TensorType(.f32, [50, 20]), TensorType(.u8, [300]), TensorType(.f32, [300, 20])]
      ) { x in
        let y = Tensor.apply(Scatter(axis: 0, .sum), [exp(x[0]), x[1] + 3, square(x[2]) * 0.5])
        return [y, x[0] - 0.1 * y, sum(y)]
      })
    try Fleet.check(trials, threads: [1, 2, 3, 8])
  }

  @Test func emptyAxes() throws {
    var trials: [Trial] = []
    func f(_ dimensions: Int...) -> TensorType { TensorType(.f32, Shape(dimensions)) }
    func add(_ name: String, _ types: [TensorType], _ body: ([Tensor]) throws -> [Tensor]) throws {
      trials.append(try Trial(name, types, body))
    }
    for (shape, axes): (Shape, [Int]) in [
      ([0], [0]), ([0, 3], [0]), ([3, 0], [1]), ([3, 0, 200], [1]), ([0, 3], [1]), ([0, 0], [0]), ([200, 0], [0, 1]),
      ([2, 0, 3], [0, 2]),
    ] {
      try add("sum and product over \(axes) of \(shape)", [TensorType(.f32, shape)]) {
        let y = sum($0[0], axes: axes)
        return [y, product($0[0], axes: axes), exp(y) + 1, sum(y)]
      }
      try add("pointwise on \(shape)", [TensorType(.f64, shape)]) {
        [exp($0[0]), $0[0] + 1, reverse($0[0], axes: [0])]
      }
    }
    try add("pad of nothing", [f(0, 2)]) {
      [pad($0[0], low: [2, 1], high: [1, 1], value: 7), sum(pad(exp($0[0]), low: [2, 1], high: [1, 1], value: 7))]
    }
    try add("concatenate with nothing", [f(0, 2), f(3, 2), f(0, 2)]) {
      [concatenate($0, axis: 0), sum(concatenate($0, axis: 0) * 2, axes: [0])]
    }
    try add("gather of nothing", [f(3, 0)]) { [gather($0[0], Tensor([Int32(1), 2, 0, 1]))] }
    try add("gather at nothing", [f(3, 4), TensorType(.i32, [0])]) {
      [gather($0[0], $0[1]), sum(gather($0[0], $0[1]))]
    }
    try add("argmax over nothing", [f(0, 4)]) { [argmax($0[0], axis: 1)] }
    try add("random of nothing", [TensorType(.i64, [2])]) { [.apply(Random(.normal, .f32, [0, 3]), [$0[0]])] }
    try add("iota of nothing", []) { _ in [iota([0, 3], axis: 1)] }
    try add("a constant", []) { _ in [Tensor([Float(1), 2, 3]), Tensor(Float(4)), Tensor([Float]())] }
    try Fleet.check(trials, threads: [1, 2])
  }

  @Test func random() throws {
    var trials: [Trial] = []
    for shape in [[], [1], [3], [4], [5], [7, 9], [4099], [40_003], [300, 301]] as [Shape] {
      for (draw, dtype) in [
        (RandomDraw.bits, DType.i32), (.uniform, .f32), (.uniform, .f64), (.normal, .f32), (.normal, .f64),
      ] {
        trials.append(
          try Trial("\(draw) \(dtype.name)\(shape)", [TensorType(.i64, [2])], seed: Int64(trials.count)) {
            let y = Tensor.apply(Random(draw, dtype, shape), [$0[0]])
            return draw == .normal ? [y] : [y, convert(y, to: .f64) * 3]
          })
      }
    }
    try Fleet.check(trials)
  }
}
