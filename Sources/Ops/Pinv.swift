import DescentIR
import DescentRuntime

/// The pseudoinverse of Moore and Penrose. An operation of its own, since its derivative needs no singular vectors, and so is finite
/// where singular values are equal.
package struct Pinv: MatrixOp {
  /// Singular values up to so many times the greatest count as 0.
  package var tolerance: Double

  package init(tolerance: Double) { self.tolerance = tolerance }
  package static let name = "pinv"
  package static let documentation =
    "P[n, m] with x P x = x, P x P = P, and x P and P x symmetric; singular values up to the tolerance count as 0"
  package init(_ a: Attributes) throws { self.init(tolerance: try a.real("tolerance")) }
  package var attributes: Attributes { ["tolerance": .real(tolerance)] }

  package func size(_ x: [MatrixSize]) throws -> MatrixSize { MatrixSize(x[0].columns, x[0].rows) }
  package func kernel(_ x: [MatrixSize]) -> MatrixKernel {
    let (m, n) = (x[0].rows, x[0].columns)
    let k = Swift.min(m, n)
    return MatrixKernel(
      .pinv, [m, n], tolerance: tolerance, operands: [m * n], result: n * m,
      scratch: Int(dsc_linalg_pinv_scratch(Int64(m), Int64(n))), terms: Swift.max(m, n),
      work: k.times(5 * m * n + 24 * k * k))
  }
  /// -Pᵀ dP Pᵀ + (1 - x P) dPᵀ P Pᵀ + Pᵀ P dPᵀ (1 - P x), where the rank stays (Golub and Pereyra, 1973).
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    let (x, pt, dt) = (x[0], transposed(y), transposed(dy))
    let inner = -matmul(matmul(pt, dy), pt)
    let left = matmul(matmul(dt, y), pt), right = matmul(pt, matmul(y, dt))
    return [inner + left - matmul(x, matmul(y, left)) + right - matmul(matmul(right, y), x)]
  }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Pinv(tolerance: 1e-6), [.init(real, [3, 3], -0.5...0.5, diagonal: 1)]),
      Sample(Pinv(tolerance: 1e-6), [.init(real, [2, 5, 3], -0.5...0.5, diagonal: 1)]),
      Sample(Pinv(tolerance: 1e-6), [.init(real, [3, 4], -0.5...0.5, diagonal: 1)]),
      Sample(Pinv(tolerance: 1e-6), [.init(real, [1, 1], 1...2)]),
      Sample(Pinv(tolerance: 1e-6), [.init(real, [0, 3])]),
    ]
  }
}

/// As JAX has it.
private func defaultTolerance(_ x: Tensor) -> Double {
  10 * Double(Swift.max(x.shape[-2], x.shape[-1])) * (x.dtype == .f32 ? Double(Float.ulpOfOne) : Double.ulpOfOne)
}

/// The pseudoinverse [..., n, m] of matrices [..., m, n]. Singular values up to `tolerance` times the greatest count as 0; where it is
/// nil that is 10 max(m, n) ε. Derivatives are those at constant rank.
public func pinv(
  _ x: Tensor, tolerance: Double? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    matrices("pinv", x) { .apply(Pinv(tolerance: tolerance ?? defaultTolerance($0)), [$0]) }
  }
}

/// The x of least norm among those for which ‖a x - b‖ is least: `a` is [..., m, n], `b` [..., m, k] or a vector [m], and x
/// [..., n, k] or [n]. By the pseudoinverse, with a step of iterative refinement; singular values up to `tolerance` times the
/// greatest (10 max(m, n) ε where it is nil) count as 0.
public func lstsq(
  _ a: Tensor, _ b: Tensor, tolerance: Double? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    system("lstsq", a, b) { a, b in
      guard a.shape[-2] == b.shape[-2] else {
        let (rows, right) = (MatrixSize(a.shape[-2], a.shape[-1]), MatrixSize(b.shape[-2], b.shape[-1]))
        return .fail(
          "lstsq with matrices of \(rows) and right sides of \(right): they need as many rows", a, b, at: nil)
      }
      let inverse = pinv(a, tolerance: tolerance)
      let x = matmul(inverse, b)
      return x + matmul(inverse, b - matmul(a, x))
    }
  }
}
