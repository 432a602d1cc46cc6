// Memory taken over from inputs, and barriers: no call may see memory that another has half written.

import DescentCCode
import DescentIR
import DescentLoops
import DescentOps
import DescentTransforms
import Foundation
import Testing

@Suite struct MemoryTests {
  /// Functions of two parameters of one shape, with the inputs that their outputs take over.
  @Test(arguments: [false, true])
  func memoryTakenOver(_ isOptimized: Bool) throws {
    var trials: [Trial] = []
    for shape in [[5, 5], [1, 1], [150, 150], [0, 0]] as [Shape] {
      func add(_ name: String, _ donations: [Int?], _ body: ([Tensor]) throws -> [Tensor]) throws {
        for steps in [1, 3] {
          var trial = try Trial(
            "\(name) \(shape) \(steps) steps", [TensorType(.f32, shape), TensorType(.f32, shape)], donations: donations,
            steps: steps, body)
          trial.isOptimized = isOptimized
          trials.append(trial)
        }
      }
      let n = shape[0]
      try add("update", [0]) { x in [x[0] - 0.1 * x[1]] }
      try add("update of both by each other", [0, 1]) { x in [x[0] * 0.5 + x[1] * 0.1, x[1] * 0.5 - x[0] * 0.1] }
      try add("swap", [0, 1]) { x in [x[1], x[0]] }
      try add("swap and more", [0, 1, nil]) { x in [x[1], x[0], x[0] - x[1]] }
      try add("the old value is asked for too", [0, nil]) { x in [x[0] - 0.1 * x[1], x[0]] }
      try add("the old value is needed later", [0, nil]) { x in
        let y = x[0] * 0.5
        return [y, tanh(matmul(y, x[0])) + x[0]]
      }
      try add("the old value is summed", [0, nil]) { x in [x[0] * 0.5 + x[1], sum(x[0] * x[0]) * 0.01] }
      try add("reversed", [0]) { x in [reverse(x[0], axes: [0])] }
      try add("transposed", [0]) { x in [transpose(x[0], [1, 0])] }
      try add("plus its transpose", [0]) { x in [x[0] * 0.3 + transpose(x[0], [1, 0]) * 0.2] }
      try add("shifted", [0]) { x in
        n == 0
          ? [x[0]]
          : [
            concatenate(
              [slice(x[0], start: [1, 0], limit: [n, n]), slice(x[0], start: [0, 0], limit: [1, n])], axis: 0)
          ]
      }
      try add("padded", [0]) { x in
        n == 0 ? [x[0]] : [pad(slice(x[0], start: [0, 0], limit: [n - 1, n]), low: [1, 0], high: [0, 0])]
      }
      try add("product with itself", [0]) { x in [tanh(matmul(x[0], x[0]) * 0.1)] }
      try add("product in its own epilogue", [0]) { x in [x[0] - 0.1 * tanh(matmul(x[1], x[1]))] }
      try add("product of it in its own epilogue", [0]) { x in [x[0] - 0.1 * tanh(matmul(x[0], x[1]))] }
      try add("minus its mean", [0]) { x in [x[0] - mean(x[0], axes: [0], keepAxes: true)] }
      try add("softmax", [0]) { x in n == 0 ? [x[0]] : [softmax(x[0])] }
      try add("gathered", [0]) { x in n == 0 ? [x[0]] : [gather(x[0], convert(iota([n]) * 0.7, to: .i32))] }
      try add("scattered into", [0]) { x in
        [.apply(Scatter(axis: 0, .sum), [x[0], convert(iota([n]) * 0.7, to: .i32), x[1] * 0.1])]
      }
      try add("scattered onto itself", [0]) { x in
        [.apply(Scatter(axis: 1, .sum), [x[0] * 0.5, convert(iota([n]) * 0.3, to: .i32), x[0] * 0.1])]
      }
      for combine in [nil] + Reducer.allCases {
        try add("\(combine?.rawValue ?? "set") in place", [0]) { x in
          [.apply(Scatter(axis: 0, combine), [x[0], convert(iota([n]) * 0.7, to: .i32), x[1] * 0.1])]
        }
      }
      try add("put in the order of its own rows", [0]) { x in
        [.apply(Scatter(axis: 0, nil), [x[0], reverse(iota([n], dtype: .i32), axes: [0]), x[0]])]
      }
      try add("its own input", [0]) { x in [x[0]] }
      try add("the other input", [0]) { x in [x[1]] }
      try add("an output given twice", [nil, nil]) { x in
        let y = exp(x[0] * 0.1)
        return [y, y]
      }
      try add("an output given twice to two inputs", [0, 1]) { x in
        let y = tanh(x[0] + x[1])
        return [y, y]
      }
      try add("an output given twice, once to an input", [nil, 1]) { x in
        let y = tanh(x[0] + x[1])
        return [y, y]
      }
      try add("an input given twice", [0, 1]) { x in [x[0], x[0]] }
      try add("a constant", [0, nil]) { x in [filled(3, x[0].type), filled(3, x[0].type)] }
      try add("a constant and the old value", [0, nil]) { x in [filled(3, x[0].type), x[0] * 2] }
      try add("a chain through both", [0, 1]) { x in
        let a = tanh(x[0] + x[1])
        return [a, x[1] - 0.1 * a * x[0]]
      }
      try add("crossed sums", [0, 1]) { x in
        [x[0] - 0.01 * sum(x[1], axes: [0], keepAxes: true), x[1] - 0.01 * sum(x[0], axes: [1], keepAxes: true)]
      }
      try add("crossed products", [1, 0]) { x in [tanh(matmul(x[0], x[1])), tanh(matmul(x[1], x[0]))] }
      try add("another type", [0, 1]) { x in [convert(x[0] + x[1], to: .f64), sum(x[0]) + x[1]] }
      try add("both outputs in one kernel, one of them new", [0, nil]) { x in
        let y = x[0] * 0.5
        return [y, y + x[0] * x[1]]
      }
      try add("a product, and its sum with the old value", [0, nil]) { x in
        let y = tanh(matmul(x[1], x[1]) * 0.1)
        let z = matmul(x[1], x[1]) * 1
        return [z, z + x[0], y]
      }
      try add("a sum, and its sum with the old value", [0, nil]) { x in
        let z = sum(stack([x[1], x[1] * 2, x[1]]), axes: [0])
        return [z, z + x[0]]
      }
      try add("momentum", [0, 1]) { x in
        let g = x[0] * 2 - 1
        let m = x[1] * 0.9 + g
        return [x[0] - 0.01 * m, m]
      }
    }
    try Fleet.check(trials)
  }

