// Every function of real numbers, with how far it may be from the right value. A new one joins by a line here and one in
// Tests/fixtures/tails.py, which has the arguments and the right values; `TailTests` says if it has no line.
//
// Errors are in units in the last place of the right value: of the value, then of the derivatives. Where they are larger than a few,
// a comment says why.

import DescentIR
import DescentNN
import DescentOps

/// A function of elements, of one argument or two, and its bounds.
struct Tail: Sendable {
  typealias Function = @Sendable ([Tensor]) -> Tensor
  /// Its name in the fixture, of which the first word is that of the function.
  var name: String
  var value, derivative: Double
  /// What of the value and of the derivative, in units of the type's epsilon, is lost beside larger numbers that cancel.
  var valueAbsolute = 0.0
  var absolute = 0.0
  var function: Function

  init(
    _ name: String, _ value: Double, _ derivative: Double, valueAbsolute: Double = 0, absolute: Double = 0,
    _ function: @escaping @Sendable (Tensor) -> Tensor
  ) {
    self.init(name, value, derivative, absolute: absolute, of: { function($0[0]) })
    self.valueAbsolute = valueAbsolute
  }
  init(
    _ name: String, _ value: Double, _ derivative: Double, valueAbsolute: Double = 0, absolute: Double = 0,
    _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) {
    self.init(name, value, derivative, absolute: absolute, of: { function($0[0], $0[1]) })
    self.valueAbsolute = valueAbsolute
  }
  private init(_ name: String, _ value: Double, _ derivative: Double, absolute: Double, of function: @escaping Function)
  {
    (self.name, self.value, self.derivative) = (name, value, derivative)
    (self.absolute, self.function) = (absolute, function)
  }

  /// Of one argument, element by element.
  static let unary: [Tail] = [
    Tail("abs", 0, 0) { abs($0) },
    Tail("sign", 0, 0) { sign($0) },
    Tail("floor", 0, 0) { floor($0) },
    Tail("round", 0, 0) { round($0) },
    Tail("sqrt", 0.5, 1) { sqrt($0) },
    Tail("rsqrt", 1.5, 6) { rsqrt($0) },
    Tail("exp", 1, 1) { exp($0) },
    Tail("expm1", 2, 1) { expm1($0) },
    Tail("log", 1, 0.5) { log($0) },
    Tail("log1p", 2, 1) { log1p($0) },
    Tail("sin", 2, 2) { sin($0) },
    Tail("cos", 2, 2) { cos($0) },
    // The derivative is taken of the value, 1 - y², which is all that the way back needs to keep; near ±1 it cancels.
    Tail("tanh", 2, 2, absolute: 3) { tanh($0) },
    // So is this one, y (1 - y).
    Tail("sigmoid", 2, 4, absolute: 2) { sigmoid($0) },
    Tail("erf", 2, 4) { erf($0) },
    Tail("normalCDF", 5, 3) { normalCDF($0) },
    Tail("softplus", 2, 2) { softplus($0) },
    Tail("reciprocal", 0.5, 2) { reciprocal($0) },
    Tail("square", 0.5, 0.5) { square($0) },
    Tail("relu", 0, 0) { relu($0) },
    Tail("leakyRelu", 0.5, 0) { leakyRelu($0, slope: 0.25) },
    Tail("elu", 2, 1) { elu($0) },
    Tail("selu", 4, 3) { selu($0) },
    Tail("silu", 3, 4) { silu($0) },
    Tail("gelu", 6, 6) { gelu($0) },
    // The argument of the logistic function is rounded, five times.
    Tail("gelu tanh", 4, 6) { gelu($0, approximate: .tanh) },
    Tail("clamp", 0, 0) { clamp($0, -1, 1.25) },
    Tail("power 0", 0, 0) { power($0, 0) },
    Tail("power 0.5", 1, 2) { power($0, 0.5) },
    Tail("power 3", 1, 2) { power($0, 3) },
    Tail("power -1", 1, 3) { power($0, -1) },
    Tail("power of 2", 1, 3) { power(2, $0) },
    Tail("exp2", 1, 2) { exp2($0) },
    Tail("log2", 1, 2) { log2($0) },
    Tail("log10", 2, 2) { log10($0) },
    // As evaluated by the C library; the emitted C is right to 1.
    Tail("cbrt", 2, 5) { cbrt($0) },
    Tail("ceil", 0, 0) { ceil($0) },
    Tail("trunc", 0, 0) { trunc($0) },
    Tail("tan", 1, 3) { tan($0) },
    Tail("asin", 1, 3) { asin($0) },
    Tail("acos", 1, 3) { acos($0) },
    Tail("atan", 1, 3) { atan($0) },
    Tail("sinh", 2, 2) { sinh($0) },
    Tail("cosh", 2, 2) { cosh($0) },
    Tail("asinh", 2, 2) { asinh($0) },
    Tail("acosh", 2, 3) { acosh($0) },
    Tail("atanh", 2, 3) { atanh($0) },
    Tail("erfc", 2, 4) { erfc($0) },
    Tail("erfinv", 2, 4) { erfinv($0) },
    Tail("normalQuantile", 2, 4) { normalQuantile($0) },
    Tail("normalPDF", 2, 3) { normalPDF($0) },
    Tail("normalLogCDF", 3, 5) { normalLogCDF($0) },
    // Below 0, at halves, terms of opposite signs are added: of digamma some of 2, of the derivative of trigamma some of 2 π³.
    Tail("lgamma", 4, 4, absolute: 1) { lgamma($0) },
    Tail("digamma", 4, 4, valueAbsolute: 1) { digamma($0) },
    Tail("trigamma", 4, 6, absolute: 64) { trigamma($0) },
  ]

