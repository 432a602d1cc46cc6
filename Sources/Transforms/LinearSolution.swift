// The solution of a linear system whose matrix is a function, with derivatives by implicit differentiation: those of a(x) = b,
// not of the steps that led to x. A mark on the result, as for `customGradient`, holds the function as a graph; the vector-Jacobian
// product is the solution of the transposed system, marked alike, so that it can be differentiated again.

import DescentIR
import DescentOps

/// The mark: gives its first operand x, the solution of a(x) = b; the second is b, the others are what the function uses.
package struct LinearSolution: Transparent {
  package static let name = "linearSolution"
  package static let documentation = "x, with the derivatives of the solution of a(x) = b"
  package static func samples(_ real: DType) -> [Sample] { [] }

  var solver: LinearSolver
  /// From x and what the function uses to a(x).
  var matrix: Graph

  init(_ solver: LinearSolver, _ matrix: Graph) { (self.solver, self.matrix) = (solver, matrix) }
  package init(_ attributes: Attributes) throws {
    throw DescentError(.verification, "linearSolution holds a graph that its text leaves out: it cannot be read back")
  }
  package var attributes: Attributes {
    [
      "by": .string(solver.name),
      "matrix": .string("\(matrix.nodes.count) nodes, which text leaves out: not to be read back"),
    ]
  }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, matrix.inputs.count + 1)
    return operands[0]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray { x[0] }
  /// A view of the first operand: nothing but that one is read.
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .view((0..<operands[0].shape.rank).map { AxisSource(axis: $0) })
  }

  /// The solution, marked. The loop itself has no derivatives.
  func solved(_ b: Tensor, _ used: [Tensor], from x: Tensor? = nil) -> Tensor {
    let fixed = used.map { stopGradient($0) }
    let matrix = matrix
    let a: @Sendable (Tensor) -> Tensor = { x in
      do { return try matrix.replay([x] + fixed)[matrix.outputs[0].index]! } catch {
        return Tensor(failure: error as? DescentError ?? DescentError(.gradient, "\(error)"), type: x.type)
      }
    }
    let solution = solver.solve(a, stopGradient(b), from: x.map { stopGradient($0) } ?? zerosLike(b))
    return .apply(self, [solution, b] + used)
  }

  /// db = A⁻ᵀ dx, and of what the function uses the cotangents that a(x) gives it for -db.
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let used = Array(x.dropFirst(2))
    do {
      let db = try transposed().solved(dy, used)
      let tensors = try matrix.replay([y] + used)
      let parts = try matrix.pullBack([(matrix.outputs[0], -db)], to: Array(matrix.inputs.dropFirst())) {
        tensors[$0.index]!
      }
      return [nil, db] + parts
    } catch {
      let failure = error as? DescentError ?? DescentError(.gradient, "\(error)")
      return x.map { Tensor(failure: failure, type: $0.type) }
    }
  }
  /// The same with the transposed matrix: the function is linear, so its pull-back is that matrix.
  private func transposed() throws -> LinearSolution {
    if solver.isSymmetric { return self }
    let trace = Trace()
    let result = try trace.record {
      let inputs = matrix.inputs.enumerated().map { trace.input("\($0)", matrix[$1].type) }
      let tensors = try matrix.replay([zerosLike(inputs[0])] + inputs.dropFirst())
      let part = try matrix.pullBack([(matrix.outputs[0], inputs[0])], to: [matrix.inputs[0]]) { tensors[$0.index]! }
      return part[0] ?? zerosLike(inputs[0])
    }
    return LinearSolution(solver, try trace.finish([("", result)]))
  }

  /// The systems of a batch as one, of which each is a block.
  package func batch(_ x: [Tensor], _ isBatched: [Bool], _ size: Int) -> Tensor {
    do {
      let wide = batchAll(Array(x[..<2]), Array(isBatched[..<2]), size)
      let trace = Trace()
      let result = try trace.record {
        let types = [wide[0].type] + x.dropFirst(2).map(\.type)
        let (tensors, flags) = try matrix.replay(
          types.enumerated().map { trace.input("\($0)", $1) }, batched: [true] + isBatched.dropFirst(2), size: size)
        let output = matrix.outputs[0].index
        return batchAll([tensors[output]!], [flags[output]], size)[0]
      }
      let op = LinearSolution(solver, try trace.finish([("", result)]))
      return .apply(op, wide + x.dropFirst(2))
    } catch {
      return Tensor(failure: error as? DescentError ?? DescentError(.gradient, "\(error)"), type: x[0].type)
    }
  }
}

