// Makes a failing trial smaller as long as it fails: fewer steps, no passes, fewer outputs, nodes that become inputs with their own
// values, loops of fewer steps with less in their bodies.

import DescentIR
import DescentInterpreter
import DescentOps
import DescentPasses

struct Shrinker {
  var threads: [Int]
  var builds: [CBuild]
  /// Attempts that run the C compiler.
  static let budget = 200

  /// How much must be run for a failure to show.
  private enum Stage {
    /// The interpreter alone: twins that differ, or passes that change values.
    case interpreted
    /// C without optimization, on one thread.
    case plain
    case whole
  }

  func shrink(_ trial: Trial) -> (trial: Trial, failure: String) {
    guard let stage = [Stage.interpreted, .plain, .whole].first(where: { failure(trial, $0) != nil }) else {
      return (trial, "(gone in a program of its own)")
    }
    var (best, budget) = (trial, stage == .interpreted ? 20_000 : Self.budget)
    func accept(_ candidate: Trial?) -> Bool {
      guard budget > 0, let candidate else { return false }
      budget -= 1
      guard failure(candidate, stage) != nil else { return false }
      best = candidate
      return true
    }
    for steps in 1..<max(trial.steps, 1) where best.steps == trial.steps { _ = accept(with(best) { $0.steps = steps }) }
    if stage != .interpreted { _ = accept(with(best) { $0.isOptimized = false }) }
    _ = accept(with(best) { $0.parallelThreshold = nil })
    var before = -1
    while before != best.size, budget > 0 {
      before = best.size
      for k in best.graph.outputs.indices.reversed() where best.graph.outputs.count > 1 {
        _ = accept(best.withoutOutput(k))
      }
      for k in best.donations.indices where best.donations[k] != nil {
        _ = accept(with(best) { $0.donations[k] = nil })
      }
      // Nodes become inputs with their own values: late ones first, with what stands behind them.
      var index = best.graph.nodes.count - 1
      while index >= 0, budget > 0 {
        index = min(index, best.graph.nodes.count - 1)
        if index >= 0, !accept(best.withInput(for: NodeID(index))) { index -= 1 }
      }
      for id in best.graph.ids.reversed()
      where id.index < best.graph.nodes.count && best.graph[id].op is DescentOps.Loop {
        var inner = (best.graph[id].op as! DescentOps.Loop).form.body.nodes.count - 1
        while inner >= 0, budget > 0, id.index < best.graph.nodes.count,
          let loop = best.graph[id].op as? DescentOps.Loop
        {
          inner = min(inner, loop.form.body.nodes.count - 1)
          if inner >= 0, !accept(best.withConstant(for: NodeID(inner), inLoop: id)) { inner -= 1 }
        }
      }
    }
    return (best, failure(best, stage) ?? "(gone)")
  }

  private func with(_ trial: Trial, _ change: (inout Trial) -> Void) -> Trial {
    var trial = trial
    change(&trial)
    return trial
  }

  private func failure(_ trial: Trial, _ stage: Stage) -> String? {
    do {
      switch stage {
      case .interpreted:
        let expected = try trial.expected(), tolerance = Tolerance(trial.graph, steps: trial.steps)
        for twins in trial.twins {
          if let difference = difference(expected[twins.second], expected[twins.first], tolerance) {
            return "outputs \(twins.first) and \(twins.second) should agree, interpreted: \(difference)"
          }
        }
        guard trial.isOptimized else { return nil }
        var other = trial
        other.graph = try optimize(trial.graph, check: true)
        for (k, (a, b)) in zip(expected, try other.expected()).enumerated() {
          if let difference = difference(a, b, tolerance) {
            return "output \(k) after the passes, interpreted: \(difference)"
          }
        }
        return nil
      case .plain: return try Fleet.failing([trial], threads: [1], builds: [.plain]).first?.failure
      case .whole: return try Fleet.failing([trial], threads: threads, builds: builds).first?.failure
      }
    } catch { return "\(error)" }
  }
}

extension Trial {
  fileprivate var size: Int {
    graph.outputs.count + graph.nodes.reduce(0) { $0 + 1 + (($1.op as? DescentOps.Loop)?.form.body.nodes.count ?? 0) }
  }

  fileprivate func withoutOutput(_ k: Int) -> Trial? {
    guard k < graph.outputs.count else { return nil }
    var trial = self
    trial.graph.outputs.remove(at: k)
    trial.graph.outputLabels.remove(at: k)
    trial.donations = donations.isEmpty ? [] : donations.enumerated().filter { $0.offset != k }.map(\.element)
    trial.twins = twins.filter { $0.first != k && $0.second != k }.map {
      Twins(first: $0.first - ($0.first > k ? 1 : 0), second: $0.second - ($0.second > k ? 1 : 0))
    }
    return trial.rebuilt()
  }

