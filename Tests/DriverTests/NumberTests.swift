// Compiled functions whose results are not finite, where DESCENT_CHECK asks for the reason.

import DescentDriver
import DescentIR
import DescentOps
import DescentTransforms
import Testing

@Suite struct NumberTests {
  private struct Pair: ParameterTree { var a, b: Tensor }

  /// What is made with numbers checked.
  private func checked<R>(_ body: () throws -> R) throws -> R {
    var settings = try Settings.current()
    settings.checks = [.numbers]
    return try Settings.$substitute.withValue(settings) { try body() }
  }

  @Test func operationAndLine() throws {
    let line = #line + 1
    let f = compile { @Sendable (x: Tensor) in Pair(a: x * 2, b: sum(log(x)) + 1) }
    let error = failure { try checked { try f(Tensor([Float(1), 0, 4])) } }
    #expect(
      error.message
        == "the result 'b' is not finite: 'log' made -infinity in element [1] of 0.0; its operand is f32[3] in 0.0...4.0"
    )
    #expect(error.location == SourceLocation(file: "DriverTests/NumberTests.swift", line: line))
    // What is finite is given, and the next call is another.
    #expect(try checked { try f(Tensor([Float(1), 1, 1])).b.scalar } == 1)
  }

  @Test func gradients() throws {
    let f = compile(grad { @Sendable (x: Tensor) in sum(sqrt(x)) })
    let error = failure { try checked { try f(Tensor([Float(0), 1])) } }
    #expect(
      error.message.hasPrefix(
        "the result is not finite: 'divide' in the adjoint of 'sqrt' made infinity in element [0] of 0.5 and 0.0"),
      "\(error)")
  }

  /// The caller's own infinities, and those that the program names, are meant.
  @Test func whatIsMeant() throws {
    let f = compile { @Sendable (x: Tensor) in `where`(x .> 0, x * 2, -Double.infinity) }
    #expect(try checked { try f(Tensor([Float(1), -1, .infinity])).floats } == [2, -.infinity, .infinity])
    let g = compile { @Sendable (x: Tensor) in x * 2 }
    #expect(try checked { try g(Tensor([Float.nan])).floats[0] }.isNaN)
  }

  @Test func unasked() throws {
    let f = compile { @Sendable (x: Tensor) in log(x) }
    #expect(try f(Tensor([Float(0)])).floats == [-.infinity])
  }
}