  /// Several values of one loop nest are written by it.
  @Test func severalOutputs() throws {
    var trials: [Trial] = []
    for shape in [[7], [33, 40], [200, 300]] as [Shape] {
      trials.append(
        try Trial("pointwise \(shape)", [TensorType(.f32, shape), TensorType(.f32, shape)]) { x in
          let (a, b) = (x[0] + x[1], x[0] * x[1])
          return [a, b, a * b, a .> b, convert(a, to: .i32), exp(a), tanh(b) + sum(a)]
        })
      trials.append(
        try Trial("reduction \(shape)", [TensorType(.f32, shape)]) { x in
          let s = sum(x[0], axes: [0])
          return [s, s * 2, tanh(s), exp(s * 0.01) + tanh(s), max(x[0], axes: [0]), mean(x[0])]
        })
    }
    // Tensors with one element may share a kernel with scalars, whatever their rank.
    trials.append(
      try Trial("single elements", [TensorType(.f32, []), TensorType(.f32, [1, 1]), TensorType(.f32, [1])]) { x in
        let s = exp(x[0])
        let m = tanh(transpose(x[1], [1, 0])) + slice(x[1], start: [0, 0], limit: [1, 1])
        return [
          s, m, reshape(s, [1, 1]) * m, x[2] + reshape(m, [1]), reverse(x[2], axes: [0]) * s,
          gather(exp(x[2]), Tensor([Int32(3)])),
        ]
      })
    try Fleet.check(trials)
  }

  /// A row that is put into what the result takes over costs a row, also as the carry of a loop.
  @Test func aRowPutInPlaceCostsARow() throws {
    func steps(_ table: Tensor) -> [Tensor] {
      let (last, _): (Tensor, [Tensor]) = scan(table, count: 5) { table, step in
        (table.at[step].set(table[step + 1] * 2), [])
      }
      return [last]
    }
    for (name, donations, body) in [
      ("row", [0], { x in [x[0].at[7].set(x[0][8] + 1)] }),
      ("row by a tensor", [0], { x in [x[0].at[convert(sum(x[0]), to: .i32)].set(x[0][8] + 1)] }),
      ("rows of a loop", [nil], { steps($0[0]) }),
    ] as [(String, [Int?], ([Tensor]) -> [Tensor])] {
      let trial = try Trial(name, [TensorType(.f32, [4000, 3])], donations: donations, body)
      try Fleet.check([trial])
      let plan = try trial.program(0).plan
      let bodies = plan.functions.compactMap(\.scan?.body)
      // The sum of the second one reads all rows once.
      let work = (bodies.isEmpty ? [plan] : bodies).flatMap(\.functions).map(\.work)
      #expect(!work.isEmpty && work.count { $0 >= 4000 } == (name == "row by a tensor" ? 1 : 0), "\(name): \(work)")
    }
  }

