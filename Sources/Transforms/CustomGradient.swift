// Functions with a vector-Jacobian product of their own. The function's nodes are traced as ever; a mark on the result holds the
// product as a graph, and reverse mode goes through that graph instead of the function's nodes. Because it is a graph and takes
// everything it uses as an operand, a mark can be batched, replayed and differentiated like any other operation.

import DescentIR
import DescentOps

/// The mark: the identity on its first operand `y`. In reverse mode `backward(y, dy, z…)` supplies the cotangents of the further
/// operands `z`; `y` receives none.
package struct CustomGradient: Transparent {
  package static let name = "customGradient"
  package static let documentation = "y, with a vector-Jacobian product of its own for the further operands"
  package static func samples(_ real: DType) -> [Sample] { [] }

  /// The name of the transform that made the mark.
  var transform: String
  /// From y, dy and all z to the cotangents of some z.
  var backward: Graph
  /// For each output of `backward` the position in z that it is the cotangent of.
  var targets: [Int]
  /// Whether y's own nodes have the same derivative; then forward mode goes through them.
  var followsValue: Bool

  init(_ transform: String, backward: Graph, targets: [Int], followsValue: Bool) {
    (self.transform, self.backward, self.targets, self.followsValue) = (transform, backward, targets, followsValue)
  }
  package init(_ attributes: Attributes) throws {
    throw DescentError(.verification, "customGradient holds a graph that its text leaves out: it cannot be read back")
  }
  package var attributes: Attributes {
    [
      "of": .string(transform),
      "backward": .string("\(backward.nodes.count) nodes, which text leaves out: not to be read back"),
    ]
  }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, backward.inputs.count - 1)
    return operands[0]
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    var parts = [Tensor?](repeating: nil, count: x.count)
    do {
      let tensors = try Trace.pinned(to: nil, adjointOf: transform) { try backward.replay([y, dy] + x.dropFirst()) }
      for (target, output) in zip(targets, backward.outputs) { parts[target + 1] = tensors[output.index]! }
    } catch {
      let failure = error as? DescentError ?? DescentError(.gradient, "\(error)")
      for target in targets { parts[target + 1] = Tensor(failure: failure, type: x[target + 1].type) }
    }
    return parts
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray { x[0] }
  /// Operands that are shared get the sum of their cotangents over the batch.
  package func batch(_ x: [Tensor], _ isBatched: [Bool], _ size: Int) -> Tensor {
    do {
      let value = batchAll([x[0]], [isBatched[0]], size)[0]
      let trace = Trace()
      let wide = try trace.record {
        let types = [value.type, value.type] + x.dropFirst().map(\.type)
        let (tensors, flags) = try backward.replay(
          types.enumerated().map { trace.input("\($0)", $1) }, batched: [true, true] + isBatched.dropFirst(), size: size
        )
        let parts = zip(targets, backward.outputs).map { target, output in
          let part = tensors[output.index]!
          return switch (isBatched[target + 1], flags[output.index]) {
          case (true, let flag): batchAll([part], [flag], size)[0]
          case (false, true): sum(part, axes: [0])
          // The same for every element, and so as often as there are elements.
          case (false, false): part * size
          }
        }
        return try trace.finish(parts.map { ("", $0) })
      }
      let op = CustomGradient(transform, backward: wide, targets: targets, followsValue: followsValue)
      return .apply(op, [value] + x.dropFirst())
    } catch {
      return Tensor(failure: error as? DescentError ?? DescentError(.gradient, "\(error)"), type: x[0].type)
    }
  }
  /// A view of the first operand: nothing but that one is read.
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .view((0..<operands[0].shape.rank).map { AxisSource(axis: $0) })
  }
}

/// A function with a vector-Jacobian product of its own: `rule` takes the argument, the value and the value's cotangent to the
/// argument's cotangent, a tree of the same structure and types (where a leaf is no floating-point number, it is not looked at).
///
/// What `f` takes from outside counts as constant. Second derivatives are those of the rule. Forward mode transposes the rule,
/// which for that must be linear in the cotangent.
public func customGradient<P: ParameterTree>(
  _ f: @escaping @Sendable (P) -> Tensor, vjp rule: @escaping @Sendable (P, Tensor, Tensor) -> P,
  file: StaticString = #fileID, line: UInt = #line
) -> @Sendable (P) -> Tensor {
  { (p: P) -> Tensor in
    let y = f(p)
    guard let outer = Trace.current, y.dtype.isFloating else { return y }
    let at = SourceLocation(file, line)
    return encodable {
      let flat = try FlatTree(p)
      let trace = Trace(parent: outer, at: at)
      do {
        let result = try trace.record {
          let (value, cotangent) = (trace.input("y", y.type), trace.input("dy", y.type))
          let argument = flat.with(zip(flat.paths, flat.leaves).map { trace.input($0, $1.type) })
          return try FlatTree(rule(try argument.rebuilt(), value, cotangent))
        }
        try result.check("the result of the vjp of customGradient", like: flat, at: at)
        let targets = flat.leaves.indices.filter { flat.leaves[$0].dtype.isFloating }
        let backward = try trace.finish(targets.map { (flat.paths[$0], result.leaves[$0]) })
        let op = CustomGradient(CustomGradient.name, backward: backward, targets: targets, followsValue: false)
        return Tensor.apply(op, [y] + flat.leaves + trace.captures, at: at)
      } catch let error as DescentError {
        return Tensor(failure: error, type: y.type)
      }
    }
  }
}
