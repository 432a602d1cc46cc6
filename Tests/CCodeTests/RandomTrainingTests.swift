// Whole random training programs, compiled against interpreted: on 1, 2 and 3 threads, at -O0 and -O3 and without vectors, all with
// equal bits. A failing one is made small before it is shown.
//
// An ordinary run tries programs of fixed seeds, and as many of seeds from a fresh one, which is printed:
//   RANDOM_SEED=12345 swift test -c release --filter RandomTrainingTests    repeats those of a seed
//   RANDOM_PROGRAMS=5000 swift test -c release --filter RandomTrainingTests.longRun    tries more, from RANDOM_SEED or a fresh one
//   RANDOM_BUILDS=1 builds each at -O3 alone, in a third of the time; 2 at little effort too, and so on to 4; an ordinary run has 3
// In a program's name stands its own seed, by which `RANDOM_SEED=... RANDOM_PROGRAMS=1` repeats it alone.

import DescentDriver
import DescentInterpreter
import DescentIR
import DescentLoops
import DescentPasses
import Dispatch
import Foundation
import Synchronization
import Testing

@Suite(.serialized) struct RandomTrainingTests {
  /// Programs of each of the two tests of an ordinary run.
  static let count = 150
  static let threads = [1, 2, 3]
  static let builds = Array(
    [CBuild.optimized, .quick, .plain, .withoutVectors].prefix(
      number("RANDOM_BUILDS") ?? (number("RANDOM_PROGRAMS") == nil ? 3 : 4)))

  private static func number(_ name: String) -> Int? { processEnvironment()[name].flatMap { Int($0) } }
  private static var freshSeed: Int { number("RANDOM_SEED") ?? Int.random(in: 1_000_000..<1_000_000_000) }

  @Test(.disabled(if: number("RANDOM_PROGRAMS") != nil)) func programsOfFixedSeeds() throws {
    try Self.check(1, Self.count)
  }

  @Test(.disabled(if: number("RANDOM_PROGRAMS") != nil)) func programsOfFreshSeeds() throws {
    let seed = Self.freshSeed
    Self.say("random programs: RANDOM_SEED=\(seed)")
    try Self.check(seed, Self.count)
  }

  @Test(.enabled(if: number("RANDOM_PROGRAMS") != nil)) func longRun() throws {
    let (first, count) = (Self.freshSeed, Self.number("RANDOM_PROGRAMS")!)
    for start in stride(from: 0, to: count, by: Self.count) {
      let number = min(Self.count, count - start)
      Self.say("random programs: \(start) of \(count) done, next RANDOM_SEED=\(first + start)")
      try Self.check(first + start, number)
    }
  }

  /// Another plan, which may change no bit.
  private static let otherPlan = Plan(
    parallelThreshold: 0, joinsRows: false, mostLocal: 256, tile: 24, packsConstants: false)

  /// More programs than an ordinary run can build: their nests alone, interpreted, against the graph; and under two plans and
  /// numbers of shares, with equal bits.
  @Test(.disabled(if: number("RANDOM_PROGRAMS") != nil)) func nestsOfFreshSeeds() throws {
    let seed = Self.freshSeed
    Self.say("random nests: RANDOM_SEED=\(seed)")
    let faults = Mutex([String]())
    DispatchQueue.concurrentPerform(iterations: 5 * Self.count) { index in
      do {
        let trial = try RandomProgram(seed: seed + index).trial()
        if let fault = try Self.nestFault(trial) { faults.withLock { $0.append("\(trial.name): \(fault)") } }
      } catch {
        faults.withLock { $0.append("\(seed + index): \(error)") }
      }
    }
    for fault in faults.withLock({ $0 }).prefix(5) { Issue.record("\(fault)") }
  }
  private static func nestFault(_ trial: Trial) throws -> String? {
    let schedule = try trial.schedule()
    let (plan, other) = (StepPlan(schedule), StepPlan(schedule, plan: otherPlan))
    if let fault = other.faults.first { return "under another plan: \(fault)" }
    let tolerance = Tolerance(trial.graph, steps: trial.steps)
    if let fault = try trial.nestDifference(plan, trial.expected(), tolerance) { return fault }
    guard let one = trial.interpreted(plan), let two = trial.interpreted(other, shares: 2) else { return nil }
    for (k, (a, b)) in zip(one, two).enumerated() {
      if a.whole != b.whole || a.reals.map(\.bitPattern) != b.reals.map(\.bitPattern) {
        return "output \(k) has other bits under another plan"
      }
    }
    return nil
  }

  /// A line that is there at once, also where the standard output is a file.
  private static func say(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

  /// Tries so many programs from a seed on.
  private static func check(_ seed: Int, _ count: Int) throws {
    let made = Mutex([Result<Trial, any Error>?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
      let trial = Result { try RandomProgram(seed: seed + index).trial() }
      made.withLock { $0[index] = trial }
    }
    let trials = try made.withLock { try $0.map { try $0!.get() } }
    Self.say("random programs: \(summary(trials))")
    for (trial, failure) in try Fleet.failing(trials, threads: threads, builds: builds, size: 25).prefix(5) {
      let small = Shrinker(threads: threads, builds: builds).shrink(trial)
      Issue.record("\(trial.name): \(failure)\nsmaller: \(small.failure)\n\(small.trial.text)")
    }
  }

  /// What kinds of programs these are, so that a generator that no longer reaches something shows.
  private static func summary(_ trials: [Trial]) -> String {
    func share(_ isOne: (Trial) -> Bool) -> String { "\(trials.count(where: isOne) * 100 / max(trials.count, 1))%" }
    let sizes = trials.map(\.graph.nodes.count).sorted()
    return
      "\(trials.count) of \(sizes.first ?? 0) to \(sizes.last ?? 0) nodes, half below \(sizes[sizes.count / 2]); loops in "
      + "\(share { $0.graph.nodes.contains { $0.op.name == "loop" } }), folds in \(share { $0.graph.nodes.contains { $0.op.name == "fold" } }), "
      + "twins in \(share { !$0.twins.isEmpty }), chunks in \(share { (try? $0.program(0).text.contains("int64_t chunk = lo")) == true })"
  }
}

extension Trial {
  /// The graph, and how it was run.
  var text: String {
    let kept = donations.enumerated().compactMap { output, input in input.map { "y\(output) takes over input \($0)" } }
    let numbers = inputs.enumerated().map {
      "x\($0) = \($1.dtype.isFloating ? "\($1.doubles.prefix(24))" : "\($1.ints.prefix(24))")"
    }
    return
      "\(isOptimized ? "optimized" : "as written"), \(steps) steps\(parallelThreshold == 0 ? ", all shared out" : "")"
      + (kept.isEmpty ? "" : "; " + kept.joined(separator: ", ")) + "\n\(graph.text)\n"
      + numbers.joined(separator: "\n")
  }
}
