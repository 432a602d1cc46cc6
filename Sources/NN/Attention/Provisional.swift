// Layer normalisation and dropout as the transformer layers need them, until they use the layers of the library.

import DescentIR
import DescentOps

/// (x - mean) / √(variance + 1e-5) · weight + bias over the last axis (Ba, Kiros, Hinton, 2016).
func layerNorm(_ x: Tensor, _ weights: Weights, _ place: Place) -> Tensor {
  let (file, line) = (place.file, place.line)
  let deviation = x - mean(x, axes: [-1], keepAxes: true, file: file, line: line)
  let variance = mean(square(deviation, file: file, line: line), axes: [-1], keepAxes: true, file: file, line: line)
  return deviation * rsqrt(variance + 1e-5, file: file, line: line) * weights.weight + weights.bias
}

/// The weights of `layerNorm` for a last axis of `size`: ones and zeros.
func layerNormWeights(_ size: Int, _ dtype: DType) -> Weights {
  var w = Weights()
  w.weight = ones([size], dtype: dtype)
  w.bias = zeros([size], dtype: dtype)
  return w
}

/// In training each element is 0 with probability `rate` and else divided by 1 - rate; without a key nothing is dropped.
func dropped(_ x: Tensor, _ rate: Double, _ context: Context, _ place: Place) -> Tensor {
  guard rate > 0, context.isTraining, let key = context.key else { return x }
  let isKept = bernoulli(1 - rate, x.shape, key: key, file: place.file, line: place.line)
  return `where`(isKept, x * (1 / (1 - rate)), 0, file: place.file, line: place.line)
}
