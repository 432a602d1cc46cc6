// Regression by a Gaussian process (Rasmussen and Williams, 2006, chapters 2 and 5): its mean by conjugate gradients, its three
// hyper-parameters by the marginal likelihood, whose gradient goes back through the steps of the solver. In f64.

import Descent

/// Logarithms of the process's deviation, its length, and the deviation of the noise beyond 0.1.
struct Process: ParameterTree { var deviation, length, noise: Tensor }

/// exp(-|a - b|² / 2 length²) for all rows a of one matrix and b of another.
@Sendable func gaussian(_ a: Tensor, _ b: Tensor, length: Tensor) -> Tensor {
  let squares = sum(square(expandDims(a, axis: 1) - expandDims(b, axis: 0)), axes: [2])
  return exp(-squares / (2 * square(length)))
}

/// A⁻¹ b for a positive definite A, by so many steps of conjugate gradients (Hestenes and Stiefel, 1952).
@Sendable func solve(_ A: Tensor, _ b: Tensor, steps: Int) -> Tensor {
  struct State: ParameterTree { var x, residual, direction: Tensor }
  let (end, _) = scan(State(x: zerosLike(b), residual: b, direction: b), count: steps) { (s: State, _: Tensor) in
    let image = matmul(A, s.direction), length = dot(s.residual, s.residual)
    let step = length / dot(s.direction, image)
    let residual = s.residual - step * image
    let direction = residual + dot(residual, residual) / length * s.direction
    return (State(x: s.x + step * s.direction, residual: residual, direction: direction), [Tensor]())
  }
  return end.x
}

/// The identity matrix of the size of A.
@Sendable func identity(_ A: Tensor) -> Tensor {
  oneHot(arange(A.shape[0], dtype: .i32), classes: A.shape[0], dtype: A.dtype)
}

/// log |A| for a positive definite A: the pivots of an elimination, one in each step.
@Sendable func logDeterminant(_ A: Tensor) -> Tensor {
  let (_, pivots) = scan(A, over: identity(A)) { (A: Tensor, unit: Tensor) in
    let column = matmul(A, unit), pivot = dot(unit, column)
    return (A - outer(column, column / pivot), pivot)
  }
  return sum(log(pivots))
}

extension Process {
  /// Steps of conjugate gradients, which leave a residual of 10⁻⁷ here; it must not be zero, as each step divides by it.
  static let steps = 120

  /// The covariance of observations; their noise is at least 0.1, so that the solver needs few steps.
  private func covariance(_ x: Tensor) -> Tensor {
    let kernel = gaussian(x, x, length: exp(length))
    return exp(2 * deviation) * kernel + (0.01 + exp(2 * noise)) * identity(kernel)
  }
  /// -log p(y | x) without its constant: ½ yᵀ A⁻¹ y + ½ log |A|.
  func negativeLogLikelihood(_ x: Tensor, _ y: Tensor) -> Tensor {
    let A = covariance(x)
    return 0.5 * dot(y, solve(A, y, steps: Self.steps)) + 0.5 * logDeterminant(A)
  }
  /// The mean of the process at other points, given y at x.
  func mean(_ points: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor {
    let weights = solve(covariance(x), y, steps: Self.steps)
    return exp(2 * deviation) * matmul(gaussian(points, x, length: exp(length)), weights)
  }

  /// The hyper-parameters of the greatest likelihood, by L-BFGS.
  static func fit(_ x: Tensor, _ y: Tensor) throws -> Process {
    let start = Process(deviation: Tensor(0.0), length: Tensor(-1.0), noise: Tensor(-1.0))
    let gradient = compile(
      valueAndGrad { @Sendable (p: Process, x: Tensor, y: Tensor) in p.negativeLogLikelihood(x, y) })
    return try minimize({ try gradient($0, x, y) }, from: start, iterations: 30, valueTolerance: 1e-7).parameters
  }
}
