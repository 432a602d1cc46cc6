// How numbers of different types meet, against NumPy and JAX: every line of Fixtures/promotion.json, evaluated and compiled. A new
// function is a line of `function` and a call of `case` in Tests/fixtures/promotion.py.

import DescentDriver
import DescentIR
import DescentOps
import DescentTransforms
import Testing

extension PromotionCase {
  private typealias Function = @Sendable (Arguments) -> Tensor

  /// A function of two tensors, or of a tensor and a number on either side.
  private static func binary(
    _ tensors: @escaping @Sendable (Tensor, Tensor) -> Tensor,
    _ right: (@Sendable (Tensor, ScalarNumber) -> Tensor)? = nil,
    _ left: (@Sendable (ScalarNumber, Tensor) -> Tensor)? = nil
  ) -> Function {
    { a in
      guard let number = a.number else { return tensors(a.x[0], a.x[1]) }
      if a.isOnLeft, let left { return left(number, a.x[0]) }
      // What has no form with the number on the left is symmetric.
      return right!(a.x[0], number)
    }
  }
  private static func unary(_ f: @escaping @Sendable (Tensor) -> Tensor) -> Function { { f($0.x[0]) } }
  private static func reduction(_ f: @escaping @Sendable (Tensor, [Int]?) -> Tensor) -> Function {
    { f($0.x[0], $0.axes) }
  }
  /// The gradient of Σ matmul(a, b) (1, 2, …) with respect to one of the matrices.
  private static func matmulGradient(_ which: Int) -> Function {
    { a in
      let b = a.x[1]
      let f: @Sendable (Tensor, Tensor) -> Tensor = { x, other in
        let y = which == 0 ? matmul(x, other) : matmul(other, x)
        return sum(y * (reshape(arange(y.shape.count, dtype: .f64), y.shape) + 1))
      }
      let gradient = grad(f)
      return which == 0 ? gradient(a.x[0], b) : gradient(b, a.x[0])
    }
  }

