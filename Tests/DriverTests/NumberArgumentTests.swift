// Numbers beside the tensors of a tree are arguments of a compiled program: a sweep builds once, with the values of the function
// itself; where a number decides operations its program is another.

import DescentDriver
import DescentIR
import DescentOps
import DescentTransforms
import Foundation
import Testing

private struct Household: ParameterTree {
  var wealth: Tensor
  var β: Double
  var γ: Float = 2
  var periods = 3
}

/// The value of eating a part of what is left each period: β in a loop, 1 - β outside, γ in an exponent.
@Sendable private func value(_ h: Household, _ part: Tensor) -> Tensor {
  let (_, utility) = scan(h.wealth, count: 4) { wealth, period in
    let eaten = wealth * part
    let discount = power(Tensor(h.β), convert(period, to: .f64))
    return (wealth - eaten, convert(discount, to: .f32) * power(eaten, 1 - h.γ))
  }
  return sum(utility) * Float(1 - h.β) + Float(h.periods)
}

@Suite struct NumberArgumentTests {
  private let wealth = Tensor([Float(1), 2, 5])
  private let part = Tensor(Float(0.4))

  /// What `body` builds, by the passes and by the compiler.
  private func builds(_ body: () throws -> Void) throws -> Int {
    let log = try BuildLog.of(body).log
    #expect(log.prepared == log.loaded)
    return log.loaded.count
  }

  @Test func aSweepOfTwentyValuesBuildsOnce() throws {
    let compiled = compile(value)
    let count = try builds {
      for k in 0..<20 {
        let h = Household(wealth: wealth, β: 0.9 + Double(k) / 200, γ: 1.5 + Float(k % 3))
        let (a, b) = (try compiled(h, part).scalar, try value(h, part).scalar)
        #expect(abs(a - b) <= 1e-5 * abs(b), "\(k)")
      }
      // Once more, without a trace.
      let h = Household(wealth: wealth, β: 0.9, γ: 1.5)
      let (a, b) = (try compiled(h, part).scalar, try value(h, part).scalar)
      #expect(abs(a - b) < 1e-4)
    }
    #expect(count == 1)
  }

  @Test func gradientsToo() throws {
    let plain = valueAndGrad(value)
    let slope = compile(plain)
    let count = try builds {
      for β in [0.5, 0.75, 1.0] {
        let h = Household(wealth: wealth, β: β, γ: 3)
        let (v, g) = try slope(h, part)
        let (w, k) = plain(h, part)
        let (a, b) = (try v.scalar, try w.scalar)
        #expect(abs(a - b) <= 1e-5 * abs(b))
        let slopes = Array(zip(try g.wealth.doubles, try k.wealth.doubles))
        #expect(slopes.allSatisfy { abs($0 - $1) <= 1e-4 * (1 + abs($1)) })
        // The number is a part of the result's tree as well.
        #expect(g.β == β)
      }
    }
    #expect(count == 1)
  }

  /// Whole numbers may be sizes, so they are not tried beforehand: the second value shows what they are.
  @Test func wholeNumbers() throws {
    let compiled = compile(value)
    let count = try builds {
      for periods in 1...9 {
        let h = Household(wealth: wealth, β: 0.9, periods: periods)
        let (a, b) = (try compiled(h, part).scalar, try value(h, part).scalar)
        #expect(abs(a - b) < 1e-4)
      }
    }
    #expect(count == 2)
  }

  /// A number that is a size, one that decides a branch, and one that both is a factor and decides.
  @Test func numbersThatDecideOperations() throws {
    struct Choice: ParameterTree { var x: Tensor; var n: Int; var a: Double }
    let f = { @Sendable (c: Choice) -> Tensor in
      let y = c.a >= 1 ? log(c.x) : c.x * c.a
      return sum(tile(y, [c.n]))
    }
    let compiled = compile(f)
    func check(_ n: Int, _ a: Double) throws {
      let c = Choice(x: Tensor([Float(1), 2, 3]), n: n, a: a)
      let (x, y) = (try compiled(c).scalar, try f(c).scalar)
      #expect(abs(x - y) < 1e-4, "\(n) \(a)")
    }
    #expect(try builds { for a in [0.25, 0.5, 0.75, 0.125] { try check(2, a) } } == 1)
    #expect(try builds { try check(3, 0.5) } == 1)
    #expect(try builds { for n in [2, 3] { for a in [0.1, 0.2, 0.3] { try check(n, a) } } } == 0)
    #expect(try builds { for a in [1.0, 2.0, 3.0] { try check(2, a) } } == 1)
    #expect(try builds { try check(2, 0.7) } == 0)
  }