  fileprivate func withInput(for id: NodeID) -> Trial? {
    guard !(graph[id].op is Input), !(graph[id].op is DescentOps.Loop) else { return nil }
    var part = graph
    (part.outputs, part.outputLabels) = ([id], ["y"])
    guard let value = try? part.evaluate(inputs)[0] else { return nil }
    return rebuilt { result, node in
      guard node == id else { return nil }
      result.inputs.append(value)
      return result.graph.addInput("x\(result.inputs.count - 1)", value.type)
    }
  }

  /// With a further constant of a loop, of drawn numbers, for a node of its body.
  fileprivate func withConstant(for inner: NodeID, inLoop id: NodeID) -> Trial? {
    guard let loop = graph[id].op as? DescentOps.Loop, !(loop.form.body[inner].op is Input),
      !(loop.form.body[inner].op is DescentOps.Loop)
    else { return nil }
    let body = loop.form.body, type = body[inner].type
    var new = Graph()
    var map: [NodeID] = []
    // Inputs first, as operands of the loop come in their order.
    for (number, input) in body.inputs.enumerated() { _ = new.addInput(body.label(ofInput: number), body[input].type) }
    let constant = new.addInput("constant", type)
    for node in body.ids {
      if let input = body[node].op as? Input {
        map.append(new.inputs[input.index])
      } else if node == inner {
        map.append(constant)
      } else {
        guard let made = try? new.append(body[node].op, body[node].operands.map { map[$0.index] }) else { return nil }
        map.append(made)
      }
    }
    new.outputs = body.outputs.map { map[$0.index] }
    new.outputLabels = body.outputLabels
    guard let clean = try? removeDeadCode(new) else { return nil }
    var form = loop.form
    form.body = clean
    let value = Sample.Operand(type.dtype, type.shape, type.dtype.isFloating ? 0.25...0.75 : 0...2).draw(
      seed: Int64(inner.index))
    let replacement = DescentOps.Loop(form)
    return rebuilt { result, node in
      guard node == id else { return nil }
      result.inputs.append(value)
      let input = result.graph.addInput("x\(result.inputs.count - 1)", type)
      return try? result.graph.append(replacement, graph[id].operands.map { result.map[$0.index]! } + [input])
    }
  }

  private struct Rebuilding {
    var graph = Graph()
    var inputs: [HostArray] = []
    var map: [NodeID?] = []
  }

  /// The same without what no output needs; `replace` may make another node for one.
  private func rebuilt(_ replace: (inout Rebuilding, NodeID) -> NodeID? = { _, _ in nil }) -> Trial? {
    // First with all nodes, then without those that nothing needs any more.
    var whole = Rebuilding()
    var inputMap: [Int: Int] = [:]
    for id in graph.ids {
      let node = graph[id]
      if let input = node.op as? Input {
        inputMap[input.index] = whole.inputs.count
        whole.map.append(whole.graph.addInput("x\(whole.inputs.count)", node.type))
        whole.inputs.append(inputs[input.index])
      } else if let new = replace(&whole, id) {
        whole.map.append(new)
      } else {
        guard let new = try? whole.graph.append(node.op, node.operands.map { whole.map[$0.index]! }) else { return nil }
        whole.map.append(new)
      }
    }
    whole.graph.outputs = graph.outputs.map { whole.map[$0.index]! }
    whole.graph.outputLabels = graph.outputLabels
    let donations = donations.map { $0.flatMap { inputMap[$0] } }

    var needed = [Bool](repeating: false, count: whole.graph.nodes.count)
    for id in whole.graph.outputs { needed[id.index] = true }
    for id in whole.graph.ids.reversed() where needed[id.index] {
      for operand in whole.graph[id].operands { needed[operand.index] = true }
    }
    for input in donations.compactMap({ $0 }) { needed[whole.graph.inputs[input].index] = true }
    var result = self
    (result.graph, result.inputs) = (Graph(), [])
    var map: [NodeID?] = []
    var kept: [Int: Int] = [:]
    for id in whole.graph.ids {
      guard needed[id.index] else {
        map.append(nil)
        continue
      }
      let node = whole.graph[id]
      if let input = node.op as? Input {
        kept[input.index] = result.inputs.count
        map.append(result.graph.addInput("x\(result.inputs.count)", node.type))
        result.inputs.append(whole.inputs[input.index])
      } else {
        guard let new = try? result.graph.append(node.op, node.operands.map { map[$0.index]! }) else { return nil }
        map.append(new)
      }
    }
    result.graph.outputs = whole.graph.outputs.map { map[$0.index]! }
    result.graph.outputLabels = whole.graph.outputLabels
    result.donations = donations.map { $0.flatMap { kept[$0] } }
    return result
  }
}
