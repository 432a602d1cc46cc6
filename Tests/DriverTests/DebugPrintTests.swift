// debugPrint: what is printed by compiled code and interpreted, in which order and how often; values and derivatives as without.

import DescentDriver
import DescentIR
import DescentOps
import DescentTransforms
import Foundation
import Testing

/// What is printed under names that begin with `mark` while `body` runs: other tests of the process may print as well.
private func errors(_ mark: String, _ body: () throws -> Void) throws -> [String] {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("errors-\(UUID())").path
  FileManager.default.createFile(atPath: path, contents: nil)
  defer { try? FileManager.default.removeItem(atPath: path) }
  let file = open(path, O_WRONLY | O_APPEND), kept = dup(STDERR_FILENO)
  dup2(file, STDERR_FILENO)
  defer { close(kept) }
  do {
    defer {
      dup2(kept, STDERR_FILENO)
      close(file)
    }
    try body()
  }
  var isMarked = false
  return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init).filter { line in
    // The numbers follow their name.
    isMarked = line.hasPrefix(mark) || isMarked && (line.hasPrefix("[") || line.hasPrefix(" ["))
    return isMarked
  }
}

@Suite(.serialized) struct DebugPrintTests {
  private let x = Tensor([0.5, -1.5, 2, 1, 0, 1e-3] as [Float], shape: [2, 3])

  @Test func printsAsInterpreted() throws {
    @Sendable func f(_ x: Tensor) -> Tensor {
      let h = debugPrint(x * 2, "first")
      // Whether or not the result is used.
      debugPrint(sum(h), "first sum")
      debugPrint(h .> 0, "first positive")
      return sum(square(h))
    }
    let compiled = compile(f)
    var values: [Tensor] = []
    let interpreted = try errors("first") { values.append(f(x)) }
    let fromC = try errors("first") { values.append(try compiled(x)) }
    #expect(
      interpreted == [
        "first: f32[2,3]", "[[ 1.e+00 -3.e+00  4.e+00]", " [ 2.e+00  0.e+00  2.e-03]]", "first sum: 4.002",
        "first positive: bool[2,3]", "[[ true false  true]", " [ true false  true]]",
      ])
    #expect(fromC == interpreted)
    #expect(try values[0].scalar == values[1].scalar)
    // A second call prints again.
    #expect(try errors("first") { _ = try compiled(x) } == interpreted)
  }

  /// `DESCENT_DEBUG=b`: what is built, which is printed to the same place.
  @Test func buildsAreExplained() throws {
    let f = compile { (x: Tensor) -> Tensor in x * 3 }
    var settings = try Settings.current()
    settings.debug = .builds
    let lines = try errors("descent: DriverTests/DebugPrintTests") {
      try Settings.$substitute.withValue(settings) { for _ in 0..<2 { _ = try f(x) } }
    }
    #expect(lines.count == 1 && lines[0].hasSuffix(": built, for f32[2,3]"), "\(lines)")
  }

  @Test func derivativesAreAsWithout() throws {
    @Sendable func f(_ x: Tensor, _ prints: Bool) -> Tensor {
      let h = tanh(x)
      return sum(square(prints ? debugPrint(h, "second") : h))
    }
    let with = compile(grad { @Sendable (x: Tensor) in f(x, true) })
    let without = compile(grad { @Sendable (x: Tensor) in f(x, false) })
    var gradients: [[Double]] = []
    let lines = try errors("second") { gradients.append(try with(x).doubles) }
    #expect(try gradients == [without(x).doubles])
    #expect(lines.filter { $0 == "second: f32[2,3]" }.count == 1)
    let second = hessian { @Sendable (x: Tensor) in f(x, true) },
      plain = hessian { @Sendable (x: Tensor) in f(x, false) }
    let tangent = jvp { @Sendable (x: Tensor) in f(x, true) }
    let plainTangent = jvp { @Sendable (x: Tensor) in f(x, false) }
    var pairs: [(Tensor, Tensor)] = []
    _ = try errors("second") { pairs = [(second(x), plain(x)), (tangent(x, x).1, plainTangent(x, x).1)] }
    for (a, b) in pairs { #expect(try a.doubles == b.doubles) }
    // A value that only the way forward has is printed too, and twice where it is stated twice.
    let twice = compile(
      grad { @Sendable (x: Tensor) in
        debugPrint(sum(x), "second b")
        debugPrint(sum(x), "second b")
        return debugPrint(sum(square(x)), "second a")
      })
    #expect(
      try errors("second") { _ = try twice(Tensor([1, 2] as [Float])) } == [
        "second b: 3.0", "second b: 3.0", "second a: 5.0",
      ])
  }

  @Test func loopsPrintEachStep() throws {
    @Sendable func f(_ start: Tensor, _ xs: Tensor) -> Tensor {
      scan(start, over: xs) { h, x in
        debugPrint(x, "third x")
        let next = debugPrint(h * 0.5 + x, "third h")
        return (next, next)
      }.0
    }
    let start = Tensor(1.0 as Float), xs = Tensor([1, 2, 3] as [Float])
    let expected = [
      "third x: 1.0", "third h: 1.5", "third x: 2.0", "third h: 2.75", "third x: 3.0", "third h: 4.375",
    ]
    #expect(try errors("third") { _ = f(start, xs) } == expected)
    let compiled = compile(f), gradient = compile(grad(f))
    #expect(try errors("third") { _ = try compiled(start, xs) } == expected)
    var slope = 0.0
    #expect(try errors("third") { slope = try gradient(start, xs).scalar } == expected)
    #expect(slope == 0.125)
    // A loop that is there for what it prints alone.
    let only = compile { @Sendable (start: Tensor, xs: Tensor) -> Tensor in
      _ = f(start, xs)
      return start * 2
    }
    #expect(try errors("third") { _ = try only(start, xs) } == expected)
  }

  @Test func batchesArePrintedWhole() throws {
    let f = compile(vmap { @Sendable (x: Tensor) in debugPrint(sum(x), "fourth \"%s\\") })
    #expect(try errors("fourth") { _ = try f(x) } == ["fourth \"%s\\: f32[2]", "[1.    1.001]"])
  }
}
