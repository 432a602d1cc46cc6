// Whether a comparison of two computations of a trial would tell of the code: only where rounding does not show in the results.
// The trial is interpreted with the roundings of its operations drawn at random.

import DescentIR
import DescentInterpreter
import DescentOps

extension Trial {
  /// Whether all numbers are finite and of ordinary size, and the roundings of the operations, drawn a few times, move no output by
  /// more than a third of what the tolerance policy allows. Wider roundings, of fifty iterations in the last place, may move them fifty
  /// times as far: so no decision (a comparison, a rounding to an integer) stands close to where it would turn.
  func isWellConditioned() throws -> Bool {
    // The sign of a gradient that is zero but for roundings is a coin: two throws may well fall alike.
    let wide = graph.nodes.contains { $0.op.name == "sign" } ? 12 : 2
    let rounds: [(dice: Dice?, ulps: Double)] =
      [(nil, 0), (Dice(seed: 1), 1), (Dice(seed: 2), 1)] + (0..<wide).map { (Dice(seed: 3 + $0), 50) }
    let allowed = Tolerance(graph, steps: steps).relative / 3
    var plain: [HostArray] = []
    for round in rounds {
      var inputs = inputs
      var evaluation = RoughEvaluation(dice: round.dice, ulps: round.ulps)
      var outputs: [HostArray] = []
      for _ in 0..<steps {
        guard let results = evaluation.run(graph, inputs) else { return false }
        outputs = results
        for (k, input) in donations.enumerated() { if let input { inputs[input] = outputs[k] } }
      }
      if round.dice == nil { plain = outputs }
      for (a, b) in zip(plain, outputs) {
        let isSame =
          a.dtype.isFloating ? Tolerance.difference(a.doubles, b.doubles) <= allowed * Swift.max(round.ulps, 1) : a == b
        guard isSame else { return false }
      }
    }
    return true
  }
}

/// Interpretation with a relative error of so many ULP, times the root of the number of terms, on what rounds.
private struct RoughEvaluation {
  var dice: Dice?
  var ulps: Double
  /// No number may be greater: what grows without bound tells nothing.
  static let greatest = 1e4

  /// The outputs; nil where a number is not finite, or too great.
  mutating func run(_ graph: Graph, _ inputs: [HostArray]) -> [HostArray]? {
    var values: [NodeID: HostArray] = [:]
    var results: [Int: [HostArray]] = [:]
    for id in graph.ids {
      let node = graph[id]
      if let input = node.op as? Input {
        values[id] = inputs[input.index]
        continue
      }
      let operands = node.operands.compactMap { values[$0] }
      var value: HostArray
      switch node.op.kind {
      case .input: continue
      case .loop(let form):
        guard let all = run(form, operands) else { return nil }
        results[id.index] = all
        continue
      case .result(let number): value = results[node.operands[0].index]![number]
      case .operation(let op): value = op.evaluate(operands, node.type)
      }
      // The border of pools is infinite.
      if node.type.dtype.isFloating, node.type.shape.count > 0, !(node.op is Constant) {
        let numbers = value.doubles
        guard
          numbers.allSatisfy({ Swift.abs($0) < Self.greatest || $0 == -.infinity && node.op is Pad })
            || graph.isBorder(id)
        else { return nil }
        if dice != nil, let terms = graph.roundedTerms(id) {
          let size =
            ulps * (node.type.dtype == .f32 ? Double(Float.ulpOfOne) : Double.ulpOfOne) * Double(terms).squareRoot()
          value = HostArray(node.type) { numbers[$0] * (1 + size * dice!.unit()) }
        }
      }
      values[id] = value
    }
    return graph.outputs.map { values[$0]! }
  }

  /// The loop step by step, as `LoopForm.evaluate` goes.
  private mutating func run(_ form: LoopForm, _ x: [HostArray]) -> [HostArray]? {
    var carried = Array(x[form.carries])
    let constants = Array(x[form.constants])
    guard let length = form.length else {
      while carried[0].ints[0] != 0 {
        guard let next = run(form.body, carried + constants) else { return nil }
        carried = next
      }
      return carried
    }
    var steps = [[HostArray]](repeating: [], count: length)
    for step in form.isReversed ? Array((0..<length).reversed()) : Array(0..<length) {
      let slices = x[form.sequences].map { sequence -> HostArray in
        let shape = Shape(Array(sequence.shape.dimensions.dropFirst()))
        return sequence.picking(shape) { step * shape.count + $0 }
      }
      guard let next = run(form.body, carried + slices + constants) else { return nil }
      carried = Array(next[form.carryResults])
      steps[step] = Array(next[form.stepResults])
    }
    for (place, number) in form.stepResults.enumerated() {
      let parts: [[Double]] = steps.map {
        $0[place].dtype.isFloating ? $0[place].doubles : $0[place].ints.map { Double($0) }
      }
      let all = Array(parts.joined())
      carried.append(HostArray(form.resultTypes[number]) { all[$0] })
    }
    return carried
  }
}

extension Graph {
  /// Whether a node is a view of a field with an infinite border, or of infinity.
  fileprivate func isBorder(_ id: NodeID) -> Bool {
    switch lowering(of: id) {
    case .view, .reshape: isBorder(self[id].operands[0])
    case .pad: true
    case .constant: true
    default: false
    }
  }

  /// How many roundings a node's value has behind it; nil for one that is exact.
  fileprivate func roundedTerms(_ id: NodeID) -> Int? {
    let exact = [
      "negate", "abs", "select", "maximum", "minimum", "identity", "stopGradient", "floor", "round", "sign", "convert",
      "barrier",
    ]
    let types = self[id].operands.flatMap { self[$0].result.types }
    switch lowering(of: id) {
    case .pointwise:
      return exact.contains(self[id].op.name)
        ? (self[id].op.name == "convert" && types[0].dtype != self[id].type.dtype ? 1 : nil) : 1
    case .reduction(let reducer, let axes):
      return reducer == .sum || reducer == .product ? axes.reduce(1) { $0 * types[0].shape[$1] } : nil
    case .contraction(let axes): return axes.lhsContracting.reduce(1) { $0 * types[0].shape[$1] }
    case .fold(let sources):
      return sources.reduce(1) { $1.terms.count == 2 ? $0 * types[0].shape[$1.terms[1].axis] : $0 }
    case .scatter: return types[1].shape.count
    case .matrices(let kernel): return kernel.terms
    case .random(.normal): return 1
    default: return nil
    }
  }
}
