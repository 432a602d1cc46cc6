// Loops as C: forward and backward, small and shared among threads, one within another, with results that nobody reads.

import DescentIR
import DescentInterpreter
import DescentOps
import DescentPasses
import DescentTransforms
import Testing

@Suite struct LoopTests {
  private static func recurrence(_ x: [Tensor]) -> (Tensor, Tensor) {
    scan(x[0], over: x[1]) { (h: Tensor, slice: Tensor) in
      let next = tanh(matmul(slice, x[2]) + matmul(h, x[3]) + x[4])
      return (next, next * next)
    }
  }
  private static func types(_ batch: Int, _ size: Int, steps: Int) -> [TensorType] {
    [
      TensorType(.f32, [batch, size]), TensorType(.f32, [steps, batch, 3]), TensorType(.f32, [3, size]),
      TensorType(.f32, [size, size]),
      TensorType(.f32, [size]),
    ]
  }
  private static func trainingStep(_ x: [Tensor]) -> [Tensor] {
    let step = valueAndGrad { @Sendable (p: [Tensor]) in
      let (last, squares) = recurrence(p)
      return mean(last) + mean(squares)
    }
    let (loss, gradient) = step(x)
    return [loss] + zip(x, gradient).map { $0 - $1 * Float(0.1) }
  }

  static func trials() throws -> [Trial] {
    var trials: [Trial] = []
    for (name, batch, size, steps) in [("small", 2, 5, 7), ("shared", 48, 96, 9)] {
      let types = types(batch, size, steps: steps)
      trials.append(
        try Trial("\(name) recurrence", types) { x in
          let (a, b) = recurrence(x); return [a, b]
        })
      trials.append(try Trial("\(name) last carry alone", types) { [recurrence($0).0] })
      trials.append(try Trial("\(name) step results alone", types) { [recurrence($0).1] })
      trials.append(
        try Trial("\(name) training", types, donations: [nil] + types.indices.map { $0 }, steps: 3) { trainingStep($0) }
      )
      trials.append(
        try Trial("\(name) reversed gradient", types) { x in
          grad { @Sendable (p: [Tensor]) in
            let (_, states) = scan(p[0], over: p[1], isReversed: true) { (h: Tensor, s: Tensor) in
              let next = sin(matmul(h, p[3]) * Float(1 / Double(size)) + matmul(s, p[2]))
              return (next, next)
            }
            return sum(states * states)
          }(x)
        })
    }
    trials.append(
      try Trial("second derivative", types(2, 4, steps: 5)) { x in
        let first = grad { @Sendable (p: [Tensor]) in sum(recurrence(p).1) }
        return grad { @Sendable (p: [Tensor]) in
          let g = first(p)
          return sum(g[3] * g[3]) + sum(g[1])
        }(x)
      })
    trials.append(
      try Trial("tangents and a batch", types(2, 4, steps: 5)) { x in
        let f: @Sendable ([Tensor]) -> Tensor = { sum(recurrence($0).1) }
        let (_, tangent) = jvp(f)(x, x)
        let wide = vmap(grad(f))(x.map { stack([$0, $0 * Float(0.5)]) })
        return [tangent] + wide
      })
    trials.append(
      try Trial("nested", [TensorType(.f64, [6]), TensorType(.f64, [4])]) { x in
        let value: @Sendable (Tensor, Tensor) -> Tensor = { points, coefficients in
          scan(Tensor(0.0), over: points) { (total: Tensor, p: Tensor) in
            let (y, _) = scan(Tensor(0.0), over: coefficients) { (y: Tensor, c: Tensor) in (y * p + c, [Tensor]()) }
            return (total + y * y, [Tensor]())
          }.0
        }
        let g = grad(value)
        return [value(x[0], x[1]), g(x[0], x[1])]
      })
    trials.append(
      try Trial("swapped and constant carries", [TensorType(.f32, [3]), TensorType(.f32, [3])]) { x in
        let (last, seen) = scan([x[0], x[1], Tensor([Float(1), 2, 3])], count: 5) { (c: [Tensor], t: Tensor) in
          ([c[1], c[0] + convert(t, to: .f32), c[2]], c[2] * c[0])
        }
        return last + [seen]
      })
    trials.append(
      try Trial("of constants alone", [TensorType(.f32, [2])]) { x in
        let (last, seen) = scan(zeros([2]), over: Tensor([Float(1), 2, 3])) { (c: Tensor, s: Tensor) in (c * 0.5 + s, c)
        }
        return [x[0] + last, seen]
      })
    trials.append(
      try Trial("whileLoop", [TensorType(.f64, [])]) { x in
        [
          whileLoop([x[0] + 3.0, Tensor(0.0)], while: { abs($0[0] * $0[0] - 2.0) .> 1e-9 }) { c in
            [(c[0] + 2.0 / c[0]) * 0.5, c[1] + 1.0]
          }[1]
        ]
      })
    // Right operands of products that a step changes are not packed before the loop, those that none changes are.
    trials.append(
      try Trial(
        "products with changing right operands",
        [[24, 40], [40, 40], [5, 40, 40]].map { TensorType(.f32, Shape($0)) }
      ) { x in
        let (last, seen) = scan([x[1], x[0]], over: x[2]) { (c: [Tensor], s: Tensor) in
          let (a, b, d) = (tanh(matmul(x[0], c[0])), tanh(matmul(c[1], s)), matmul(c[1], x[1]))
          return ([tanh(matmul(s, c[0]) * 0.2), b], a + d)
        }
        return last + [seen]
      })
    trials.append(
      try Trial("random numbers by step", [TensorType(.f32, [4])]) { x in
        let (_, noise) = scan(x[0], count: 3) { (c: Tensor, t: Tensor) in
          (c, c + uniform([4], key: RandomKey(seed: Tensor(Int64(3)), stream: convert(t, to: .i64))))
        }
        return [noise]
      })
    return trials
  }

