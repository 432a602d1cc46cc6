// Tensors without elements that a compiled function captures: constants of no numbers, which C cannot have.

import DescentCCode
import DescentIR
import DescentOps
import DescentTransforms
import Testing

@Suite struct EmptyTests {
  /// What a captured constant of no elements can meet, each with a parameter of three numbers.
  private static let uses: [(String, @Sendable (Tensor) -> [Tensor])] = [
    ("sum", { x in [x + sum(empty([0]))] }),
    ("product over one axis", { x in [x + product(empty([3, 0]), axes: [1])] }),
    ("mean square with a parameter", { x in [x * sum(square(empty([0, 3]) - x))] }),
    ("max over the other axis", { x in [sum(max(empty([3, 0]), axes: [0])) + x] }),
    ("contraction", { x in [x + matmul(empty([1, 0]), empty([0, 3]))[0]] }),
    ("contraction with a parameter", { x in [matmul(empty([0, 3]), x), sum(matmul(empty([0, 3]), x)) + x] }),
    ("gradient of a contraction", { x in [grad { @Sendable (x: Tensor) in sum(matmul(empty([0, 3]), x)) }(x)] }),
    ("joined", { x in [concatenate([empty([0]), x, empty([0])], axis: 0) * 2] }),
    ("stretched and joined", { x in [concatenate([sin(empty([0])), x], axis: 0)] }),
    ("picked from", { x in [x + sum(gather(x, Tensor([Int32]())))] }),
    ("no rows picked of none", { x in [x + sum(gather(empty([0, 2]), Tensor([Int32]())))] }),
    ("scattered", { x in [.apply(Scatter(axis: 0, .sum), [x, Tensor([Int32]()), empty([0])])] }),
    ("chosen", { x in [x + sum(`where`(empty([0]) .> 0, sin(empty([0])), empty([0])))] }),
    ("padded", { x in [pad(empty([0]), low: [1], high: [2]) + x] }),
    ("reshaped", { x in [x + sum(exp(reshape(empty([0, 4]), [2, 0])))] }),
    ("turned round", { x in [x + sum(reverse(transpose(empty([2, 0]), [1, 0]), axes: [1]))] }),
    ("given as it is", { x in [empty([0, 5]), x] }),
    ("given after work", { x in [exp(empty([0])) + 1, x] }),
    (
      "a loop of no steps",
      { x in
        let (carry, all) = scan(x, over: empty([0, 2])) { (c: Tensor, e: Tensor) in (c + sum(e), c * 2) }
        return [carry, all]
      }
    ),
    (
      "an empty carry and step results that nothing reads",
      { x in
        let start: [Tensor] = [x, empty([2, 0])]
        let (carry, _) = scan(start, over: iota([3])) { (c: [Tensor], e: Tensor) in
          ([c[0] + e, c[1] * 2], [c[0] * 3, c[1] + e])
        }
        return [carry[0]]
      }
    ),
    (
      "within the body of a loop",
      { x in
        let (carry, all) = scan(x, over: iota([2])) { (c: Tensor, e: Tensor) in (c + e + sum(empty([0])), c) }
        return [carry, all]
      }
    ),
  ]
  /// Constants of one number, which are literals where they can be.
  private static let singles: [(String, @Sendable (Tensor) -> [Tensor])] = [
    ("one number scattered", { x in [.apply(Scatter(axis: 0, .sum), [x, Tensor([Int32(1)]), Tensor([Float(5)])])] }),
    ("one number picked", { x in [gather(x, Tensor([Int32(2)]))] }),
    ("the greatest of one", { x in [convert(argmax(Tensor([Float(5)])), to: .f32) + x] }),
    (
      "carried",
      { x in
        let (carry, all) = scan(Tensor([Float(2)]), over: x) { (c: Tensor, e: Tensor) in (c * e, c) }
        return [carry, all]
      }
    ),
    (
      "one step over one",
      { x in
        let (carry, all) = scan(x, over: Tensor([Float(2)])) { (c: Tensor, e: Tensor) in (c * e, e) }
        return [carry, all]
      }
    ),
    ("a product of one", { x in [matmul(Tensor([Float(2)], shape: [1, 1]), reshape(x, [1, 3]))] }),
  ]
  private static func empty(_ shape: Shape) -> Tensor { Tensor([Float](), shape: shape) }

  static func trials(optimized isOptimized: Bool) throws -> [Trial] {
    try (uses + singles).map { name, body in
      var trial = try Trial(name, [TensorType(.f32, [3])]) { body($0[0]) }
      trial.isOptimized = isOptimized
      return trial
    }
  }

  @Test(arguments: [false, true]) func capturedConstants(_ isOptimized: Bool) throws {
    try Fleet.check(try Self.trials(optimized: isOptimized), threads: [1, 2])
  }
}
