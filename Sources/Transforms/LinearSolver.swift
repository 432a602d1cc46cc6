// Linear systems whose matrix is a function, by iteration: loops that end when the residual is small enough.

import DescentIR
import DescentOps

/// How such a system is solved, and when an approximation is good enough.
struct LinearSolver: Sendable {
  enum Method: Sendable {
    case conjugateGradient, bicgstab
    case gmres(restart: Int)
  }
  var method: Method
  /// The residual's norm, at most, beside that of the right side.
  var tolerance: Double
  /// Steps at most, or spaces built at most.
  var most: Int

  /// The function's name, and whether the matrix is its own transpose.
  var name: String {
    switch method {
    case .conjugateGradient: "conjugateGradient"
    case .bicgstab: "bicgstab"
    case .gmres: "gmres"
    }
  }
  var isSymmetric: Bool { if case .conjugateGradient = method { true } else { false } }

  /// x with a(x) = b, from an approximation.
  func solve(_ a: @escaping @Sendable (Tensor) -> Tensor, _ b: Tensor, from x: Tensor) -> Tensor {
    switch method {
    case .conjugateGradient: conjugateGradient(a, b, x)
    case .bicgstab: bicgstab(a, b, x)
    case .gmres(let restart): gmres(a, b, x, restart)
    }
  }

  /// Whether to go on: the square of the residual, and the number of the step.
  private func goesOn(_ square: Tensor, _ b: Tensor, _ step: Tensor) -> Tensor {
    (square .> dot(b, b) * (tolerance * tolerance)) .& (step .< most)
  }
  private func dot(_ a: Tensor, _ b: Tensor) -> Tensor { sum(a * b) }

  /// After Hestenes and Stiefel, 1952.
  private func conjugateGradient(_ a: @escaping @Sendable (Tensor) -> Tensor, _ b: Tensor, _ x: Tensor) -> Tensor {
    let residual = b - a(x)
    let start = [x, residual, residual, dot(residual, residual), Tensor(Int32(0))]
    return whileLoop(start, while: { goesOn($0[3], b, $0[4]) }) { carry in
      let (x, r, p, square) = (carry[0], carry[1], carry[2], carry[3])
      let image = a(p)
      let alpha = square / dot(p, image)
      let rest = r - alpha * image
      let next = dot(rest, rest)
      return [x + alpha * p, rest, rest + next / square * p, next, carry[4] + 1]
    }[0]
  }

  /// After van der Vorst, 1992. Where a quotient breaks down it ends with what it has.
  private func bicgstab(_ a: @escaping @Sendable (Tensor) -> Tensor, _ b: Tensor, _ x: Tensor) -> Tensor {
    let residual = b - a(x), one = scalar(1, b.dtype)
    let start = [
      x, residual, zerosLike(b), zerosLike(b), one, one, one, dot(residual, residual), Tensor(Int32(0)),
    ]
    return whileLoop(start, while: { goesOn($0[7], b, $0[8]) }) { carry in
      let (x, r, p, q) = (carry[0], carry[1], carry[2], carry[3])
      let (rho, alpha, omega) = (carry[4], carry[5], carry[6])
      let newRho = dot(residual, r)
      let direction = r + newRho / rho * (alpha / omega) * (p - omega * q)
      let image = a(direction)
      let newAlpha = newRho / dot(residual, image)
      let half = x + newAlpha * direction, s = r - newAlpha * image
      let t = a(s), length = dot(t, t)
      // The half step may have met the solution.
      let newOmega = `where`(length .== 0, 0, dot(t, s) / `where`(length .== 0, 1, length))
      let rest = s - newOmega * t
      let isBroken = (newRho .== 0) .| (newAlpha .== 0) .| (newOmega .== 0)
      return [
        half + newOmega * s, rest, direction, image, newRho, newAlpha, newOmega, dot(rest, rest),
        `where`(isBroken, Int(Int32.max), carry[8] + 1),
      ]
    }[0]
  }

  /// After Saad and Schultz, 1986: in each space the approximation of least residual, by least squares.
  private func gmres(_ a: @escaping @Sendable (Tensor) -> Tensor, _ b: Tensor, _ x: Tensor, _ restart: Int) -> Tensor {
    let count = Swift.max(1, Swift.min(restart, b.shape.count))
    @Sendable func residual(_ x: Tensor) -> Tensor { b - a(x) }
    let first = residual(x)
    return whileLoop([x, first, dot(first, first), Tensor(Int32(0))], while: { goesOn($0[2], b, $0[3]) }) { carry in
      let length = sqrt(carry[2])
      let (basis, projection) = krylovSpace(a, flatten(carry[1] / length), count, b.shape)
      let right = `where`(arange(count + 1, dtype: .i32) .== 0, length, 0)
      let weights = lstsq(projection, right)
      let x = carry[0] + reshape(matmul(weights, basis[0..<count]), b.shape)
      let r = residual(x)
      return [x, r, dot(r, r), carry[3] + 1]
    }[0]
  }

  /// An orthonormal basis of the space of v, a(v), …, as rows, and the coefficients of the images in it (Arnoldi): each image is made
  /// orthogonal twice. What is no more than rounding begins no direction.
  private func krylovSpace(
    _ a: @escaping @Sendable (Tensor) -> Tensor, _ v: Tensor, _ count: Int, _ shape: Shape
  ) -> (basis: Tensor, projection: Tensor) {
    let dtype = v.dtype
    let row = expandDims(arange(count + 1, dtype: .i32), axis: -1), column = arange(count, dtype: .i32)
    let start = [
      `where`(row .== 0, expandDims(v, axis: 0), 0), zeros([count + 1, count], dtype: dtype),
    ]
    let epsilon = dtype == .f32 ? Double(Float.ulpOfOne) : Double.ulpOfOne
    let (space, _): ([Tensor], [Tensor]) = scan(start, count: count) { carry, step in
      let (basis, projection) = (carry[0], carry[1])
      let image = flatten(a(reshape(gather(basis, step), shape)))
      let first = matmul(basis, image)
      let rest = image - matmul(first, basis)
      let second = matmul(basis, rest)
      let new = rest - matmul(second, basis)
      let length = sqrt(dot(new, new))
      let isNew = length .> sqrt(dot(image, image)) * (10 * epsilon)
      let direction = `where`(isNew, new / `where`(isNew, length, 1), 0)
      let coefficients = expandDims(first + second, axis: -1) + `where`(row .== step + 1, `where`(isNew, length, 0), 0)
      return (
        [
          `where`(row .== step + 1, expandDims(direction, axis: 0), basis),
          `where`(column .== step, coefficients, projection),
        ], []
      )
    }
    return (space[0], space[1])
  }
}