  /// Between two barriers, no call that threads share may touch memory that another call writes.
  @Test func barriersStandWhereTheyMust() throws {
    for trial in try programs() {
      let program = try trial.program(0)
      let step = Step(program.plan)
      #expect(step.conflicts() == [], "\(trial.name)")
      // What is placed in the arena lies within it.
      #expect(step.regions.allSatisfy { $0.range.upperBound <= program.arenaBytes }, "\(trial.name)")
      // A barrier stands where the plan has one.
      #expect(program.text.split(separator: "\n").count { $0 == "  DSC_BARRIER" } == program.barriers, "\(trial.name)")
      #expect(step.overlaps() == [], "\(trial.name)")
    }
  }

  /// Programs with many calls, large enough that calls are shared out, or made to be.
  private func programs() throws -> [Trial] {
    // A loop is a step of its own, whose calls the reading of this one does not see.
    var trials: [Trial] = []
    for seed in 500... {
      if trials.count == 12 { break }
      var trial = try RandomProgram(seed: seed).trial()
      trial.parallelThreshold = 0
      if !trial.graph.nodes.contains(where: { $0.op is Loop }) { trials.append(trial) }
    }
    let f = { (dimensions: [Int]) in TensorType(.f32, Shape(dimensions)) }
    trials.append(
      try Trial(
        "network", [f([256, 300]), f([300, 200]), f([200]), f([200, 10]), f([256, 10])], donations: [nil, 1, 2, 3]
      ) { x in
        let h = maximum(matmul(x[0], x[1]) + x[2], 0)
        let loss = mean(square(matmul(h, x[3]) - x[4]))
        let g = try Trace.current!.gradients(of: loss, withRespectTo: Array(x[1...3]))
        return [loss] + zip(x[1...3], g).map { $0 - 0.1 * $1 }
      })
    trials.append(
      try Trial("long sums", [f([300, 70_000])]) { x in
        [sum(x[0]), sum(square(x[0])), sum(x[0], axes: [0]), max(x[0], axes: [1])]
      })
    return trials
  }
}

/// Which call of a step touches which bytes between which barriers.
private struct Step {
  struct Region {
    var base: String
    var range: Range<Int>
    var name: String
    var calls: ClosedRange<Int>?
  }
  struct Call {
    var isShared: Bool
    var segment: Int
    var touches: [(region: Region, isWritten: Bool)]
  }
  var calls: [Call] = []
  var regions: [Region] = []

  init(_ plan: StepPlan) {
    regions = plan.temporaries.map {
      Region(
        base: "arena", range: $0.offset..<$0.offset + $0.life.bytes, name: plan.describe($0.buffer),
        calls: $0.life.first...$0.life.last)
    }
    let placed = Dictionary(uniqueKeysWithValues: zip(plan.temporaries.map(\.buffer), regions))
    func external(_ place: Int) -> Region {
      Region(base: "io\(place)", range: 0..<plan.externals[place].type.byteCount, name: plan.externals[place].label)
    }
    var segment = 0
    for call in plan.calls {
      if call.waits { segment += 1 }
      let touches = zip(call.buffers, plan.functions[call.function].parameters).compactMap {
        buffer, parameter -> (Region, Bool)? in
        switch buffer {
        case .input(let i): (external(i), parameter.isWritten)
        case .output(let k): (external(plan.outputPlaces[k]), parameter.isWritten)
        case .node, .partial: (placed[buffer]!, parameter.isWritten)
        case .constant: nil
        }
      }
      calls.append(Call(isShared: call.isShared, segment: segment, touches: touches))
    }
  }

  /// Pairs of calls between which a barrier is missing.
  func conflicts() -> [String] {
    var found: [String] = []
    for b in calls.indices {
      for a in 0..<b where calls[a].segment == calls[b].segment && (calls[a].isShared || calls[b].isShared) {
        for x in calls[a].touches {
          for y in calls[b].touches
          where (x.isWritten || y.isWritten) && x.region.base == y.region.base
            && x.region.range.overlaps(y.region.range)
          {
            found.append("calls \(a) and \(b): \(x.region.name) and \(y.region.name)")
          }
        }
      }
    }
    return found
  }

  /// Pairs of arrays that live at the same time in the same bytes; and calls that touch an array outside its life.
  func overlaps() -> [String] {
    var found: [String] = []
    for (i, a) in regions.enumerated() {
      for b in regions[..<i] where a.calls!.overlaps(b.calls!) && a.range.overlaps(b.range) {
        found.append("\(a.name) and \(b.name)")
      }
    }
    for (number, call) in calls.enumerated() {
      for touch in call.touches where touch.region.base == "arena" && !touch.region.calls!.contains(number) {
        found.append("call \(number) touches \(touch.region.name), which lives in \(touch.region.calls!)")
      }
    }
    return found
  }
}