  @Test func asTheInterpreterSays() throws { try Fleet.check(try Self.trials()) }
  @Test func optimizedAsTheInterpreterSays() throws {
    try Fleet.check(
      try Self.trials().map { trial in
        var trial = trial
        trial.isOptimized = true
        return trial
      })
  }

  /// Everything shared out, however small: threads see what others wrote in a step, also after the compiler has inlined it all.
  @Test func sharedAsTheInterpreterSays() throws {
    let trials = try Self.trials().map { trial in
      var trial = trial
      (trial.isOptimized, trial.parallelThreshold) = (true, 0)
      return trial
    }
    for trial in trials {
      for line in try trial.program(0).text.split(separator: "\n")
      where line.contains("(int64_t thread, int64_t threads") {
        #expect(!line.contains("DSC_RESTRICT"), "\(trial.name)")
      }
    }
    try Fleet.check(trials, threads: [1, 2, 3])
  }

  @Test func textReadsBack() throws {
    for trial in try Self.trials() {
      let again = try Graph.parse(trial.graph.text, operations: registry + structural)
      #expect(again.text == trial.graph.text && again == trial.graph)
    }
  }

  /// Nodes that give several tensors are taken out of by `result` nodes alone, and by numbers that there are.
  @Test func whatALoopGivesIsNoTensor() throws {
    var body = Graph()
    body.outputs = [body.addInput("carry", TensorType(.f32, [3]))]
    body.outputLabels = ["carry"]
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.f32, [3]))
    let loop = try graph.append(Loop(LoopForm(body: body, carries: 1, sequences: 0, length: 2)), [x])
    #expect(graph[loop].result == .several([TensorType(.f32, [3])]))
    #expect(throws: DescentError.self) { try graph.append(Negate(), [loop]) }
    #expect(throws: DescentError.self) { try graph.append(LoopResult(1), [loop]) }
    #expect(throws: DescentError.self) { try graph.append(LoopResult(0), [x]) }
    let result = try graph.append(LoopResult(0), [loop])
    #expect(graph[result].type == TensorType(.f32, [3]))
    (graph.outputs, graph.outputLabels) = ([loop], ["y"])
    #expect(throws: DescentError.self) { try graph.verify() }
    graph.outputs = [result]
    try graph.verify()
    let text = graph.text
    #expect(text.contains("length=2, reversed=false") && text.contains("} : (f32[3])\n"))
    for (good, bad) in [("number=0", "number=1"), ("} : (f32[3])", "} : f32[3]"), ("length=2", "length=-1")] {
      let broken = text.replacing(good, with: bad)
      #expect(broken != text && (try? Graph.parse(broken, operations: registry + structural)) == nil)
    }
  }

  @Test func whatNobodyReadsIsNotCarriedKeptOrStacked() throws {
    let graph = try traced([TensorType(.f32, [3]), TensorType(.f32, [5, 3])]) { x in
      let (last, _) = scan([x[0], x[0]], over: [x[1], x[1] * 2]) { (c: [Tensor], s: [Tensor]) in
        ([c[0] + s[0], c[1] * s[1]], [c[0], exp(s[1])])
      }
      return [last[0]]
    }
    let optimized = try optimize(graph, check: true)
    let first = optimized.nodes.compactMap { ($0.op as? Loop)?.form }.first
    let form = try #require(first)
    #expect(form.carries.count == 1 && form.sequences.count == 1 && form.body.outputs.count == 1)
  }

  /// The weights' gradient of a recurrence is one product over all steps, not a sum carried from step to step.
  @Test func weightsAreDifferentiatedOutsideTheLoop() throws {
    let graph = try traced(Self.types(4, 5, steps: 6)) { x in
      let g = grad { @Sendable (p: [Tensor]) in sum(Self.recurrence(p).0) }(x)
      return [g[2], g[3], g[4]]
    }
    let loops = try optimize(graph, check: true).nodes.compactMap { ($0.op as? Loop)?.form }
    #expect(loops.count == 2)
    #expect(loops[1].carries.count == 1)
  }

  /// With a checkpointed body the forward loop keeps carries alone, and derivatives are the same.
  @Test func checkpointedStepsKeepCarriesAlone() throws {
    func trial(_ isCheckpointed: Bool) throws -> Trial {
      try Trial(
        "recurrence, checkpointed: \(isCheckpointed)",
        [TensorType(.f64, [2, 5]), TensorType(.f64, [5, 5]), TensorType(.f64, [7, 2, 5])]
      ) { x in
        let step = { @Sendable (h: Tensor, w: Tensor, s: Tensor) -> Tensor in
          tanh(matmul(sin(matmul(h, w) * 0.2), w) + s)
        }
        let wise = checkpoint(step)
        let g = grad { @Sendable (w: Tensor) in
          sum(
            square(
              scan(x[0], over: x[2]) { (h: Tensor, s: Tensor) in
                (isCheckpointed ? wise(h, w, s) : step(h, w, s), [Tensor]())
              }.0))
        }
        return [g(x[1])]
      }
    }
    var kept: [Int] = []
    var values: [[Double]] = []
    for isCheckpointed in [false, true] {
      var trial = try trial(isCheckpointed)
      trial.isOptimized = true
      try Fleet.check([trial], threads: [1, 2])
      values.append(try trial.expected()[0].doubles)
      let loops = try optimize(trial.graph, check: true).nodes.compactMap { ($0.op as? Loop)?.form }
      kept.append(loops[0].stepResults.count)
    }
    #expect(Tolerance.difference(values[0], values[1]) < 1e-13)
    #expect(kept == [3, 1])
  }
}
