// Constants: folding, and splats. A splat is one number repeated; its one form is a constant scalar, broadcast along no
// axes, so that whoever emits code sees a scalar.

import DescentIR
import DescentOps

extension Simplifier {
  static let constantRules: [Rule] = [
    equalElements, splatView, pointwiseOfSplats, padOfSplat, concatenationOfSplats, gatherFromSplat, reductionOfSplat,
    fold,
  ]

  /// The numbers of a constant node.
  func constant(_ id: NodeID) -> HostArray? { (node(id).op as? Constant)?.array }

  /// The one number, as a scalar array, of a node that is a splat.
  func splat(_ id: NodeID) -> HostArray? {
    if let array = constant(id) { return array.shape == [] ? array : nil }
    guard let (_, operand) = match(id, Broadcast.self), shape(operand) == [] else { return nil }
    return constant(operand)
  }

  /// The one number of a splat as a double.
  func number(_ id: NodeID) -> Double? { splat(id)?.doubles[0] }

  /// A scalar repeated to a shape.
  mutating func makeSplat(_ scalar: HostArray, _ shape: Shape) throws -> NodeID {
    let constant = try make(Constant(scalar), [])
    return shape == [] ? constant : try make(Broadcast(shape: shape, axes: []), [constant])
  }
  /// A number repeated to a shape.
  mutating func makeSplat(_ value: Double, _ type: TensorType) throws -> NodeID {
    try makeSplat(HostArray(TensorType(type.dtype, [])) { _ in value }, type.shape)
  }

  /// The numbers of a constant or of a splat of reasonable size.
  private func numbers(_ id: NodeID) -> HostArray? {
    if let array = constant(id) { return array }
    guard let scalar = splat(id), shape(id).count <= 4096 else { return nil }
    return scalar.picking(shape(id)) { _ in 0 }
  }

  /// A constant whose elements are equal is a splat.
  private static func equalElements(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard let array = (t.op as? Constant)?.array, array.shape != [], array.count > 0, array.hasEqualElements else {
      return nil
    }
    return try s.makeSplat(array.picking([]) { _ in 0 }, array.shape)
  }

  /// A view of a splat is a splat.
  private static func splatView(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard s.lowering(t).role == .view, let scalar = s.splat(t.operands[0]),
      !(t.op is Broadcast && s.shape(t.operands[0]) == [] && t.type.shape != [])
    else {
      return nil
    }
    return try s.makeSplat(scalar, t.type.shape)
  }

  /// f(splats) = splat of f of the numbers. Elementary functions are left to the emitted program: what Swift would call
  /// here is this machine's C library, and the bits of a program must not depend on where it was compiled.
  private static func pointwiseOfSplats(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard !t.operands.isEmpty, case .pointwise(let rule) = s.lowering(t), rule.cost <= elementaryCost else {
      return nil
    }
    let scalars = t.operands.compactMap { s.splat($0) }
    guard scalars.count == t.operands.count else { return nil }
    return try s.makeSplat(t.op.evaluate(scalars, TensorType(t.type.dtype, [])), t.type.shape)
  }
  /// Operations up to this cost are defined to the bit by IEEE 754.
  private static let elementaryCost = 4

  /// A splat padded by its own number is a splat.
  private static func padOfSplat(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard case .pad = s.lowering(t), let x = s.splat(t.operands[0]), let value = s.splat(t.operands[1]),
      x.isIdentical(to: value)
    else { return nil }
    return try s.makeSplat(x, t.type.shape)
  }

  /// Splats of one number, one after another, are a splat.
  private static func concatenationOfSplats(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard case .concatenate = s.lowering(t), let first = s.splat(t.operands[0]),
      t.operands.allSatisfy({ s.splat($0)?.isIdentical(to: first) == true })
    else { return nil }
    return try s.makeSplat(first, t.type.shape)
  }

  /// Slices of a splat are a splat.
  private static func gatherFromSplat(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard case .gather = s.lowering(t), let scalar = s.splat(t.operands[0]) else { return nil }
    return try s.makeSplat(scalar, t.type.shape)
  }

  /// Σ c = n c; max c = min c = c; Π 1 = 1; a sum of nothing is 0.
  private static func reductionOfSplat(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard case .reduction(let reducer, let axes) = s.lowering(t), let scalar = s.splat(t.operands[0]) else {
      return nil
    }
    let count = axes.reduce(1) { $0 * s.shape(t.operands[0])[$1] }
    switch reducer {
    case .sum where count == 0: return try s.makeSplat(0, t.type)
    case .sum:
      let product = Multiply().evaluate([scalar, HostArray(count: count, scalar.dtype)], scalar.type)
      return try s.makeSplat(product, t.type.shape)
    case .max where count > 0, .min where count > 0: return try s.makeSplat(scalar, t.type.shape)
    case .product where scalar.doubles[0] == 1: return try s.makeSplat(scalar, t.type.shape)
    case .max, .min, .product: return nil
    }
  }

  /// An operation on constants is done here, where the result is a scalar, or small and no larger than the operands
  /// together.
  private static func fold(_ s: inout Simplifier, _ t: Term) throws -> NodeID? {
    guard s.lowering(t).isFolded(below: elementaryCost) else { return nil }
    // A broadcast of a scalar is a splat in its one form.
    guard !t.operands.isEmpty, !(t.op is Broadcast && s.splat(t.operands[0]) != nil) else { return nil }
    // A splat holds one number, whatever its shape.
    let held = t.operands.reduce(0) { $0 + (s.splat($1) == nil ? s.shape($1).count : 1) }
    guard t.type.shape.count <= 64, t.type.shape.count <= max(held, 1), held <= 1 << 16 else { return nil }
    let values = t.operands.compactMap { s.numbers($0) }
    guard values.count == t.operands.count else { return nil }
    return try s.make(Constant(t.op.evaluate(values, t.type)), [])
  }
}

extension HostArray {
  /// Whether all elements have the bits of the first.
  var hasEqualElements: Bool {
    withBytes { bytes in
      let size = dtype.byteSize
      return bytes.indices.dropFirst(size).allSatisfy { bytes[$0] == bytes[$0 - size] }
    }
  }
  /// A number of elements as a scalar of a type; integers wrap.
  init(count: Int, _ dtype: DType) {
    func make<T: Element>(_: T.Type) -> HostArray { HostArray([], [T(wrapping: count)]) }
    self = dispatch(dtype) { make($0) }
  }
}
