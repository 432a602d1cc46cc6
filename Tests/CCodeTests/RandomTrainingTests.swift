// Whole random training graphs, compiled against interpreted; a failing one is made small before it is shown.

import DescentDriver
import DescentIR
import DescentPasses
import Testing

@Suite struct RandomTrainingTests {
  /// Graphs of an ordinary run. More of them, or others, by changing these two.
  static let count = 100
  static let firstSeed = 1

  @Test func compiledIsInterpreted() throws {
    let trials = try (0..<Self.count).map { number in
      var trial = try RandomGraph(seed: Self.firstSeed + number).trial()
      trial.isOptimized = number % 3 != 0
      return trial
    }
    let threads = [1, 2, 3]
    for trial in try Fleet.failing(trials, threads: threads).prefix(3) {
      let small = Shrinker(threads: threads).shrink(trial)
      let failure = try Fleet.failures([small], threads: threads).first ?? "(gone in a program of its own)"
      Issue.record("\(failure)\n\(small.isOptimized ? "optimized" : "as written")\n\(small.graph.text)")
    }
  }
}

/// Makes a failing trial smaller as long as it fails.
struct Shrinker {
  var threads: [Int]
  /// Attempts in all: each is a run of the C compiler.
  static let budget = 150

  func shrink(_ trial: Trial) -> Trial {
    var (best, budget) = (trial, Self.budget)
    func accept(_ candidate: Trial?) -> Bool {
      guard budget > 0, let candidate, candidate.graph.nodes.count < best.graph.nodes.count || candidate.graph.outputs.count < best.graph.outputs.count
      else { return false }
      budget -= 1
      guard let failures = try? Fleet.failures([candidate], threads: threads), !failures.isEmpty else { return false }
      best = candidate
      return true
    }
    for k in trial.graph.outputs.indices.reversed() where best.graph.outputs.count > 1 { _ = accept(best.withoutOutput(k)) }
    // Nodes become inputs with their own values: late ones first, with what stands behind them.
    var index = best.graph.nodes.count - 1
    while index >= 0, budget > 0 {
      index = min(index, best.graph.nodes.count - 1)
      if index >= 0, !accept(best.withInput(for: NodeID(index))) { index -= 1 }
    }
    return best
  }
}

extension Trial {
  fileprivate func withoutOutput(_ k: Int) -> Trial? {
    guard k < graph.outputs.count else { return nil }
    var trial = self
    trial.graph.outputs.remove(at: k)
    trial.graph.outputLabels.remove(at: k)
    trial.donations = donations.isEmpty ? [] : donations.enumerated().filter { $0.offset != k }.map(\.element)
    return trial.rebuilt(replacing: nil)
  }
  fileprivate func withInput(for id: NodeID) -> Trial? { graph[id].op is Input ? nil : rebuilt(replacing: id) }

  /// The same without what no output needs, and with one node an input that has that node's value.
  private func rebuilt(replacing replaced: NodeID?) -> Trial? {
    var needed = [Bool](repeating: false, count: graph.nodes.count)
    for id in graph.outputs { needed[id.index] = true }
    for id in graph.ids.reversed() where needed[id.index] && id != replaced {
      for operand in graph[id].operands { needed[operand.index] = true }
    }
    for input in donations.compactMap({ $0 }) { needed[graph.inputs[input].index] = true }
    var result = self
    (result.graph, result.inputs) = (Graph(), [])
    var map: [NodeID?] = []
    var inputMap: [Int: Int] = [:]
    for id in graph.ids {
      let node = graph[id]
      guard needed[id.index] else {
        map.append(nil)
        continue
      }
      if let input = node.op as? Input {
        inputMap[input.index] = result.inputs.count
        map.append(result.graph.addInput("x\(result.inputs.count)", node.type))
        result.inputs.append(inputs[input.index])
      } else if id == replaced {
        var part = graph
        (part.outputs, part.outputLabels) = ([id], ["y"])
        guard let value = try? part.evaluate(inputs) else { return nil }
        map.append(result.graph.addInput("x\(result.inputs.count)", node.type))
        result.inputs.append(value[0])
      } else {
        guard let new = try? result.graph.append(node.op, node.operands.map { map[$0.index]! }) else { return nil }
        map.append(new)
      }
    }
    result.graph.outputs = graph.outputs.map { map[$0.index]! }
    result.graph.outputLabels = graph.outputLabels
    result.donations = donations.map { $0.flatMap { inputMap[$0] } }
    return result
  }
}
