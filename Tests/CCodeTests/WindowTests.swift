// Folds and concatenations as C: odd sizes, steps of every kind, what is computed on the way in and out. Compiled against
// interpreted.

import DescentIR
import DescentOps
import DescentPasses
import Testing

@Suite struct WindowTests {
  private static func f(_ dimensions: [Int], _ dtype: DType = .f32) -> TensorType {
    TensorType(dtype, Shape(dimensions))
  }

  /// A result shape and the windows that are laid into it.
  private static let folds: [(shape: [Int], windows: WindowShape)] = [
    ([7], .init(axes: [0], sizes: [3], strides: [1], dilations: [1])),
    ([1], .init(axes: [0], sizes: [1], strides: [1], dilations: [1])),
    ([11], .init(axes: [0], sizes: [1], strides: [3], dilations: [1])),
    ([300], .init(axes: [0], sizes: [5], strides: [2], dilations: [3])),
    ([2, 13], .init(axes: [1], sizes: [4], strides: [3], dilations: [2])),
    ([13, 3], .init(axes: [0], sizes: [2], strides: [5], dilations: [4])),
    ([13, 33], .init(axes: [0], sizes: [3], strides: [2], dilations: [1])),
    ([3, 9, 7], .init(axes: [1], sizes: [9], strides: [1], dilations: [1])),
    ([3, 9, 8], .init(axes: [1], sizes: [3], strides: [4], dilations: [2])),
    ([2, 9, 70], .init(axes: [1], sizes: [2], strides: [1], dilations: [3])),
    ([70, 5, 9], .init(axes: [1], sizes: [3], strides: [1], dilations: [2])),
    ([2, 7, 9, 3], .init(axes: [1, 2], sizes: [3, 2], strides: [2, 1], dilations: [1, 3])),
    ([2, 7, 9, 11], .init(axes: [1, 2], sizes: [2, 4], strides: [3, 2], dilations: [2, 1])),
    ([5, 3, 9], .init(axes: [0, 2], sizes: [2, 3], strides: [2, 3], dilations: [3, 1])),
    ([6, 65, 5], .init(axes: [0, 2], sizes: [3, 2], strides: [1, 2], dilations: [2, 2])),
    ([5, 6, 7], .init(axes: [0, 1, 2], sizes: [2, 3, 2], strides: [1, 2, 3], dilations: [2, 1, 4])),
    ([2, 5, 6, 4, 9], .init(axes: [1, 2, 3], sizes: [2, 2, 3], strides: [2, 3, 1], dilations: [1, 2, 1])),
    ([0, 5, 3], .init(axes: [1], sizes: [2], strides: [1], dilations: [1])),
    ([2, 5, 0], .init(axes: [1], sizes: [2], strides: [1], dilations: [1])),
  ]

  @Test(arguments: [DType.f32, .f64, .i32]) func folds(_ dtype: DType) throws {
    var trials: [Trial] = []
    for (shape, windows) in Self.folds {
      let fold = Fold(windows, extents: windows.axes.map { shape[$0] }), seen = windows.result(Shape(shape))
      let tag = "fold to \(shape) by \(windows.sizes) strides \(windows.strides) dilations \(windows.dilations)"
      let types = [TensorType(dtype, seen), Self.f(shape, dtype), Self.f([shape.last!], dtype)]
      trials.append(try Trial(tag, [types[0]], seed: Int64(trials.count)) { [.apply(fold, $0)] })
      // What is read is computed in the loops, or is a view; what is made goes on.
      trials.append(
        try Trial("\(tag) of a product, added", types, seed: Int64(trials.count)) { x in
          let y = Tensor.apply(fold, [x[0] * x[0] + 3]) + x[1]
          return [y * 2, y - x[2]]
        })
      trials.append(
        try Trial("\(tag) of a view", types, seed: Int64(trials.count)) { x in
          [.apply(fold, [reverse(transpose(transpose(x[0])), axes: [0])]) - x[1]]
        })
      guard dtype.isFloating else { continue }
      // Its adjoint, and the sum of both ways.
      trials.append(
        try Trial("windows and fold of \(shape)", [types[1]], seed: Int64(trials.count)) { x in
          let there = Tensor.apply(Windows(windows), [tanh(x[0])])
          return [.apply(fold, [there]), sum(there * there), max(there, axes: [windows.place])]
        })
    }
    try Fleet.check(trials, threads: [1, 2, 3, 8])
  }

