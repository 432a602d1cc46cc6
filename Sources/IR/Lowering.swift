// How an operation becomes loops. Passes and the C generator switch on this closed set and never on operation names.
// Invariant: an operation's lowering and its `evaluate` describe the same function; the tests compare them.

/// Where one operand axis takes its index from: `offset + Σ stride * output[axis]`.
package struct AxisSource: Sendable, Hashable {
  package struct Term: Sendable, Hashable {
    package var axis: Int
    package var stride: Int
    package init(axis: Int, stride: Int = 1) {
      self.axis = axis
      self.stride = stride
    }
  }
  package var terms: [Term]
  package var offset: Int
  package init(_ terms: [Term], offset: Int = 0) {
    self.terms = terms
    self.offset = offset
  }
  package init(axis: Int?, stride: Int = 1, offset: Int = 0) {
    self.init(axis.map { [Term(axis: $0, stride: stride)] } ?? [], offset: offset)
  }
}

/// Batch, contracting and (implicitly) free axes of a product of two tensors.
/// The result's axes are the batch axes, then the free axes of the left operand, then those of the right.
package struct ContractionAxes: Sendable, Hashable {
  package var lhsBatch: [Int]
  package var rhsBatch: [Int]
  package var lhsContracting: [Int]
  package var rhsContracting: [Int]

  package init(lhsBatch: [Int] = [], rhsBatch: [Int] = [], lhsContracting: [Int], rhsContracting: [Int]) {
    self.lhsBatch = lhsBatch
    self.rhsBatch = rhsBatch
    self.lhsContracting = lhsContracting
    self.rhsContracting = rhsContracting
  }
  package func lhsFree(_ rank: Int) -> [Int] {
    (0..<rank).filter { !lhsBatch.contains($0) && !lhsContracting.contains($0) }
  }
  package func rhsFree(_ rank: Int) -> [Int] {
    (0..<rank).filter { !rhsBatch.contains($0) && !rhsContracting.contains($0) }
  }
}

/// How the elements under a reduction are combined.
package enum Reducer: String, Sendable, CaseIterable { case sum, max, min, product }

/// What a random operation draws.
package enum RandomDraw: String, Sendable { case bits, uniform, normal }

/// A pointwise operation as an expression.
package struct PointwiseRule: Sendable {
  /// One element from those of the operands, and the result's type.
  package var element: @Sendable (_ operands: [Expression], _ result: DType) -> Expression
  /// Rough cost in multiply-adds: 1 for arithmetic, about 10 for a transcendental.
  package var cost: Int

  package init(cost: Int, element: @escaping @Sendable ([Expression], DType) -> Expression) {
    self.element = element
    self.cost = cost
  }
}

/// A kernel of the runtime that makes a matrix of one matrix of each operand.
package struct MatrixKernel: Sendable, Hashable {
  /// What it computes, by the name of the function in the runtime.
  package enum Function: String, Sendable {
    case cholesky, lu, solve, qr, eigh, svd, pinv, expm
    case triangularSolve = "triangular_solve"
    case argsort, cumsum

    /// Whether its matrices are rows, of numbers of any type.
    package var takesRows: Bool {
      switch self {
      case .cholesky, .lu, .solve, .triangularSolve, .qr, .eigh, .svd, .pinv, .expm: false
      case .argsort, .cumsum: true
      }
    }
  }
  /// The header that has it for elements of a type.
  package func header(_ dtype: DType) -> String {
    function.takesRows ? "descent_rows.h" : "descent_linalg_\(dtype.name).h"
  }
  /// Its name there.
  package func symbol(_ dtype: DType) -> String {
    "dsc_\(function.takesRows ? "rows" : "linalg")_\(dtype.name)_\(function.rawValue)"
  }
  package var function: Function
  /// The sizes and choices that it is told before the arrays.
  package var arguments: [Int]
  /// A real number that it is told after them.
  package var tolerance: Double?
  /// Elements of one matrix of each operand, of the result, and of the memory that it works in.
  package var operands: [Int]
  package var result: Int
  package var scratch = 0
  /// The terms of its longest sum, and multiply-adds for one matrix.
  package var terms: Int
  package var work: Int

  package init(
    _ function: Function, _ arguments: [Int], tolerance: Double? = nil, operands: [Int], result: Int, scratch: Int = 0,
    terms: Int, work: Int
  ) {
    (self.function, self.arguments, self.operands, self.result) = (function, arguments, operands, result)
    (self.scratch, self.terms, self.work, self.tolerance) = (scratch, terms, work, tolerance)
  }
}

/// The families of loops.
package enum Lowering: Sendable {
  /// An input of the graph.
  case input
  /// Numbers known at compile time.
  case constant(HostArray)
  /// The index along one axis.
  case iota(axis: Int)
  /// One result element from the operands' elements at the same index.
  case pointwise(PointwiseRule)
  /// A strided window onto the operand: broadcast, transpose, slice, reverse, windows. One source per operand axis.
  case view([AxisSource])
  /// The operand's elements in row-major order under another shape.
  case reshape
  /// The first operand padded with the second (a scalar): `low` before, `interior` between elements, `high` after.
  case pad(low: [Int], interior: [Int])
  /// The operands one after another along an axis.
  case concatenate(axis: Int)
  /// The adjoint of a view: each element of the result is the sum of the operand's elements whose index the sources send there.
  case fold([AxisSource])
  /// The operand combined over axes, which vanish.
  case reduction(Reducer, axes: [Int])
  /// The index (i32) of the first greatest element along an axis, which vanishes.
  case argmax(axis: Int)
  /// A sum of products.
  case contraction(ContractionAxes)
  /// Slices of the first operand along an axis, picked by the second (clamped to the axis).
  case gather(axis: Int)
  /// The first operand with slices of the third put in along an axis where the second says, one after another, or combined with what is
  /// there; those outside are dropped.
  case scatter(axis: Int, Reducer?)
  /// Each matrix of a batch by a kernel of the runtime.
  case matrices(MatrixKernel)
  /// A body run step after step.
  case loop(LoopForm)
  /// One of the results of the operand, which is a loop.
  case result(Int)
  /// Numbers from the counter-based generator; the operand is keys i64[..., 2] of seed and stream, each of
  /// which gives its part.
  case random(RandomDraw)
  /// The operand, printed under a name.
  case print(String)
}
