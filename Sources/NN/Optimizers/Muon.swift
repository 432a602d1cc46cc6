// Muon for matrices, and another optimizer for everything else: two groups of parameters.

import DescentIR
import DescentOps

/// Muon, momentum orthogonalized by Newton-Schulz (Jordan et al., Muon: an optimizer for hidden layers in neural networks,
/// 2024), in the form of PyTorch's Muon but for the precision: the iteration runs in the element type, not in bfloat16.
///
/// With gradient G and parameter W of shape [inputs, outputs], learning rate η, momentum μ and weight decay λ:
/// ```
/// B ← μ B + (1 - μ) G              (0 at first)
/// X = B                            Nesterov: (1 - μ) G + μ B
/// X ← X / max(‖X‖, ε), then five times X ← a X + (b A + c A²) X with A = X Xᵀ
/// W ← (1 - η λ) W - η √max(1, outputs / inputs) X
/// ```
/// where a, b, c = 3.4445, -4.775, 2.0315 and ‖X‖ is Frobenius' norm. It brings all singular values of X near 1. (PyTorch keeps
/// its weights as [outputs, inputs]; everything but the root is indifferent to that.)
///
/// It is made for matrices of hidden layers. All other parameters follow `others`, `AdamW()` where nil; embeddings and the last layer had better be
/// among them: `Muon { path, type in type.shape.rank == 2 && !path.hasPrefix("embedding") }`.
/// State: the groups `matrices`, with `momentum`, and `others`.
public struct Muon: Optimizer {
  private var groups: ParameterGroups

  /// `contains` picks parameters by path and type; those that it picks must be matrices.
  public init(
    learningRate: some LearningRate = 1e-3, momentum: Double = 0.95, nesterov: Bool = true, weightDecay: Double = 0.1,
    epsilon: Double = 1e-7, others: (any Optimizer)? = nil, file: StaticString = #fileID, line: UInt = #line,
    contains: @escaping @Sendable (String, TensorType) -> Bool = { $1.shape.rank == 2 }
  ) {
    let rule = OrthogonalMomentum(
      learningRate: learningRate, momentum: momentum, isNesterov: nesterov, weightDecay: weightDecay, epsilon: epsilon,
      place: SourceLocation(file, line))
    groups = pinned(file, line) {
      ParameterGroups([ParameterGroup("matrices", rule, contains: contains)], others: others ?? AdamW())
    }
  }

  public func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> { groups.initialState(parameters) }

  public func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? { groups.summary(of: parameters) }

  public func replacingRates(_ change: (any LearningRate) -> any LearningRate) -> (any Optimizer)? {
    groups.replacingRates(change)
  }

  public func update<P: ParameterTree>(
    _ parameters: P, gradient: P, state: OptimizerState<P>, step: Tensor
  ) -> (parameters: P, state: OptimizerState<P>) {
    groups.update(parameters, gradient: gradient, state: state, step: step)
  }
}

/// Muon's rule, for matrices alone.
private struct OrthogonalMomentum: Optimizer {
  var learningRate: any LearningRate
  var momentum: Double
  var isNesterov: Bool
  var weightDecay: Double
  var epsilon: Double
  var place: SourceLocation

  func initialState<P: ParameterTree>(_ parameters: P) -> OptimizerState<P> {
    OptimizerState(zero: ["momentum"], like: parameters)
  }

  func summary<P: ParameterTree>(of parameters: P) -> OptimizerSummary? {
    OptimizerSummary(
      "Muon", ["momentum": momentum, "nesterov": isNesterov, "weightDecay": weightDecay, "epsilon": epsilon],
      learningRate)
  }

  func replacingRates(_ change: (any LearningRate) -> any LearningRate) -> (any Optimizer)? {
    replacing(\.learningRate, change)
  }

  func update<P: ParameterTree>(
    _ parameters: P, gradient: P, state: OptimizerState<P>, step: Tensor
  ) -> (parameters: P, state: OptimizerState<P>) {
    let size = learningRate.size(step, place)
    let rate = StepScalar(size, place)
    let b = map(state.slot("momentum", like: parameters), gradient) { b, g in b * momentum + g * (1 - momentum) }
    let x = isNesterov ? map(gradient, b) { g, b in g * (1 - momentum) + b * momentum } : b
    let p = map(shrunk(parameters, weightDecay, rate: size, place), x) { p, x in
      guard p.rank == 2 else {
        return .fail("Muon of a parameter of type \(p.type), which is not a matrix", p, at: place)
      }
      let stretch = max(1, Double(p.shape[1]) / Double(p.shape[0])).squareRoot()
      return p - rate[p] * orthogonal(x) * stretch
    }
    return (p, OptimizerState(["momentum": b]))
  }

  /// Newton-Schulz on the side where X Xᵀ is small.
  private func orthogonal(_ x: Tensor) -> Tensor {
    pinned(place) {
      func transposed(_ x: Tensor) -> Tensor {
        transpose(x)
      }
      func product(_ x: Tensor, _ y: Tensor) -> Tensor {
        matmul(x, y)
      }
      let isTall = x.shape[0] > x.shape[1]
      let size = maximum(rootOfSquares(x), epsilon)
      var y = (isTall ? transposed(x) : x) / size
      for _ in 0..<5 {
        let a = product(y, transposed(y))
        y = y * 3.4445 + product(a * -4.775 + product(a, a) * 2.0315, y)
      }
      return isTall ? transposed(y) : y
    }
  }
}