  /// Shapes whose parts along an axis have the sizes given.
  @Test(arguments: [false, true]) func concatenations(_ isOptimized: Bool) throws {
    var trials: [Trial] = []
    func add(_ name: String, _ types: [TensorType], _ body: ([Tensor]) throws -> [Tensor]) throws {
      trials.append(try Trial(name, types, seed: Int64(trials.count), body))
      trials[trials.count - 1].isOptimized = isOptimized
    }
    let shapes = [
      [5], [1], [300], [2, 3], [3, 70], [70, 3], [1, 4], [2, 3, 4], [3, 1, 65], [65, 2, 3], [2, 0, 3], [0, 2],
    ]
    for shape in shapes {
      for axis in shape.indices {
        for sizes in [[1, 1], [0, 3], [2, 0, 1], [1, 7, 0], [4, 1, 2, 3], [0, 0]] {
          let types = sizes.map { size in
            var part = shape
            part[axis] = size
            return Self.f(part)
          }
          let tag = "\(sizes) along axis \(axis) of \(shape)"
          try add(tag, types) { [concatenate($0, axis: axis)] }
        }
        // Parts that are computed, are views, or constants, each for its own elements alone.
        let middle = shape.enumerated().map { $0.offset == axis ? 1 : $0.element }
        try add("computed parts along axis \(axis) of \(shape)", [Self.f(shape), Self.f(middle), Self.f(shape)]) { x in
          [
            concatenate(
              [
                exp(tanh(x[0]) * 2) / (x[0] * x[0] + 1), x[1], reverse(x[2], axes: [axis]), zerosLike(x[1]),
                sin(x[2]) + x[0],
              ], axis: axis)
          ]
        }
        try add("a concatenation read on along axis \(axis) of \(shape)", [Self.f(shape), Self.f(middle)]) { x in
          let y = concatenate([exp(x[0]), x[1], x[0] * x[0]], axis: axis)
          return [y, sum(y, axes: [axis]), tanh(y) + 1, reverse(y)]
        }
      }
    }
    for n in [1, 33] {
      try add("parts with sums and products \(n)", [Self.f([n, 5]), Self.f([5, 4]), Self.f([n, 3])]) { x in
        let y = matmul(x[0], x[1])
        return [
          concatenate(
            [softmax(x[0], axis: -1), sigmoid(y), x[2], broadcast(sum(x[2], axes: [1], keepAxes: true), [n, 2]), y],
            axis: 1)
        ]
      }
      try add("integers and bools \(n)", [Self.f([n, 2], .i32), Self.f([n, 1], .i32), Self.f([2, n], .bool)]) { x in
        [concatenate([x[0], x[1] * 3, x[0] - 1], axis: 1), concatenate([x[2], x[2]], axis: 0)]
      }
      try add("gradients of parts \(n)", [Self.f([n, 6])]) { x in
        let parts = split(x[0], sizes: [1, 3, 2], axis: 1)
        let total = sum(exp(parts[0])) + sum(tanh(parts[1]) * parts[1]) + sum(sin(parts[2]) * parts[2] * parts[2])
        return [try x[0].gradient(of: total)]
      }
    }
    try Fleet.check(trials, threads: [1, 2, 3])
  }
}

extension Tensor {
  /// The gradient of a scalar with respect to this node of the trace in force.
  fileprivate func gradient(of total: Tensor) throws -> Tensor {
    try Trace.current!.gradients(of: total, withRespectTo: [self])[0]
  }
}
