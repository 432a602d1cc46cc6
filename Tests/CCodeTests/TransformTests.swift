// Transforms and their compositions as C, against the interpreter; and what checkpoints do to memory.

import DescentCCode
import DescentDriver
import DescentIR
import DescentOps
import DescentPasses
import DescentTransforms
import Testing

@Suite struct TransformTests {
  private static let block: @Sendable (Tensor, Tensor) -> Tensor = { x, w in
    let h = tanh(matmul(x, w))
    return x + matmul(h * sigmoid(h) + sin(h), transpose(w))
  }

  @Test func compositionsAsC() throws {
    let loss: @Sendable (Tensor, Tensor) -> Tensor = { w, x in
      let y = logSoftmax(tanh(matmul(x, w)))
      return -sum(gather(y, argmax(x) - argmax(x))) + sum(max(w, axes: [0])) + product(x)
    }
    let square: @Sendable (Tensor) -> Tensor = { x in sum(exp(x) * x / (2 + cos(x))) }
    let custom = customGradient({ @Sendable (x: Tensor) in sin(x) }, vjp: { x, y, dy in dy * cos(x) * (1 + y) })
    let gradient = grad(loss), along = jvp(loss), hvp = hessianVectorProduct(loss), block = Self.block
    let perExample = vmap(gradient, in: [nil, 0]), losses = vmap(loss, in: [nil, 0])
    let twice = vmap(vmap(loss, in: [nil, 0]), in: [0, nil])
    let saved = checkpoint(block)
    let wide = vmap(saved, in: [0, nil])
    let derivatives: [(String, [Shape], @Sendable ([Tensor]) -> [Tensor])] = [
      (
        "jvp", [[4, 3], [4, 3], [4]],
        { x in
          let (value, tangent) = along(x[0], x[1], x[2])
          return [value, tangent]
        }
      ),
      ("per-example gradients", [[4, 3], [5, 4]], { x in [perExample(x[0], x[1])] }),
      ("nested vmap", [[2, 4, 3], [5, 4]], { x in [twice(x[0], x[1])] }),
      (
        "grad of vmap", [[4, 3], [5, 4]],
        { x in
          [grad { @Sendable (w: Tensor) in mean(losses(w, x[1])) }(x[0])]
        }
      ),
      ("hvp", [[4, 3], [4, 3], [4]], { x in [hvp(x[0], x[1], x[2])] }),
      (
        "hessian and jacobian", [[6]],
        { x in
          [hessian(square)(x[0]), jacobian { @Sendable (x: Tensor) in x[0..<3] * exp(x[3..<6]) }(x[0])]
        }
      ),
      (
        "checkpoint", [[5, 4], [4, 7]],
        { x in
          [grad { @Sendable (w: Tensor) in sum(saved(saved(x[0], w), w)) }(x[1])]
        }
      ),
      (
        "vmap of checkpoint", [[3, 5, 4], [4, 7]],
        { x in
          [grad { @Sendable (w: Tensor) in sum(wide(x[0], w)) }(x[1])]
        }
      ),
      (
        "custom gradient", [[7]],
        { x in
          [
            grad { @Sendable (x: Tensor) in sum(custom(x) * x) }(x[0]),
            hessian { @Sendable (x: Tensor) in sum(custom(x)) }(x[0]),
          ]
        }
      ),
      (
        "cond", [[4, 3]],
        { x in
          let f: @Sendable (Tensor) -> Tensor = { row in
            cond(sum(row) .> 0.5, then: { sum(sqrt(maximum(row, 0.1))) }, else: { sum(row * row) })
          }
          return [vmap(f)(x[0]), vmap(grad(f))(x[0]), vmap(hessian(f))(x[0])]
        }
      ),
    ]
    var trials: [Trial] = []
    for (number, (name, shapes, body)) in derivatives.enumerated() {
      for dtype in [DType.f32, .f64] {
        var trial = try Trial("\(name) \(dtype.name)", shapes.map { TensorType(dtype, $0) }, seed: Int64(number + 1)) {
          body($0)
        }
        trial.isOptimized = true
        trials.append(trial)
      }
    }
    // Marks and barriers also as they are traced, without the passes.
    for trial in trials
    where trial.name.contains("checkpoint") || trial.name.contains("custom") || trial.name.contains("cond") {
      var asTraced = trial
      asTraced.name += " as traced"
      asTraced.isOptimized = false
      trials.append(asTraced)
    }
    trials += try trainingSteps()
    try Fleet.check(trials, threads: [1, 3])
  }

