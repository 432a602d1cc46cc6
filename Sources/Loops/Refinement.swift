// Index spaces refined before loops are made: where a reshape splits or joins axes, the axes of the domain are cut into the
// mixed-radix factors in which every position is an affine function, so that no loop divides or takes remainders.

import DescentIR

extension ProgramContext {
  /// A body over a domain, with one loop for each factor of an axis, from the outermost: `body` is given the index. It is built
  /// again with finer factors as long as a reshape in it has to divide and another cut of the axes can mend that.
  func refined(
    _ domain: Shape, _ body: (inout ElementBuilder, [Affine]) -> Void
  ) -> (function: FunctionBuilder, axes: [Int], builder: ElementBuilder) {
    var factors = domain.dimensions.map { [$0] }
    while true {
      let function = FunctionBuilder(self)
      let axes = function.axes(factors.flatMap { $0 })
      var rest = axes[...]
      let variables = factors.map { factors -> [Int] in
        defer { rest = rest.dropFirst(factors.count) }
        return Array(rest.prefix(factors.count))
      }
      let index = zip(variables, factors).map { variables, factors in
        zip(variables, factors).reduce(Affine()) { $0 * $1.1 + Affine(variable: $1.0) }
      }
      var builder = ElementBuilder(function)
      body(&builder, index)
      var finer = factors
      for division in builder.divisions {
        for (axis, own) in variables.enumerated() {
          finer[axis] = Self.cut(finer[axis], own.map { division.position.coefficient(of: $0) }, division.strides)
          // Factors and variables no longer go together: the others wait for the next turn.
          if finer != factors { break }
        }
        if finer != factors { break }
      }
      if finer == factors || axes.count > 12 { return (function, axes, builder) }
      factors = finer
    }
  }

  /// The factors of an axis, one of them cut where a stride lies within its reach: its coefficient c in a position, c < stride < c n.
  private static func cut(_ factors: [Int], _ coefficients: [Int], _ strides: [Int]) -> [Int] {
    for (number, (factor, coefficient)) in zip(factors, coefficients).enumerated() where coefficient > 0 {
      for stride in strides where coefficient < stride && stride < coefficient * factor {
        guard stride % coefficient == 0, coefficient * factor % stride == 0 else { continue }
        let inner = stride / coefficient
        return Array(factors[..<number]) + [factor / inner, inner] + Array(factors[(number + 1)...])
      }
    }
    return factors
  }
}