/// x with `a`(x) = `b` by the method of conjugate gradients, for a linear function `a` whose matrix is symmetric and positive
/// definite: it takes a tensor of the shape of `b` to another. It ends when the norm of b - a(x) is at most `tolerance` times that of b,
/// or after `maxIterations` steps, 10 for each element where that is nil; `initial` is where it begins, 0 where nil.
///
/// Derivatives, with respect to `b` and to all that `a` uses from outside, are those of the solution (implicit differentiation): each
/// is a further system. With `vmap` every element has its own number of steps.
public func conjugateGradient(
  _ a: @escaping @Sendable (Tensor) -> Tensor, _ b: Tensor, initial: Tensor? = nil, tolerance: Double = 1e-5,
  maxIterations: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  linearSolution(.conjugateGradient, a, b, initial, tolerance, maxIterations, SourceLocation(file, line))
}

/// x with `a`(x) = `b` by the stabilised method of biconjugate gradients, for any linear function `a` that takes a tensor of the shape
/// of `b` to another. Otherwise as `conjugateGradient`.
public func bicgstab(
  _ a: @escaping @Sendable (Tensor) -> Tensor, _ b: Tensor, initial: Tensor? = nil, tolerance: Double = 1e-5,
  maxIterations: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  linearSolution(.bicgstab, a, b, initial, tolerance, maxIterations, SourceLocation(file, line))
}

/// x with `a`(x) = `b` by generalised minimal residuals, for any linear function `a` that takes a tensor of the shape of `b` to another.
/// It builds spaces of `restart` images of the residual, `maxIterations` of them at most. Otherwise as `conjugateGradient`.
public func gmres(
  _ a: @escaping @Sendable (Tensor) -> Tensor, _ b: Tensor, initial: Tensor? = nil, tolerance: Double = 1e-5,
  restart: Int = 20, maxIterations: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  linearSolution(.gmres(restart: restart), a, b, initial, tolerance, maxIterations, SourceLocation(file, line))
}

private func linearSolution(
  _ method: LinearSolver.Method, _ a: @escaping @Sendable (Tensor) -> Tensor, _ b: Tensor, _ initial: Tensor?,
  _ tolerance: Double, _ most: Int?, _ at: SourceLocation
) -> Tensor {
  let b = pinned(at) { real(b, at: at) }
  let solver = LinearSolver(method: method, tolerance: tolerance, most: most ?? 10 * b.shape.count)
  return encodable {
    do {
      return try staged {
        if case .failure(let error) = b.storage { throw error }
        if let initial, initial.type != b.type {
          throw DescentError(
            .type, "\(solver.name) of a right side \(b.type), from \(initial.type): they must be of one type", at: at)
        }
        let body = try Body([b], in: Trace.current!, at: at) { inputs in [unpinned { a(inputs[0]) }] }
        let image = body.graph[body.graph.outputs[0]].type
        guard image == b.type else {
          throw DescentError(
            .type, "the function of \(solver.name) takes \(b.type) to \(image); it must keep the type", at: at)
        }
        let op = LinearSolution(solver, body.graph)
        return [try FlatTree(pinned(at) { op.solved(b, Array(body.inputs.dropFirst()), from: initial) })]
      }[0].rebuilt()
    } catch let error as DescentError {
      return Tensor(failure: error, type: b.type)
    }
  }
}