  /// Steps of gradient descent that take over the weights' memory, with a checkpointed network: by kernels, and by chunks.
  private func trainingSteps() throws -> [Trial] {
    let layer: @Sendable (Tensor, Tensor) -> Tensor = { tanh(matmul($0, $1)) }
    let wide: (String, Shape, Shape, Shape) = ("kernels", [64, 32], [32, 256], [32, 256])
    let small: (String, Shape, Shape, Shape) = ("chunks", [128, 4], [4, 10], [10, 4])
    return try [wide, small].map { name, input, first, second in
      let saved = checkpoint(name == "kernels" ? Self.block : layer)
      let graph = try traced([first, second, input].map { TensorType(.f32, $0) }) { x in
        let input = x[2]
        let gradient = grad { @Sendable (w: [Tensor]) in mean(square(saved(saved(input, w[0]), w[1]))) }([x[0], x[1]])
        return [x[0] - 0.01 * gradient[0], x[1] - 0.01 * gradient[1]]
      }
      let trial = Trial(
        name: "training by \(name)", graph: graph, inputs: drawInputs(graph, seed: 9, range: -0.2...0.2),
        donations: [0, 1],
        isOptimized: true, steps: 3)
      #expect(try trial.program(0).text.contains("for (int64_t chunk") == (name == "chunks"))
      return trial
    }
  }

  /// A deep chain of blocks that are wide inside: with checkpoints its backward pass keeps the inputs of the blocks alone.
  private func chain(depth: Int, _ isSaved: Bool) throws -> (program: StepProgram, trial: Trial) {
    let (rows, width, inner) = (64, 32, 256)
    let block = isSaved ? checkpoint(Self.block) : Self.block
    let types = [TensorType(.f32, [rows, width])] + (0..<depth).map { _ in TensorType(.f32, [width, inner]) }
    let graph = try traced(types) { x in
      let start = x[0]
      let (value, gradient) = valueAndGrad { @Sendable (w: [Tensor]) in
        sum(square(w.reduce(start) { block($0, $1) }))
      }(Array(x.dropFirst()))
      return [value] + gradient
    }
    let trial = Trial(
      name: "chain", graph: graph, inputs: drawInputs(graph, seed: 5, range: -0.1...0.1), isOptimized: true)
    // Left as it is where values are kept: what is seen is what `checkpoint` itself saves.
    return (StepProgram(try fuse(try optimize(graph)), prefix: "chain"), trial)
  }

  @Test func checkpointsNeedLessMemory() throws {
    let wide = 64 * 256 * 4
    var kept: [Int] = []
    for depth in [4, 8, 16] {
      let (plain, saved) = (try chain(depth: depth, false).program, try chain(depth: depth, true).program)
      // Without, tanh and its sum of functions live for every block; with, for one at a time.
      #expect(plain.arenaBytes > depth * wide, "\(depth): \(plain.arenaBytes)")
      kept.append(saved.arenaBytes)
      #expect(saved.arenaBytes * 3 < plain.arenaBytes, "\(depth): \(saved.arenaBytes) of \(plain.arenaBytes)")
    }
    // What a further block adds is its input, not what is wide in it.
    #expect(kept[2] - kept[1] == 8 * 64 * 32 * 4, "\(kept)")
    let (_, trial) = try chain(depth: 4, true)
    try Fleet.check([trial], threads: [1, 2])
  }

  /// The recomputation stays one: nothing of it is merged with the forward pass.
  @Test func recomputationIsNotMerged() throws {
    func count(_ isSaved: Bool) throws -> Int {
      let graph = try optimize(try chain(depth: 3, isSaved).trial.graph, check: true)
      return graph.nodes.count { $0.op is Tanh }
    }
    #expect(try count(false) == 3)
    #expect(try count(true) == 6)
  }

  /// What is emitted names the user's lines, also where batching rules stand for operations.
  @Test func emittedCommentsNameTheUser() throws {
    let line = #line + 1
    let f: @Sendable (Tensor, Tensor) -> Tensor = { x, w in sum(softmax(matmul(x, w)) * x) }
    let graph = try traced([TensorType(.f32, [40, 30]), TensorType(.f32, [30, 30])]) { x in
      let gradients = vmap(grad(f), in: [0, nil])
      return [gradients(x[0], x[1])]
    }
    let program = StepProgram(try fuse(try optimize(graph)), prefix: "t")
    #expect(program.text.contains("CCodeTests/TransformTests.swift:\(line)"))
    #expect(!program.text.contains("DescentOps/"))
    // What a checkpoint recomputes says so.
    #expect(try chain(depth: 1, true).program.text.contains("adjoint of checkpoint: "))
  }
}