  private static let functions: [String: Function] = [
    "add": binary({ $0 + $1 }, { $0 + $1 }, { $0 + $1 }),
    "subtract": binary({ $0 - $1 }, { $0 - $1 }, { $0 - $1 }),
    "multiply": binary({ $0 * $1 }, { $0 * $1 }, { $0 * $1 }),
    "divide": binary({ $0 / $1 }, { $0 / $1 }, { $0 / $1 }),
    "maximum": binary({ maximum($0, $1) }, { maximum($0, $1) }),
    "minimum": binary({ minimum($0, $1) }, { minimum($0, $1) }),
    "floorDivide": binary({ floorDivide($0, $1) }, { floorDivide($0, $1) }, { floorDivide($0, $1) }),
    "remainder": binary({ remainder($0, $1) }, { remainder($0, $1) }, { remainder($0, $1) }),
    "atan2": binary({ atan2($0, $1) }, { atan2($0, $1) }, { atan2($0, $1) }),
    "hypot": binary({ hypot($0, $1) }, { hypot($0, $1) }, { hypot($0, $1) }),
    "logaddexp": binary({ logaddexp($0, $1) }), "xlogy": binary({ xlogy($0, $1) }),
    "betaln": binary({ betaln($0, $1) }),
    "power": binary({ power($0, $1) }, { power($0, $1) }, { power($0, $1) }),
    "less": binary({ $0 .< $1 }, { $0 .< $1 }), "lessOrEqual": binary({ $0 .<= $1 }, { $0 .<= $1 }),
    "greater": binary({ $0 .> $1 }, { $0 .> $1 }), "greaterOrEqual": binary({ $0 .>= $1 }, { $0 .>= $1 }),
    "equal": binary({ $0 .== $1 }, { $0 .== $1 }), "notEqual": binary({ $0 .!= $1 }, { $0 .!= $1 }),
    "negate": unary { -$0 }, "abs": unary { abs($0) }, "sign": unary { sign($0) }, "square": unary { square($0) },
    "relu": unary { relu($0) }, "floor": unary { floor($0) }, "round": unary { round($0) },
    "exp": unary { exp($0) }, "expm1": unary { expm1($0) }, "sqrt": unary { sqrt($0) }, "rsqrt": unary { rsqrt($0) },
    "log": unary { log($0) }, "log1p": unary { log1p($0) }, "sin": unary { sin($0) }, "cos": unary { cos($0) },
    "tanh": unary { tanh($0) }, "erf": unary { erf($0) }, "sigmoid": unary { sigmoid($0) },
    "tan": unary { tan($0) }, "asin": unary { asin($0) }, "acos": unary { acos($0) }, "atan": unary { atan($0) },
    "sinh": unary { sinh($0) }, "cosh": unary { cosh($0) }, "asinh": unary { asinh($0) }, "acosh": unary { acosh($0) },
    "atanh": unary { atanh($0) }, "exp2": unary { exp2($0) }, "log2": unary { log2($0) }, "log10": unary { log10($0) },
    "cbrt": unary { cbrt($0) }, "erfc": unary { erfc($0) }, "erfinv": unary { erfinv($0) },
    "lgamma": unary { lgamma($0) }, "digamma": unary { digamma($0) }, "trigamma": unary { trigamma($0) },
    "normalQuantile": unary { normalQuantile($0) }, "normalCDF": unary { normalCDF($0) },
    "normalLogCDF": unary { normalLogCDF($0) }, "normalPDF": unary { normalPDF($0) }, "ceil": unary { ceil($0) },
    "trunc": unary { trunc($0) },
    "reciprocal": unary { reciprocal($0) }, "leakyRelu": unary { leakyRelu($0) }, "elu": unary { elu($0) },
    "selu": unary { selu($0) }, "softplus": unary { softplus($0) }, "silu": unary { silu($0) },
    "gelu": unary { gelu($0) },
    "geluTanh": unary { gelu($0, approximate: .tanh) },
    "softmax": unary { softmax($0) }, "logSoftmax": unary { logSoftmax($0) }, "logSumExp": unary { logSumExp($0) },
    "sum": reduction { sum($0, axes: $1) }, "product": reduction { product($0, axes: $1) },
    "mean": reduction { mean($0, axes: $1) }, "variance": reduction { variance($0, axes: $1) },
    "standardDeviation": reduction { standardDeviation($0, axes: $1) },
    "max": reduction { max($0, axes: $1) }, "min": reduction { min($0, axes: $1) },
    "any": reduction { any($0, axes: $1) }, "all": reduction { all($0, axes: $1) },
    "isNaN": unary { isNaN($0) }, "isFinite": unary { isFinite($0) }, "isInfinite": unary { isInfinite($0) },
    "logicalNot": unary { logicalNot($0) }, "nanToNum": unary { nanToNum($0) },
    "nanSum": reduction { nanSum($0, axes: $1) }, "nanMean": reduction { nanMean($0, axes: $1) },
    "nanMax": reduction { nanMax($0, axes: $1) }, "nanMin": reduction { nanMin($0, axes: $1) },
    "isClose": { isClose($0.x[0], $0.x[1]) }, "allClose": { allClose($0.x[0], $0.x[1]) },
    "isCloseNaN": { isClose($0.x[0], $0.x[1], relative: 0.01, absolute: 0, equalNaN: true) },
    "argmax": reduction { argmax($0, axis: $1![0]) },
    "concatenate": { concatenate($0.x) },
    "where": { a in
      guard let number = a.number else { return `where`(a.x[0], a.x[1], a.x[2]) }
      return a.isOnLeft ? `where`(a.x[0], number, a.x[1]) : `where`(a.x[0], a.x[1], number)
    },
    "clamp": { clamp($0.x[0], $0.number!, 9) },
    "pad": { pad($0.x[0], low: [1], high: [1], value: $0.number!) },
    "averagePool": unary { averagePool($0, sizes: [2, 2]) }, "maxPool": unary { maxPool($0, sizes: [2, 2]) },
    "globalAveragePool": unary { globalAveragePool($0) },
    "convolution": { convolution($0.x[0], $0.x[1]) },
    "matmul": { matmul($0.x[0], $0.x[1]) }, "dot": { dot($0.x[0], $0.x[1]) }, "outer": { outer($0.x[0], $0.x[1]) },
    "matmulLeftGradient": matmulGradient(0), "matmulRightGradient": matmulGradient(1),
  ]

  func callAsFunction(_ x: [Tensor]) -> Tensor {
    Self.functions[function]?(arguments(x)) ?? .fail("no function '\(function)' in Promotion.swift", x[0], at: nil)
  }
}

@Suite struct Promotion {
  @Test(arguments: PromotionCase.table) func evaluated(_ item: PromotionCase) throws {
    let problem = mismatch(try item(item.operands).value, try item.expected)
    #expect(problem == nil, "\(problem ?? "")")
  }

  /// Many in one program each, so that the C compiler is called a few times only.
  @Test(arguments: Array(stride(from: 0, to: PromotionCase.table.count, by: 150)))
  func compiled(_ first: Int) throws {
    let cases = Array(PromotionCase.table[first..<Swift.min(first + 150, PromotionCase.table.count)])
    let run = compile { (operands: [[Tensor]]) in zip(cases, operands).map { $0($1) } }
    let results = try run(try cases.map { try $0.operands })
    for (item, result) in zip(cases, results) {
      if let problem = mismatch(try result.value, try item.expected) {
        Issue.record("\(item.testDescription): \(problem)")
      }
    }
  }

  @Test func everyFunctionIsTried() {
    // A function whose cases were dropped from the file would be tried by nobody.
    #expect(PromotionCase.table.count > 1000)
  }
}
