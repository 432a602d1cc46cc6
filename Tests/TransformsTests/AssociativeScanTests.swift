import DescentIR
import DescentOps
import DescentTransforms
import Testing

@Suite struct AssociativeScanTests {
  struct Line: ParameterTree {
    var slope, start: Tensor
  }
  private static func numbers(_ shape: Shape, _ phase: Double) -> Tensor {
    sin(reshape(arange(shape.count, dtype: .f64), shape) * 1.7 + phase)
  }
  /// The states of h' = a h + b, by composing lines and step by step.
  @Sendable private static func composed(_ a: Tensor, _ b: Tensor, _ isReversed: Bool) -> Tensor {
    associativeScan(Line(slope: a, start: b), isReversed: isReversed) { first, second in
      Line(slope: second.slope * first.slope, start: second.slope * first.start + second.start)
    }.start
  }
  @Sendable private static func stepped(_ a: Tensor, _ b: Tensor, _ isReversed: Bool) -> Tensor {
    scan(zerosLike(b[0]), over: Line(slope: a, start: b), isReversed: isReversed) { (h: Tensor, line: Line) in
      let next = line.slope * h + line.start
      return (next, next)
    }.1
  }

  @Test(arguments: 1...9) func linearRecurrences(_ count: Int) throws {
    let (a, b) = (Self.numbers([count, 2], 0.3), Self.numbers([count, 2], 1))
    for isReversed in [false, true] {
      func values(_ f: @escaping @Sendable (Tensor, Tensor, Bool) -> Tensor) throws -> [Double] {
        let gradients = grad { (x: [Tensor]) in sum(square(f(x[0], x[1], isReversed))) }([a, b])
        return try f(a, b, isReversed).doubles + gradients.flatMap { try $0.doubles }
      }
      for (x, y) in zip(try values(Self.composed), try values(Self.stepped)) {
        #expect(abs(x - y) < 1e-12 * (1 + abs(y)))
      }
    }
  }

  @Test func whatIsRefused() throws {
    #expect(throws: DescentError.self) {
      try associativeScan([ones([2]), ones([3])]) { a, b in zip(a, b).map { $0 + $1 } }[0].value
    }
    #expect(throws: DescentError.self) { try associativeScan(ones([4])) { a, b in sum(a + b) }.value }
    #expect(try associativeScan(zeros([0, 2])) { $0 + $1 }.shape == [0, 2])
  }
}