  /// Two numbers that are equal for a while are one input, until they are not.
  @Test func numbersThatArePartAtTimes() throws {
    struct Capped: ParameterTree { var x: Tensor; var a: Double }
    let f = { @Sendable (c: Capped) -> Tensor in c.x * c.a + Swift.min(c.a, 0.5) }
    let compiled = compile(f)
    let count = try builds {
      for a in [0.1, 0.2, 0.7, 0.9, 0.3] {
        let c = Capped(x: Tensor([1.0, 2]), a: a)
        let (a, b) = (try compiled(c).doubles, try f(c).doubles)
        #expect(a == b)
      }
    }
    #expect(count == 2)
  }

  /// Text, truth and what is nil beside the tensors.
  @Test func otherSettings() throws {
    struct Named: ParameterTree { var x: Tensor; var name: String; var isNegative: Bool; var shift: Double? }
    let f = { @Sendable (n: Named) -> Tensor in (n.isNegative ? -n.x : n.x) + (n.shift ?? 0) }
    let compiled = compile(f)
    func check(_ name: String, _ isNegative: Bool, _ shift: Double?) throws {
      let n = Named(x: Tensor([1.0]), name: name, isNegative: isNegative, shift: shift)
      #expect(try compiled(n).doubles == f(n).doubles)
    }
    #expect(try builds { for name in ["a", "b", "c"] { try check(name, false, nil) } } == 1)
    #expect(try builds { try check("a", true, nil) } == 1)
    #expect(try builds { for shift in [1.0, 2, 3] { try check("a", false, shift) } } == 1)
  }

  /// A function that fails at other numbers is built for its own.
  @Test func functionsThatFailNearby() throws {
    struct Exact: ParameterTree { var x: Tensor; var p: Double }
    let f = { @Sendable (e: Exact) -> Tensor in
      e.p == 0.5 ? e.x * e.p : Tensor([1.0, 2], shape: [3])
    }
    let compiled = compile(f)
    #expect(try compiled(Exact(x: Tensor([3.0]), p: 0.5)).doubles == [1.5])
    #expect(throws: DescentError.self) { try compiled(Exact(x: Tensor([3.0]), p: 0.6)) }
    #expect(try compiled(Exact(x: Tensor([4.0]), p: 0.5)).doubles == [2])
  }

  /// From many threads at once, with numbers of their own.
  @Test func manyThreads() async throws {
    let compiled = compile(value)
    let (wealth, part) = (wealth, part)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for k in 0..<32 {
        group.addTask {
          let h = Household(wealth: wealth, β: 0.5 + Double(k % 5) / 10)
          let (a, b) = (try compiled(h, part).scalar, try value(h, part).scalar)
          #expect(abs(a - b) <= 1e-5 * abs(b))
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func reasons() throws {
    let place = "DriverTests/NumberArgumentTests.swift:"
    struct Choice: ParameterTree { var x: Tensor; var n: Int }
    let f = compile { (c: Choice) -> Tensor in c.n > 2 ? exp(c.x) : c.x * 2 }
    let lines = try BuildLog.of {
      for n in 1...3 { _ = try f(Choice(x: Tensor([1.0]), n: n)) }
      _ = try f(Choice(x: Tensor([1.0, 2]), n: 1))
    }.log.reasons
    #expect(lines.count == 3, "\(lines)")
    #expect(lines.allSatisfy { $0.hasPrefix("descent: " + place) })
    #expect(lines[0].hasSuffix(": built, for f64[1]"))
    #expect(lines[1].contains("'n' of argument 0 is 3, the last time 1, and so 'exp' at \(place)"))
    #expect(lines[2].contains(": built again: 'x' of argument 0 is f64[2], the last time f64[1]"))
  }
}
