// Chunks: whole training steps of small networks, the batch on the lanes, against the interpreter and on several threads.

import DescentCCode
import DescentIR
import DescentOps
import DescentPasses
import DescentTransforms
import Testing

@Suite struct ChunkTests {
  /// Losses of rows, targets and predictions.
  enum Loss: CaseIterable {
    case squares, crossEntropy, weighted
    func callAsFunction(_ y: Tensor, _ target: Tensor) -> Tensor {
      switch self {
      case .squares: mean(square(y - target))
      case .crossEntropy: -sum(target * logSoftmax(y)) / y.shape[0]
      // Weights of the rows reach over the outputs, and a row's mean is taken away: sums within a row and a view of them.
      case .weighted: sum(abs(y - target - mean(y, axes: [1], keepAxes: true)) * exp(-square(target))) / 7
      }
    }
  }

  /// A step of gradient descent with momentum: loss, parameters and momentum in place.
  private func step(_ sizes: [Int], rows: Int, _ loss: Loss, _ dtype: DType) throws -> Trial {
    var types = [TensorType(dtype, [rows, sizes[0]]), TensorType(dtype, [rows, sizes.last!])]
    for (i, o) in zip(sizes, sizes.dropFirst()) { types += [TensorType(dtype, [i, o]), TensorType(dtype, [o])] }
    let count = types.count - 2
    types += types[2...]
    var trial = try Trial(
      "\(sizes) on \(rows) rows, \(loss), \(dtype.name)", types, seed: Int64(rows),
      donations: [nil] + (2..<types.count).map { $0 }
    ) { x in
      let parameters = Array(x[2..<2 + count]).map { Tensor.apply(Identity(), [$0]) }
      var h = x[0]
      for layer in 0..<count / 2 {
        h = matmul(h, parameters[2 * layer]) + parameters[2 * layer + 1]
        if layer < count / 2 - 1 { h = layer % 2 == 0 ? tanh(h) : relu(h) }
      }
      var value = loss(h, x[1])
      // What reads parameters after the rows must do so before they are replaced.
      if loss == .crossEntropy { value = parameters.reduce(value) { $0 + sum(square($1)) * 0.01 } }
      let gradients = try Trace.current!.gradients(of: value, withRespectTo: parameters)
      let momentum = zip(x[(2 + count)...], gradients).map { $0 * 0.9 + $1 }
      return [value] + zip(x[2..<2 + count], momentum).map { $0 - $1 * 0.01 } + momentum
    }
    trial.isOptimized = true
    return trial
  }

  @Test(arguments: [DType.f32, .f64])
  func stepsAreTheInterpreters(_ dtype: DType) throws {
    var trials: [Trial] = []
    for loss in Loss.allCases {
      let all = [([1, 10, 10, 1], 400), ([3, 7, 5], 64), ([5, 6, 4], 1600), ([9, 8, 7, 6, 5], 96)]
      for (sizes, rows) in dtype == .f32 ? all : Array(all.prefix(2)) {
        trials.append(try step(sizes, rows: rows, loss, dtype))
      }
    }
    // Every one of them is of the kind that is meant here.
    for trial in trials { #expect(try trial.program(0).text.contains("int64_t chunk = lo"), "\(trial.name)") }
    #expect(try Fleet.failures(trials, threads: [1, 2, 3, 4, 8]) == [])
  }

  /// Steps that chunks do not fit: other rows' values, too many sums, rows that do not fill tiles, values wanted outside.
  @Test func othersStaySeparate() throws {
    let types = [TensorType(.f32, [64, 4]), TensorType(.f32, [4, 5])]
    let trials = [
      try step([3, 7, 5], rows: 72 + 1, .squares, .f32), try step([40, 40, 5], rows: 64, .squares, .f32),
      try Trial("rows shifted", types) { x in
        let h = tanh(matmul(x[0], x[1]))
        let shifted = concatenate([h[1..<64], h[0..<1]], axis: 0)
        return [matmul(transpose(x[0]), h * shifted), sum(h, axes: [0])]
      },
      try Trial("rows reversed", types) { x in
        let h = tanh(matmul(x[0], x[1]))
        let back = h[stride(from: 0, to: 64, by: 1)]
        return [matmul(transpose(x[0]), h * reverse(back, axes: [0])), sum(h, axes: [0])]
      },
      try Trial("values wanted", types) { x in
        let h = tanh(matmul(x[0], x[1]))
        return [h, matmul(transpose(x[0]), h * h), sum(h, axes: [0])]
      },
      try Trial("centred over the batch", types) { x in
        let h = matmul(x[0], x[1])
        let centred = h - mean(h, axes: [0], keepAxes: true)
        return [matmul(transpose(x[0]), tanh(centred)), sum(square(centred), axes: [0])]
      },
    ]
    #expect(try Fleet.failures(trials, threads: [1, 2, 3]) == [])
  }
}
