// Functions that can be passed as values: `σ: (Tensor) -> Tensor = tanh`. Those that are called also take, unseen, the
// place of the call, so their type is another. These have that type and give way wherever a function is called.

import DescentIR

/// The hyperbolic tangent of each element, as a value of type `(Tensor) -> Tensor`.
@_disfavoredOverload public func tanh(_ x: Tensor) -> Tensor { unplaced(Tanh(), x) }
/// The logistic function of each element, as a value of type `(Tensor) -> Tensor`.
@_disfavoredOverload public func sigmoid(_ x: Tensor) -> Tensor { unplaced(Sigmoid(), x) }
/// The exponential of each element, as a value of type `(Tensor) -> Tensor`.
@_disfavoredOverload public func exp(_ x: Tensor) -> Tensor { unplaced(Exp(), x) }
/// The sine of each element, as a value of type `(Tensor) -> Tensor`.
@_disfavoredOverload public func sin(_ x: Tensor) -> Tensor { unplaced(Sin(), x) }
/// The cosine of each element, as a value of type `(Tensor) -> Tensor`.
@_disfavoredOverload public func cos(_ x: Tensor) -> Tensor { unplaced(Cos(), x) }

/// Applied where the place is unknown: the last one that was told serves.
private func unplaced(_ op: any Op, _ x: Tensor) -> Tensor { pointwise(op, x) }