  /// Of two arguments, element by element.
  static let pairs: [Tail] = [
    Tail("maximum", 0, 0) { maximum($0, $1) },
    Tail("minimum", 0, 0) { minimum($0, $1) },
    Tail("power", 1, 4) { power($0, $1) },
    Tail("divide", 0.5, 2) { $0 / $1 },
    Tail("atan2", 1, 3) { atan2($0, $1) },
    Tail("hypot", 1, 2) { hypot($0, $1) },
    // Terms of opposite signs are added.
    Tail("logaddexp", 2, 2, valueAbsolute: 1, absolute: 1) { logaddexp($0, $1) },
    Tail("xlogy", 2, 1) { xlogy($0, $1) },
    Tail("betaln", 4, 8, valueAbsolute: 4, absolute: 4) { betaln($0, $1) },
    Tail("remainder", 0.5, 0) { remainder($0, $1) },
    Tail("floorDivide", 0.5, 0) { floorDivide($0, $1) },
    // A logarithm and a quotient of opposite signs are added.
    Tail("gaussianNegativeLogLikelihoods", 4, 4, valueAbsolute: 1, absolute: 4) {
      gaussianNegativeLogLikelihoods(mean: $0, variance: $1, full($0.shape, 0.5, dtype: $0.dtype))
    },
    Tail("absoluteErrors", 0.5, 0) { absoluteErrors($0, $1) },
    Tail("huberLosses", 3, 1) { huberLosses($0, $1) },
    Tail("squaredErrors", 3, 1) { squaredErrors($0, $1) },
    // Derivatives of a target between 0 and 1 are differences of two numbers.
    Tail("binaryCrossEntropies", 4, 4, absolute: 1) { binaryCrossEntropies($0, $1) },
    Tail("binaryCrossEntropies 3", 4, 4, absolute: 3) { binaryCrossEntropies($0, $1, positiveWeight: 3) },
    Tail("hingeLosses", 1, 0) { hingeLosses($0, $1) },
    Tail("poissonNegativeLogLikelihoods", 3, 3, absolute: 2) { poissonNegativeLogLikelihoods(logRate: $0, $1) },
  ]

