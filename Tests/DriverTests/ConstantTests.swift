// Constants that a function has captured: small ones are text of the program, large ones are given to it.

import DescentDriver
import DescentIR
import DescentOps
import DescentTransforms
import Testing

@Suite struct ConstantTests {
  /// Of another type each, so that each way to print and to give them is taken.
  @Test func capturedTensors() throws {
    for count in [1, 100, 10_000] {
      let a = arange(count) * 0.25
      let b = convert(arange(count), to: .i64), c = convert(a, to: .f64) + 0.5, d = a .> 3
      let f = { @Sendable (x: Tensor) -> Tensor in
        convert(x * a, to: .f64) * c + convert(b, to: .f64) + `where`(d, c, 0)
      }
      let x = full([count], 1.5)
      let compiled = compile(f)
      #expect(try compiled(x).doubles == f(x).doubles, "\(count)")
    }
  }

  /// Two numbers alike but for a constant are two functions, also where one text serves both.
  @Test func constantsAreNotTheText() throws {
    let x = full([1_000], 2)
    for factor in [Float(3), 5] {
      let a = arange(1_000) * factor
      let f = compile { (x: Tensor) -> Tensor in x * a }
      #expect(try f(x).doubles[999] == Double(factor) * 1_998)
    }
  }

  /// As text a million numbers would cost a compiler a minute, and the program a gigabyte.
  @Test func largeOnesAreNoText() throws {
    let a = arange(1_000_000)
    let trace = Trace()
    let output = trace.record { trace.input("x", a.type) + a }
    let program = try prepare(try trace.finish([("y", output)]), prefix: "large", givesConstants: true)
    #expect(program.text.utf8.count < 4_000)
    #expect(program.givenConstants.count == 1)
  }
}