  /// Of rows of three numbers, to a row or a number.
  static let rows: [Tail] = [
    Tail("softmax", 4, 8, absolute: 4) { softmax($0) },
    Tail("logSoftmax", 4, 8, absolute: 8) { logSoftmax($0) },
    Tail("logSumExp", 4, 4) { logSumExp($0) },
    Tail("mean", 3, 1, absolute: 1) { mean($0, axes: [-1]) },
    Tail("variance", 6, 6, absolute: 1) { variance($0, axes: [-1]) },
    Tail("standardDeviation", 6, 8, absolute: 1) { standardDeviation($0, axes: [-1]) },
    Tail("sum", 2, 0) { sum($0, axes: [-1]) },
    Tail("product", 2, 2) { product($0, axes: [-1]) },
    Tail("max", 0, 1) { max($0, axes: [-1]) },
    Tail("min", 0, 1) { min($0, axes: [-1]) },
    Tail("LayerNorm", 8, 64, absolute: 64) { LayerNorm(affine: false)(Weights(), $0, Context()) },
    Tail("RMSNorm", 8, 64, absolute: 64) { RMSNorm(affine: false)(Weights(), $0, Context()) },
    Tail("weightedMean", 3, 1) { x in
      rowwise(x) { weightedMean($0, weights: convert(Tensor([0.0, 1, 2]), to: x.dtype)) }
    },
    Tail("l1", 2, 0) { x in rowwise(x) { l1([$0]) } },
    Tail("l2", 2, 1) { x in rowwise(x) { l2([$0]) } },
    Tail("elasticNet", 3, 2) { x in rowwise(x) { elasticNet([$0], l1: 0.5, l2: 0.25) } },
    Tail("negativeLogLikelihoods", 3, 1) { x in negativeLogLikelihoods(x, labels: weights(0, 0.25, 0.75, like: x)) },
    Tail("klDivergences", 4, 1, absolute: 1) { x in klDivergences(x, weights(0, 0.25, 0.75, like: x)) },
    Tail("softmaxCrossEntropies", 4, 8) { x in
      softmaxCrossEntropies(x, labels: zeros([x.shape[0]], dtype: .i32))
    },
    Tail("softmaxCrossEntropies soft", 4, 8, absolute: 2) { x in
      softmaxCrossEntropies(x, labels: weights(0.25, 0.75, 0, like: x))
    },
    Tail("multiclassHingeLosses", 4, 2) { x in multiclassHingeLosses(x, labels: zeros([x.shape[0]], dtype: .i32)) },
  ]
}

/// A number of each row.
private func rowwise(_ x: Tensor, _ f: (Tensor) -> Tensor) -> Tensor { stack((0..<x.shape[0]).map { f(x[$0]) }) }

/// The same three weights for each row.
private func weights(_ w: Double..., like x: Tensor) -> Tensor { broadcast(convert(Tensor(w), to: x.dtype), x.shape) }

extension Tail {
  /// Public functions of the library that have no line, and why.
  static let exempt: [String: [String]] = [
    "makes numbers of none, or of whole numbers": [
      "arange", "bernoulli", "full", "iota", "linspace", "normal", "oneHot", "ones", "onesLike", "randomBits",
      "uniform", "zeros",
      "zerosLike",
    ],
    "moves or chooses numbers": [
      "`where`", "broadcast", "concatenate", "convert", "expandDims", "flatten", "gather", "pad", "reshape", "reverse",
      "slice",
      "slidingWindows", "split", "squeeze", "stack", "stopGradient", "transpose", "maxPool",
    ],
    "gives no real number": [
      "accuracy", "all", "allClose", "any", "argmax", "isClose", "isFinite", "isInfinite", "isNaN", "logicalNot",
    ],
    "a function that has a line, of what is not NaN": ["nanMax", "nanMean", "nanMin", "nanSum", "nanToNum"],
    "sums of products and of what was moved, tried by SumTests and ContractionTests": [
      "averagePool", "convolution", "dot", "globalAveragePool", "matmul", "outer", "scatterAdd",
      "transposedConvolution",
    ],
    "of matrices, tried by LinearAlgebraTests": [
      "cholesky", "determinant", "eigh", "expm", "inverse", "lstsq", "lu", "matrixPower", "norm", "pinv", "qr",
      "slogdet",
      "solve", "svd", "triangularSolve",
    ],
    "the mean of a function that has a line": [
      "binaryCrossEntropy", "gaussianNegativeLogLikelihood", "hingeLoss", "huberLoss", "klDivergence",
      "meanAbsoluteError",
      "meanSquaredError", "multiclassHingeLoss", "negativeLogLikelihood", "poissonNegativeLogLikelihood",
      "softmaxCrossEntropy",
    ],
  ]
}
